"""Where a minimization stands, as tensors, numbers and sentences: it can be written down and taken up again."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..numbers import MINUS, short

Memory = dict[str, Any]
"""What a descent or a search remembers from step to step: tensors and numbers by name."""


class Point(NamedTuple):
    """A point that was evaluated."""

    x: Tensor
    value: float
    gradient: Tensor

    @property
    def finite(self) -> bool:
        """Whether the value and the whole gradient are finite."""
        return _is_finite(self.value) and bool(torch.isfinite(self.gradient).all())

    @property
    def noise(self) -> float:
        """How far the value may be wrong by rounding: eps^(2/3) of it, since sums lose more than their last digit."""
        return torch.finfo(self.x.dtype).eps ** (2 / 3) * abs(self.value)

    def felt(self, length: float) -> float:
        """Lengthens a step that would change no digit of x.

        Args:
            length: The step's length.

        Returns:
            The same; or sqrt(eps) of x's largest component, where that is what it takes.
        """
        eps, largest = torch.finfo(self.x.dtype).eps, float(self.x.abs().max())
        return length if length > 2 * eps * largest else eps**0.5 * largest


@dataclass(frozen=True, eq=False)
class State:
    """Where a minimization stands after some steps; `vars(state)` writes it down and `State(**saved)` takes it up.

    Large tensors in `descent` are updated in place by the next step: copy a state deeply to go on from it twice.
    """

    x: Tensor
    value: float
    gradient: Tensor
    steps: int = 0
    stalls: int = 0
    lowest: float = math.inf
    flattest: float = math.inf
    descent: Memory = field(default_factory=dict)
    search: Memory = field(default_factory=dict)
    success: bool | None = None
    message: str = ""

    @property
    def point(self) -> Point:
        """The accepted point."""
        return Point(self.x, self.value, self.gradient)

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.success is not None

    def moved(self, point: Point, descent: Memory, search: Mapping[str, Any]) -> "State":
        """Accepts a point.

        Args:
            point: Where it goes on.
            descent: What the descent remembers now.
            search: What the search remembers now.

        Returns:
            The state after one more step.
        """
        return replace(
            self, x=point.x, value=point.value, gradient=point.gradient, steps=self.steps + 1, descent=descent,
            search=dict(search),
        )  # fmt: skip

    def ended(self, success: bool, message: str) -> "State":
        """Ends at the accepted point.

        Args:
            success: Whether this is a minimum, as far as can be told.
            message: One sentence that says so.

        Returns:
            The same state, which is over.
        """
        return replace(self, success=success, message=message)


def place(x: Tensor, most: int = 4) -> str:
    """Writes a point for a sentence.

    Args:
        x: The point [n].
        most: How many components are written out.

    Returns:
        Its first components.

    >>> print(place(torch.tensor([1.0, -2.5, 0.0])))
    x = (1, −2.5, 0)
    """
    shown = [short(value) if _is_finite(value) else f"{value}".replace("-", MINUS) for value in x[:most].tolist()]
    return f"x = ({', '.join(shown)}{', ...' if len(x) > most else ''})"


def _is_finite(value: float) -> bool:
    return value - value == 0
