"""AdamW: Adam, with the weights themselves decayed instead of a penalty added to the gradient.

Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization", Algorithm 2. https://arxiv.org/abs/1711.05101

Choose it when Adam fits well and generalizes badly: every weight then decays at the same rate, where a penalty that
goes through Adam decays the weights with large gradients least.
Departs from the paper: the decay is multiplied by lr, as in PyTorch, so that a tuned `weight_decay` shifts when lr
does. `times_lr=False` makes them independent, as the paper asks; the paper's common schedule factor is then one
schedule more, `weight_decay=cosine(1e-4)`. Useful values are smaller there, by about a factor lr.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p, m, v = np.array([1.0, 10.0]), np.array([1.0, 1.0]), 0, 0
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     p = p - 0.05 * 0.01 * p
    ...     m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    ...     p = p - 0.05 * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)

    >>> from ravine.rules import AdamW, walk
    >>> bool(np.allclose(walk(AdamW(lr=0.05), [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from .adam import Adam
from .rule import Number, Rule, field, flag, log, near_one, zeros


class AdamW(Rule):
    """Shrinks the weights, then takes Adam's step: `p <- (1 - lr weight_decay) p - lr m_hat / (sqrt(v_hat) + eps)`."""

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
    weight_decay: Number = field(
        1e-2,
        "share of the weights that a step takes away, per unit of lr (per step where independent of it)",
        at_least=0,
        search=log(3e-3, 3.0),
        searched=True,
        also=("lambda", "l2", "wd"),
    )
    times_lr: bool = flag(True, "whether the decay is multiplied by lr", also=("decoupled", "independent"))
    eps_inside: bool = flag(False, "whether eps is added inside the root, where its unit is the gradient squared")
    bias_correction: bool = flag(True, "whether m and v are corrected for starting at zero")
    amsgrad: bool = flag(False, "whether the largest v so far divides, so that steps never grow back")

    state = {"m": zeros, "v": zeros, "v_max": zeros.when("amsgrad")}
    parents = ("Adam",)

    def update(self, p: Any, g: Any, m: Any, v: Any, v_max: Any, t: Any) -> Any:
        decay = self.lr * self.weight_decay if self.times_lr else self.weight_decay
        p = (1 - decay) * p
        return Adam.update(self, p, g, m, v, v_max, t)  # pyright: ignore[reportArgumentType] - it has Adam's fields
