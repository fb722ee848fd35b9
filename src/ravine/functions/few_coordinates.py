"""The problems of More, Garbow & Hillstrom 1981 whose number of coordinates is fixed."""

import math
from itertools import permutations
from typing import Any

import numpy as np
from typing_extensions import override

from .elementary import angle, cos, exp, join, like, sin, sqrt
from .points import Point
from .problem import Problem, columns


class PowellBadlyScaled(Problem):
    """A curve of nearly equal values, and coordinates a million times apart (problem 3).

    >>> PowellBadlyScaled()([0.0, 1.0]).round(4)
    np.float64(1.1353)
    """

    start = (0.0, 1.0)
    minima = (Point((1.0981593296998175e-05, 9.106146739866524), 0.0),)

    @override
    def _residuals(self, x: Any) -> Any:
        x1, x2 = columns(x)
        return join(1e4 * x1 * x2 - 1, exp(-x1) + exp(-x2) - 1.0001)


class BrownBadlyScaled(Problem):
    """Coordinates a trillion times apart (problem 4).

    >>> BrownBadlyScaled()([1e6, 2e-6])
    np.float64(0.0)
    """

    start = (1.0, 1.0)
    minima = (Point((1e6, 2e-6), 0.0),)

    @override
    def _residuals(self, x: Any) -> Any:
        x1, x2 = columns(x)
        return join(x1 - 1e6, x2 - 2e-6, x1 * x2 - 2)


class HelicalValley(Problem):
    """A valley wound around an axis (problem 7). Fletcher & Powell 1963.

    >>> HelicalValley()([-1.0, 0.0, 0.0])
    np.float64(2500.0)
    """

    start = (-1.0, 0.0, 0.0)
    minima = (Point((1.0, 0.0, 0.0), 0.0),)

    @override
    def _residuals(self, x: Any) -> Any:
        x1, x2, x3 = columns(x)
        turns = angle(-x1, x2) / (2 * math.pi) + 0.25  # from -1/4 to 3/4: its jump is where x1 = 0 and x2 < 0
        return join(10 * (x3 - 10 * turns), 10 * (sqrt(x1 * x1 + x2 * x2) - 1), x3)


class Gaussian(Problem):
    """Fits a bell curve to 15 rounded points of one (problem 9).

    >>> Gaussian()([0.4, 1.0, 0.0]).round(9)
    np.float64(3.888e-06)
    """

    start = (0.4, 1.0, 0.0)
    minima = (Point((0.39895613783875666, 1.0000190844878056, 0.0), 1.127932769618648e-08),)

    @override
    def _residuals(self, x: Any) -> Any:
        x1, x2, x3 = columns(x)
        t = like(x, _BELL_T)
        return x1 * exp(-x2 * (t - x3) ** 2 / 2) - like(x, _BELL_Y)


_HALF_BELL = (0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521)
_BELL_T = (7 - np.arange(15)) / 2
_BELL_Y = (*_HALF_BELL, 0.3989, *reversed(_HALF_BELL))


class Box(Problem):
    """Fits two exponentials to two (problem 12). Box 1966.

    The two rates can change places, and where both are the same and x3 = 0 any rate fits: a line of minima, of which
    one is listed.

    >>> Box()([7.0, 7.0, 0.0])
    np.float64(0.0)
    """

    title = "Box 3-D"
    start = (0.0, 10.0, 20.0)
    minima = (Point((1.0, 10.0, 1.0), 0.0), Point((10.0, 1.0, -1.0), 0.0), Point((1.0, 1.0, 0.0), 0.0))

    @override
    def _residuals(self, x: Any) -> Any:
        x1, x2, x3 = columns(x)
        t = like(x, np.arange(1, 11) / 10)
        return exp(-t * x1) - exp(-t * x2) - x3 * (exp(-t) - exp(-10 * t))


class Wood(Problem):
    """Two of Rosenbrock's valleys, coupled (problem 14). Colville 1968.

    >>> Wood()([-3.0, -1.0, -3.0, -1.0]).round(6)
    np.float64(19192.0)
    """

    start = (-3.0, -1.0, -3.0, -1.0)
    minima = (Point((1.0, 1.0, 1.0, 1.0), 0.0),)

    @override
    def _residuals(self, x: Any) -> Any:
        x1, x2, x3, x4 = columns(x)
        own = (10 * (x2 - x1**2), 1 - x1, math.sqrt(90) * (x4 - x3**2), 1 - x3)
        return join(*own, math.sqrt(10) * (x2 + x4 - 2), (x2 - x4) / math.sqrt(10))


class BrownDennis(Problem):
    """Residuals that stay large at the minimum, where Gauss-Newton is slow (problem 16).

    >>> BrownDennis()([25.0, 5.0, -5.0, -1.0]).round(2)
    np.float64(7926693.34)
    """

    title = "Brown-Dennis"
    start = (25.0, 5.0, -5.0, -1.0)
    minima = (
        Point((-11.594439904762165, 13.203630051207204, -0.40343948817685954, 0.2367787744557363), 85822.20162635634),
    )

    @override
    def _residuals(self, x: Any) -> Any:
        x1, x2, x3, x4 = columns(x)
        t = like(x, np.arange(1, 21) / 5)
        return (x1 + t * x2 - exp(t)) ** 2 + (x3 + x4 * sin(t) - cos(t)) ** 2


class Biggs(Problem):
    """Fits three exponentials to three (problem 18). Biggs 1971.

    The three can change places, which gives six minima of value 0. Where two of them have the same rate only the sum
    of their weights matters: where the two weights have opposite signs lies a line of local minima, of which one is
    listed, and where they have the same sign a line of saddles.

    >>> Biggs()([1.0, 10.0, 1.0, 5.0, 4.0, 3.0])
    np.float64(0.0)
    """

    title = "Biggs EXP6"
    start = (1.0, 2.0, 1.0, 1.0, 1.0, 1.0)
    minima = (
        *(
            Point((a, b, of_a, -of_b, c, of_c), 0.0)
            for (a, of_a), (b, of_b), (c, of_c) in permutations(((1.0, 1.0), (10.0, -5.0), (4.0, 3.0)))
        ),
        Point(
            (
                1.7114159947195875, 17.683198180949066, 4.65257464367557,
                5.186561551993452, 1.7114159947195875, -2.326287321837785,
            ),
            0.005655649925499931,
        ),
    )  # fmt: skip

    @override
    def _residuals(self, x: Any) -> Any:
        x1, x2, x3, x4, x5, x6 = columns(x)
        t = like(x, np.arange(1, 14) / 10)
        y = exp(-t) - 5 * exp(-10 * t) + 3 * exp(-4 * t)
        return x3 * exp(-t * x1) - x4 * exp(-t * x2) + x6 * exp(-t * x5) - y
