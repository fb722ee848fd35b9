"""What a study will cost, told before it starts, and a budget in seconds turned into epochs once."""

import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..data.folds import folds, split_test
from ..errors import RavineError
from ..executor import Crew, Death
from ..training.carrying import task_of
from ..training.machine import one_thread
from ..training.stage import SPLIT_SEED
from .course import Entry, planned_epochs
from .job import Job
from .record import Record
from .scene import Scene
from .work import work


@dataclass(frozen=True)
class Forecast:
    """The cost of a study: gradient evaluations (examples differentiated once), and seconds by a timed pilot."""

    evaluations: int
    seconds: float


def pilot(scene: Scene, job: Job, crew: Crew[Job, Record]) -> float:
    """Times one epoch of one run in a worker.

    Args:
        scene: The study's setting.
        job: Any job of the study.
        crew: The workers.

    Returns:
        Seconds per gradient evaluation, with all that is measured along the way.

    Raises:
        RavineError: The pilot run itself broke off: every other run would, too.
    """
    found = crew.call(_timed, scene, replace(job, until=1))
    sentence = found.sentence if isinstance(found, Death) else found[0].record["sentence"]
    if isinstance(found, Death) or found[0].record["outcome"] == "failed":
        raise RavineError(f"a first run of {job.method!r} broke off. {sentence}")
    record, seconds = found
    return seconds / max(1, record.record["evaluations"])


def _timed(scene: Scene, job: Job) -> tuple[Record, float]:
    """Does a job twice, and times the second: the first reads the data and warms up."""
    with one_thread():
        first = work(scene, job)
        if first.record["outcome"] == "failed":
            return first, 0.0
        began = time.perf_counter()
        return work(scene, job), time.perf_counter() - began


@dataclass(frozen=True)
class Sizes:
    """How many examples one epoch has: on all training data, and summed over the training parts of the folds."""

    train: int
    folds: int


def forecast(entries: Sequence[Entry], seeds: int, sizes: Sizes, seconds_each: float, workers: int) -> Forecast:
    """Says what a study will cost.

    Args:
        entries: All contenders.
        seeds: How many times each is refitted.
        sizes: The examples of one epoch.
        seconds_each: What the pilot measured.
        workers: How many runs go on at once.

    Returns:
        Its evaluations and about how many seconds they take.
    """
    count = 0
    for entry in entries:
        searching, refitting = planned_epochs(entry, seeds)
        each = entry.field.contender.recipe.rule.gradients_per_step()
        count += each * (searching * sizes.folds + refitting * sizes.train)
    return Forecast(count, count * seconds_each / workers)


def sizes_of(scene: Scene) -> Sizes:
    """Counts the examples of one epoch.

    Args:
        scene: The study's setting.

    Returns:
        The counts.
    """
    task = task_of(scene.task, scene.metric)
    train, _ = split_test(task, SPLIT_SEED)
    parts = folds(task, train, scene.folds, holdout=scene.holdout, seed=scene.seed)
    return Sizes(len(train), sum(len(kept) for kept, _ in parts))


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
    fitting = bisect_right(range(1, most + 1), budget, key=lambda epochs: cost(entries_at(epochs)))
    if not fitting:
        needed = cost(entries_at(1))
        raise RavineError(
            f"--budget {budget:g}s: one epoch of every run takes about {needed:.2g} s already; give more than that, or "
            "fewer --methods, --settings, --folds or --seeds."
        )
    return fitting
