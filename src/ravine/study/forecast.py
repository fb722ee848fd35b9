"""What a study will cost, told before it starts, and a budget in seconds turned into epochs once."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..errors import RavineError
from ..training.machine import one_thread
from .course import Entry, fold_size, planned_epochs
from .plan import Job
from .work import Scene, stage, work


@dataclass(frozen=True)
class Forecast:
    """The cost of a study: gradient evaluations (examples differentiated once), and seconds by a timed pilot."""

    evaluations: int
    seconds: float


def planned_evaluations(entries: Sequence[Entry], seeds: int, train: int, fold: int) -> int:
    """Counts the gradient evaluations of a study.

    Args:
        entries: All contenders.
        seeds: How many times each is refitted.
        train: How many training examples there are.
        fold: How many of them a fold trains on.

    Returns:
        Examples times epochs, over all runs.
    """
    counts = [planned_epochs(entry, seeds) for entry in entries]
    return sum(in_folds * fold + in_refits * train for in_folds, in_refits in counts)


def pilot(scene: Scene, job: Job) -> float:
    """Times one epoch of one run, after a first one that warms up.

    Args:
        scene: The study's setting.
        job: Any job of the study.

    Returns:
        Seconds per gradient evaluation, with all that is measured along the way.

    Raises:
        RavineError: The pilot run itself broke off: every other run would, too.
    """
    short = replace(job, until=1)
    with one_thread():
        first = work(scene, short)
        if first.record["outcome"] == "failed":
            raise RavineError(f"a first run of {job.method!r} broke off. {first.record['sentence']}")
        began = time.perf_counter()
        record = work(scene, short).record
        return (time.perf_counter() - began) / max(1, record["evaluations"])


def forecast(scene: Scene, entries: Sequence[Entry], seeds: int, seconds_each: float, workers: int) -> Forecast:
    """Says what a study will cost.

    Args:
        scene: The study's setting.
        entries: All contenders.
        seeds: How many times each is refitted.
        seconds_each: What the pilot measured.
        workers: How many runs go on at once.

    Returns:
        Its evaluations and about how many seconds they take.
    """
    train = len(stage(scene, -1).train)
    fold = fold_size(train, scene.folds, scene.holdout)
    count = planned_evaluations(entries, seeds, train, fold)
    return Forecast(count, count * seconds_each / workers)


def epochs_within(
    budget: float, entries_at: Callable[[int], Sequence[Entry]], cost: Callable[[Sequence[Entry]], float], most: int
) -> int:
    """Turns a budget into epochs.

    Args:
        budget: Seconds.
        entries_at: The contenders when training has so many epochs.
        cost: Forecasts their seconds.
        most: The epochs beyond which training is not stretched.

    Returns:
        The most epochs that fit.

    Raises:
        RavineError: Not even one epoch fits.
    """
    needed = cost(entries_at(1))
    if needed > budget:
        raise RavineError(
            f"--budget {budget:g}s: one epoch of every run takes about {needed:.0f} s already; give at least that, or "
            "fewer --methods, --settings, --folds or --seeds."
        )
    fitting = 1
    while fitting < most and cost(entries_at(fitting + 1)) <= budget:
        fitting += 1
    return fitting
