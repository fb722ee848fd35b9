"""What is to be run next: a function of the contenders and of the runs that have ended.

Nothing is remembered between two calls, so a study that was killed goes on as if it had not been.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from .contenders import Contender
from .job import Job, first_seed
from .record import Record


@dataclass(frozen=True)
class Field:
    """One contender in the race: its settings, and how far they are let run before some are dropped."""

    contender: Contender
    settings: Sequence[Mapping[str, Any]]
    rungs: tuple[int, ...]
    folds: int
    seed: int
    higher_is_better: bool

    @cached_property
    def settled(self) -> list[Contender]:
        """The contender at each setting."""
        return [self.contender.at(values) for values in self.settings]

    @property
    def dropped(self) -> list[int]:
        """How many settings are dropped at each rung but the last."""
        alive = [len(self.settings)]
        for _ in self.rungs[:-1]:
            alive.append(staying(alive[-1]))
        return [before - after for before, after in pairwise(alive)]

    @cached_property
    def loser_place(self) -> int | None:
        """The random loser, as its place among all that are dropped, in their order; None where none are."""
        if not sum(self.dropped):
            return None
        # The name makes contenders draw apart; its bytes, since Python's own hash differs from process to process.
        generator = np.random.default_rng([self.seed, *self.contender.name.encode()])
        return int(generator.integers(sum(self.dropped)))

    def jobs(self, setting: int, rung: int, start: int) -> list[Job]:
        """Gives the jobs that bring one setting to a rung, one per fold.

        Args:
            setting: Which.
            rung: Which rung; -1 for the last.
            start: The epoch at which it stands.

        Returns:
            The jobs.
        """
        settled = self.settled[setting]
        values = self.settings[setting]
        return [
            Job(
                self.contender.name, "search", setting, values, settled.recipe, settled.arguments,
                fold, first_seed(self.seed) + fold, rung % len(self.rungs), self.rungs[rung], start,
            )
            for fold in range(self.folds)
        ]  # fmt: skip


@dataclass(frozen=True)
class Race:
    """How far the search of one contender has come."""

    missing: list[Job]
    reached: dict[int, int]
    """The last rung that each setting has reached."""
    finalists: list[int]
    loser: int | None
    """The random loser that is brought to the end all the same."""
    chosen: int | None
    """The setting with the best cross-validation score; None while the search goes on."""


def rungs(epochs: int, settings: int, halving: bool) -> tuple[int, ...]:
    """Gives the epochs after which settings are dropped, and the last one.

    Args:
        epochs: The length of training.
        settings: How many settings there are; one is never dropped.
        halving: Whether any are.

    Returns:
        A quarter, half and all of the epochs, rounded up.

    >>> rungs(15, 8, True), rungs(1, 8, True), rungs(15, 1, True)
    ((4, 8, 15), (1,), (15,))
    """
    if not halving or settings == 1:
        return (epochs,)
    return tuple(sorted({math.ceil(epochs / 4), math.ceil(epochs / 2), epochs}))


def staying(alive: int) -> int:
    """Gives how many settings stay in the race at a rung: half of them, and at least one.

    Args:
        alive: How many have reached it.

    Returns:
        How many go on.
    """
    return max(1, alive // 2)


def race(field: Field, records: Mapping[str, Record]) -> Race:
    """Says how far a contender's search has come, and what it needs next.

    Args:
        field: The contender and its settings.
        records: All runs that have ended.

    Returns:
        The missing jobs of its present rung, and what is decided so far.
    """
    alive = list(range(len(field.settings)))
    reached = dict.fromkeys(alive, -1)
    dropped: list[int] = []
    last = len(field.rungs) - 1
    for rung in range(last + 1):
        start = field.rungs[rung - 1] if rung else 0
        missing = _missing([job for s in alive for job in field.jobs(s, rung, start)], records)
        if missing:
            return Race(missing, reached, alive, None, None)
        reached |= dict.fromkeys(alive, rung)
        if rung < last:
            ranked = sorted(alive, key=lambda s: rank(field, s, rung, records, averaged=True))
            kept = staying(len(alive))
            alive, dropped = sorted(ranked[:kept]), [*dropped, *sorted(ranked[kept:])]
    loser = None if field.loser_place is None else dropped[field.loser_place]
    if loser is not None:
        start = field.rungs[reached[loser]]
        missing = [replace(job, loser=True) for job in _missing(field.jobs(loser, last, start), records)]
        if missing:
            return Race(missing, reached, alive, loser, None)
    ended = alive if loser is None else [*alive, loser]
    chosen = min(ended, key=lambda s: rank(field, s, last, records))
    return Race([], reached, alive, loser, chosen)


def _missing(jobs: list[Job], records: Mapping[str, Record]) -> list[Job]:
    return [job for job in jobs if job.key not in records]


def rank(
    field: Field, setting: int, rung: int, records: Mapping[str, Record], *, averaged: bool = False
) -> tuple[float, float, int]:
    """Ranks a setting by its mean score over the folds, ties by the proper score, then by its number.

    Args:
        field: The contender.
        setting: Which of its settings.
        rung: The rung that it has reached; -1 for the last.
        records: All runs that have ended.
        averaged: Whether the averaged weights are judged, as at a rung: under a falling learning rate the raw
            ones favor small rates.

    Returns:
        What sorts first where it is better; a score that is no number comes last.
    """
    prefix = "averaged_" if averaged else ""
    found = [records[job.key].record for job in field.jobs(setting, rung, 0)]
    means = (float(np.mean([record[prefix + name] for record in found])) for name in ("score", "proper"))
    score, proper = (math.inf if math.isnan(mean) else mean for mean in means)
    return (-score if field.higher_is_better and score < math.inf else score), proper, setting
