"""Surfaces with several minima: where a method ends depends on where it starts and how it moves."""

import math
from typing import Any

from typing_extensions import override

from .elementary import cos
from .points import Point, square
from .surface import Surface


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
        Point((-3.779310253377747, -3.2831859912861696), 0.0),
        Point((3.5844283403304917, -1.8481265269644036), 0.0),
    )
    saddles = (
        Point((3.385154183607021, 0.07385187983774928), 13.31192627040559),
        Point((0.08667750455539636, 2.884254701174776), 67.71915008752615),
        Point((-3.0730257507643897, -0.08135304428796751), 104.0151629175581),
        Point((-0.12796134673068008, -1.9537149802445763), 178.33723920192747),
    )
    maxima = (Point((-0.2708445906673476, -0.9230385564799815), 181.6165215225827),)

    @override
    def value(self, x: Any, y: Any) -> Any:
        return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


class DoubleWell(Surface):
    """A shallow minimum beside a deep one, with a low barrier between them.

    Gradient descent from the left stays in the shallow one. Momentum gets across, and swings far past the deep one;
    Nesterov's gets across and brakes. In physics it is the tilted double well.

    >>> shallow, deep = sorted(DoubleWell().minima)
    >>> round(shallow.value - deep.value, 4), round(DoubleWell().saddles[0].value - shallow.value, 4)
    (0.5922, 0.0252)
    """

    formula = r"\tfrac{1}{4} x^4 - \tfrac{1}{2} x^2 - \tfrac{3}{10} x + y^2"
    start = (-1.8, 1.0)
    other_starts = ((-1.6, -1.0), (-2.0, 0.5))
    box = square(2.0)
    minima = (
        Point((1.125418782756626, 0.0), -0.5698610852655923),
        Point((-0.7864825411616272, 0.0), 0.02231987487335347),
    )
    saddles = (Point((-0.3389362415949989, 0.0), 0.04754121039223889),)

    @override
    def value(self, x: Any, y: Any) -> Any:
        return x**4 / 4 - x**2 / 2 - 0.3 * x + y**2


class GoldsteinPrice(Surface):
    """Four minima of very different depths, on slopes that reach a million.

    Goldstein & Price 1971, "On descent from local minima". https://doi.org/10.1090/S0025-5718-1971-0312365-X

    >>> GoldsteinPrice()([0.0, -1.0])
    np.float64(3.0)
    """

    title = "Goldstein-Price"
    formula = (
        r"(1 + (x + y + 1)^2 (19 - 14 x + 3 x^2 - 14 y + 6 x y + 3 y^2)) "
        r"(30 + (2 x - 3 y)^2 (18 - 32 x + 12 x^2 + 48 y - 36 x y + 27 y^2))"
    )
    start = (-1.5, 0.5)
    other_starts = ((0.5, -0.5), (1.0, 1.5))
    box = square(2.0)
    minima = (
        Point((0.0, -1.0), 3.0),
        Point((-0.6, -0.4), 30.0),
        Point((1.8, 0.2), 84.0),
        Point((1.2, 0.8), 840.0),
    )
    saddles = (
        Point((-0.4, -0.6), 35.0),
        Point((1.2, -0.2), 99.0),
        Point((1.4, 0.6), 980.0),
        Point((0.6, 0.4), 990.0),
    )
    maxima = (Point((0.8, 0.2), 1155.0),)

    @override
    def value(self, x: Any, y: Any) -> Any:
        one = 19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2
        other = 18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2
        return (1 + (x + y + 1) ** 2 * one) * (30 + (2 * x - 3 * y) ** 2 * other)


class Branin(Surface):
    """Three minima of the same depth in a row.

    Branin 1972, "Widely Convergent Method for Finding Multiple Solutions of Simultaneous Nonlinear Equations".
    https://doi.org/10.1147/rd.165.0504

    >>> Branin()([math.pi, 2.275])
    np.float64(0.39788735772973816)
    """

    title = "Branin"
    formula = r"(y - \tfrac{5.1}{4 \pi^2} x^2 + \tfrac{5}{\pi} x - 6)^2 + 10 (1 - \tfrac{1}{8 \pi}) \cos x + 10"
    start = (2.5, 7.5)
    other_starts = ((-4.0, 2.0), (8.0, 12.0))
    box = ((-5.0, 10.0), (0.0, 15.0))
    minima = (
        Point((math.pi, 2.275), 0.3978873577297383),
        Point((-math.pi, 12.275), 0.3978873577297383),
        Point((9.42477796076938, 2.475), 0.3978873577297383),
    )
    saddles = (
        Point((0.0, 6.0), 19.60211264227026),
        Point((6.283185307179586, 1.1), 19.60211264227026),
    )

    @override
    def value(self, x: Any, y: Any) -> Any:
        from_parabola = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
        return from_parabola**2 + 10 * (1 - 1 / (8 * math.pi)) * cos(x) + 10
