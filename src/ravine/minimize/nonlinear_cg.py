"""Nonlinear conjugate gradients: the gradient, bent towards the last direction; no matrix, no history."""

from torch import Tensor

from ..fields import option
from .descent import Descent
from .objective import Objective
from .search import Search
from .state import Memory, Point
from .strong_wolfe import StrongWolfe

FORMULAS = ("hager_zhang", "polak_ribiere", "fletcher_reeves", "hestenes_stiefel", "dai_yuan")


class NonlinearCG(Descent):
    """Goes along d = -g + beta d_before, and straight down again where that would not lead down.

    With y = g - g_before and d for d_before: Hager-Zhang beta = (y - 2 d |y|^2/d^T y)^T g / d^T y, not below
    -1/(|d| min(0.01, |g_before|)); Polak-Ribiere max(0, g^T y / |g_before|^2); Fletcher-Reeves |g|^2/|g_before|^2;
    Hestenes-Stiefel max(0, g^T y / d^T y); Dai-Yuan |g|^2 / d^T y.

    Nocedal & Wright 2006, section 5.2; Hager & Zhang 2005, "A new conjugate gradient method with guaranteed descent
    and an efficient line search", SIAM Journal on Optimization 16(1), equations 1.3 to 1.6.
    """

    knows_length = False

    beta: str = option("polak_ribiere", FORMULAS, "how much of the last direction is kept")

    def default_search(self) -> Search:
        """Strong Wolfe with a tight second condition, which conjugacy needs."""
        return StrongWolfe(curvature=0.1)

    def direction(self, objective: Objective, point: Point, memory: Memory) -> Tensor:
        """Straight down at first, then conjugate."""
        del objective
        return _direction(point.gradient, memory)

    def learn(self, memory: Memory, before: Point, after: Point) -> Memory:
        """Works out how much of the direction just taken is kept."""
        d = _direction(before.gradient, memory)
        return {"direction": d, "beta": self._beta(d, before.gradient, after.gradient)}

    def forget(self, point: Point, memory: Memory) -> Memory | None:
        """Straight down again."""
        del point
        return {} if memory else None

    def _beta(self, d: Tensor, before: Tensor, g: Tensor) -> float:
        y = g - before
        dy, squared = float(d @ y), float(before @ before)
        if dy <= 0 or squared == 0:  # a step that taught no curvature, or slopes too small to be squared
            return 0.0
        match self.beta:
            case "fletcher_reeves":
                return float(g @ g) / squared
            case "polak_ribiere":
                return max(0.0, float(g @ y) / squared)
            case "hestenes_stiefel":
                return max(0.0, float(g @ y) / dy)
            case "dai_yuan":
                return float(g @ g) / dy
            case _:
                return self._hager_zhang(d, before, g)

    def _hager_zhang(self, d: Tensor, before: Tensor, g: Tensor) -> float:
        y = g - before
        dy, lowest = float(d @ y), -1 / max(float(d.norm()) * min(0.01, float(before.norm())), 1e-300)
        return max(lowest, (float(g @ y) - 2 * float(y @ y) * float(d @ g) / dy) / dy)


def _direction(g: Tensor, memory: Memory) -> Tensor:
    """The gradient bent towards the last direction; straight down where that would not lead down."""
    if "direction" not in memory:
        return -g
    d = memory["beta"] * memory["direction"] - g
    return d if float(d @ g) <= -1e-10 * float(d.norm() * g.norm()) else -g
