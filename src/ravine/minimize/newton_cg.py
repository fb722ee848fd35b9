"""Newton-CG: Newton's step by conjugate gradients, from Hessian-vector products alone."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ..fields import field
from .descent import Descent, Escape, Model, Proposal
from .objective import Objective, Product
from .search import Search
from .state import Memory, Point
from .trust_region import TrustRegion


class NewtonCG(Descent):
    """Solves H p = -g by conjugate gradients until |H p + g| <= min(forcing, sqrt|g|) |g|.

    It stops at the radius of a trust region, and follows a direction of negative curvature to it. Its memory is one
    vector per product at most, so linear in the parameters.

    Steihaug 1983, "The conjugate gradient method and trust regions in large scale optimization", SIAM Journal on
    Numerical Analysis 20(3); Nocedal & Wright 2006, Algorithms 7.1 and 7.2.
    """

    needs = "second derivatives"
    by_region = True
    looks = True

    forcing: float = field(
        0.1, "largest share of the gradient that is left in the equation", within="(0, 1)", also=("eta",)
    )
    products: int = field(200, "number of Hessian-vector products per step at most", at_least=1, whole=True)

    def default_search(self) -> Search:
        """A trust region, which makes use of negative curvature."""
        return TrustRegion()

    def model(self, objective: Objective, point: Point, memory: Memory) -> Model:
        """The quadratic, along the path of conjugate gradients."""
        del memory
        size = float(point.gradient.norm())
        enough = min(self.forcing, math.sqrt(size)) * size
        return KrylovModel(point.gradient, objective.products(point.x), enough, min(self.products, 2 * len(point.x)))

    def escape(self, objective: Objective, point: Point, memory: Memory) -> Escape | None:
        """Negative curvature on the path of conjugate gradients towards a random vector, which has a part along it."""
        del memory
        n = len(point.x)
        if n == 0:
            return None
        random = torch.randn(n, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(point.x)
        enough = 1e-3 / math.sqrt(n) * float(random.norm())
        return KrylovModel(random, objective.products(point.x), enough, min(self.products, 2 * n)).escape()

    def direction(self, objective: Objective, point: Point, memory: Memory) -> Tensor:
        """The path's end before it meets negative curvature."""
        model = self.model(objective, point, memory)
        assert isinstance(model, KrylovModel)
        return model.convex_step()


class _Leg(NamedTuple):
    """A straight piece of the path: from where, which way, and the model's fall, slope and bend along it."""

    start: Tensor
    direction: Tensor
    fall: float
    slope: float
    bend: float

    @property
    def end(self) -> float:
        """Where the model is smallest along it, in lengths of the direction; without end where it bends down."""
        return -self.slope / self.bend if self.bend > 0 else math.inf

    def at(self, length: float) -> Proposal:
        """The step to a place on it."""
        p = self.start + length * self.direction
        return Proposal(p, self.fall - length * (self.slope + length * self.bend / 2), float(p.norm()))

    def exit(self, radius: float) -> float:
        """Where it leaves a radius, in lengths of the direction."""
        a, b = float(self.direction @ self.direction), float(self.start @ self.direction)
        c = radius * radius - float(self.start @ self.start)
        below = b + math.sqrt(b * b + a * max(c, 0.0))
        return max(c, 0.0) / below if below > 0 else math.inf


class KrylovModel:
    """The path of conjugate gradients from 0 towards the model's minimum; a shorter radius costs no new product."""

    def __init__(self, gradient: Tensor, product: Product, enough: float, most: int) -> None:
        self.product, self.enough, self.most = product, enough, most
        self.legs: list[_Leg] = []
        self.residual = gradient
        self._begin_leg(torch.zeros_like(gradient), -gradient, 0.0)

    def first_radius(self) -> float:
        """The length of the best step straight down, or of the gradient where the model falls without end."""
        first = self.legs[0]
        return float(first.direction.norm()) * (first.end if first.bend > 0 else 1.0)

    def convex_step(self) -> Tensor:
        """Goes on to the end of the path, or to where it would follow negative curvature."""
        at = 0
        while self.legs[at].bend > 0 and self._goes_on(at):
            at += 1
        leg = self.legs[at]
        if leg.bend > 0:
            return leg.at(leg.end).step
        return leg.start if at else leg.direction

    def within(self, radius: float) -> Proposal:
        """Finds where the path leaves the radius, or ends."""
        at = 0
        while True:
            leg = self.legs[at]
            end, exits = leg.end, leg.exit(radius)
            if not end < exits:
                return leg.at(exits)
            if not self._goes_on(at):
                return leg.at(end)
            at += 1

    def escape(self) -> Escape | None:
        """Goes on until the path meets curvature that is below 0 by more than products err, or ends."""
        at, largest = 0, 0.0
        while True:
            leg = self.legs[at]
            squared = float(leg.direction @ leg.direction)
            curvature = leg.bend / squared
            largest = max(largest, abs(curvature))
            if curvature < -(torch.finfo(leg.direction.dtype).eps ** 0.5) * largest:
                return Escape(leg.direction / math.sqrt(squared), curvature)
            if not (leg.bend > 0 and self._goes_on(at)):
                return None
            at += 1

    def _goes_on(self, at: int) -> bool:
        """Whether there is a leg after this one; the path grows by it where there was none yet."""
        if at + 1 < len(self.legs):
            return True
        leg, before = self.legs[at], float(self.residual @ self.residual)
        if len(self.legs) >= self.most:
            return False
        residual = self.residual + leg.end * self.bent
        after = float(residual @ residual)
        if not math.sqrt(after) > self.enough:
            return False
        self.residual = residual
        end = leg.at(leg.end)
        self._begin_leg(end.step, -residual + (after / before) * leg.direction, end.predicted)
        return True

    def _begin_leg(self, start: Tensor, direction: Tensor, fall: float) -> None:
        self.bent = self.product(direction)
        slope = float(self.residual @ direction)
        self.legs.append(_Leg(start, direction, fall, slope, float(direction @ self.bent)))
