"""Adam: momentum and per-parameter step sizes, both corrected for starting at zero.

Kingma & Ba 2015, "Adam: A Method for Stochastic Optimization", Algorithm 1. https://arxiv.org/abs/1412.6980
AMSGrad: Reddi, Kale & Kumar 2018, "On the Convergence of Adam and Beyond", Algorithm 2.

Choose it when gradients differ in scale between layers, or when there is no time to tune.
Departs from the paper: nothing by default. AMSGrad corrects the largest v for starting at zero, as PyTorch does;
Algorithm 2 corrects nothing.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p, m, v = np.array([1.0, 10.0]), np.array([1.0, 1.0]), 0, 0
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    ...     m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
    ...     p = p - 0.05 * m_hat / (np.sqrt(v_hat) + 1e-8)

    >>> from ravine.rules import Adam, walk
    >>> bool(np.allclose(walk(Adam(lr=0.05), [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from .rule import Number, Rule, divide, field, flag, log, maximum, near_one, sqrt, zeros


class Adam(Rule):
    """Divides a mean of the gradient by the root of a mean of its square: `p <- p - lr m_hat / (sqrt(v_hat) + eps)`."""

    lr: Number = field(
        1e-3,
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
        "floor under the root, in units of the gradient (of its square where inside)",
        at_least=0,
        search=log(1e-10, 1e-4),
        also=("epsilon", "fudge factor"),
    )
    eps_inside: bool = flag(False, "whether eps is added inside the root, where its unit is the gradient squared")
    bias_correction: bool = flag(True, "whether m and v are corrected for starting at zero")
    amsgrad: bool = flag(False, "whether the largest v so far divides, so that steps never grow back")

    state = {"m": zeros, "v": zeros, "v_max": zeros.when("amsgrad")}
    parents = ("Momentum", "RMSprop")

    def update(self, p: Any, g: Any, m: Any, v: Any, v_max: Any, t: Any) -> Any:
        m = self.beta1 * m + (1 - self.beta1) * g
        v = self.beta2 * v + (1 - self.beta2) * g**2
        if self.amsgrad:
            v_max = maximum(v_max, v)
        m_hat, v_hat = m, v_max if self.amsgrad else v
        if self.bias_correction:
            m_hat = m / (1 - self.beta1**t)
            v_hat = v_hat / (1 - self.beta2**t)
        root = sqrt(v_hat + self.eps) if self.eps_inside else sqrt(v_hat) + self.eps
        p = p - self.lr * divide(m_hat, root)
        return p, m, v, v_max
