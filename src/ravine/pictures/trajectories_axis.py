"""The axis of heights: what it shows of courses, and where lines run that leave it."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FLOOR = 1e-12
"""The smallest height that is shown, as a share of that of the start: below it, rounding decides."""

FEW_DECADES = 2.5
"""How many powers of ten are too few for an axis that names only these."""


class Axis(NamedTuple):
    """A logarithmic axis of heights.

    Attributes:
        low: The lowest height on it.
        high: The highest.
    """

    low: float
    high: float

    @property
    def ticks(self) -> list[float]:
        """Round heights for it: powers of ten, or 1, 2 and 5 times these where there are few."""
        low, high = np.log10(self)
        every = max(1, math.ceil((high - low) / 8))
        steps = (1, 2, 5) if high - low < FEW_DECADES else (1,)
        powers = [k for k in range(math.floor(low), math.ceil(high) + 1) if k % every == 0]
        return [step * 10.0**k for k in powers for step in steps if low <= np.log10(step * 10.0**k) <= high]

    def placed(self, heights: Floats) -> Floats:
        """Gives heights that can be drawn: a line leaves by the lower edge where what it comes to is not shown.

        Args:
            heights: The heights, of which those below the lowest one may be negative.

        Returns:
            The heights, none of them further below the axis than the axis is long.
        """
        return np.maximum(heights, self.low * (self.low / self.high))

    def is_below(self, heights: Floats) -> NDArray[np.bool_]:
        """Tells which heights are lower than all that is shown."""
        return heights < self.low


def axis_of(courses: Sequence[Floats]) -> Axis:
    """Chooses an axis for courses that begin at the same height.

    Args:
        courses: The heights of each course.

    Returns:
        The axis: down to the lowest height above zero, or to where rounding begins to decide, and up so far that one
        that diverges does not press the others flat.
    """
    seen = np.concatenate(courses)
    above = seen[(seen > 0) & np.isfinite(seen)]
    top = float(courses[0][0])
    if top <= 0:  # all begin at the lowest point, so that the middle height stands for where they are
        top = float(np.median(above)) if len(above) else 1.0
    bottom = max(float(above.min(initial=top)), FLOOR * top)
    decades = max(np.log10(top / bottom), 0.3)
    highest = min(max(float(seen.max()), bottom), top * 10.0 ** (0.3 * decades))
    low, high = bottom / 10.0 ** (0.06 * decades), highest * 10.0 ** (0.08 * decades)
    return Axis(min(low, high / 10), high)  # so that there are round numbers on it
