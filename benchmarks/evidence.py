"""What every claim of speed says beside its figures: where, with what, how often; and where the evidence is kept."""

import datetime
import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

RECORDS = Path(__file__).parent / "records"


def conditions(*packages: str) -> list[str]:
    """Describes the machine and the versions, one line each."""
    names = [line.split(":")[1].strip() for line in _cpu_info() if line.startswith("model name")]
    cores = f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"
    versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in ("torch", *packages))
    return [
        f"{datetime.date.today().isoformat()}, {cores}, {torch.get_num_threads()} thread(s), cpu",
        f"Python {platform.python_version()}, {versions}",
    ]


def _cpu_info() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text().splitlines() if file.exists() else []


def side_by_side(contestants: Mapping[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Times several callables in turn after one warm-up, so that a busy moment of the machine meets them all."""
    for run in contestants.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    return seconds


def median_ratio(seconds: Mapping[str, list[float]], name: str, beside: str) -> float:
    """The median over rounds of one time divided by the other of the same round."""
    return statistics.median(a / b for a, b in zip(seconds[name], seconds[beside], strict=True))


def record(name: str, lines: list[str]) -> None:
    """Prints the evidence and keeps it."""
    text = "\n".join(lines) + "\n"
    print(text)
    RECORDS.mkdir(exist_ok=True)
    (RECORDS / f"{name}.txt").write_text(text)
