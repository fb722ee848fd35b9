"""Strong Wolfe: a step that makes the function fall enough and its slope flat enough."""

from ..errors import RavineError
from ..fields import field
from .interval import Interval
from .search import NOTHING_TO_GAIN, WRONG, Line, LineSearch, Sample


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
        alpha, modified, close = min(alpha, self.longest), True, None
        for _ in range(self.tries):
            tried = line.at(alpha)
            if tried.finite:
                close = promises_noise(start, tried) if close is None else close
                enough = falls_enough(start, tried, self.decrease)
                flat = abs(tried.slope) <= -self.curvature * start.slope
                if flat and (enough or (close and by_slopes(start, tried, self.decrease))):
                    return tried
                lowest = tried if enough and (lowest is None or tried.value < lowest.value) else lowest
                modified = modified and not (enough and tried.slope >= 0)
                tilted = modified and tried.value <= interval.best.value and not enough
                following = interval.update(tried, self.decrease * start.slope if tilted else 0.0)
            else:
                following = interval.exclude(alpha)
            if interval.exhausted(following) or alpha == self.longest:
                break
            alpha = min(following, self.longest)
        if lowest is not None and interval.ended:
            return lowest
        return why_none(tried, endless=lowest is not None, close=close is True)


def why_none(last: Sample, *, endless: bool = False, close: bool = False) -> str:
    """Gives the beginning of a sentence that says why no step length was found.

    Args:
        last: The last place that was tried.
        endless: Whether the function fell enough, however far the search went.
        close: Whether there was nothing to be gained that values could show.

    Returns:
        What failed.
    """
    if endless:
        return "curvature condition failed: the function falls without end along the direction"
    if not last.finite:
        return "not finite after every step"
    return NOTHING_TO_GAIN if close else f"line search found no descent: {WRONG}"


def falls_enough(start: Sample, tried: Sample, decrease: float) -> bool:
    """Tells whether a function falls at all, and by a share of what its first slope promises.

    Args:
        start: The line's start.
        tried: A place on the line.
        decrease: The share that is enough.

    Returns:
        Whether the first Wolfe condition holds, and not by rounding alone.
    """
    bound = start.value + decrease * tried.alpha * start.slope
    return tried.value <= bound and tried.value < start.value


def promises_noise(start: Sample, tried: Sample, noise: float | None = None) -> bool:
    """Tells whether less is to be gained along a line than values are sure of: then slopes are asked instead.

    The gain is that of the parabola with the slopes at both places. Without this, a wrong gradient would pass at steps
    so short that values show nothing: its slopes do not meet. Only the first place that is tried may tell, since near
    enough slopes differ by rounding, too.

    Args:
        start: The line's start.
        tried: A place on the line.
        noise: How far values may be wrong, relative to them; by rounding where nothing is given.

    Returns:
        Whether the slopes meet, and the gain is that small or shows in no digit.
    """
    bend = (tried.slope - start.slope) / tried.alpha
    if not bend > 0:
        return False
    gain = start.slope * (start.slope / (2 * bend))
    return tried.value == start.value or gain <= _allowed(start, noise)


def by_slopes(start: Sample, tried: Sample, decrease: float, noise: float | None = None) -> bool:
    """Tells whether slopes say that a function fell enough, where its values say nothing.

    Args:
        start: The line's start.
        tried: A place on the line.
        decrease: The share of the first-order fall that is enough.
        noise: How far values may be wrong, relative to them; by rounding where nothing is given.

    Returns:
        Whether the value rose by no more than noise, and the slope stands for the first Wolfe condition.
    """
    allowed = start.value + _allowed(start, noise)
    return tried.value <= allowed and (2 * decrease - 1) * start.slope >= tried.slope


def _allowed(start: Sample, noise: float | None) -> float:
    return start.point.noise if noise is None else noise * abs(start.value)
