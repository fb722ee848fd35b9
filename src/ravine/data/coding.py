"""How labels, text columns and units became numbers, so that new data are read in the same way.

A class label is a number 0 ... C-1 while a network trains, and the user's own word everywhere else. What
was decided when the training data were read is kept here, applied to test data and new data, and undone
for predictions.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import RavineError, nearest
from .arrays import as_tensor, plain_array

TARGET_NAMES = ("target", "y", "label", "labels")
"""What a target is called where nobody says so: the first of these that is there."""


@dataclass(frozen=True)
class Column:
    """One column of a table: a number, or one number (0 or 1) for each of its texts."""

    name: str
    categories: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Coding:
    """What the numbers of a data set mean.

    `classes` are the labels in the order of their numbers, `columns` the columns of the table that the
    inputs came from, and a numeric target `y` stands as `(y - center) / scale`.
    """

    classes: tuple[Any, ...] | None = None
    columns: tuple[Column, ...] | None = None
    center: float = 0.0
    scale: float = 1.0


def find_target(names: Any, target: str | None, where: str, optional: bool = False) -> str | None:
    """Finds out which column or key is the target.

    Args:
        names: The names that there are.
        target: The one that was asked for, or None for the usual ones.
        where: What the data are, for error sentences.
        optional: Whether it may be missing.

    Returns:
        Its name; None where none is there, which is an error only for a name that was asked for.

    Raises:
        RavineError: The name asked for isn't there.
    """
    names = [str(name) for name in names]
    if target is None:
        return next((name for name in TARGET_NAMES if name in names), None)
    if target in names:
        return target
    if optional:
        return None
    raise RavineError(f"{where} has no {target!r}, only {listed(names)}: name the target.{nearest(target, names)}")


def listed(names: list[str], most: int = 8) -> str:
    """Tells the first few of many names."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def encode_targets(values: Any, kind: str | None, where: str, coding: Coding | None = None) -> tuple[Tensor, Any]:
    """Turns targets into numbers that a loss takes.

    Labels (texts, true and false, whole numbers) in one dimension become 0 ... C-1 in sorted order; dense
    whole-number targets stay as they are; numbers become float32. A `RavineError` tells of a label that is
    missing or was not in the training data, and of values that don't suit the loss.

    Args:
        values: Targets, `[n]` or `[n, ...]`.
        kind: What the loss wants, "classes", "binary" or "numbers"; "given" leaves numbers as they come;
            None asks the values.
        where: What they are, for error sentences.
        coding: How earlier data were read; its labels and units are used again.

    Returns:
        The targets as a tensor, and the labels in the order of their numbers (None where nothing was encoded).

    >>> encode_targets(np.array(["no", "yes", "no"]), None, "target")
    (tensor([0, 1, 0]), ('no', 'yes'))
    """
    array = plain_array(values, where)
    flat = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    sort = array.dtype.kind
    if sort in "OUST" or sort == "b" or _are_labels(flat, kind):
        known = coding.classes if coding is not None else None
        return _encoded(flat, known, kind, where)
    if kind in {"classes", "binary"}:
        return _dense(array, kind, where), None
    return _numbers(array, kind, where, coding or Coding()), None


def _are_labels(array: np.ndarray, kind: str | None) -> bool:
    if array.ndim > 1 or kind in {"numbers", "given"}:
        return False
    if array.dtype.kind in "iu":
        return True
    # Fractions are no labels: `binary_cross_entropy` takes them as probabilities, `cross_entropy` refuses them.
    return kind in {"classes", "binary"} and bool(np.all(np.isnan(array) | (array == np.round(array))))


def _encoded(array: np.ndarray, known: tuple[Any, ...] | None, kind: str | None, where: str) -> tuple[Tensor, Any]:
    if kind == "numbers" and array.dtype.kind != "b":
        raise RavineError(f"{where} is text ({str(array.flat[0])!r}), but the loss needs numbers.")
    classes, codes = _sorted_labels(array, where)
    if known is not None:
        codes = _known_codes(classes, known, where)[codes]
        classes = known
    if kind == "binary" and len(classes) != 2:
        raise RavineError(
            f"{where} has {len(classes)} classes, but binary_cross_entropy tells two apart: use cross_entropy."
        )
    numbers = torch.from_numpy(np.ascontiguousarray(codes.reshape(array.shape), dtype=np.int64))
    return numbers.float() if kind in {"binary", "numbers"} else numbers, classes


def _sorted_labels(array: np.ndarray, where: str) -> tuple[tuple[Any, ...], np.ndarray]:
    missing = [row for row, label in enumerate(array.flat) if _is_missing(label)]
    if missing:
        raise RavineError(f"{where} has no label in row {missing[0]}: fill it in, or leave the row out.")
    try:
        classes, codes = np.unique(array, return_inverse=True)
    except TypeError:
        kinds = sorted({type(label).__name__ for label in array.flat})
        raise RavineError(f"{where} mixes labels of types {' and '.join(kinds)}: make them one type.") from None
    return tuple(classes.tolist()), codes


def _is_missing(label: Any) -> bool:
    if label is None or type(label).__name__ in {"NAType", "NaTType"}:  # pandas' own words for it
        return True
    return bool(label != label)  # NaN alone differs from itself


def _known_codes(classes: tuple[Any, ...], known: tuple[Any, ...], where: str) -> np.ndarray:
    for label in classes:
        if label not in known:
            close = nearest(str(label), map(str, known))
            raise RavineError(f"{where} has the label {label!r}, which the training data don't have.{close}")
    return np.array([known.index(label) for label in classes])


def _dense(array: np.ndarray, kind: str, where: str) -> Tensor:
    numbers = as_tensor(array, where)
    if kind == "binary":
        if not ((numbers >= 0) & (numbers <= 1)).all():
            raise RavineError(f"{where} holds values outside 0 ... 1, which binary_cross_entropy can't take.")
        return numbers.float()
    if numbers.is_floating_point():
        raise RavineError(f"{where} holds fractions, but cross_entropy takes classes as whole numbers, from 0 on.")
    if ((numbers < 0) & (numbers != -100)).any():  # PyTorch's losses leave -100 out
        raise RavineError(f"{where} holds {int(numbers.min())}; dense classes count from 0, and -100 is left out.")
    return numbers.long()


def _numbers(array: np.ndarray, kind: str | None, where: str, coding: Coding) -> Tensor:
    numbers = as_tensor(array, where)
    if not numbers.is_floating_point() and kind != "numbers":
        return numbers.long()
    return ((numbers.double() - coding.center) / coding.scale).float()


def decode(outputs: Tensor, kind: str, coding: Coding) -> np.ndarray:
    """Tells what a network predicts in the user's own words and units.

    Args:
        outputs: The network's outputs; for classes one score each, `[n, C, ...]`, or the second's logit, `[n]`.
        kind: What the loss takes them for: "classes", "binary", "numbers", or "given".
        coding: How the training data were read.

    Returns:
        Labels for classes, their numbers where they have none; else numbers in the target's own unit.

    >>> decode(torch.tensor([[2.0, 1.0], [0.0, 3.0]]), "classes", Coding(classes=("no", "yes"))).tolist()
    ['no', 'yes']
    >>> decode(torch.tensor([1.0]), "numbers", Coding(center=100.0, scale=50.0)).tolist()
    [150.0]
    """
    outputs = outputs.detach().cpu()
    if kind == "numbers" or (kind == "given" and coding.classes is None):
        return outputs.double().numpy() * coding.scale + coding.center
    scored = kind == "classes" or (kind == "given" and outputs.dim() > 1 and outputs.shape[1] > 1)
    codes = outputs.argmax(1) if scored else (outputs > 0).long()
    if coding.classes is None:
        return codes.numpy()
    return np.array(coding.classes)[(codes.squeeze(1) if codes.shape[1:] == (1,) else codes).numpy()]
