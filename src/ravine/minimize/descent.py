"""The descent, one half of a method: which way to go from a point, or which model to trust around it."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from torch import Tensor

from ..part import Part
from .objective import Objective
from .state import Memory, Point

if TYPE_CHECKING:
    from .search import Search


class Proposal(NamedTuple):
    """The best step that a model knows of within a radius."""

    step: Tensor
    predicted: float
    """How far the model falls along it."""
    length: float
    """The step's length in the model's norm."""


class Escape(NamedTuple):
    """A direction of length 1 along which the function bends down."""

    direction: Tensor
    curvature: float
    """The second derivative along it, below 0."""


class Model(Protocol):
    """A quadratic that stands for the function around a point."""

    def within(self, radius: float) -> Proposal:
        """Finds the step within a radius along which the model falls furthest, or far enough."""
        ...

    def first_radius(self) -> float:
        """Gives a radius to begin with."""
        ...


class Descent(Part):
    """Knows the curvature around a point, from derivatives or from the steps so far."""

    needs: ClassVar[str] = "a gradient"
    """What it asks the objective for beside that: "second derivatives" or "residuals"."""

    by_line: ClassVar[bool] = True
    """Whether it gives directions, for line searches."""

    by_region: ClassVar[bool] = False
    """Whether it gives models, for trust regions."""

    knows_length: ClassVar[bool] = True
    """Whether a direction's own length is a good first guess, as that of Newton's step is."""

    learns_from_refused: ClassVar[bool] = False
    """Whether steps that a trust region refused improve its model, too."""

    looks: ClassVar[bool] = False
    """Whether `escape` may know of a way off a point without a slope."""

    def looks_ahead(self) -> bool:
        """Tells, as rules do, whether a step asks for gradients elsewhere than at the parameters: a search does."""
        return True

    def gradients_per_step(self) -> int:
        """Counts, as rules do, the gradients that a step takes: one at least, more where the search needs them."""
        return 1

    def predicting_slot(self) -> None:
        """Names, as rules do, the slot whose values predict in the parameters' place: there is none."""

    def slots(self) -> dict[str, Any]:
        """Gives, as rules do, what is kept for each parameter alone: nothing, since all move together."""
        return {}

    @abstractmethod
    def default_search(self) -> "Search":
        """Gives the search that it goes with where none is named."""

    def begin(self, point: Point) -> Memory:
        """Gives what it remembers before the first step.

        Args:
            point: The start.

        Returns:
            Nothing, where curvature is worked out at each point.
        """
        del point
        return {}

    def direction(self, objective: Objective, point: Point, memory: Memory) -> Tensor:
        """Gives the step that it would take, of the length that it thinks right.

        Args:
            objective: The function.
            point: Where it stands.
            memory: What it remembers.

        Returns:
            A direction [n].
        """
        raise NotImplementedError

    def model(self, objective: Objective, point: Point, memory: Memory) -> Model:
        """Gives a quadratic that stands for the function around a point.

        Args:
            objective: The function.
            point: Where it stands.
            memory: What it remembers.

        Returns:
            The model.
        """
        raise NotImplementedError

    def escape(self, objective: Objective, point: Point, memory: Memory) -> Escape | None:
        """Gives a way off a point without a slope that is no minimum.

        Args:
            objective: The function.
            point: A point where the gradient vanishes.
            memory: What it remembers.

        Returns:
            A direction in which the function bends down; None where there is none, or none that it could know of.
        """
        del objective, point, memory
        return None

    def learn(self, memory: Memory, before: Point, after: Point) -> Memory:
        """Takes up what a step showed of the curvature.

        Args:
            memory: What it remembers; tensors in it may be updated in place.
            before: Where the step began.
            after: Where it ended.

        Returns:
            What it remembers now.
        """
        del before, after
        return memory

    def forget(self, point: Point, memory: Memory) -> Memory | None:
        """Gives what to go on with after a direction that led nowhere.

        Args:
            point: Where it stands.
            memory: What led nowhere.

        Returns:
            The memory of a start here; None where that would be the same again.
        """
        del point, memory
        return None
