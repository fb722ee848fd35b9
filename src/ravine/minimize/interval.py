"""The interval in which a step length is looked for, and the next place to try: Moré and Thuente's safeguards."""

import math
from dataclasses import dataclass

from .search import Sample


@dataclass
class Interval:
    """What is known along a line: the best place so far, another end, and whether a minimum lies between.

    More & Thuente 1994, "Line search algorithms with guaranteed sufficient decrease", ACM TOMS 20(3), section 4, with
    the constants of MINPACK-2's `dcsrch`.
    """

    best: Sample
    other: Sample
    upper: float
    closed: bool = False
    excluded: bool = False
    width: float = math.inf
    width_before: float = math.inf

    @property
    def ended(self) -> bool:
        """Whether something stops the function from falling further: a rise, or an end of where it is finite."""
        return self.closed or self.excluded

    def exclude(self, alpha: float) -> float:
        """Takes up that nothing is finite at a place, and gives one much nearer to the best."""
        self.upper, self.excluded = alpha, True
        return self.best.alpha + 0.1 * (alpha - self.best.alpha)

    def update(self, tried: Sample, tilt: float) -> float:
        """Takes up a place and gives the next one to try.

        Args:
            tried: The place.
            tilt: The slope of a line that is taken off the function before values are compared.

        Returns:
            A step length inside the interval, or beyond its best place where nothing closes it yet.
        """
        here, best, other = (_tilted(each, tilt) for each in (tried, self.best, self.other))
        following = self._following(here, best, other)
        if here.value > best.value:
            self.other, self.closed = tried, True
        else:
            if here.slope * best.slope < 0:
                self.other, self.closed = self.best, True
            self.best = tried
        if self.closed:
            return self._narrowed(following)
        return min(following, self.best.alpha + 0.5 * (self.upper - self.best.alpha))

    def exhausted(self, alpha: float) -> bool:
        """Whether a step length is no longer told from the ends."""
        low, high = min(self.best.alpha, self.other.alpha), max(self.best.alpha, self.other.alpha)
        return not math.isfinite(alpha) or (self.closed and not low < alpha < high) or alpha == self.best.alpha

    def _following(self, here: Sample, best: Sample, other: Sample) -> float:
        """Chooses among the minimizers of a cubic and of a parabola; the four cases of the paper's section 4."""
        cubic, secant = _cubic(best, here), _secant(best, here)
        if here.value > best.value:  # 1: higher, so a minimum lies between
            parabola = _parabola(best, here)
            nearer = abs(cubic - best.alpha) < abs(parabola - best.alpha)
            return cubic if nearer else (cubic + parabola) / 2
        if here.slope * best.slope < 0:  # 2: lower, with a slope of the other sign
            return cubic if abs(cubic - here.alpha) > abs(secant - here.alpha) else secant
        if abs(here.slope) < abs(best.slope):  # 3: lower, and flatter
            return self._flatter(here, best, other)
        if self.closed:  # 4: lower, and no flatter
            return _cubic(other, here)
        return here.alpha + 4 * (here.alpha - best.alpha)

    def _flatter(self, here: Sample, best: Sample, other: Sample) -> float:
        far = here.alpha + 4 * (here.alpha - best.alpha)
        cubic, secant = _cubic(best, here), _secant(best, here)
        if (cubic - here.alpha) * (here.alpha - best.alpha) <= 0:  # the cubic has no minimum beyond
            cubic = far if not self.closed else other.alpha
        nearer, farther = sorted((cubic, secant), key=lambda alpha: abs(alpha - here.alpha))
        if self.closed:
            limit = here.alpha + 0.66 * (other.alpha - here.alpha)
            return min(limit, nearer) if here.alpha > best.alpha else max(limit, nearer)
        return min(far, farther)

    def _narrowed(self, following: float) -> float:
        """Halves an interval that interpolation does not make small fast enough."""
        width = abs(self.other.alpha - self.best.alpha)
        slow = width >= 0.66 * self.width_before
        self.width_before, self.width = self.width, width
        return self.best.alpha + 0.5 * (self.other.alpha - self.best.alpha) if slow else following


def _tilted(sample: Sample, tilt: float) -> Sample:
    if not tilt:
        return sample
    return sample._replace(value=sample.value - tilt * sample.alpha, slope=sample.slope - tilt)


def _cubic(a: Sample, b: Sample) -> float:
    """Where the cubic through two places, with their slopes, is smallest; Nocedal & Wright 2006, equation 3.59."""
    width = b.alpha - a.alpha
    theta = 3 * (a.value - b.value) / width + a.slope + b.slope
    scale = max(abs(theta), abs(a.slope), abs(b.slope))
    if scale == 0:
        return b.alpha
    inside = (theta / scale) ** 2 - (a.slope / scale) * (b.slope / scale)
    gamma = math.copysign(scale * math.sqrt(max(0.0, inside)), width)
    below = b.slope - a.slope + 2 * gamma
    return b.alpha - width * (b.slope + gamma - theta) / below if below else b.alpha


def _parabola(a: Sample, b: Sample) -> float:
    """Where the parabola through two values and the first slope is smallest."""
    width = b.alpha - a.alpha
    return a.alpha + width * a.slope / ((a.value - b.value) / width + a.slope) / 2


def _secant(a: Sample, b: Sample) -> float:
    """Where a slope that changes evenly from one place to the other is zero."""
    return b.alpha - b.slope * (b.alpha - a.alpha) / (b.slope - a.slope) if a.slope != b.slope else b.alpha
