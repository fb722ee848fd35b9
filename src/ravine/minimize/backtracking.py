"""Backtracking: the first step length that makes the function fall enough, from long to short; and a fixed one."""

from ..fields import field
from .search import Line, LineSearch, Sample
from .strong_wolfe import by_slopes, falls_enough, promises_noise, why_none


class Backtracking(LineSearch):
    """Shortens the step until phi(alpha) <= phi(0) + decrease alpha phi'(0).

    The next length is where a parabola through what is known is smallest, kept between `shortest` and `shrink` times
    the last one.

    Armijo 1966; Nocedal & Wright 2006, "Numerical Optimization", Algorithm 3.1 and section 3.5.
    """

    decrease: float = field(
        1e-4, "share of the first-order fall that is enough", within="(0, 1)", also=("c1", "armijo")
    )
    shrink: float = field(0.5, "largest share of a length that is tried next", within="(0, 1)", also=("tau", "rho"))
    shortest: float = field(0.1, "smallest share of a length that is tried next", within="(0, 1)")
    tries: int = field(60, "number of evaluations after which it gives up", at_least=1, whole=True)

    def find(self, line: Line, alpha: float) -> Sample | str:
        """Tries ever shorter steps."""
        start = tried = line.start
        close = None
        for _ in range(self.tries):
            tried = line.at(alpha)
            enough = falls_enough(start, tried, self.decrease)
            close = promises_noise(start, tried) if close is None and tried.finite else close
            if tried.finite and (enough or (close and by_slopes(start, tried, min(self.decrease, 0.4)))):
                return tried
            alpha *= self._share(start, tried)
            if alpha == 0:
                break
        return why_none(tried, close=close is True)

    def _share(self, start: Sample, tried: Sample) -> float:
        if not tried.finite:
            return self.shortest
        bend = tried.value - start.value - tried.alpha * start.slope
        share = -start.slope * tried.alpha / (2 * bend) if bend > 0 else self.shrink
        return min(max(share, self.shortest), self.shrink)


class Fixed(LineSearch):
    """Takes `rate` times the direction, wherever that leads: the textbook's step without any search.

    It stops where the function is no longer finite; apart from that nothing is checked.
    """

    checked = False

    rate: float = field(1.0, "step length, in lengths of the direction", within="(0, inf)", also=("lr", "alpha"))

    def find(self, line: Line, alpha: float) -> Sample | str:
        """Goes there."""
        del alpha
        tried = line.at(self.rate)
        return tried if tried.finite else "not finite after a step"
