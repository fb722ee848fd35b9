"""`ravine watch rosenbrock --out x.gif` as a whole command, from the first import to the last frame.

Goal: under 20 seconds.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from evidence import conditions, record

ROUNDS = 3
ENDINGS = ("gif", "html", "png")


def command_seconds(ending: str) -> tuple[float, int]:
    """Times one command in a new process; its file's size comes with it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"x.{ending}"
        words = [sys.executable, "-m", "ravine", "watch", "rosenbrock", "--out", str(file)]
        began = time.perf_counter()
        subprocess.run(words, check=True, capture_output=True)
        return time.perf_counter() - began, file.stat().st_size


def main() -> None:
    """Times the command for every kind of file, in turn after one warm-up, and keeps the evidence."""
    command_seconds("gif")
    found: dict[str, list[tuple[float, int]]] = {ending: [] for ending in ENDINGS}
    for _ in range(ROUNDS):
        for ending, runs in found.items():
            runs.append(command_seconds(ending))
    lines = [
        *conditions("matplotlib", "pillow", "plotly"),
        f"ravine watch rosenbrock, {ROUNDS} rounds in turn, medians",
    ]
    for ending, runs in found.items():
        seconds, size = (statistics.median(column) for column in zip(*runs, strict=True))
        goal = " (goal: under 20 s)" if ending == "gif" else ""
        lines.append(f"  x.{ending:<5}{seconds:6.1f} s {size / 1e6:6.2f} MB{goal}")
    record("watch", lines)


if __name__ == "__main__":
    main()
