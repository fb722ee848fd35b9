"""What a surface is: a formula, written once, and what is known of it."""

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from ..errors import RavineError
from ..part import Part
from .points import Bounds, Coordinates, Point, as_points, named_after, square


def by_fields(known: Callable[[Any], Any]) -> Any:
    """Makes something that is known of a surface depend on its fields, such as its number of dimensions.

    Args:
        known: Gives it for one surface.

    Returns:
        What stands in the class for it.
    """
    return property(known)  # Any to a type checker: the class says what kind of thing it is


class Surface(Part):
    """A smooth function of a few coordinates, of which minima, saddles and maxima are known (abstract).

    A surface defines `value(self, *x)`, its formula, in `+ - * / **` and the functions of
    `ravine.functions.elementary`. Each coordinate may be a Python number, a NumPy array, a tensor, or an engine's
    symbol, so that one text of the formula serves all. Called with points of shape `[..., n]` a surface gives values
    of shape `[...]`, in the points' dtype, or in float64 where these are whole numbers.

    >>> class Bowl(Surface):
    ...     formula = r"x^2 + 3 y^2"
    ...     minima = (Point((0.0, 0.0), 0.0),)
    ...
    ...     def value(self, x, y):
    ...         return x**2 + 3 * y**2
    >>> Bowl()([2.0, 1.0]), Bowl().gradient([2.0, 1.0])
    (np.float64(7.0), array([4., 6.]))
    """

    value: ClassVar[Callable[..., Any]]
    """The formula: a method `(self, x, y)`, or `(self, *x)` for any number of coordinates."""
    name: ClassVar[str] = ""
    """What it is called by where it is asked for; the class's own name in lower case where nothing is said."""
    title: ClassVar[str] = ""
    """What a picture calls it."""
    formula: ClassVar[str] = ""
    """The formula in LaTeX."""
    start: ClassVar[Coordinates] = (1.0, 1.0)
    """Where methods usually start."""
    other_starts: ClassVar[tuple[Coordinates, ...]] = ()
    """Where else they do."""
    box: ClassVar[Bounds] = square(5.0)
    """Where it is looked at: the lowest and the highest value of each coordinate."""
    minima: ClassVar[tuple[Point, ...]] = ()
    """Known minima, the deepest first."""
    saddles: ClassVar[tuple[Point, ...]] = ()
    """Known saddles."""
    maxima: ClassVar[tuple[Point, ...]] = ()
    """Known local maxima."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        named_after(cls)

    def __post_init__(self) -> None:
        Part.__post_init__(self)
        if not hasattr(self, "value"):
            raise RavineError(f"{type(self).__name__} is no whole surface: it needs a method value(self, x, y).")

    @property
    def dimensions(self) -> int:
        """The number of coordinates."""
        return len(self.start)

    def __call__(self, x: Any) -> Any:
        """Gives the values at points.

        Args:
            x: The points, `[..., n]`: a tensor, an array, or numbers.

        Returns:
            The values `[...]`: a tensor of a tensor, else an array, in the points' dtype; infinite or NaN where the
            formula leaves the numbers that there are.
        """
        points = as_points(self, x)
        if isinstance(points, Tensor):
            return self.value(*points.unbind(-1))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return self.value(*np.moveaxis(points, -1, 0))

    def gradient(self, x: Any) -> Any:
        """Gives the gradients at points, by automatic differentiation in float64.

        Args:
            x: The points, `[..., n]`: a tensor, an array, or numbers.

        Returns:
            The gradients `[..., n]`, of the kind and dtype of the points.
        """
        points = as_points(self, x)
        return as_given(points, self._gradient(float64_leaf(points)))

    def hessian(self, x: Any) -> Any:
        """Gives the matrices of second derivatives at points, by automatic differentiation in float64.

        Args:
            x: The points, `[..., n]`: a tensor, an array, or numbers.

        Returns:
            The Hessians `[..., n, n]`, of the kind and dtype of the points.
        """
        points = as_points(self, x)
        leaf = float64_leaf(points)
        g = self._gradient(leaf, create_graph=True)
        if not g.requires_grad:  # it is the same everywhere
            return as_given(points, g.new_zeros(*g.shape, self.dimensions))
        rows = [
            torch.autograd.grad(g[..., i].sum(), leaf, retain_graph=True, materialize_grads=True)[0]
            for i in range(self.dimensions)
        ]
        return as_given(points, torch.stack(rows, -2))

    def _gradient(self, leaf: Tensor, create_graph: bool = False) -> Tensor:
        with torch.enable_grad():
            values = self(leaf)
            if not isinstance(values, Tensor) or not values.requires_grad:
                raise RavineError(
                    f"{self!r}: what value(...) returns has no trace of the coordinates, so it has no gradient: "
                    "compute it from them with + - * / ** and ravine.functions.elementary."
                )
            return torch.autograd.grad(values.sum(), leaf, create_graph=create_graph)[0]

    def check_start(self, x: Sequence[float]) -> Coordinates:
        """Refuses a start that this surface is not looked at.

        Args:
            x: Where to start, one number per coordinate.

        Returns:
            The same as floats.

        Raises:
            RavineError: They are no numbers, their number is another, one is not finite, or one lies outside the box.
        """
        try:
            start = () if any(isinstance(value, str) for value in x) else tuple(map(float, x))
        except (TypeError, ValueError, OverflowError):  # no sequence, or not of real numbers
            start = ()
        if not start:
            raise RavineError(f"start {x!r}: give {self.dimensions} numbers, one for each coordinate of {self.name}.")
        typed = f"start {', '.join(f'{value:g}' for value in start)}"
        if len(start) != self.dimensions:
            raise RavineError(f"{typed}: {self.name} has {self.dimensions} coordinates, got {len(start)}.")
        for i, (value, (low, high)) in enumerate(zip(start, self.box, strict=True)):
            coordinate = "xy"[i] if self.dimensions == 2 else f"x{i + 1}"
            if not math.isfinite(value):
                raise RavineError(f"{typed}: {coordinate} must be a finite number, got {value:g}.")
            if not low <= value <= high:
                raise RavineError(
                    f"{typed}: {coordinate} must lie in the box of {self.name}, [{low:g}, {high:g}], got {value:g}."
                )
        return start


def float64_leaf(points: Any) -> Tensor:
    """Makes the tensor that derivatives are taken by.

    Args:
        points: A tensor or an array.

    Returns:
        A copy in float64 that requires a gradient.

    Raises:
        RavineError: The points are complex.
    """
    if "complex" in str(points.dtype):
        raise RavineError(f"a gradient is taken at real points, got {points.dtype}: give x.real.")
    if isinstance(points, np.ndarray):  # which may run backwards, or have digits that torch has not
        points = torch.from_numpy(points.astype(np.float64, order="C"))
    return points.detach().to(torch.float64).clone().requires_grad_()


def as_given(points: Any, found: Tensor) -> Any:
    """Gives what was found by a tensor in float64 the kind and dtype of the points that were asked for.

    Args:
        points: A tensor or an array.
        found: What was found.

    Returns:
        A tensor for a tensor, else an array.
    """
    found = found.detach()
    return found.to(points) if isinstance(points, Tensor) else found.numpy().astype(points.dtype, copy=False)
