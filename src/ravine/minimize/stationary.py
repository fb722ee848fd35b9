"""A second look at a point where a method would stop: a saddle is left, and at a kink nothing is promised."""

import math

import torch

from .bfgs import first_step
from .descent import Descent
from .objective import Objective
from .state import Point, State

TRIES = 60
"""How often a step away from a saddle is halved; 60 halvings of 1 are below what doubles tell from nothing."""

SHARE = 1e-4
"""The share of the fall that the curvature promises which is enough, as in line searches."""


def leave(descent: Descent, objective: Objective, state: State) -> State | None:
    """Steps away from a point without a slope, along a direction in which the function bends down.

    Args:
        descent: The method, which may know such a direction.
        objective: The function.
        state: Where it stands.

    Returns:
        The state after that step; None where the method knows no such direction, or the function does not fall there.
    """
    escape = descent.escape(objective, state.point, state.descent)
    if escape is None:
        return None
    point, length = state.point, state.point.felt(1.0)
    for _ in range(TRIES):
        enough = point.value + SHARE * escape.curvature * length * length / 2
        for way in (length, -length):
            x = point.x + way * escape.direction
            reached = Point(x, *objective.value_and_gradient(x))
            if reached.finite and reached.value < enough:
                return state.moved(reached, descent.learn(state.descent, point, reached), {})
        length /= 2
    return None


def is_kink(objective: Objective, point: Point) -> bool:
    """Tells whether the slope jumps at a point where no lower value was found.

    Along the way straight down a short step is halved again and again, each time keeping the half over which the slope
    changes more. Where the function is smooth, less of the change is left each time; a kink keeps it all.

    Args:
        objective: The function.
        point: Where it stands.

    Returns:
        Whether the slope changes by more than half of itself over the step, and by more than half of that over what is
        left when x has no digits to tell a shorter one.
    """
    if not bool(point.gradient.any()):
        return False
    step = first_step(point)
    down = step / step.norm()
    eps = torch.finfo(point.x.dtype).eps

    def slope(length: float) -> float:
        return float(objective.value_and_gradient(point.x + length * down)[1] @ down)

    low, high = 0.0, math.sqrt(eps) * max(1.0, float(point.x.abs().max()))
    first, last = float(point.gradient @ down), slope(high)
    whole, shortest = last - first, max(8 * eps * float(point.x.abs().max()), math.sqrt(eps) * high)
    if not whole > -first / 2:
        return False
    while high - low > shortest and last - first > whole / 2:
        middle = (low + high) / 2
        here = slope(middle)
        if here - first >= last - here:
            high, last = middle, here
        else:
            low, first = middle, here
    return last - first > whole / 2
