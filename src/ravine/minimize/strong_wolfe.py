"""Strong Wolfe: a step that makes the function fall enough and its slope flat enough."""

import torch

from ..errors import RavineError
from ..fields import field
from .interval import Interval
from .search import Line, LineSearch, Sample


class StrongWolfe(LineSearch):
    """Finds a step length alpha that meets both strong Wolfe conditions.

    phi(alpha) <= phi(0) + decrease alpha phi'(0) and |phi'(alpha)| <= curvature |phi'(0)|. New places to try come
    from cubic and quadratic interpolation between the two best, with safeguards. Where the values differ by rounding
    alone, slopes decide: (2 decrease - 1) phi'(0) >= phi'(alpha) stands for the first condition.

    More & Thuente 1994, "Line search algorithms with guaranteed sufficient decrease", ACM TOMS 20(3), sections 2 to 4.
    The condition on slopes is that of Hager & Zhang 2005, "A new conjugate gradient method with guaranteed descent
    and an efficient line search", SIAM Journal on Optimization 16(1), equation 4.1.

    >>> StrongWolfe(curvature=0.1)
    StrongWolfe(curvature=0.1)
    """

    decrease: float = field(
        1e-4, "share of the first-order fall that is enough", within="(0, 0.5)", also=("c1", "ftol")
    )
    curvature: float = field(0.9, "share of the first slope that may be left", within="(0, 1)", also=("c2", "gtol"))
    tries: int = field(30, "number of evaluations after which it gives up", at_least=1, whole=True)
    longest: float = field(1e20, "longest step length", within="(0, inf)")

    def __post_init__(self) -> None:
        LineSearch.__post_init__(self)
        if self.decrease >= self.curvature:
            raise RavineError(f"{self!r}: decrease must be below curvature, got {self.decrease} and {self.curvature}.")

    def find(self, line: Line, alpha: float) -> Sample | str:
        """Brackets a minimum, then closes in on it; a point that only falls enough is taken where no other is left."""
        start = tried = line.start
        lowest: Sample | None = None
        interval = Interval(start, start, upper=self.longest)
        alpha, modified = min(alpha, 0.5 * self.longest), True
        for _ in range(self.tries):
            tried = line.at(alpha)
            if not tried.finite:
                alpha = interval.exclude(alpha)
                continue
            enough = tried.value <= start.value + self.decrease * alpha * start.slope
            if abs(tried.slope) <= -self.curvature * start.slope and (enough or by_slopes(start, tried, self.decrease)):
                return tried
            if enough and tried.value < start.value:
                lowest = tried if lowest is None or tried.value < lowest.value else lowest
            modified = modified and not (enough and tried.slope >= 0)
            tilted = modified and tried.value <= interval.best.value and not enough
            following = interval.update(tried, self.decrease * start.slope if tilted else 0.0)
            if interval.exhausted(following) or alpha > 0.25 * self.longest:
                break
            alpha = following
        return lowest_or_why(lowest, tried, 0.25 * self.longest)


def lowest_or_why(lowest: Sample | None, last: Sample, longest: float) -> Sample | str:
    """Gives what remains when no place meets all conditions: one that falls enough, or the beginning of a sentence.

    Args:
        lowest: The lowest place that falls enough, if any.
        last: The last place that was tried.
        longest: The step length from which on there is no end.

    Returns:
        The place, or what failed.
    """
    if lowest is not None and lowest.alpha >= longest:
        return "curvature condition failed: the function falls without end along the direction"
    if lowest is not None:
        return lowest
    return "line search found no descent: the gradient may be wrong" if last.finite else "not finite"


def by_slopes(start: Sample, tried: Sample, decrease: float) -> bool:
    """Tells whether slopes say that a function fell enough, where its values say nothing.

    Args:
        start: The line's start.
        tried: A place on the line.
        decrease: The share of the first-order fall that is enough.

    Returns:
        Whether the value rose by no more than rounding, and the slope stands for the first Wolfe condition.
    """
    noise = torch.finfo(tried.point.x.dtype).eps ** (2 / 3) * abs(start.value)
    return tried.value <= start.value + noise and (2 * decrease - 1) * start.slope >= tried.slope
