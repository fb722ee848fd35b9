"""Surfaces with several minima: where a method ends depends on where it starts and how it moves."""

from typing import Any

from typing_extensions import override

from .surface import Point, Surface, square


class Himmelblau(Surface):
    """Four minima of the same depth around one maximum.

    Himmelblau 1972, "Applied Nonlinear Programming".

    >>> Himmelblau()([3.0, 2.0])
    np.float64(0.0)
    """

    title = "Himmelblau"
    formula = r"(x^2 + y - 11)^2 + (x + y^2 - 7)^2"
    start = (0.0, 0.0)
    box = square(5.0)
    minima = (
        Point((3.0, 2.0), 0.0),
        Point((-2.805118086952745, 3.131312518250573), 0.0),
        Point((-3.779310253377747, -3.283185991286169), 0.0),
        Point((3.584428340330492, -1.848126526964404), 0.0),
    )
    maxima = (Point((-0.270844590667347, -0.923038556479981), 181.616521522583),)

    @override
    def value(self, x: Any, y: Any) -> Any:
        return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
