"""How a point is looked at: what `classify` and its kin take beside the function, checked."""

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from ..errors import RavineError


@dataclass(frozen=True)
class How:
    """How a point is looked at; `classify` says what each is."""

    radius: float | None = None
    tolerance: float = 1e-4
    directions: int = 16
    dense_up_to: int = 2000
    count: int = 6
    most: int = 24
    seed: int = 0

    def __post_init__(self) -> None:
        check_radius("classify", self.radius)
        if not (isinstance(self.tolerance, Real) and 0 < float(self.tolerance) < math.inf):
            raise RavineError(
                f"classify(tolerance={self.tolerance!r}): tolerance must be above 0 and finite, a share of the radius."
            )
        for name, least in (("directions", 1), ("dense_up_to", 0), ("count", 1), ("most", 1), ("seed", 0)):
            check_whole("classify", name, getattr(self, name), least)


def check_radius(call: str, radius: Any) -> None:
    """Refuses what is no distance.

    Args:
        call: The function that it was given to.
        radius: What was given; None for the usual one.

    Raises:
        RavineError: It is no number, or not above 0.
    """
    if radius is not None and not (isinstance(radius, Real) and 0 < float(radius) < math.inf):
        raise RavineError(f"{call}(radius={radius!r}): radius must be above 0 and finite, in units of x, or None.")


def check_whole(call: str, name: str, given: Any, least: int) -> None:
    """Refuses what is no whole number, or too small a one.

    Args:
        call: The function that it was given to.
        name: The argument.
        given: What was given.
        least: The smallest that will do.

    Raises:
        RavineError: It is none, or smaller.

    >>> check_whole("classify", "seed", 1.5, 0)
    Traceback (most recent call last):
    ravine.errors.RavineError: classify(seed=1.5): seed must be a whole number, at least 0.
    """
    if isinstance(given, bool) or not isinstance(given, Integral) or given < least:
        raise RavineError(f"{call}({name}={given!r}): {name} must be a whole number, at least {least}.")
