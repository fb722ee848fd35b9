"""Surfaces of any number of dimensions, every coordinate alike."""

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

from typing_extensions import override

from ..fields import field
from .elementary import cos, exp, sqrt
from .points import Coordinates, Point, square
from .surface import Surface, by_fields

ALL_POINTS_UP_TO = 2
"""Dimensions up to which every known point is listed; above, of some surfaces there are more than atoms."""


class Rastrigin(Surface):
    """A bowl with a local minimum near every point of whole coordinates, and the deepest in its middle.

    Rastrigin 1974, "Systems of Extremal Control"; in any dimension Hoffmeister & Baeck 1991.
    In one or two dimensions every minimum, saddle and maximum in the box is listed; in more, the lowest minimum.

    >>> len(Rastrigin().minima), len(Rastrigin().saddles), len(Rastrigin().maxima)
    (121, 220, 100)
    """

    n: int = field(2, "number of dimensions", at_least=1, whole=True)

    title = "Rastrigin"
    formula = r"10 n + \sum_{i=1}^{n} (x_i^2 - 10 \cos 2 \pi x_i)"
    start = by_fields(lambda self: _repeated((-2.0, 3.5), self.n))
    box = by_fields(lambda self: square(5.12, self.n))
    minima = by_fields(lambda self: _combined(self.n, _BOWLS))
    saddles = by_fields(lambda self: _combined(self.n, _BOWLS, _HUMPS))
    maxima = by_fields(lambda self: _combined(self.n, (), _HUMPS))

    @override
    def value(self, *x: Any) -> Any:
        return 10 * self.n + sum(each**2 - 10 * cos(2 * math.pi * each) for each in x)


class StyblinskiTang(Surface):
    """Two minima along every coordinate, one of them deeper.

    Styblinski & Tang 1990, "Experiments in nonconvex optimization: stochastic approximation with function smoothing
    and simulated annealing". https://doi.org/10.1016/0893-6080(90)90029-K
    The deepest minimum lies at -39.16616570377141 per dimension, where many sources print -39.16599.
    In one or two dimensions every minimum, saddle and maximum is listed; in more, the deepest minimum.

    >>> StyblinskiTang(n=1).minima[0]
    Point(x=(-2.903534027771177,), value=-39.16616570377141)
    """

    n: int = field(2, "number of dimensions", at_least=1, whole=True)

    title = "Styblinski-Tang"
    formula = r"\tfrac{1}{2} \sum_{i=1}^{n} (x_i^4 - 16 x_i^2 + 5 x_i)"
    start = by_fields(lambda self: _repeated((0.0,), self.n))
    box = by_fields(lambda self: square(5.0, self.n))
    minima = by_fields(lambda self: _combined(self.n, _WELLS))
    saddles = by_fields(lambda self: _combined(self.n, _WELLS, _BARRIERS))
    maxima = by_fields(lambda self: _combined(self.n, (), _BARRIERS))

    @override
    def value(self, *x: Any) -> Any:
        return sum(each**4 - 16 * each**2 + 5 * each for each in x) / 2


class Ackley(Surface):
    """A plain full of ripples around one deep hole, whose bottom is a tip: the gradient there is not defined.

    Ackley 1987, "A Connectionist Machine for Genetic Hillclimbing". The ripples' own minima are not listed.

    >>> Ackley()([0.0, 0.0]), Ackley(n=3)([1.0, 1.0, 1.0]).round(4)
    (np.float64(0.0), np.float64(3.6254))
    """

    n: int = field(2, "number of dimensions", at_least=1, whole=True)

    title = "Ackley"
    formula = r"20 (1 - e^{-\frac{1}{5} \sqrt{\frac{1}{n} \sum x_i^2}}) + e - e^{\frac{1}{n} \sum \cos 2 \pi x_i}"
    start = by_fields(lambda self: _repeated((2.5, -1.5), self.n))
    box = by_fields(lambda self: square(32.768, self.n))
    minima = by_fields(lambda self: (Point((0.0,) * self.n, 0.0),))

    @override
    def value(self, *x: Any) -> Any:
        distance = sqrt(sum(each**2 for each in x) / self.n)
        ripples = sum(cos(2 * math.pi * each) for each in x) / self.n
        return 20 * (1 - exp(-0.2 * distance)) + (math.e - exp(ripples))


def _repeated(numbers: Coordinates, n: int) -> Coordinates:
    return tuple(numbers[i % len(numbers)] for i in range(n))


_WELLS = (Point((-2.903534027771177,), -39.16616570377141), Point((2.746802770990837,), -25.02944665528394))
_BARRIERS = (Point((0.1567312567803401,), 0.19561235905535806),)


def _both_sides(*points: tuple[float, float]) -> Iterator[Point]:
    for x, value in points:
        yield Point((x,), value)
        yield Point((-x,), value)


_BOWLS = (
    Point((0.0,), 0.0),
    *_both_sides(
        (0.9949586376523348, 0.9949590570932914),
        (1.9899122337085495, 3.9798311905540875),
        (2.984855701039481, 8.95460124148701),
        (3.9797838603007536, 15.91924379246153),
        (4.974691390895051, 24.873722934542226),
    ),
)
_HUMPS = tuple(
    _both_sides(
        (0.5025460365546747, 20.251272990990113),
        (1.5076407318703584, 22.26145888480592),
        (2.512743318200085, 26.28184117751223),
        (3.517859138170441, 32.312440977260394),
        (4.522993659584519, 40.35329019383896),
    )
)


def _combined(n: int, low: tuple[Point, ...], high: tuple[Point, ...] = ()) -> tuple[Point, ...]:
    # Low along all coordinates is a minimum, high along all a maximum; where both are given, it is the mixtures' turn.
    if n > ALL_POINTS_UP_TO:
        return (Point(low[0].x * n, low[0].value * n),) if low and not high else ()
    combined = [
        Point(tuple(each.x[0] for each in one), sum(each.value for each in one))
        for one in product((*low, *high), repeat=n)
        if not (low and high) or (set(one) & set(low) and set(one) & set(high))
    ]
    return tuple(sorted(combined, key=lambda point: point.value))
