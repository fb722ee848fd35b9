"""LARS: momentum whose step in every layer is a share of the length of that layer's weights.

You, Gitman & Ginsburg 2017, "Large Batch Training of Convolutional Networks", Algorithm 1.
https://arxiv.org/abs/1708.03888

Choose it when batches are very large, and plain momentum diverges at the lr that they call for.
Departs from the paper: where the weights or the gradient of a layer are all zero, its ratio is 1 (undefined there);
and the scale is that of lr alone, without the paper's own polynomial decay, which is a schedule here.

In a few lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p, v = np.array([1.0, 10.0]), np.array([1.0, 1.0]), 0
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     ratio = 0.001 * np.linalg.norm(p) / (np.linalg.norm(g) + 0.0005 * np.linalg.norm(p))
    ...     v = 0.9 * v + 5.0 * ratio * (g + 0.0005 * p)
    ...     p = p - v

    >>> from ravine.rules import LARS, walk
    >>> bool(np.allclose(walk(LARS(lr=5.0), [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from .rule import Number, Rule, divide, field, log, minimum, near_one, norm, times, where, zeros


class LARS(Rule):
    """Momentum at a step size of each tensor's own: `v <- rho v + lr s (g + weight_decay p); p <- p - v`."""

    lr: Number = field(
        1.0,
        "step length, in units of `trust` times the length of a tensor",
        at_least=0,
        search=log(1e-1, 1e2),
        searched=True,
        also=("learning rate", "step size", "alpha", "eta"),
    )
    momentum: Number = field(
        0.9,
        "share of the velocity that a step keeps: it sums over about 1/(1-momentum) steps",
        within="[0, 1)",
        search=near_one(0.5, 0.99),
        also=("rho", "mu", "beta", "gamma", "friction", "heavy ball"),
    )
    weight_decay: Number = field(
        5e-4,
        "pull toward zero in proportion to the weight, in units of gradient per unit of the parameter",
        at_least=0,
        search=log(1e-5, 1e-2),
        also=("lambda", "l2", "wd", "beta"),
    )
    trust: Number = field(
        1e-3,
        "share of a tensor's length that one gradient moves it by, at an lr of 1",
        at_least=0,
        search=log(1e-4, 1e-1),
        also=("trust coefficient", "eta"),
    )

    state = {"v": zeros}
    parents = ("Momentum",)

    def update(self, p: Any, g: Any, v: Any) -> Any:
        size, slope = norm(p), norm(g)
        s = where(minimum(size, slope) > 0, divide(self.trust * size, slope + self.weight_decay * size), 1.0)
        v = self.momentum * v + self.lr * s * (g + times(self.weight_decay, p))
        p = p - v
        return p, v
