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

    The scale is (s^T y / y^T y)^(1 - longer) (s^T s / s^T y)^longer of the latest pair: with `longer=0` the shorter of
    Barzilai and Borwein's two lengths, as Liu and Nocedal have it. The pairs are the rows of one matrix; their inner
    products are kept, so that a direction takes two products with that matrix, and the recursion's two loops are two
    triangular systems. There is room for as many as there are, and a memory of another history goes on with the latest.
    A pair is left out where y^T s <= curvature |y| |s|: relative to its lengths, so that small steps are learned from
    too.

    Liu & Nocedal 1989, "On the limited memory BFGS method for large scale optimization", Mathematical Programming 45;
    Nocedal & Wright 2006, Algorithms 7.4 and 7.5; Barzilai & Borwein 1988, "Two-point step size gradient methods".
    """

    history: int = field(100, "number of steps that are remembered", at_least=1, whole=True, also=("m", "memory"))
    longer: float = field(0.25, "weight of the longer of two lengths in the scale", within="[0, 1]")
    curvature: float = field(1e-10, "smallest cosine between step and gradient change that is learned from", at_least=0)

    def default_search(self) -> Search:
        """Strong Wolfe, whose second condition makes every pair worth remembering."""
        return StrongWolfe()

    def direction(self, objective: Objective, point: Point, memory: Memory) -> Tensor:
        """Two products with the pairs, and the recursion on coefficients between them."""
        del objective
        if not memory.get("count"):
            return first_step(point)
        count, rows = memory["count"], len(memory["pairs"]) // 2
        pairs = memory["pairs"][: 2 * min(count, rows)]
        latest = torch.arange(max(0, count - min(rows, self.history)), count) % rows
        on_pairs = (pairs @ point.gradient).to("cpu", torch.float64)
        on_s, on_y = _two_loops(on_pairs, memory["products"], latest, memory["scale"])
        weights = torch.zeros(len(pairs), dtype=torch.float64)
        weights[2 * latest], weights[2 * latest + 1] = on_s, on_y
        return torch.addmv(point.gradient, pairs.T, weights.to(pairs), beta=-memory["scale"], alpha=-1)

    def learn(self, memory: Memory, before: Point, after: Point) -> Memory:
        """Writes the new pair over the oldest: s in row 2 i, y in row 2 i + 1."""
        s, y = after.x - before.x, after.gradient - before.gradient
        sy, yy = float(s @ y), float(y @ y)
        if not sy > self.curvature * float(s.norm() * y.norm()) or yy == 0:  # yy underflows where slopes are tiny
            return memory
        memory = self._with_room(memory or _no_pairs(s, min(self.history, FIRST_ROOM)))
        pairs, products, count = memory["pairs"], memory["products"], memory["count"] + 1
        rows = len(pairs) // 2
        row, used = (count - 1) % rows, min(count, rows)
        pairs[2 * row], pairs[2 * row + 1] = s, y
        on_y = (pairs[: 2 * used] @ y).to("cpu", torch.float64)
        products[: 2 * used, row] = on_y
        products[2 * row + 1, :used] = on_y[1::2]
        scale = (sy / yy) ** (1 - self.longer) * (float(s @ s) / sy) ** self.longer
        return {**memory, "count": count, "scale": scale}

    def _with_room(self, memory: Memory) -> Memory:
        """Doubles the room up to the history where it is full; and lays it out anew for another history than before."""
        count, rows = memory["count"], len(memory["pairs"]) // 2
        wanted = min(self.history, rows if count < rows else 2 * rows)
        if wanted == rows:
            return memory
        latest = torch.arange(max(0, count - min(rows, wanted)), count) % rows
        both = torch.stack([2 * latest, 2 * latest + 1], 1).reshape(-1)
        larger = _no_pairs(memory["pairs"][0], wanted)
        larger["pairs"][: len(both)] = memory["pairs"][both]
        larger["products"][: len(both), : len(latest)] = memory["products"][both][:, latest]
        return {**memory, **larger, "count": len(latest)}

    def forget(self, point: Point, memory: Memory) -> Memory | None:
        """Begins anew where what was remembered led nowhere."""
        del point
        return {**memory, "count": 0} if memory.get("count") else None


FIRST_ROOM = 128
"""Pairs that there is room for at first: so a history much longer than the run takes no memory that it never fills."""


def _no_pairs(like: Tensor, rows: int) -> Memory:
    pairs, products = like.new_empty(2 * rows, len(like)), torch.zeros(2 * rows, rows, dtype=torch.float64)
    return {"pairs": pairs, "products": products, "count": 0}


def _two_loops(on_pairs: Tensor, products: Tensor, latest: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """Works out H g = scale g + S^T on_s + Y^T on_y from inner products, rows from the oldest to the latest."""
    # First loop: alpha_i = (s_i^T g - sum_{j > i} alpha_j s_i^T y_j) / s_i^T y_i; second, r = scale (g - Y^T alpha):
    # c_i = alpha_i - y_i^T (r + sum_{j < i} c_j s_j) / s_i^T y_i. So both are triangular systems.
    sy, yy = products[2 * latest][:, latest], products[2 * latest + 1][:, latest]
    s_g, y_g = on_pairs[2 * latest], on_pairs[2 * latest + 1]
    r = sy.triu()
    alpha = torch.linalg.solve_triangular(r, s_g[:, None], upper=True)
    rest = sy.diagonal()[:, None] * alpha - scale * (y_g[:, None] - yy @ alpha)
    c = torch.linalg.solve_triangular(r.T, rest, upper=False)
    return c[:, 0], -scale * alpha[:, 0]
