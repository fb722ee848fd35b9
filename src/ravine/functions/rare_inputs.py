"""A regression one of whose inputs is rare: the same steps cannot be right for both weights."""

from functools import cache
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from typing_extensions import override

from ..fields import Number, field
from .elementary import like
from .points import Point, as_points
from .surface import Surface, by_fields

EXAMPLES = 200
GOLDEN = 0.6180339887498949
"""The golden ratio less 1: its multiples, modulo 1, fill the unit interval evenly in any order of examples."""


class RareInputs(Surface):
    """Half the mean squared error of a linear model whose second input is 0 in most examples.

    There are 200 examples t = u + 3 v + noise. u is 1 or -1 and always there; v is 1 or -1 in a share of the examples
    and 0 in the others. Learned from single examples (`Sampled(RareInputs(), batch_size=1)`), the weight of u meets
    noise at every step and wants small ones, and the weight of v is seldom seen and wants large ones: what Adagrad
    gives them. Duchi, Hazan & Singer 2011, "Adaptive Subgradient Methods for Online Learning and Stochastic
    Optimization", section 1.3. https://jmlr.org/papers/v12/duchi11a.html
    The noise is the quantiles of a normal distribution in a fixed order, so that the examples are always the same.

    >>> h = RareInputs().hessian([0.0, 0.0])
    >>> h.diagonal().tolist()
    [1.0, 0.05]
    """

    share: Number = field(0.05, "share of the examples in which the second input is there", within="[0.01, 1]")
    noise: Number = field(1.0, "standard deviation of the targets' noise", at_least=0)

    title = "Rare inputs"
    formula = r"\tfrac{1}{2 N} \sum_{i=1}^{N} (x u_i + y v_i - t_i)^2"
    start = (0.0, 0.0)
    other_starts = ((2.0, 0.0), (0.0, 4.0))
    box = ((-1.0, 3.0), (-1.0, 5.0))
    minima = by_fields(lambda self: (_lowest(self.share, self.noise),))

    @override
    def value(self, x: Any, y: Any) -> Any:
        m = _moments(self.share, self.noise)
        return (m.uu * x**2 + 2 * m.uv * x * y + m.vv * y**2) / 2 - m.ut * x - m.vt * y + m.tt / 2

    def residuals(self, x: Any) -> Any:
        """Gives the error of each example.

        Args:
            x: The weights, `[..., 2]`: a tensor, an array, or numbers.

        Returns:
            The errors `[..., 200]`, prediction less target; half the mean of their squares is the surface's value.
        """
        points = as_points(self, x)
        u, v, t = (like(points, each.copy()) for each in _examples(self.share, self.noise))
        return points[..., :1] * u + points[..., 1:] * v - t


@cache
def _examples(share: float, noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    i = np.arange(EXAMPLES)
    there = np.diff(np.floor(np.arange(EXAMPLES + 1) * share + 1e-9))  # evenly spread over the examples
    u = np.where(i % 2 == 0, 1.0, -1.0)
    v = there * np.where(np.cumsum(there) % 4 < 2, 1.0, -1.0)
    errors = [NormalDist().inv_cdf(float(quantile)) for quantile in (i + 0.5) * GOLDEN % 1]
    examples = u, v, u + 3 * v + noise * np.array(errors)
    for each in examples:
        each.flags.writeable = False  # they are kept for all who ask
    return examples


class _Moments(NamedTuple):
    uu: float
    uv: float
    vv: float
    ut: float
    vt: float
    tt: float


@cache
def _moments(share: float, noise: float) -> _Moments:
    u, v, t = _examples(share, noise)
    return _Moments(*(float(np.mean(a * b)) for a, b in ((u, u), (u, v), (v, v), (u, t), (v, t), (t, t))))


@cache
def _lowest(share: float, noise: float) -> Point:
    u, v, t = _examples(share, noise)
    x = np.linalg.lstsq(np.stack([u, v], -1), t)[0]
    return Point(tuple(x.tolist()), float(np.mean((x[0] * u + x[1] * v - t) ** 2) / 2))
