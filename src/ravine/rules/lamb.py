"""LAMB: Adam's step in every layer, stretched to the length of that layer's weights.

You et al. 2020, "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes", Algorithm 2.
https://arxiv.org/abs/1904.00962

Choose it when batches are very large and Adam is what serves at small ones: LARS with Adam in the place of momentum.
Departs from the paper: its function phi is the identity, as in its own experiments; where the weights or the step of
a layer are all zero, the ratio is 1 (undefined there). eps is 1e-6, and weight_decay 0.01 as in its BERT.

In a few lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p, m, v = np.array([1.0, 10.0]), np.array([1.0, 1.0]), 0, 0
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    ...     r = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-6) + 0.01 * p
    ...     p = p - 0.05 * np.linalg.norm(p) / np.linalg.norm(r) * r

    >>> from ravine.rules import LAMB, walk
    >>> bool(np.allclose(walk(LAMB(lr=0.05), [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from .rule import Number, Rule, divide, field, log, minimum, near_one, norm, sqrt, times, where, zeros


class LAMB(Rule):
    """Adam's step r with the weights decayed, as long as a share lr of each tensor: `p <- p - lr |p| / |r| r`."""

    lr: Number = field(
        1e-3,
        "step length, as a share of a tensor's own length",
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
        1e-6,
        "floor under the root, in units of the gradient",
        at_least=0,
        search=log(1e-10, 1e-4),
        also=("epsilon", "fudge factor"),
    )
    weight_decay: Number = field(
        1e-2,
        "pull toward zero in proportion to the weight, in units of Adam's step per unit of the parameter",
        at_least=0,
        search=log(1e-3, 1.0),
        also=("lambda", "l2", "wd"),
    )

    state = {"m": zeros, "v": zeros}
    parents = ("AdamW", "LARS")

    def update(self, p: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
        m = self.beta1 * m + (1 - self.beta1) * g
        v = self.beta2 * v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**t)
        v_hat = v / (1 - self.beta2**t)
        r = divide(m_hat, sqrt(v_hat) + self.eps) + times(self.weight_decay, p)
        size, length = norm(p), norm(r)
        s = where(minimum(size, length) > 0, divide(size, length), 1.0)
        p = p - self.lr * s * r
        return p, m, v
