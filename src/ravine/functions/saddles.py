"""Saddles: points where the gradient vanishes and the way down is open."""

import math
from typing import Any

from typing_extensions import override

from .points import Point, square
from .surface import Surface


class StrictSaddle(Surface):
    """A saddle between two minima: whoever walks exactly along x ends on it, and the least noise leads away.

    Its Hessian there has the eigenvalues 2 and -2, so that the way out is a direction of negative curvature.

    >>> StrictSaddle().hessian([0.0, 0.0])
    array([[ 2.,  0.],
           [ 0., -2.]])
    """

    formula = r"x^2 - y^2 + \tfrac{1}{4} y^4"
    start = (1.0, 0.0)
    box = square(2.0)
    minima = (Point((0.0, math.sqrt(2)), -1.0), Point((0.0, -math.sqrt(2)), -1.0))
    saddles = (Point((0.0, 0.0), 0.0),)

    @override
    def value(self, x: Any, y: Any) -> Any:
        return x**2 - y**2 + y**4 / 4


class MonkeySaddle(Surface):
    """Three ways down and three up, for two legs and a tail; the Hessian at the saddle is zero and tells nothing.

    It has no minimum: beyond the saddle it falls without end.

    >>> bool((MonkeySaddle().hessian([0.0, 0.0]) == 0).all())
    True
    """

    formula = r"x^3 - 3 x y^2"
    start = (0.1, 0.01)
    box = square(1.5)
    saddles = (Point((0.0, 0.0), 0.0),)

    @override
    def value(self, x: Any, y: Any) -> Any:
        return x**3 - 3 * x * y**2
