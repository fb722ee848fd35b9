"""Valleys: one minimum at the end of a long way, steep to the sides."""

import math
from typing import Any

from typing_extensions import override

from ..fields import Number, field
from .elementary import exp, sqrt
from .points import Point, square
from .surface import Surface


class Ravine(Surface):
    """Steep one way and shallow the other: `(x^2 + kappa y^2) / 2`.

    The best that gradient descent and heavy ball can do on it is known in closed form: every step of the first
    shrinks the error by (kappa - 1)/(kappa + 1), and one of the second, in the long run, by
    (sqrt kappa - 1)/(sqrt kappa + 1). Polyak 1964, "Some methods of speeding up the convergence of iteration methods".
    https://doi.org/10.1016/0041-5553(64)90137-5

    >>> round(Ravine(100.0).best_rate(), 4), round(Ravine(100.0).best_rate_of_heavy_ball(), 4)
    (0.9802, 0.8182)
    """

    kappa: Number = field(100.0, "condition number: how much steeper it is along y than along x", within="[1, 1e15]")

    title = "Ravine"
    formula = r"\tfrac{1}{2} (x^2 + \kappa y^2)"
    start = (1.0, 1.0)
    box = square(1.5)
    minima = (Point((0.0, 0.0), 0.0),)

    @override
    def value(self, x: Any, y: Any) -> Any:
        return (x**2 + self.kappa * y**2) / 2

    def best_lr(self) -> float:
        """Gives the step length of gradient descent that reaches its best rate: `2 / (1 + kappa)`."""
        return 2 / (1 + self.kappa)

    def best_rate(self) -> float:
        """Gives the factor by which gradient descent shrinks the error in a step at best: `(kappa-1) / (kappa+1)`."""
        return (self.kappa - 1) / (self.kappa + 1)

    def best_heavy_ball(self) -> tuple[float, float]:
        """Gives what heavy ball, `v = momentum v + g; x = x - lr v`, reaches its best rate with.

        Returns:
            lr = 4 / (1 + sqrt kappa)^2, and momentum = ((sqrt kappa - 1) / (sqrt kappa + 1))^2.
        """
        return 4 / (1 + math.sqrt(self.kappa)) ** 2, self.best_rate_of_heavy_ball() ** 2

    def best_rate_of_heavy_ball(self) -> float:
        """Gives its factor per step in the long run at best: `(sqrt kappa - 1) / (sqrt kappa + 1)`."""
        return (math.sqrt(self.kappa) - 1) / (math.sqrt(self.kappa) + 1)


class Rosenbrock(Surface):
    """A flat valley bent like a banana: easy to find, and long to walk.

    Rosenbrock 1960, "An Automatic Method for Finding the Greatest or Least Value of a Function".
    https://doi.org/10.1093/comjnl/3.3.175

    >>> Rosenbrock()([-1.2, 1.0])
    np.float64(24.199999999999996)
    """

    title = "Rosenbrock"
    formula = r"(1 - x)^2 + 100 (y - x^2)^2"
    start = (-1.2, 1.0)
    box = ((-2.0, 2.0), (-1.0, 3.0))
    minima = (Point((1.0, 1.0), 0.0),)

    @override
    def value(self, x: Any, y: Any) -> Any:
        return (1 - x) ** 2 + 100 * (y - x**2) ** 2


class Beale(Surface):
    """A flat floor between four steep corners; from far out on the plain there is no way to the minimum.

    Beale 1958, "On an iterative method for finding a local minimum of a function of more than one variable".

    >>> Beale()([3.0, 0.5])
    np.float64(0.0)
    """

    title = "Beale"
    formula = r"(1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2"
    start = (1.0, 1.0)
    other_starts = ((1.0, 4.0),)  # the hard one: far up a wall
    box = square(4.5)
    minima = (Point((3.0, 0.5), 0.0),)
    saddles = (
        Point((0.10053793732415836, -2.644513585023125), 9.86451228475556),
        Point((0.0, 1.0), 14.203125),
    )

    @override
    def value(self, x: Any, y: Any) -> Any:
        return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


class OpeningValley(Surface):
    """A gorge, narrow and across both coordinates, that opens into a wide valley with a gentle floor.

    What a method learned in the gorge is no longer true in the valley: a mean over all steps, as Adagrad's, keeps the
    steps as small as the gorge wanted them, and one that forgets, as RMSprop's, lets them grow. So Goodfellow, Bengio
    & Courville 2016, "Deep Learning", section 8.5.2, have it in words. With u = x + y and v = x - y it is convex across
    (in v) and along the floor, and not convex where the gorge is narrow and v is not 0.

    >>> OpeningValley()([0.0, 0.0]), OpeningValley()([1.0, 0.0]).round(4)
    (np.float64(0.0), np.float64(0.6919))
    """

    title = "Opening valley"
    formula = r"\tfrac{1}{2} (1 + e^{-2 (x + y)}) (x - y)^2 + \tfrac{3}{10} (\sqrt{1 + (x + y)^2} - 1)"
    start = (-2.0, -1.0)
    other_starts = ((-2.0, -1.5), (-1.0, -2.5))
    box = square(3.0)
    minima = (Point((0.0, 0.0), 0.0),)

    @override
    def value(self, x: Any, y: Any) -> Any:
        along, across = x + y, x - y
        return (1 + exp(-2 * along)) * across**2 / 2 + 0.3 * (sqrt(1 + along**2) - 1)
