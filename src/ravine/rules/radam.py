"""RAdam: Adam that trusts the mean of squares only as far as it has seen enough of them.

Liu et al. 2020, "On the Variance of the Adaptive Learning Rate and Beyond", Algorithm 2.
https://arxiv.org/abs/1908.03265

Choose it when Adam needs a warmup to get going: this is one that has nothing to tune.
Departs from the paper: as PyTorch does, it divides from `rho > 5` on (from 4 there), and adds eps to the root of v
before v is corrected for starting at zero. The paper has no eps.

In a few lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p, m, v = np.array([1.0, 10.0]), np.array([1.0, 1.0]), 0, 0
    >>> longest = 2 / (1 - 0.999) - 1
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    ...     rho, d = longest - 2 * t * 0.999**t / (1 - 0.999**t), 1.0
    ...     if rho > 5:
    ...         r = np.sqrt((rho - 4) * (rho - 2) * longest / ((longest - 4) * (longest - 2) * rho))
    ...         d = r * np.sqrt(1 - 0.999**t) / (np.sqrt(v) + 1e-8)
    ...     p = p - 0.05 * d * m / (1 - 0.9**t)

    >>> from ravine.rules import RAdam, walk
    >>> bool(np.allclose(walk(RAdam(lr=0.05), [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from .rule import Number, Rule, divide, field, log, maximum, near_one, sqrt, where, zeros


class RAdam(Rule):
    """Steps by momentum at first, then more and more by Adam: `p <- p - lr r m_hat / (sqrt(v_hat) + eps)`, r to 1."""

    lr: Number = field(
        1e-3,
        "step length, in units of the parameter",
        at_least=0,
        search=log(1e-3, 1.0),
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
        "memory of the mean squared gradient: about 1/(1-beta2) steps",
        within="[0, 1)",
        search=near_one(0.9, 0.9999),
        also=("rho", "alpha", "decay rate"),
    )
    eps: Number = field(
        1e-8,
        "floor under the root, in units of the gradient",
        at_least=0,
        search=log(1e-10, 1e-4),
        also=("epsilon", "fudge factor"),
    )

    state = {"m": zeros, "v": zeros}
    parents = ("Adam",)

    def update(self, p: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
        m = self.beta1 * m + (1 - self.beta1) * g
        v = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**t)
        rho_inf = 2 / (1 - self.beta2) - 1
        rho_t = rho_inf - 2 * t * self.beta2**t / (1 - self.beta2**t)
        r = sqrt(maximum(divide((rho_t - 4) * (rho_t - 2) * rho_inf, (rho_inf - 4) * (rho_inf - 2) * rho_t), 0.0))
        d = where(rho_t > 5, r * divide(sqrt(1 - self.beta2**t) * m_hat, sqrt(v) + self.eps), m_hat)
        p = p - self.lr * d
        return p, m, v
