"""Whether augmentations suit a task: what can't be done is refused, what may change a label is told."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ..errors import RavineError
from .augmentation import Augmentation
from .color import color
from .forward import split
from .geometry import crop
from .mix import mixup
from .task import Task

NO_SHARES = ("nll_loss", "NLLLoss")
"""PyTorch's losses for classes that take no shares of them."""


def check_augmentation(parts: Sequence[Augmentation], task: Task) -> list[str]:
    """Refuses augmentations that a task can't have, and finds those that may change its labels.

    Args:
        parts: The augmentations; their fields may hold ranges.
        task: The task.

    Returns:
        A sentence for each part that may change labels, where the task says which are safe.

    Raises:
        RavineError: The inputs are several, no floating-point numbers or no images, or the targets can't follow.

    >>> from ravine.data.ready_made import wine
    >>> check_augmentation([mixup()], wine())
    []
    """
    if not parts:
        return []
    inputs, y = split(task.training_data.batch(torch.tensor([0])), task.training_data.target)
    x = _only_input(parts[0], inputs)
    for part in parts:
        _check_input(part, x)
        if part.moves and isinstance(y, Tensor) and y.dim() >= 3:
            raise RavineError(
                f"{part!r} moves pixels, and the targets have a place for each, {_shape(y)}, which would not follow: "
                "leave it out."
            )
        if part.mixes:
            _check_mixing(part, y, task)
    return warnings_of(parts, task.safe_augmentation)


def _only_input(part: Augmentation, inputs: Any) -> Tensor:
    values = list(inputs.values()) if isinstance(inputs, dict) else list(inputs)
    if len(values) != 1:
        raise RavineError(f"{part!r} changes one input, and each example has {len(values)}: leave it out.")
    if not isinstance(values[0], Tensor):
        raise RavineError(f"{part!r} changes a tensor, and the input is a {type(values[0]).__name__}: leave it out.")
    return values[0]


def _check_input(part: Augmentation, x: Tensor) -> None:
    if part.images and x.dim() != 4:
        raise RavineError(f"{part!r} takes images, [n, c, h, w], and the inputs are {_shape(x)}: leave it out.")
    if not x.is_floating_point():
        kind = str(x.dtype).removeprefix("torch.")
        raise RavineError(f"{part!r} takes floating-point inputs, and these are {kind}: convert them, or leave it out.")
    if isinstance(part, color) and x.shape[1] != 3:
        raise RavineError(f"{part!r} takes red, green and blue, and the images have {x.shape[1]} channel(s).")
    if isinstance(part, crop) and _largest(part.padding) >= min(x.shape[2:]):
        raise RavineError(
            f"{part!r} can push an image of {x.shape[2]} x {x.shape[3]} pixels out of sight: "
            f"padding must be at most {min(x.shape[2:]) - 1}."
        )


def _check_mixing(part: Augmentation, y: Any, task: Task) -> None:
    if not isinstance(y, Tensor):
        raise RavineError(f"{part!r} mixes targets, and the task has none: leave it out.")
    kind = task.used_loss.kind if task.step is None else "given"
    if kind == "numbers" or (kind == "given" and y.is_floating_point()):
        _check_mixing_of_numbers(part)
    elif y.dim() > 1 and kind != "binary":
        raise RavineError(f"{part!r} mixes one class for each example, and the targets are {_shape(y)}: leave it out.")
    elif kind == "given" or task.used_loss.name in NO_SHARES:
        taker = "step" if task.step is not None else f"loss, {task.used_loss.name},"
        raise RavineError(
            f"{part!r} gives shares of each class, and nothing says that the task's {taker} takes them: "
            "use cross_entropy, or leave it out."
        )


def _check_mixing_of_numbers(part: Augmentation) -> None:
    if not isinstance(part, mixup):
        raise RavineError(f"{part!r} mixes classes, and the targets are numbers: leave it out, or use mixup.")
    if not part.numbers:
        typed = repr(dataclasses.replace(part, numbers=True))
        raise RavineError(
            f"{part!r} mixes classes, and the targets are numbers: write {typed} if an example between two has a "
            "target between theirs, or leave it out."
        )


def _shape(values: Tensor) -> str:
    return f"[{', '.join(['n', *map(str, values.shape[1:])])}]"


def _largest(value: Any) -> float:
    return max(value.extremes()) if hasattr(value, "extremes") else value


def warnings_of(parts: Sequence[Augmentation], safe: Mapping[str, float | None] | None) -> list[str]:
    """Finds the augmentations that may change what an example shows, as turning a 6 makes a 9.

    Those that mix are left aside: they change labels along with the inputs.

    Args:
        parts: The augmentations; a part's first field is its strength.
        safe: The parts that keep the label, each up to which strength, or None for any; None where the task says
            nothing.

    Returns:
        A sentence for each part that is not safe.

    >>> from ravine.data.geometry import flip, rotate
    >>> for sentence in warnings_of([rotate(10), rotate(90), flip()], {"rotate": 20, "crop": None}):
    ...     print(sentence)
    rotate(degrees=90) may change labels: the task calls rotate safe up to degrees=20.
    flip() may change labels: the task calls safe only rotate up to 20, crop.
    """
    if safe is None:
        return []
    found = []
    for part in parts:
        name = type(part).__name__
        if part.mixes:
            continue
        if name not in safe:
            listed = ", ".join(known if most is None else f"{known} up to {most:g}" for known, most in safe.items())
            found.append(f"{part!r} may change labels: the task calls safe only {listed or 'nothing'}.")
            continue
        most, strength = safe[name], dataclasses.fields(part)[0].name
        if most is not None and _largest(getattr(part, strength)) > most:
            found.append(f"{part!r} may change labels: the task calls {name} safe up to {strength}={most:g}.")
    return found
