"""What each part of a recipe does to the error on data not yet seen: paired comparisons on small sets of digits.

Issue: every part, where theory or the literature says that it helps, shown to do so with an interval that excludes
zero, or reported as no difference found. `python benchmarks/generalization.py [draws]`; the default takes minutes.
"""

import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

import torch
from evidence import conditions, record
from generalization_parts import BATCH, DOUBLE, JOBS, LENGTH, LONG, Row, rows_of
from generalization_runs import TUNING_DRAWS, Difference, holm

DRAWS, PROCESSES = 12, 2


def verdict(found: Difference, adjusted: float) -> str:
    """Says what a comparison has shown, by itself and among all of them."""
    if found.low <= 0 <= found.high:
        return "no difference found"
    way = "better" if found.mean < 0 else "WORSE"
    return f"{way}" if adjusted < 0.05 else f"{way} by itself; not after Holm's adjustment"


def told(found: list[Row]) -> list[str]:
    """The table, a line for each comparison and measure."""
    adjusted = holm([row.found.p for row in found])
    lines = [
        f"{'part':<28} {'setting':<40} {'measure':<18} without   mean difference and 95 % interval  p (Holm) verdict"
    ]
    for row, p in zip(found, adjusted, strict=True):
        one = row.found
        numbers = f"{one.plain:7.4f}   {one.mean:+.4f} ({one.low:+.4f} to {one.high:+.4f})"
        lines.append(f"{row.part:<28} {row.setting:<40} {row.measure:<18} {numbers}  {p:8.2g} {verdict(one, p)}")
    return lines


def settings(found: list[Row]) -> list[str]:
    """What was chosen for every side."""
    lines = []
    for row in dict.fromkeys((one.part, one.setting, one.without, one.having) for one in found):
        lines += [f"{row[0]}, {row[1]}:", f"  without  {row[2]}", f"  with     {row[3]}"]
    return lines


def all_rows(draws: int) -> list[Row]:
    """Makes all comparisons, several processes side by side with a thread each."""
    start = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, start, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        found: list[Row] = []
        for rows in pool.map(rows_of, range(len(JOBS)), repeat(draws)):
            found += rows
            print(*told(rows), sep="\n", file=sys.stderr, flush=True)  # its p are adjusted among themselves alone
    return found


def main(draws: int) -> None:
    """Makes all comparisons and keeps the evidence."""
    torch.set_num_threads(1)
    began = time.perf_counter()
    found = all_rows(draws)
    seconds = time.perf_counter() - began
    about = [
        f"python benchmarks/generalization.py {draws}; {seconds:.0f} s in all, {PROCESSES} processes side by side",
        f"Both sides of a comparison share {draws} seeds: each draws its training images of the 1197 kept for judging",
        "and is scored on the others. Differences are with minus without: negative is better. 95 % paired t intervals,",
        "over draws and the luck of runs; draws overlap, so they speak of these 1197 images. Each interval stands",
        f"alone: of {len(found)} comparisons one or two would miss zero by chance, hence Holm's p over all of them.",
        f"Adam, batches of {BATCH}. Chosen on {len(TUNING_DRAWS)} other seeds from 600 other images, by log loss; six",
        "candidates for every side: six lr, or three lr by two strengths, or by two lengths. Beside dropout, decay and",
        f"L2 the number of epochs is chosen too, 1 to {LENGTH} by the mean curve, so that no side wins by training for",
        f"less long. Augmentation and mixup train for {DOUBLE} epochs, and those without have the choice of",
        f"{DOUBLE // 4} or {DOUBLE}, along a cosine. Early stopping is set beside {LONG} epochs; the sides of label",
        f"smoothing have {LENGTH} epochs each, chosen by error, as is usual. The ensemble is set beside the mean",
        "of its members, each of which costs a fifth of it.",
    ]
    record("generalization", [
        *conditions("scipy", "scikit-learn"), *about, "", *told(found), "", "Chosen:", *settings(found),
    ])  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DRAWS)
