"""What is known of a study beside its runs, written down so that its report needs neither task nor model."""

import base64
import datetime
import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import loky
import torch
from latex2mathml.converter import convert

from ..data.forward import split
from ..data.randomness import seeded
from ..engines.latex import mathml
from ..fields import text
from ..keep import snapshots
from ..minimize import Descent
from ..optim import field_names
from ..part import look_up
from ..ranges import Range, log, near_one
from ..recipe import Recipe
from ..rules import Rule
from ..schedules import bind, varying
from ..training.keeping import rule_of
from ..training.network import network
from ..training.objective import changing
from ..training.order import steps_per_epoch
from ..training.stage import Stage
from .code import train_this_way
from .course import Course, Entry
from .options import Options
from .plan import rank
from .record import Record
from .roles import roles
from .scene import Scene, stage

SEARCHED_STEP = r"p \leftarrow p - \alpha H g"
"""What every method does that needs the loss as a function: H is its inverse Hessian, and its search finds alpha."""
PACKAGES = ("ravine", "torch", "numpy", "scipy", "scikit-learn", "numba")
BYTES = 4
"""Bytes of one float32 number."""
BATCH = 64
"""From so many training images a few are shown; those that are mixed are mixed with any of them."""
IMAGES, LARGEST = 8, 64
"""How many images are shown, and how many pixels across each at most."""
POINTS = 200
"""Moments of training at which a schedule is drawn."""


def description(options: Options, data: Stage, entries: Sequence[Entry]) -> dict[str, Any]:
    """Gathers what is known before the first run.

    Args:
        options: What is asked.
        data: All training data and the test set.
        entries: The contenders.

    Returns:
        Facts by name, as JSON holds them.
    """
    metric, proper = data.metrics
    return {
        "task": data.task.name or options.task,
        "metric": {"name": metric.name, "higher_is_better": metric.higher_is_better},
        "proper": proper.name,
        "kind": data.task.used_loss.kind,
        "sizes": {"train": len(data.train), "test": len(data.judged)},
        "contenders": [_contender(entry) for entry in entries],
        "roles": asdict(roles([entry.field.contender for entry in entries])),
        "versions": {"python": platform.python_version()}
        | {package: importlib.metadata.version(package) for package in PACKAGES},
        "hardware": hardware(options.device),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "looks": [],
    }


def _contender(entry: Entry) -> dict[str, Any]:
    contender = entry.field.contender
    rule = contender.recipe.rule
    full = sum(not slot.scalar for slot in rule.slots().values())
    return {
        "name": contender.name,
        "recipe": repr(contender.recipe),
        "searched": [_searched(name, range_) for name, (_, range_) in contender.searched.items()],
        "settings": [dict(values) for values in entry.field.settings],
        "rungs": list(entry.field.rungs),
        "defaults": None if entry.defaults is None else repr(entry.defaults.recipe),
        "equations": mathml(rule) if isinstance(rule, Rule) else convert(SEARCHED_STEP),
        "state_bytes": BYTES * full,
        "searches": isinstance(rule, Descent),
    }


def _searched(name: str, range_: Range) -> dict[str, Any]:
    scale = "log" if isinstance(range_, log) else "near_one" if isinstance(range_, near_one) else "linear"
    ends = range_.extremes()
    return {"field": name, "range": text(range_), "scale": scale, "low": ends[0], "high": ends[-1]}


def hardware(device: str | None) -> str:
    """Describes the machine in a few words.

    Args:
        device: Where training runs.

    Returns:
        Processor, cores, and the GPU where one is used.
    """
    cores = f"{platform.machine()}, {loky.cpu_count()} cores, {platform.system()}"
    on_gpu = torch.cuda.is_available() and device != "cpu"
    return f"{torch.cuda.get_device_name()}; {cores}" if on_gpu else cores


def results(entries: Sequence[Entry], state: Course, records: Mapping[str, Record], scene: Scene) -> dict[str, Any]:
    """Gathers what a finished study shows beside its runs.

    Args:
        entries: The contenders.
        state: Its course, at the end.
        records: All runs.
        scene: Its setting.

    Returns:
        Facts by name, as JSON holds them.
    """
    races = {
        name: {"reached": list(race.reached.values()), "loser": race.loser, "chosen": race.chosen}
        for name, race in state.races.items()
    }
    data = stage(scene, -1)
    schedules = {entry.name: _rates(entry, state, len(data.train)) for entry in entries}
    augmented = {entry.name: _augmented(entry, state, data, scene.seed) for entry in entries}
    best = min(entries, key=lambda entry: _place(entry, state, records))
    return {
        "races": races,
        "schedules": {name: rates for name, rates in schedules.items() if rates},
        "winner": best.name,
        "train_this_way": train_this_way(best, state, records, scene),
        "inference": {entry.name: _inference(entry, state, data) for entry in entries},
        "augmented": {name: shown for name, shown in augmented.items() if shown},
    }


def _place(entry: Entry, state: Course, records: Mapping[str, Record]) -> tuple[float, float]:
    """Ranks a contender by the cross-validation of its chosen setting, ties by the proper score."""
    return rank(entry.field, _chosen(entry, state), -1, records)[:2]


def _chosen(entry: Entry, state: Course) -> int:
    """Gives the number of a contender's tuned setting: every race is decided where a study has ended."""
    chosen = state.races[entry.name].chosen
    assert chosen is not None
    return chosen


def _inference(entry: Entry, state: Course, data: Stage) -> dict[str, int]:
    """Counts the networks that predict together at the tuned setting, and the parameters of each."""
    settled = entry.field.settled[_chosen(entry, state)]
    keep = settled.recipe.keep
    found = {"networks": keep.cycles if isinstance(keep, snapshots) else 1}
    with suppress(Exception):  # a user's model may raise anything; its runs have told of it
        model = network(data.task, settled.recipe.layers, 0, settled.arguments)
        found["parameters"] = sum(parameter.numel() for parameter in model.parameters())
    return found


def _augmented(entry: Entry, state: Course, data: Stage, seed: int) -> dict[str, Any]:
    """Gives a few training images as they are and as the tuned setting augments them, as base64 of bytes."""
    recipe = entry.field.settled[_chosen(entry, state)].recipe
    if not recipe.augmentation:
        return {}
    try:
        batch = data.train.batch(torch.arange(min(BATCH, len(data.train))))
        plain = _images(batch, data)
        steps = [_changed(data, recipe, batch, seed + k) for k in range(IMAGES)]
    except Exception:  # noqa: BLE001 - a user's part or data may raise anything; its runs have told of it
        return {}
    if plain is None or any(step is None or step.shape != plain.shape for step in steps):
        return {}
    # Each from a step of its own: what mixes draws one share for a whole batch.
    changed = torch.stack([step[k] for k, step in enumerate(steps[: len(plain)]) if step is not None])
    low, high = float(plain.min()), float(plain.max())
    scaled = [((x - low) / max(high - low, 1e-12)).clamp(0, 1).mul(255).round().byte() for x in (plain, changed)]
    before, after = (base64.b64encode(x.cpu().numpy().tobytes()).decode() for x in scaled)
    said = ", ".join(repr(part) for part in recipe.augmentation)
    return {"said": said, "shape": list(plain.shape), "plain": before, "changed": after}


def _changed(data: Stage, recipe: Recipe, batch: Any, seed: int) -> torch.Tensor | None:
    with seeded(seed):  # every contender meets the same luck
        return _images(changing(data.task, recipe)(batch), data)


def _images(batch: Any, data: Stage) -> torch.Tensor | None:
    """Takes the first few images out of a batch, large ones thinned; None where there are none."""
    inputs, _ = split(batch, data.train.target)
    values = list(inputs.values()) if isinstance(inputs, dict) else list(inputs)
    x = values[0]
    if len(values) != 1 or not isinstance(x, torch.Tensor) or x.dim() != 4 or x.shape[1] not in (1, 3):
        return None
    every = -(-max(x.shape[2:]) // LARGEST)
    return x[:IMAGES, :, ::every, ::every].float()


def _rates(entry: Entry, state: Course, count: int) -> list[float]:
    """Gives the learning rate of the tuned setting at moments evenly over training."""
    recipe = entry.field.settled[_chosen(entry, state)].recipe
    path = field_names(recipe.rule).get("lr")
    if path is None:
        return []
    per_epoch = steps_per_epoch(recipe, count)
    total = per_epoch * recipe.epochs
    at = varying(bind(rule_of(recipe), per_epoch))
    return [float(look_up(at(k * total // POINTS, total), path)) for k in range(POINTS)]
