"""L-BFGS: BFGS that remembers the last few steps instead of a matrix."""

import numpy as np
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

    history: int = field(20, "number of steps that are remembered", at_least=1, whole=True, also=("m", "memory"))
    curvature: float = field(1e-10, "smallest cosine between step and gradient change that is learned from", at_least=0)

    def default_search(self) -> Search:
        """Strong Wolfe, whose second condition makes every pair worth remembering."""
        return StrongWolfe()

    def direction(self, objective: Objective, point: Point, memory: Memory) -> Tensor:
        """Two products with the pairs; the two loops of the recursion between them run on coefficients."""
        del objective
        if not memory.get("count"):
            return first_step(point.gradient)
        pairs = memory["pairs"]
        latest = torch.arange(max(0, memory["count"] - self.history), memory["count"]) % self.history
        rows = torch.cat([latest, self.history + latest])
        products = memory["products"][rows][:, rows].numpy()
        on_pairs = (pairs @ point.gradient).to("cpu", torch.float64)[rows].numpy()
        found, scale = _two_loops(on_pairs, products)
        weights = torch.zeros(len(pairs), dtype=torch.float64)
        weights[rows] = torch.from_numpy(found)
        return torch.addmv(point.gradient, pairs.T, weights.to(pairs), beta=-scale, alpha=-1)

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


def _two_loops(on_pairs: np.ndarray, products: np.ndarray) -> tuple[np.ndarray, float]:
    """Works out H g = scale g + sum of weights times pairs (s from the oldest to the latest, then y), from products."""
    k = len(on_pairs) // 2
    weights, alpha = np.zeros(2 * k), np.zeros(k)
    for i in reversed(range(k)):
        alpha[i] = (on_pairs[i] + weights @ products[:, i]) / products[i, k + i]
        weights[k + i] = -alpha[i]
    scale = products[k - 1, 2 * k - 1] / products[2 * k - 1, 2 * k - 1]
    weights *= scale
    for i in range(k):
        on_y = scale * on_pairs[k + i] + weights @ products[:, k + i]
        weights[i] = alpha[i] - on_y / products[i, k + i]
    return weights, float(scale)
