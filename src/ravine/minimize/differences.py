"""The slope of a function along one coordinate by differences, with a step that suits the function there."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

STEPS = 20
"""Differences are taken at that many steps at most, each a quarter of the last: they reach from a thousandth of x down
to its last digits, past kinks and edges that are near."""

COARSE = 4e-3
"""The coarsest rounding that a function may do inside of it, that of bfloat16, in units of x."""


class _Difference(NamedTuple):
    """A slope by differences with one step, and how far it may be off: by what curves, and by rounding."""

    slope: float
    curved: float
    rounding: float
    bend: float
    """By how much the slopes ahead and behind are apart: no less with a shorter step where there is a kink."""

    @property
    def sure(self) -> float:
        """How far it may be off."""
        return self.curved + self.rounding


def slope(along: Callable[[float], float], at: float, told: float, largest: float, eps: float) -> tuple[float, float]:
    """Takes differences with shorter and shorter steps, until their slope is the one told, or stays the same.

    Args:
        along: The function, of the step from the point.
        at: The coordinate of the point.
        told: The slope to be checked.
        largest: The largest slope told along any coordinate: what one of its size rounds off is no error of another.
        eps: The precision of the function.

    Returns:
        The slope, and how far it may be off; NaN where it does not settle.

    >>> found, sure = slope(math.exp, 0.0, 1.0, 1.0, 2**-52)
    >>> abs(found - 1) <= sure < 1e-6
    True
    """
    longest = 2.0 ** round(math.log2(eps ** (1 / 5) * max(1.0, abs(at))))  # x + h is exact, or nearly so
    seen, moved, middle, floor = list[_Difference](), False, along(0.0), 3 * eps ** (2 / 3) * largest
    for shorter in range(STEPS):
        h = longest / 4**shorter
        one = _difference(along, h, at, middle, eps)
        if not math.isfinite(one.slope + one.sure):
            seen = []
            continue
        off = abs(one.slope - told)
        seen = [*seen, one][-3:]
        if len(seen) == 3 and _stays(seen, off if math.isfinite(off) else math.inf):
            return seen[0].slope, seen[0].sure + floor
        clear = shorter == 0 or one.rounding <= 0.01 * max(abs(one.slope), largest)
        if off == 0 or (off <= one.sure + floor and clear):
            return one.slope, one.sure + floor
        if moved and one.slope == one.bend == 0 and h < COARSE * abs(at):  # x + h is rounded to x inside of fun
            break
        moved = moved or one.slope != 0
    return math.nan, math.nan


def _difference(along: Callable[[float], float], h: float, at: float, middle: float, eps: float) -> _Difference:
    ahead, behind, far_ahead, far_behind = (along(k * h) for k in (1, -1, 2, -2))
    near, far = (ahead - behind) / (2 * h), (far_ahead - far_behind) / (4 * h)
    slope = (4 * near - far) / 3
    size = max(abs(each) for each in (ahead, behind, far_ahead, far_behind)) + abs(at * slope)
    rounding = 20 * eps * size / h + 3 * eps ** (2 / 3) * abs(near)
    return _Difference(slope, 0.1 * abs(near - far), rounding, abs(ahead - 2 * middle + behind) / h)


def _stays(seen: list[_Difference], off: float) -> bool:
    """Whether the slope is the same with every step, clearly another than the one told, and there is no kink."""
    last, growth = seen[-1], seen[-1].bend / (seen[-2].bend or math.inf)
    if (growth > 0.5 and off <= last.bend) or (growth > 2 and last.bend > last.rounding):
        return False
    return all(
        abs(a.slope - b.slope) <= min(a.sure + b.sure, 0.1 * off) and b.curved <= max(a.curved / 4, b.rounding)
        for a, b in pairwise(seen)
    )
