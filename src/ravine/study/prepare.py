"""A study made ready: everything checked that can be before the first run, and settled what the study is."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..data import ledger
from ..data.augment_check import check_augmentation
from ..data.task import Task
from ..errors import RavineError
from ..executor import Crew
from ..recipe import Recipe
from ..rules import Rule
from ..training.carrying import write_task
from ..training.stage import Stage
from .contenders import Contender, at_defaults, settings
from .course import Entry
from .describe import description
from .entries import Method, contenders_of
from .fingerprints import check_unchanged, fingerprints
from .forecast import Forecast, Sizes, epochs_within, forecast, pilot, sizes_of
from .job import Job
from .networks import NETWORKS
from .options import Options, differences
from .plan import Field, rungs
from .record import Record
from .scene import Scene, stage
from .store import Store

LONGEST = 1000
"""Epochs beyond which a budget in seconds does not stretch training."""
EntriesAt = Callable[[int], list[Entry]]
"""The contenders, when training has so many epochs."""


@dataclass(frozen=True)
class Plan:
    """What a study will do: its place on disk, the setting of its jobs, its contenders and their cost."""

    options: Options
    store: Store
    scene: Scene
    entries: list[Entry]
    cost: Forecast


def prepare(
    options: Options,
    store: Store,
    methods: Sequence[Method],
    recipe: str | Rule | Recipe | None,
    scene: Scene,
    crew: Crew[Job, Record],
) -> Plan:
    """Makes a study ready, new or taken up again.

    Args:
        options: What is asked.
        store: Where the study is kept.
        methods: The methods, as options name them or as objects.
        recipe: The user's present recipe.
        scene: Where its jobs take place.
        crew: The workers, one of which makes the pilot run.

    Returns:
        The plan.

    Raises:
        RavineError: The data, the model or an option is not as it must be, or the study was begun otherwise.
    """
    ledger.check()
    data = stage(scene, -1)
    stage(scene, 0)  # refuses what cannot be parted into folds
    given = [] if recipe is None else [recipe]
    found = contenders_of(methods, given, data.task, len(data.train), options.epochs)
    for sentence in dict.fromkeys(s for c in found for s in check_augmentation(c.recipe.augmentation, data.task)):
        warnings.warn(sentence, stacklevel=3)
    facts: dict[str, Any] = fingerprints(data, found, options)
    check_unchanged(facts, options, store)
    entries_at, sizes = partial(_entries, found, options, data), sizes_of(scene)
    if store.fact("options") is None:
        length = _length(scene, options, entries_at, sizes, crew, found[0].recipe.epochs)
        facts |= length | description(options, data, entries_at(length["epochs"]))
    else:  # the same options, or more seeds: another look
        facts = {name: store.fact(name) for name in ("epochs", "seconds_each")}
    store.set_facts({**facts, "options": options.stored()})
    entries = entries_at(facts["epochs"])
    cost = forecast(entries, options.seeds, sizes, facts["seconds_each"], crew.size)
    return Plan(options, store, scene, entries, cost)


def scene_of(task: Task, options: Options, store: Store, *, networks: bool = False) -> Scene:
    """Sets the scene of a study.

    Args:
        task: The task.
        options: What is asked.
        store: Where the study is kept; a task that no text finds is written there.
        networks: Whether refitted networks are kept there too.

    Returns:
        Where all its jobs take place.
    """
    return Scene(
        task=task.source or write_task(task, store.folder),
        metric=options.metric,
        folds=options.folds if options.holdout is None else 1,
        holdout=options.holdout,
        seed=options.seed,
        device=options.device,
        engine=options.engine,
        checkpoints=str(store.folder / "checkpoints"),
        networks=str(store.folder / NETWORKS) if networks else None,
    )


def check_options(now: Options, store: Store) -> None:
    """Refuses options other than those the study was begun with; more seeds are another look, and welcome.

    Args:
        now: What is asked.
        store: Where the study is kept.

    Raises:
        RavineError: An option differs.
    """
    known = store.fact("options")
    if known is None:
        return
    before = Options.read(known)
    changed = differences(replace(before, seeds=max(before.seeds, now.seeds)), now)
    if changed:
        raise RavineError(
            f"the study in {str(store.folder)!r} was begun with other options: {'; '.join(changed)}. "
            "Ask as before to go on with it, or choose another --out."
        )


def _length(
    scene: Scene, options: Options, entries_at: EntriesAt, sizes: Sizes, crew: Crew[Job, Record], epochs: int
) -> dict[str, Any]:
    """Settles the epochs of training, and what an evaluation costs; both once, and never revised."""
    each = pilot(scene, entries_at(epochs)[0].field.jobs(0, 0, 0)[0], crew)
    if options.budget is not None:

        def seconds(entries: Sequence[Entry]) -> float:
            return forecast(entries, options.seeds, sizes, each, crew.size).seconds

        epochs = epochs_within(options.budget, entries_at, seconds, LONGEST)
    return {"epochs": epochs, "seconds_each": each}


def _entries(contenders: Sequence[Contender], options: Options, data: Stage, epochs: int) -> list[Entry]:
    folds = 1 if options.holdout is not None else options.folds
    made = []
    for contender in contenders:
        at_length = replace(contender, recipe=replace(contender.recipe, epochs=epochs))
        tried = settings(at_length, options.settings, options.search, options.seed)
        steps = rungs(epochs, len(tried), options.halving)
        field = Field(at_length, tried, steps, folds, options.seed, data.metrics[0].higher_is_better)
        made.append(Entry(field, at_defaults(at_length, data.task.model)))
    return made
