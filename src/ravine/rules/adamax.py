"""Adamax: Adam with the largest of recent gradients in the place of their mean square.

Kingma & Ba 2015, "Adam: A Method for Stochastic Optimization", Algorithm 2. https://arxiv.org/abs/1412.6980

Choose it when gradients come in bursts, as those of rare words do: one large gradient is never exceeded, and forgotten
at a known rate.
Departs from the paper: eps is added to the gradient's absolute value before the larger is taken, as in PyTorch; the
paper has none. Where PyTorch divides nothing by nothing (eps of 0, no gradient yet), there is no step.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p, m, u = np.array([1.0, 10.0]), np.array([1.0, 1.0]), 0, 0
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     m, u = 0.9 * m + 0.1 * g, np.maximum(0.999 * u, np.abs(g) + 1e-8)
    ...     p = p - 0.05 / (1 - 0.9**t) * m / u

    >>> from ravine.rules import Adamax, walk
    >>> bool(np.allclose(walk(Adamax(lr=0.05), [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from .rule import Number, Rule, absolute, divide, field, log, maximum, near_one, zeros


class Adamax(Rule):
    """Divides a mean of the gradient by the largest of recent ones: `p <- p - lr m_hat / u`."""

    lr: Number = field(
        2e-3,
        "step length, in units of the parameter",
        at_least=0,
        search=log(3e-4, 3e-1),
        searched=True,
        also=("learning rate", "step size", "alpha", "eta"),
    )
    beta1: Number = field(
        0.9,
        "memory of the mean gradient: about 1/(1-beta1) steps",
        within="[0, 1)",
        search=near_one(0.5, 0.99),
        also=("momentum", "friction", "decay rate"),
    )
    beta2: Number = field(
        0.999,
        "memory of the largest gradient: about 1/(1-beta2) steps",
        within="[0, 1)",
        search=near_one(0.9, 0.9999),
        also=("rho", "alpha", "decay rate"),
    )
    eps: Number = field(
        1e-8,
        "floor under the largest gradient, in units of the gradient",
        at_least=0,
        search=log(1e-10, 1e-4),
        also=("epsilon", "fudge factor"),
    )

    state = {"m": zeros, "u": zeros}
    parents = ("Adam",)

    def update(self, p: Any, g: Any, m: Any, u: Any, t: Any) -> Any:
        m = self.beta1 * m + (1 - self.beta1) * g
        u = maximum(self.beta2 * u, absolute(g) + self.eps)
        m_hat = m / (1 - self.beta1**t)
        p = p - self.lr * divide(m_hat, u)
        return p, m, u
