"""Trust region: the best step that a model knows of within a radius, which follows how well the model predicts."""

import math
from dataclasses import replace

import torch

from ..fields import field
from .descent import Descent, Proposal
from .objective import Objective
from .search import WRONG, Search, rounding
from .state import Point, State, place

LONGEST = 1e100
"""No radius is longer, so that its square is finite."""


class TrustRegion(Search):
    """Takes the step that a model thinks best within a radius, if the function falls by enough of what was predicted.

    With rho = (f(x) - f(x + p)) / (m(0) - m(p)): refused where rho < `accept`; the radius shrinks where rho < 1/4, to
    between 1/10 and 1/2 of the step, and is twice the step where rho > 3/4.

    Nocedal & Wright 2006, Algorithm 4.1; the rules for the radius are those of More 1978, "The Levenberg-Marquardt
    algorithm: implementation and theory", section 4.
    """

    line = False

    radius: float | None = field(None, "radius of the first step; by the model where none is given", within="(0, inf)")
    accept: float = field(1e-4, "share of the predicted fall that is enough", within="[0, 0.25)", also=("eta",))
    tries: int = field(60, "number of refused steps in a row after which it gives up", at_least=1, whole=True)

    def move(self, descent: Descent, objective: Objective, state: State) -> State:
        """Shrinks the radius until the function falls as the model says."""
        found = self._tried(descent, objective, state, state.search.get("radius") or self.radius)
        if found.success is None:
            return found
        fresh = descent.forget(state.point, found.descent)
        if fresh is None:
            return found
        again = self._tried(descent, objective, replace(state, descent=fresh), self.radius)
        return again if again.success is None else found

    def _tried(self, descent: Descent, objective: Objective, state: State, radius: float | None) -> State:
        point, memory = state.point, state.descent
        model = descent.model(objective, point, memory)
        radius = min(radius or model.first_radius() or point.felt(1.0), LONGEST)
        close, missed, first = model.within(radius).predicted <= point.noise, None, True
        for _ in range(self.tries):
            proposal = model.within(radius)
            if not math.isfinite(proposal.predicted):
                return state.ended(False, f"not finite in its derivatives at {place(point.x)}.")
            if proposal.predicted <= 0:
                break
            reached = _evaluated(objective, point, proposal)
            close = close or (first and reached.value == point.value)
            first, share = False, _share(point, reached, proposal, close)
            inside = proposal.length < 0.99 * radius
            radius = _next_radius(radius, share, point, reached, proposal)
            if share > self.accept:
                return state.moved(reached, descent.learn(memory, point, reached), {"radius": radius})
            if not reached.finite:
                missed = reached
            elif inside and _is_rounding(point, proposal):
                return replace(state, descent=memory).ended(True, rounding(point))
            elif descent.learns_from_refused:
                memory = descent.learn(memory, point, reached)
                model = descent.model(objective, point, memory)
        where = place(point.x)
        if missed is not None:
            return replace(state, descent=memory).ended(False, f"not finite at {place(missed.x)}, near {where}.")
        why = f"trust region found no descent: {WRONG} at {where}."
        return replace(state, descent=memory).ended(False, why)


def _evaluated(objective: Objective, point: Point, proposal: Proposal) -> Point:
    x = point.x + proposal.step
    return Point(x, *objective.value_and_gradient(x))


def _share(point: Point, reached: Point, proposal: Proposal, close: bool) -> float:
    """The fall as a share of the predicted one; from slopes where values differ by rounding alone."""
    if not reached.finite:
        return -math.inf
    fall, noise = point.value - reached.value, point.noise
    if close and abs(fall) <= noise:
        fall = -0.5 * float((point.gradient + reached.gradient) @ proposal.step)
    return fall / proposal.predicted


def _next_radius(radius: float, share: float, point: Point, reached: Point, proposal: Proposal) -> float:
    if share < 0.25:
        if share >= 0:
            return 0.5 * min(radius, 10 * proposal.length)
        slope = float(point.gradient @ proposal.step)
        rise = reached.value - point.value
        bent = 0.5 * slope / (slope - rise) if math.isfinite(rise) else 0.1
        return min(max(bent, 0.1), 0.5) * min(radius, 10 * proposal.length)
    return min(max(radius, 2 * proposal.length), LONGEST) if share > 0.75 else radius


def _is_rounding(point: Point, proposal: Proposal) -> bool:
    """Whether a step changes less than the last digits, of the value or of every component."""
    eps = torch.finfo(point.x.dtype).eps
    by_step = bool((proposal.step.abs() <= 2 * eps * point.x.abs()).all())
    return proposal.predicted <= 100 * eps * abs(point.value) or by_step
