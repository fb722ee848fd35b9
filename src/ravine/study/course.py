"""The course of a study: first every search, then, with all choices made, the refits that the test set judges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..recipe import early_stopping
from .contenders import Contender
from .job import Job, refits
from .plan import Field, Race, race, staying
from .record import Record


@dataclass(frozen=True)
class Entry:
    """A contender's whole part in a study: its search, and its textbook defaults where it has any."""

    field: Field
    defaults: Contender | None

    @property
    def name(self) -> str:
        """The contender's name."""
        return self.field.contender.name

    @property
    def epochs(self) -> int:
        """The length of training."""
        return self.field.rungs[-1]


@dataclass(frozen=True)
class Course:
    """Where a study stands."""

    races: Mapping[str, Race]
    ready: list[Job]
    finished: bool


def course(entries: Sequence[Entry], records: Mapping[str, Record], seeds: int) -> Course:
    """Says what may be run now.

    Args:
        entries: All contenders.
        records: All runs that have ended.
        seeds: How many times each is refitted.

    Returns:
        The state of every search, and the jobs that need nothing else to end first.
    """
    races = {entry.name: race(entry.field, records) for entry in entries}
    # The test set is read after all choices are made, by anyone: refits wait for the last search.
    if any(each.chosen is None for each in races.values()):
        return Course(races, [job for each in races.values() for job in each.missing], False)
    jobs = [job for entry in entries for job in refits_of(entry, races[entry.name], records, seeds)]
    ready = [job for job in jobs if job.key not in records]
    return Course(races, ready, not ready)


def refits_of(entry: Entry, ended: Race, records: Mapping[str, Record], seeds: int) -> list[Job]:
    """Gives the refits of one contender whose search is over: as tuned, and at its textbook defaults.

    Args:
        entry: The contender.
        ended: Its search.
        records: All runs that have ended.
        seeds: How many times each is refitted.

    Returns:
        The jobs, whether they have ended or not.
    """
    assert ended.chosen is not None
    field, chosen = entry.field, ended.chosen
    epochs = _chosen_epochs(entry, chosen, records)
    tuned = refits(field.settled[chosen], "tuned", chosen, field.settings[chosen], epochs, seeds, field.seed)
    if entry.defaults is None:
        return tuned
    return tuned + refits(entry.defaults, "default", -1, {}, entry.epochs, seeds, field.seed)


def _chosen_epochs(entry: Entry, chosen: int, records: Mapping[str, Record]) -> int:
    """Gives the epochs of the refit: all of them, or where runs stop early, those that the mean curve chose."""
    # The best epoch of each run alone would be optimistic: noise makes some epoch look best.
    last = len(entry.field.rungs) - 1
    jobs = entry.field.jobs(chosen, last, 0)
    if not isinstance(jobs[0].recipe.stop, early_stopping):
        return entry.epochs
    curves = [[epoch["proper"] for epoch in records[job.key].curve] for job in jobs]
    shortest = min(len(curve) for curve in curves)
    mean = np.mean([curve[:shortest] for curve in curves], axis=0)
    return entry.epochs if shortest == 0 or np.isnan(mean).all() else int(np.nanargmin(mean)) + 1


def planned_epochs(entry: Entry, seeds: int) -> tuple[int, int]:
    """Counts the epochs that a contender will be trained for, where no run ends early.

    Args:
        entry: The contender.
        seeds: How many times it is refitted.

    Returns:
        Epochs on each fold, and epochs on all training data.

    >>> from ravine.recipe import Recipe
    >>> from ravine.rules import SGD
    >>> sgd = Contender("sgd", Recipe(SGD()))
    >>> planned_epochs(Entry(Field(sgd, [{}] * 8, (4, 8, 15), 3, 0, True), None), seeds=5)
    (73, 75)
    """
    field = entry.field
    alive, before, epochs = len(field.settings), 0, 0
    for rung in field.rungs:
        epochs += alive * (rung - before)
        alive, before = staying(alive), rung
    if field.loser_place is not None:
        dropped_at = [rung for rung, count in zip(field.rungs, field.dropped, strict=False) for _ in range(count)]
        epochs += field.rungs[-1] - dropped_at[field.loser_place]
    return epochs, entry.epochs * seeds * (1 if entry.defaults is None else 2)
