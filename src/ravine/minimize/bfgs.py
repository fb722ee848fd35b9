"""BFGS: the inverse Hessian, learned from the steps by updates of rank two."""

import torch
from torch import Tensor

from ..fields import field
from .descent import Descent
from .objective import Objective
from .search import Search
from .state import Memory, Point
from .strong_wolfe import StrongWolfe


class BFGS(Descent):
    """Keeps an estimate H [n, n] of the inverse Hessian and goes along d = -H g.

    H <- (I - rho s y^T) H (I - rho y s^T) + rho s s^T, with the step s, the change y of the gradient, and
    rho = 1 / y^T s. Before the first update H is scaled to y^T s / y^T y. A pair without curvature,
    y^T s <= curvature |y| |s|, is left out.

    Broyden, Fletcher, Goldfarb, Shanno 1970; Nocedal & Wright 2006, Algorithm 6.1 and equation 6.20.
    """

    curvature: float = field(1e-14, "smallest cosine between step and gradient change that is learned from", at_least=0)

    def default_search(self) -> Search:
        """Strong Wolfe, whose second condition keeps H positive definite."""
        return StrongWolfe()

    def direction(self, objective: Objective, point: Point, memory: Memory) -> Tensor:
        """The step to the minimum of the model; before there is one, straight down by a length of at most 1."""
        del objective
        if "inverse" not in memory:
            return first_step(point)
        return -(memory["inverse"] @ point.gradient)

    def learn(self, memory: Memory, before: Point, after: Point) -> Memory:
        """Updates H in place."""
        s, y = after.x - before.x, after.gradient - before.gradient
        sy = float(s @ y)
        yy = float(y @ y)
        tiny = yy == 0 or not sy > 1 / torch.finfo(s.dtype).max  # slopes whose products underflow
        if tiny or not sy > self.curvature * float(s.norm() * y.norm()):
            return memory
        if "inverse" not in memory:
            memory = {**memory, "inverse": (sy / yy) * s.new_ones(len(s)).diag()}
        inverse = memory["inverse"]
        v = inverse @ y
        inverse.addr_(s, s, alpha=(1 + float(y @ v) / sy) / sy)
        inverse.addr_(v, s, alpha=-1 / sy)
        inverse.addr_(s, v, alpha=-1 / sy)
        return memory

    def forget(self, point: Point, memory: Memory) -> Memory | None:
        """Begins anew where what was learned led nowhere."""
        del point
        return {} if memory else None


def first_step(point: Point) -> Tensor:
    """Gives a first step without any knowledge of curvature.

    Args:
        point: Where it stands.

    Returns:
        The step straight down [n], of length 1 or shorter; longer only where x is so large that this would change no
        digit of it.

    >>> import torch
    >>> first_step(Point(torch.zeros(2), 12.5, torch.tensor([3.0, -4.0])))
    tensor([-0.6000,  0.8000])
    """
    steepest = float(point.gradient.abs().max())
    if steepest == 0:
        return -point.gradient
    unit = point.gradient / steepest  # whose norm is finite, whatever the gradient's
    size = float(unit.norm())
    return unit * (-point.felt(min(1.0, steepest * size)) / size)
