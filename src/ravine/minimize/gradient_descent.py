"""Gradient descent: straight down."""

from torch import Tensor

from .backtracking import Backtracking
from .descent import Descent
from .objective import Objective
from .search import Search
from .state import Memory, Point


class GradientDescent(Descent):
    """Goes along d = -g, and so zigzags where the function is steep one way and shallow the other.

    Cauchy 1847; Nocedal & Wright 2006, section 2.2.
    """

    knows_length = False

    def default_search(self) -> Search:
        """Backtracking."""
        return Backtracking()

    def direction(self, objective: Objective, point: Point, memory: Memory) -> Tensor:
        """Straight down."""
        del objective, memory
        return -point.gradient
