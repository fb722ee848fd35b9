"""Hager and Zhang's search: as exact as values allow, and beyond that by slopes."""

import math

import torch

from ..fields import field
from .search import Line, LineSearch, Sample
from .strong_wolfe import by_slopes, falls_enough, promises_noise, why_none


class HagerZhang(LineSearch):
    """Finds a step length that meets the Wolfe conditions or, near a minimum, the approximate ones.

    phi(alpha) <= phi(0) + decrease alpha phi'(0) and phi'(alpha) >= curvature phi'(0); or phi(alpha) within `noise`
    |phi(0)| of phi(0) and (2 decrease - 1) phi'(0) >= phi'(alpha) >= curvature phi'(0), which no cancellation in phi
    spoils. An interval with slopes of opposite signs at its ends is made small by two secant steps at a time.

    Hager & Zhang 2005, "A new conjugate gradient method with guaranteed descent and an efficient line search", SIAM
    Journal on Optimization 16(1), sections 4 and 5; its update and secant steps by the names U and S there.
    """

    decrease: float = field(0.1, "share of the first-order fall that is enough", within="(0, 0.5)", also=("delta",))
    curvature: float = field(0.9, "share of the first slope that may be left", within="[0.5, 1)", also=("sigma",))
    noise: float = field(1e-6, "relative error of values that is allowed for", at_least=0, also=("epsilon",))
    growth: float = field(5.0, "what the step length is multiplied by while the function falls", within="(1, inf)")
    tries: int = field(50, "number of evaluations after which it gives up", at_least=1, whole=True)
    longest: float = field(1e20, "longest step length", within="(0, inf)")

    def find(self, line: Line, alpha: float) -> Sample | str:
        """Brackets a place where the slope is flat, then closes in on it."""
        return _Closing(self, line).run(min(alpha, 0.5 * self.longest))


class _Found(Exception):
    """A place is accepted, or tries are spent: whichever step of the search was under way is over."""


class _Closing:
    """One search under way: the interval [low, high] with phi'(low) < 0 <= phi'(high), and what was seen."""

    def __init__(self, rules: HagerZhang, line: Line) -> None:
        self.rules, self.line = rules, line
        self.start = line.start
        self.close: bool | None = None
        self.allowed = self.start.value + rules.noise * abs(self.start.value)
        self.left = rules.tries
        self.last = self.start
        self.lowest: Sample | None = None
        self.accepted: Sample | None = None

    def run(self, alpha: float) -> Sample | str:
        """Searches until a place is accepted or tries are spent."""
        endless = True
        try:
            low, high = self._bracket(alpha)
            endless = False
            while True:
                low, high = self._narrowed(low, high)
        except _Found:
            pass
        if self.accepted is not None:
            return self.accepted
        if self.lowest is not None and not endless:
            return self.lowest
        return why_none(self.last, endless=self.lowest is not None, close=self.close is True)

    def _at(self, alpha: float) -> Sample:
        """Evaluates, and ends the search where the place is acceptable."""
        if not self.left or not 0 < alpha <= self.rules.longest:
            raise _Found
        self.left -= 1
        tried = self.last = self.line.at(alpha)
        if tried.finite and self._accepts(tried):
            self.accepted = tried
            raise _Found
        if tried.finite and falls_enough(self.start, tried, self.rules.decrease):
            self.lowest = tried if self.lowest is None or tried.value < self.lowest.value else self.lowest
        return tried

    def _accepts(self, tried: Sample) -> bool:
        start, rules = self.start, self.rules
        self.close = promises_noise(start, tried, rules.noise) if self.close is None else self.close
        if tried.slope < rules.curvature * start.slope:
            return False
        if falls_enough(start, tried, rules.decrease):
            return True
        fell = tried.value < start.value or self.close  # a wrong gradient must not pass for noise
        return fell and by_slopes(start, tried, rules.decrease, rules.noise)

    def _bracket(self, alpha: float) -> tuple[Sample, Sample]:
        """Goes on until the slope turns, or the value is above where it began; steps B0 to B3."""
        low = self.start
        while True:
            tried = self._at(alpha)
            if not tried.finite:
                alpha = low.alpha + 0.1 * (alpha - low.alpha)
            elif tried.slope >= 0:
                return low, tried
            elif tried.value > self.allowed:
                return self._halved(self.start, tried)
            else:
                low, alpha = tried, self.rules.growth * alpha

    def _halved(self, low: Sample, high: Sample) -> tuple[Sample, Sample]:
        """Closes in on a place with rising slope between a falling place and a higher one; step U3."""
        while True:
            tried = self._at((low.alpha + high.alpha) / 2)
            if tried.finite and tried.slope >= 0:
                return low, tried
            if tried.finite and tried.value <= self.allowed:
                low = tried
            else:
                high = tried

    def _update(self, low: Sample, high: Sample, alpha: float) -> tuple[Sample, Sample]:
        """Takes up a place inside the interval; steps U0 to U3."""
        if not math.isfinite(alpha) or not low.alpha < alpha < high.alpha:
            return low, high
        tried = self._at(alpha)
        if tried.finite and tried.slope >= 0:
            return low, tried
        if tried.finite and tried.value <= self.allowed:
            return tried, high
        return self._halved(low, tried)

    def _narrowed(self, low: Sample, high: Sample) -> tuple[Sample, Sample]:
        """Two secant steps, and a halving where they do not make the interval smaller by a third; steps L1 and L2."""
        width = high.alpha - low.alpha
        if width <= 2 * torch.finfo(torch.float64).eps * high.alpha:
            raise _Found
        c = _secant(low, high)
        a, b = self._update(low, high, c)
        if c == b.alpha:
            a, b = self._update(a, b, _secant(high, b))
        elif c == a.alpha:
            a, b = self._update(a, b, _secant(low, a))
        if b.alpha - a.alpha > 0.66 * width:
            a, b = self._update(a, b, (a.alpha + b.alpha) / 2)
        return a, b


def _secant(a: Sample, b: Sample) -> float:
    """Where a slope that changes evenly between two places is zero."""
    return (a.alpha * b.slope - b.alpha * a.slope) / (b.slope - a.slope) if a.slope != b.slope else math.nan
