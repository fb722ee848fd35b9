"""NAdam: Adam that steps from where its momentum is about to carry it, as Nesterov does.

Dozat 2016, "Incorporating Nesterov Momentum into Adam", Algorithm 2.
https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ

Choose it when Adam does well and its beta1 is high: it answers the gradient at hand one step earlier.
Departs from the paper: nothing in the step. The paper leaves the growth of its momentum open; here it is PyTorch's,
`mu = beta1 (1 - 0.96^(t momentum_decay) / 2)`, from about half of beta1 up to beta1. The product of all mu so far,
`mu_product`, is kept in float64 (PyTorch keeps it in its default precision, float32).

In a few lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p, m, v = np.array([1.0, 10.0]), np.array([1.0, 1.0]), 0, 0
    >>> mu = [0.9 * (1 - 0.96 ** (t * 0.004) / 2) for t in range(52)]
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    ...     ahead, now = mu[t + 1] / (1 - np.prod(mu[1 : t + 2])), (1 - mu[t]) / (1 - np.prod(mu[1 : t + 1]))
    ...     p = p - 0.05 * (ahead * m + now * g) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)

    >>> from ravine.rules import NAdam, walk
    >>> bool(np.allclose(walk(NAdam(lr=0.05), [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from .rule import Number, Rule, Start, divide, field, log, near_one, sqrt, zeros


class NAdam(Rule):
    """Adam, its momentum looking one step ahead: `p <- p - lr m_hat / (sqrt(v_hat) + eps)`, g taking part in m_hat."""

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
    momentum_decay: Number = field(
        4e-3,
        "how fast the momentum grows from half of beta1 to beta1: to three quarters after 17/momentum_decay steps",
        at_least=0,
        search=log(1e-4, 1e-1),
        also=("psi", "schedule decay"),
    )

    state = {"m": zeros, "v": zeros, "mu_product": Start(1.0, scalar=True)}
    parents = ("Adam", "Nesterov")

    def update(self, p: Any, g: Any, m: Any, v: Any, mu_product: Any, t: Any) -> Any:
        mu = self.beta1 * (1 - 0.5 * 0.96 ** (t * self.momentum_decay))
        mu_next = self.beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * self.momentum_decay))
        mu_product = mu_product * mu
        m = self.beta1 * m + (1 - self.beta1) * g
        v = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = mu_next / (1 - mu_product * mu_next) * m + (1 - mu) / (1 - mu_product) * g
        v_hat = v / (1 - self.beta2**t)
        p = p - self.lr * divide(m_hat, sqrt(v_hat) + self.eps)
        return p, m, v, mu_product
