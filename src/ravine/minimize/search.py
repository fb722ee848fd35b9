"""The search, the other half of a method: how far to go along a direction, or how far to trust a model."""

import math
from abc import abstractmethod
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from ..part import Part
from .descent import Descent
from .objective import Objective
from .state import Memory, Point, State, place

WRONG = "the gradient may be wrong"
"""What is said where a function does not fall along a direction that should lead down."""

NOTHING_TO_GAIN = "nothing to gain that values could show"
"""What a line search says where it found no descent because rounding hides it."""


class Search(Part):
    """Turns what a descent proposes into an accepted point, or into a sentence that says why there is none."""

    line: ClassVar[bool] = True
    """Whether it searches along a direction; else it trusts a model."""

    checked: ClassVar[bool] = True
    """Whether a point is accepted only if the function falls, but for rounding."""

    @abstractmethod
    def move(self, descent: Descent, objective: Objective, state: State) -> State:
        """Makes one step.

        Args:
            descent: Which way.
            objective: The function.
            state: Where it stands.

        Returns:
            The state after an accepted step; or the state as it was, ended by a sentence.
        """


class Sample(NamedTuple):
    """The function at one place along a line: step length, value, slope, and the point itself."""

    alpha: float
    value: float
    slope: float
    point: Point

    @property
    def finite(self) -> bool:
        """Whether there is anything to go by."""
        return self.point.finite and self.slope - self.slope == 0


class Line:
    """The function along a ray, `phi(alpha) = f(x + alpha d)`."""

    def __init__(self, objective: Objective, point: Point, direction: Tensor) -> None:
        self.objective, self.direction = objective, direction
        self.start = Sample(0.0, point.value, float(point.gradient @ direction), point)

    def at(self, alpha: float) -> Sample:
        """Evaluates the function at a step length.

        Args:
            alpha: The step length, in lengths of the direction.

        Returns:
            What was found there.
        """
        x = self.start.point.x + alpha * self.direction
        value, gradient = self.objective.value_and_gradient(x)
        return Sample(alpha, value, float(gradient @ self.direction), Point(x, value, gradient))


class LineSearch(Search):
    """A search along a direction; a subclass says which points it accepts, and where it looks for them."""

    @abstractmethod
    def find(self, line: Line, alpha: float) -> Sample | str:
        """Looks for an acceptable point.

        Args:
            line: The function along the direction, which falls at its start.
            alpha: The step length to try first.

        Returns:
            The point, or the beginning of a sentence that says what failed.
        """

    def move(self, descent: Descent, objective: Objective, state: State) -> State:
        """Makes one step along the descent's direction; once more along a fresh one where that led nowhere."""
        point, memory = state.point, state.descent
        refused, promises_nothing = "", False
        while True:
            direction = descent.direction(objective, point, memory)
            line = Line(objective, point, direction)
            if bool(torch.isfinite(direction).all()) and (line.start.slope < 0 or not self.checked):
                alpha = self._first(descent, line, state.search)
                found = self.find(line, alpha)
                if isinstance(found, Sample):
                    return state.moved(found.point, descent.learn(memory, point, found.point), _pace(line, found))
                refused, promises_nothing = (
                    found,
                    promises_nothing or found == NOTHING_TO_GAIN or _is_rounding(line, alpha),
                )
            else:
                refused = refused or _refused(line)
            if (fresh := descent.forget(point, memory)) is None:
                break
            memory = fresh
        if promises_nothing and not refused.startswith("not finite"):
            return state.ended(True, rounding(point))
        return state.ended(False, f"{refused} at {place(point.x)}.")

    def _first(self, descent: Descent, line: Line, memory: Memory) -> float:
        """1, or `first`, where the direction has its own length; else that of the last step's first-order change."""
        if descent.knows_length:
            return memory.get("first", 1.0)
        change, slope, length = memory.get("change", 0.0), line.start.slope, float(line.direction.norm())
        alpha = change / slope if change < 0 and slope < 0 else 0.0
        return alpha if 0 < alpha < math.inf else line.start.point.felt(1.0) / (length or 1.0)


def _refused(line: Line) -> str:
    uphill = bool(torch.isfinite(line.direction).all()) and 0 < line.start.slope < math.inf
    return "the direction leads uphill" if uphill else "not finite in its derivatives: there is no direction"


def _pace(line: Line, found: Sample) -> Memory:
    """What the next first step length is worked out from; Nocedal & Wright 2006, section 3.5."""
    return {"change": found.alpha * line.start.slope}


def _is_rounding(line: Line, alpha: float) -> bool:
    """Whether the whole step changes less than the last digits, of the value or of every component."""
    point, eps = line.start.point, torch.finfo(line.direction.dtype).eps
    return -alpha * line.start.slope <= point.noise or bool(
        (alpha * line.direction.abs() <= 2 * eps * point.x.abs()).all()
    )


def rounding(point: Point) -> str:
    """Says that a point is as good as its number format allows.

    Args:
        point: The point.

    Returns:
        A sentence.
    """
    largest = float(point.gradient.abs().max())
    return f"converged as far as rounding lets it: another step changes no digit; the gradient is {largest:.1e} here."
