"""What a study varies about a recipe: one thing in which its contenders differ, while all else is tuned alike."""

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..data.augment import AUGMENTATIONS
from ..data.augment_check import check_augmentation
from ..data.augmentation import Augmentation
from ..data.objectives import OBJECTIVES, label_smoothing, objective_for
from ..data.penalties import l2
from ..data.task import Task
from ..errors import RavineError, nearest
from ..keep import snapshots, swa
from ..layers import dropout
from ..minimize import Descent
from ..part import leaves, meanings, substitute
from ..ranges import choice, is_range
from ..recipe import Recipe, early_stopping
from ..rules import METHODS, AdamW, Average, Decay, learning_rates
from ..schedules import Schedule, constant, cosine, inverse_sqrt, linear, one_cycle, step, warm_restarts, warmup
from .contenders import under_cosine, with_default_ranges
from .options import DEFAULT_METHODS

Varied = Mapping[str, Recipe | tuple[Recipe, Mapping[str, Any]]]
"""Recipes by the names under which they take part, some with arguments of the model."""

OF_WHAT_SEARCHES = ("loss", "model", "optimizer")
"""What can be varied about a recipe whose method needs the loss as a function."""
BATCH_SIZES = (8, 16, 32, 64, 128, 256)


def vary(axis: str, base: Recipe, task: Task) -> Varied:
    """Gives the recipes that differ in one thing.

    Args:
        axis: The name of that thing, one of `AXES`.
        base: What they have in common; its ranges are searched for every one of them.
        task: The task, which decides what suits it.

    Returns:
        The recipes by name; the first is the base where that takes part.

    Raises:
        RavineError: There is no such axis, or nothing on it suits the task.

    >>> from ravine.data.ready_made import wine
    >>> from ravine.rules import SGD
    >>> list(vary("schedule", Recipe(SGD(lr=0.1)), wine()))[:3]
    ['constant', 'linear', 'cosine']
    """
    if axis not in AXES:
        raise RavineError(f"--vary {axis!r}: must be one of {', '.join(AXES)}.{nearest(axis, AXES)}")
    if isinstance(base.rule, Descent) and axis not in OF_WHAT_SEARCHES:
        raise RavineError(
            f"--vary {axis!r}: {base.rule!r} searches on all data at once, without noise or an lr, which leaves "
            f"{', '.join(OF_WHAT_SEARCHES)} to vary; or give a recipe with a rule, such as Adam()."
        )
    return AXES[axis](base, task)


def _regularization(base: Recipe, task: Task) -> Varied:
    found = {
        "as it is": base,
        "dropout": _with(base, layers=(*base.layers, _searched(dropout))),
        "L2 penalty": _with(base, penalties=(*base.penalties, _searched(l2))),
        "weight decay": _with(base, rule=Decay(base.rule, l2=meanings(AdamW)["weight_decay"].search)),
        "augmentation": _with(base, augmentation=(*base.augmentation, *_usual_augmentation(task))),
        "early stopping": _with(base, stop=early_stopping()),
    }
    mixup = _suiting("mixup", task)
    if mixup is not None:
        found["mixup"] = _with(base, augmentation=(*base.augmentation, mixup))
    if task.step is None and task.used_loss.kind in {"classes", "binary"}:
        found["label smoothing"] = _with(base, loss=_searched(label_smoothing))
    return found


def _usual_augmentation(task: Task) -> tuple[Augmentation, ...]:
    """Gives small moves of an image, at strengths that its labels survive; noise where inputs are no images."""
    # Crops move by whole pixels: on small images, such as digits of 8 x 8, the least of them is a large move.
    moves = (_suiting(name, task) for name in ("shift", "rotate"))
    return tuple(part for part in moves if part is not None) or (_searched(AUGMENTATIONS["gaussian_noise"]),)


def _augmentation(base: Recipe, task: Task) -> Varied:
    parts = {name: _suiting(name, task) for name in AUGMENTATIONS}
    return {"none": base} | {
        name: _with(base, augmentation=(*base.augmentation, part)) for name, part in parts.items() if part is not None
    }


def _suiting(name: str, task: Task) -> Augmentation | None:
    """Gives an augmentation that suits a task, searched up to the strength that its labels survive; None for others."""
    safe, part = task.safe_augmentation, _searched(AUGMENTATIONS[name])
    if safe is not None and name not in safe:
        return None
    most = None if safe is None else safe[name]
    if most is not None:
        part = _at_most(part, most)
    try:
        check_augmentation([part], task)
    except RavineError:  # no images, several inputs, numbers where it mixes classes
        return None
    return part


def _at_most(part: Augmentation, most: float) -> Augmentation:
    """Ends the range of a part's strength, its first field, where labels would change."""
    field = next(iter(meanings(part)))
    range_: Any = getattr(part, field)
    shorter = dataclasses.replace(range_, high=min(range_.high, most)) if is_range(range_) else most
    return dataclasses.replace(part, **{field: shorter})


def _batch_size(base: Recipe, task: Task) -> Varied:
    sizes = [size for size in BATCH_SIZES if 2 * size <= len(task.training_data)]
    return {f"batches of {size}": _with(base, batch_size=size) for size in sizes}


def _ensemble(base: Recipe, task: Task) -> Varied:  # noqa: ARG001 - the task has no say
    mean = Average(base.rule, decay=0.99)
    return {
        "one network": base,
        "exponential mean": _with(base, rule=mean),
        "mean of the last epochs": _with(base, keep=swa()),
        "snapshots": _with(base, keep=snapshots(min(5, base.epochs))),
    }


def _schedule(base: Recipe, task: Task) -> Varied:  # noqa: ARG001 - likewise
    rates = {path: _number(lr) for path, lr in learning_rates(base.rule).items()}
    shapes: dict[str, Callable[[Any], Schedule]] = {
        "constant": constant,
        "linear": linear,
        "cosine": cosine,
        "warm-up and cosine": lambda lr: warmup(0.05).then(cosine(lr)),
        "step": lambda lr: step(lr, every=0.3),
        "inverse square root": inverse_sqrt,
        "one cycle": one_cycle,
        "warm restarts": lambda lr: warm_restarts(lr, first=0.25),
    }
    return {
        name: substitute(base, {("rule", *path): shape(lr) for path, lr in rates.items()})
        for name, shape in shapes.items()
    }


def _number(lr: Any) -> Any:
    """Gives the number or range that a schedule starts from."""
    return next(iter(leaves(lr, lambda value: is_range(value) or isinstance(value, (int, float))).values()))


def _optimizer(base: Recipe, task: Task) -> Varied:  # noqa: ARG001 - likewise
    found = {name: _with(base, rule=under_cosine(with_default_ranges(METHODS[name]))) for name in DEFAULT_METHODS}
    known = any(isinstance(base.rule, METHODS[name]) for name in DEFAULT_METHODS)
    return found if known else {"as it is": base} | found


def _model(base: Recipe, task: Task) -> Varied:
    ranges = {name: value for name, value in task.model_arguments.items() if is_range(value)}
    if not ranges:
        raise RavineError(
            "--vary model: no argument of the task's model holds a range; "
            "give some, as in Task(..., model_arguments={'width': choice((8, 16, 32))})."
        )
    values = {name: dict.fromkeys(_points(range_)) for name, range_ in ranges.items()}
    return {f"{name} {value}": (base, {name: value}) for name, points in values.items() for value in points}


def _points(range_: Any) -> Sequence[Any]:
    """Gives the values of a choice, or four numbers from end to end of a range."""
    return range_.values if isinstance(range_, choice) else [range_.at(k / 3) for k in range(4)]


def _loss(base: Recipe, task: Task) -> Varied:
    if task.step is not None:
        raise RavineError("--vary loss: the task's own step works out the loss, so there is none to vary.")
    found = {task.used_loss.name: base}
    for name, kind in OBJECTIVES.items():
        objective = _searched(kind)
        try:
            objective_for(task, objective)
        except RavineError:  # for targets of another kind
            continue
        found |= {} if name == task.used_loss.name else {name: _with(base, loss=objective)}
    return found


AXES: Mapping[str, Callable[[Recipe, Task], Varied]] = {
    "regularization": _regularization,
    "augmentation": _augmentation,
    "batch_size": _batch_size,
    "ensemble": _ensemble,
    "schedule": _schedule,
    "loss": _loss,
    "model": _model,
    "optimizer": _optimizer,
}
"""What can be varied, by name."""


def _with(base: Recipe, **fields: Any) -> Recipe:
    """Gives the base with other parts; checked, since parts may exclude each other."""
    own = {name: getattr(base, name) for name in meanings(base)}
    return Recipe(**{**own, **fields})


def _searched(kind: Any) -> Any:
    """Gives a part that is searched in the first field that says where; at its defaults where none does."""
    ranges = ((name, known.search) for name, known in meanings(kind).items() if known.search is not None)
    return kind(**dict(itertools.islice(ranges, 1)))
