"""Two worker processes beside one: the same study, from the first call to the last number.

Goal: at least 1.7 times as fast.
"""

import statistics
import tempfile
import time
from pathlib import Path

from evidence import conditions, record

import ravine

ROUNDS = 2


def study_seconds(workers: int) -> float:
    """Times a study from nothing; the start of the workers is part of it."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        methods = ("sgd", "adam")
        ravine.compare("digits", methods=methods, seeds=3, workers=workers, out=Path(folder) / "study")
        return time.perf_counter() - began


def main() -> None:
    """Times one and two workers in turn and keeps the evidence."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for workers, times in seconds.items():
            times.append(study_seconds(workers))
    ratio = statistics.median(one / two for one, two in zip(seconds[1], seconds[2], strict=True))
    record(
        "workers",
        [
            *conditions("loky"),
            f"ravine.compare on digits, 2 methods, 3 seeds, {ROUNDS} rounds in turn",
            *(f"  {workers} worker(s): {statistics.median(times):6.1f} s" for workers, times in seconds.items()),
            f"  two workers are {ratio:.2f} times as fast as one (goal: at least 1.7)",
        ],
    )


if __name__ == "__main__":
    main()
