"""L-BFGS: BFGS that remembers the last few steps instead of a matrix."""

import torch
from torch import Tensor

from ..fields import field
from .bfgs import first_step
from .descent import Descent
from .objective import Objective
from .search import Search
from .state import Memory, Point
from .strong_wolfe import StrongWolfe


class LBFGS(Descent):
    """Goes along d = -H g, where H is what BFGS would make of a scaled identity and the last `history` pairs (s, y).

    H_0 = s^T y / y^T y of the latest pair. The pairs are the rows of one matrix; their inner products with each other
    are kept, so that a direction takes two products with that matrix, and the recursion runs on numbers. A pair is
    left out where y^T s <= curvature |y| |s|: relative to its lengths, so that small steps are learned from too.

    Liu & Nocedal 1989, "On the limited memory BFGS method for large scale optimization", Mathematical Programming 45;
    Nocedal & Wright 2006, Algorithm 7.4.
    """

    history: int = field(10, "number of steps that are remembered", at_least=1, whole=True, also=("m", "memory"))
    curvature: float = field(1e-10, "smallest cosine between step and gradient change that is learned from", at_least=0)

    def default_search(self) -> Search:
        """Strong Wolfe, whose second condition makes every pair worth remembering."""
        return StrongWolfe()

    def direction(self, objective: Objective, point: Point, memory: Memory) -> Tensor:
        """The two loops of the recursion, on the coefficients of the pairs and of the gradient."""
        del objective
        if not memory.get("count"):
            return first_step(point.gradient)
        pairs, order = memory["pairs"], _order(memory, self.history)
        on_pairs = (pairs @ point.gradient).tolist()
        products = memory["products"].tolist()
        weights, scale = _two_loops(on_pairs, products, order, self.history)
        coefficients = torch.tensor(weights, dtype=pairs.dtype, device=pairs.device)
        return torch.addmv(point.gradient, pairs.T, coefficients, beta=-scale, alpha=-1)

    def learn(self, memory: Memory, before: Point, after: Point) -> Memory:
        """Writes the new pair over the oldest."""
        m = self.history
        s, y = after.x - before.x, after.gradient - before.gradient
        if not float(s @ y) > self.curvature * float(s.norm() * y.norm()):
            return memory
        if "pairs" not in memory:
            empty = s.new_zeros(2 * m, len(s))
            memory = {"pairs": empty, "products": torch.zeros(2 * m, 2 * m, dtype=torch.float64), "count": 0}
        pairs, products, count = memory["pairs"], memory["products"], memory["count"]
        row = count % m
        pairs[row], pairs[m + row] = s, y
        inner = (pairs @ torch.stack([s, y], dim=1)).to("cpu", torch.float64)
        for column, at in ((0, row), (1, m + row)):
            products[at] = products[:, at] = inner[:, column]
        return {**memory, "count": count + 1}

    def forget(self, point: Point, memory: Memory) -> Memory | None:
        """Begins anew where what was remembered led nowhere."""
        del point
        return {**memory, "count": 0} if memory.get("count") else None


def _order(memory: Memory, m: int) -> list[int]:
    """The rows of the pairs, from the oldest to the latest."""
    count = memory["count"]
    return [i % m for i in range(max(0, count - m), count)]


def _two_loops(
    on_pairs: list[float], products: list[list[float]], order: list[int], m: int
) -> tuple[list[float], float]:
    """Works out H g = scale g + sum of weights times pairs, from inner products alone."""
    weights = [0.0] * len(on_pairs)
    alpha: dict[int, float] = {}
    for i in reversed(order):
        on_s = on_pairs[i] + sum(weights[m + j] * products[m + j][i] for j in alpha)
        alpha[i] = on_s / products[i][m + i]
        weights[m + i] = -alpha[i]
    latest = order[-1]
    scale = products[latest][m + latest] / products[m + latest][m + latest]
    for i in order:
        weights[m + i] *= scale
    done: list[int] = []
    for i in order:
        on_y = scale * on_pairs[m + i] + sum(weights[m + j] * products[m + j][m + i] for j in order)
        on_y += sum(weights[j] * products[j][m + i] for j in done)
        weights[i] = alpha[i] - on_y / products[i][m + i]
        done.append(i)
    return weights, scale
