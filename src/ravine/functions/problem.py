"""What a problem is: residuals whose squares are summed."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from ..errors import RavineError
from ..part import Part
from .points import Coordinates, Point, as_points, named_after


class Problem(Part):
    """A sum of squares `f(x) = sum_i r_i(x)^2` whose minimum is known (abstract).

    A problem defines `_residuals(self, x)` of points `[..., n]`, in `+ - * / **`, slices along the last axis and the
    functions of `ravine.functions.elementary`, so that one text serves NumPy and torch, and torch's transforms. The
    problems here are those of More, Garbow & Hillstrom 1981, "Testing Unconstrained Optimization Software".
    https://doi.org/10.1145/355934.355936

    >>> from ravine.functions.elementary import like
    >>> class Line(Problem):
    ...     start = (0.0, 0.0)
    ...
    ...     def _residuals(self, x):
    ...         return x[..., :1] + like(x, [0.0, 1.0, 2.0]) * x[..., 1:] - like(x, [1.0, 3.0, 5.0])
    >>> Line()([1.0, 2.0]), Line().residuals([0.0, 0.0])
    (np.float64(0.0), array([-1., -3., -5.]))
    """

    _residuals: ClassVar[Callable[..., Any]]
    """The formula of the residuals: a method `(self, x)`, where x is an array or a tensor `[..., n]`."""
    name: ClassVar[str] = ""
    """What it is called by where it is asked for; the class's own name in lower case where nothing is said."""
    title: ClassVar[str] = ""
    """What a table calls it."""
    start: ClassVar[Coordinates] = ()
    """Where methods start."""
    minima: ClassVar[tuple[Point, ...]] = ()
    """Known minima, the deepest first."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        named_after(cls)

    def __post_init__(self) -> None:
        Part.__post_init__(self)
        if not hasattr(self, "_residuals") or not self.start:
            raise RavineError(
                f"{type(self).__name__} is no whole problem: it needs a start and a method _residuals(self, x)."
            )

    @property
    def dimensions(self) -> int:
        """The number of coordinates."""
        return len(self.start)

    def residuals(self, x: Any) -> Any:
        """Gives the residuals at points.

        Args:
            x: The points, `[..., n]`: a tensor, an array, or numbers.

        Returns:
            The residuals `[..., m]`: a tensor of a tensor, else an array, in the points' dtype.
        """
        points = as_points(self, x)
        if isinstance(points, Tensor):
            return self._residuals(points)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return self._residuals(points)

    def __call__(self, x: Any) -> Any:
        """Gives the sums of squares at points.

        Args:
            x: The points, `[..., n]`: a tensor, an array, or numbers.

        Returns:
            The values `[...]`: a tensor of a tensor, else an array, in the points' dtype.
        """
        r = self.residuals(x)
        with np.errstate(over="ignore", invalid="ignore"):
            return (r * r).sum(-1)


def columns(x: Any) -> tuple[Any, ...]:
    """Takes points apart into their coordinates.

    Args:
        x: The points, `[..., n]`.

    Returns:
        n columns `[..., 1]`, which meet the constants of m residuals by broadcasting.
    """
    return tuple(x[..., i : i + 1] for i in range(x.shape[-1]))
