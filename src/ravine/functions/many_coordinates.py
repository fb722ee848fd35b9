"""The problems of More, Garbow & Hillstrom 1981 that have any number of coordinates."""

import math
from typing import Any

import numpy as np
from typing_extensions import override

from ..errors import RavineError
from ..fields import field
from .elementary import cos, exp, join, like, sin
from .points import Point
from .problem import Problem
from .surface import by_fields


class Watson(Problem):
    """Fits a polynomial to a differential equation: the more terms, the flatter the valley (problem 20).

    The minima are known for n = 6, 9 and 12.

    >>> Watson(n=6).minima[0].value
    0.0022876700535524363
    """

    n: int = field(6, "number of coordinates", within="[2, 31]", whole=True)

    start = by_fields(lambda self: (0.0,) * self.n)
    minima = by_fields(lambda self: _WATSON.get(self.n, ()))

    @override
    def _residuals(self, x: Any) -> Any:
        t = np.arange(1, 30)[:, None] / 29
        j = np.arange(self.n)
        slope = (like(x, j * t ** np.maximum(j - 1, 0)) * x[..., None, :]).sum(-1)
        height = (like(x, t**j) * x[..., None, :]).sum(-1)
        return join(slope - height**2 - 1, x[..., :1], x[..., 1:2] - x[..., :1] ** 2 - 1)


_WATSON = {
    6: (
        Point(
            (
                -0.015725086401458456, 1.0124348693691099, -0.2329916259567377,
                1.2604300877996084, -1.5137289227222797, 0.9929964324311346,
            ),
            0.0022876700535524363,
        ),
    ),
    9: (
        Point(
            (
                -1.5307036521394342e-05, 0.9997897039319483, 0.014763963693556958,
                0.14634232829936222, 1.0008211030047092, -2.617731140519015,
                4.104403164478857, -3.1436122785564424, 1.0526264080101668,
            ),
            1.39976013809902e-06,
        ),
    ),
    12: (
        Point(
            (
                -6.638060464520687e-09, 1.000001644117862, -0.0005639322103423058,
                0.34782054050404243, -0.15673150409616513, 1.0528151772071777,
                -3.2472711534596677, 7.288434897938061, -10.271848241321724,
                9.074113647075317, -4.541375466692512, 1.0120118885528104,
            ),
            4.722381105891757e-10,
        ),
    ),
}  # fmt: skip


class ExtendedRosenbrock(Problem):
    """Rosenbrock's valley over and over, two coordinates each (problem 21).

    >>> ExtendedRosenbrock(n=4)([-1.2, 1.0, -1.2, 1.0]).round(6)
    np.float64(48.4)
    """

    n: int = field(10, "number of coordinates, even", at_least=2, whole=True)

    start = by_fields(lambda self: (-1.2, 1.0) * (self.n // 2))
    minima = by_fields(lambda self: (Point((1.0,) * self.n, 0.0),))

    def __post_init__(self) -> None:
        Problem.__post_init__(self)
        _check_multiple(self, 2)

    @override
    def _residuals(self, x: Any) -> Any:
        odd, even = x[..., ::2], x[..., 1::2]
        return join(10 * (even - odd**2), 1 - odd)


class ExtendedPowellSingular(Problem):
    """A minimum with a singular Hessian, where Newton's method is only linear; four coordinates each (problem 22).

    >>> ExtendedPowellSingular()([3.0, -1.0, 0.0, 1.0]).round(6)
    np.float64(215.0)
    """

    n: int = field(4, "number of coordinates, a multiple of 4", at_least=4, whole=True)

    start = by_fields(lambda self: (3.0, -1.0, 0.0, 1.0) * (self.n // 4))
    minima = by_fields(lambda self: (Point((0.0,) * self.n, 0.0),))

    def __post_init__(self) -> None:
        Problem.__post_init__(self)
        _check_multiple(self, 4)

    @override
    def _residuals(self, x: Any) -> Any:
        x1, x2, x3, x4 = (x[..., i::4] for i in range(4))
        return join(x1 + 10 * x2, math.sqrt(5) * (x3 - x4), (x2 - 2 * x3) ** 2, math.sqrt(10) * (x1 - x4) ** 2)


class Penalty1(Problem):
    """Pulls every coordinate gently to 1, and the whole onto a sphere that none of them lies on (problem 23).

    All coordinates of the minimum are the same. It is known for n = 4 and 10.

    >>> Penalty1(n=4)([1.0, 2.0, 3.0, 4.0]).round(6)
    np.float64(885.06264)
    """

    n: int = field(4, "number of coordinates", at_least=1, whole=True)

    title = "Penalty I"
    start = by_fields(lambda self: tuple(float(i + 1) for i in range(self.n)))
    minima = by_fields(lambda self: _PENALTY_1.get(self.n, ()))

    @override
    def _residuals(self, x: Any) -> Any:
        return join(_GENTLY * (x - 1), (x * x).sum(-1)[..., None] - 0.25)


_GENTLY = math.sqrt(1e-5)
_PENALTY_1 = {
    4: (Point((0.2500074995875379,) * 4, 2.249977500899937e-05),),
    10: (Point((0.15812230111311634,) * 10, 7.087651467090369e-05),),
}


class Penalty2(Problem):
    """Pulls neighbors gently to sums of exponentials, and the whole onto an ellipsoid (problem 24).

    The minimum is known for n = 4 and 10.

    >>> Penalty2(n=4)([0.5, 0.5, 0.5, 0.5]).round(6)
    np.float64(2.340009)
    """

    n: int = field(4, "number of coordinates", at_least=2, whole=True)

    title = "Penalty II"
    start = by_fields(lambda self: (0.5,) * self.n)
    minima = by_fields(lambda self: _PENALTY_2.get(self.n, ()))

    @override
    def _residuals(self, x: Any) -> Any:
        i = np.arange(2, self.n + 1)
        e = exp(x / 10)
        neighbors = e[..., 1:] + e[..., :-1] - like(x, np.exp(i / 10) + np.exp((i - 1) / 10))
        sphere = (like(x, np.arange(self.n, 0, -1)) * x * x).sum(-1)[..., None] - 1
        return join(x[..., :1] - 0.2, _GENTLY * neighbors, _GENTLY * (e[..., 1:] - math.exp(-0.1)), sphere)


_PENALTY_2 = {
    4: (
        Point(
            (0.1999993333503804, 0.19131670099277245, 0.48010148533262315, 0.5188454043902005), 9.376293007355442e-06
        ),
    ),
    10: (
        Point(
            (
                0.1999836051978236, 0.010350648471292297, 0.019604934480438402, 0.03208906722068565,
                0.049932677399641294, 0.07651399515399361, 0.11862407286950417, 0.19214487233557667,
                0.34732058694184365, 0.3691643741593508,
            ),
            0.00029366053745674594,
        ),
    ),
}  # fmt: skip


class Trigonometric(Problem):
    """Sums of sines and cosines, with many local minima (problem 26). Spedicato 1975.

    One of the local minima is known for n = 10: SciPy's BFGS and least_squares end there.

    >>> Trigonometric(n=2)([0.5, 0.5]).round(6)
    np.float64(0.012688)
    """

    n: int = field(10, "number of coordinates", at_least=1, whole=True)

    start = by_fields(lambda self: (1 / self.n,) * self.n)
    minima = by_fields(lambda self: (Point((0.0,) * self.n, 0.0), *_TRIGONOMETRIC.get(self.n, ())))

    @override
    def _residuals(self, x: Any) -> Any:
        i = like(x, np.arange(1, self.n + 1))
        return self.n - cos(x).sum(-1)[..., None] + i * (1 - cos(x)) - sin(x)


_TRIGONOMETRIC = {
    10: (
        Point(
            (
                0.05515090398069129, 0.05684061679473856, 0.058764001762695084, 0.06099060865676081,
                0.06362621369585451, 0.06684317945275879, 0.20816151856988116, 0.16436309588564774,
                0.08500689568850744, 0.09143145071470794,
            ),
            2.7950561218794563e-05,
        ),
    ),
}  # fmt: skip


def _check_multiple(problem: Any, k: int) -> None:
    if problem.n % k:
        raise RavineError(f"{problem!r}: n must be a multiple of {k}, got {problem.n}; try n={problem.n // k * k + k}.")
