"""A study made ready: everything checked that can be before the first run, and settled what the study is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch

from ..data.folds import split_test
from ..data.model import build_model, check_model
from ..data.task import Task
from ..errors import RavineError
from ..recipe import Recipe
from ..rules import Rule
from ..training.machine import device_named
from ..training.stage import SPLIT_SEED, Stage
from .contenders import Contender, at_defaults, settings
from .course import Entry
from .describe import description
from .entries import Method, contenders_of
from .forecast import Forecast, epochs_within, forecast, pilot
from .options import Options, differences
from .plan import Field, rungs
from .scene import Scene, stage, write_task
from .store import Store

LONGEST = 1000
"""Epochs beyond which a budget in seconds does not stretch training."""


@dataclass(frozen=True)
class Plan:
    """What a study will do: its place on disk, the setting of its jobs, its contenders and their cost."""

    options: Options
    store: Store
    scene: Scene
    entries: list[Entry]
    cost: Forecast


def prepare(
    task: Task,
    options: Options,
    store: Store,
    methods: Sequence[Method],
    recipe: str | Rule | Recipe | None,
    workers: int,
) -> Plan:
    """Makes a study ready, new or taken up again.

    Args:
        task: The task.
        options: What is asked.
        store: Where the study is kept.
        methods: The methods, as options name them or as objects.
        recipe: The user's present recipe.
        workers: How many runs will go on at once.

    Returns:
        The plan.

    Raises:
        RavineError: The data, the model or an option is not as it must be, or the study was begun otherwise.
    """
    _check_options(options, store)
    scene = Scene(
        task.source or write_task(task, store.folder), options.metric, 1 if options.holdout else options.folds,
        options.holdout, options.seed, options.device, str(store.folder / "checkpoints"),
    )  # fmt: skip
    data = stage(scene, -1)
    stage(scene, 0)  # refuses what cannot be parted into folds
    _check_data(data.task, options, store)
    _check_model(data, options)
    given = [] if recipe is None else [recipe]
    found = contenders_of(methods, given, data.task, len(data.train), options.epochs)
    epochs, seconds_each = _length(scene, found, options, store, data, workers)
    entries = _entries(found, options, data, epochs)
    if store.fact("options") is None:
        facts = description(options, data, entries)
        store.set_facts({**facts, "options": options.stored(), "epochs": epochs, "seconds_each": seconds_each})
    else:
        store.set_facts({"options": options.stored()})  # the same, or with more seeds: another look
    return Plan(options, store, scene, entries, forecast(scene, entries, options.seeds, seconds_each, workers))


def _check_options(now: Options, store: Store) -> None:
    """Refuses options other than those the study was begun with; more seeds are another look, and welcome."""
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


def _check_data(task: Task, options: Options, store: Store) -> None:
    known = store.fact("train_fingerprint"), store.fact("test_fingerprint")
    now = tuple(part.fingerprint() for part in split_test(task, SPLIT_SEED))
    if known == (None, None):
        store.set_facts(dict(zip(("train_fingerprint", "test_fingerprint"), now, strict=True)))
    elif known != now:
        raise RavineError(
            f"the data of {options.task!r} have changed since the study in {str(store.folder)!r} was begun: "
            "choose another --out."
        )


def _check_model(data: Stage, options: Options) -> None:
    device = device_named(options.device)
    batch = data.train.to(device).batch(torch.arange(min(8, len(data.train))))
    check_model(data.task, build_model(data.task, options.seed).to(device), batch)


def _length(
    scene: Scene, found: Sequence[Contender], options: Options, store: Store, data: Stage, workers: int
) -> tuple[int, float]:
    """Settles the epochs of training, and what an evaluation costs; both once, and never revised."""
    epochs, each = store.fact("epochs"), store.fact("seconds_each")
    if epochs is not None:
        return epochs, each
    epochs = found[0].recipe.epochs
    entries_at = partial(_entries, found, options, data)
    each = pilot(scene, entries_at(epochs)[0].field.jobs(0, 0, 0)[0])
    if options.budget is not None:
        cost = partial(forecast, scene, seeds=options.seeds, seconds_each=each, workers=workers)
        epochs = epochs_within(options.budget, entries_at, lambda entries: cost(entries).seconds, LONGEST)
    return epochs, each


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
