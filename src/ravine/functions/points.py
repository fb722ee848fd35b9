"""Points: what is known of them, and what stands for them."""

import re
from typing import Any, NamedTuple, TypeAlias

import numpy as np
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
        A tensor as it is; else an array, in float64 where the numbers were whole.

    Raises:
        RavineError: A point has another number of coordinates.
    """
    points = x if isinstance(x, Tensor) else np.asarray(x)
    if isinstance(points, np.ndarray) and points.dtype.kind not in "fc":  # complex ones are for complex steps
        points = points.astype(np.float64)
    if points.ndim == 0 or points.shape[-1] != owner.dimensions:
        got = f"{points.shape[-1]}" if points.ndim else "a single number"
        raise RavineError(
            f"{owner!r}: a point has {owner.dimensions} coordinates, got {got}; "
            f"give points of shape [..., {owner.dimensions}]."
        )
    return points
