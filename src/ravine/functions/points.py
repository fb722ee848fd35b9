"""Points: what is known of them, and what stands for them."""

import re
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor

from ..errors import RavineError

Coordinates: TypeAlias = tuple[float, ...]
Bounds: TypeAlias = tuple[tuple[float, float], ...]


class Point(NamedTuple):
    """A point that is known, and the function's value there."""

    x: Coordinates
    value: float


def square(half: float, n: int = 2) -> Bounds:
    """Gives a box that reaches as far to both sides in every coordinate.

    Args:
        half: How far.
        n: The number of coordinates.

    Returns:
        Its bounds, one pair per coordinate.

    >>> square(5.0)
    ((-5.0, 5.0), (-5.0, 5.0))
    """
    return ((-half, half),) * n


def named_after(kind: Any) -> None:
    """Names a kind of surface or problem after its class, where it does not name itself.

    Args:
        kind: The class.
    """
    words = re.findall(r"[A-Z][a-z]*|[0-9]+", kind.__name__)
    if "name" not in vars(kind):
        kind.name = "_".join(words).lower()
    if "title" not in vars(kind):
        kind.title = " ".join(words).capitalize()


def as_points(owner: Any, x: Any) -> Any:
    """Makes points of whatever stands for them.

    Args:
        owner: The surface or problem that they belong to.
        x: A tensor, an array, or numbers.

    Returns:
        A tensor for a tensor, else an array; in float64 where the numbers were whole.

    Raises:
        RavineError: It is not made of numbers, or a point has another number of coordinates.
    """
    if isinstance(x, Tensor):
        points = x if x.is_floating_point() or x.is_complex() else x.to(torch.float64)
    else:
        points = _array(owner, x)
    if points.ndim == 0 or points.shape[-1] != owner.dimensions:
        got = f"{points.shape[-1]}" if points.ndim else "a single number"
        raise RavineError(
            f"{owner!r}: a point has {owner.dimensions} coordinates, got {got}; "
            f"give points of shape [..., {owner.dimensions}]."
        )
    return points


def _array(owner: Any, x: Any) -> np.ndarray:
    try:
        points = np.asarray(x)
        if points.dtype.kind in "US" or (points.dtype.kind == "O" and None in points.ravel().tolist()):
            raise TypeError  # NumPy makes numbers of texts and of None
        return points if points.dtype.kind in "fc" else points.astype(np.float64)  # complex ones are for complex steps
    except (
        TypeError,
        ValueError,
        OverflowError,
        RuntimeError,
    ):  # the last from tensors in a list that require a gradient
        got = " ".join(repr(x).split())
        got = got if len(got) <= 60 else f"a {type(x).__name__}"
        raise RavineError(
            f"{owner!r}: a point is made of numbers, got {got}; give a tensor, an array, or lists of numbers, of shape "
            f"[..., {owner.dimensions}]."
        ) from None
