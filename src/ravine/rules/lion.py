"""Lion: steps of one length in every parameter, by the sign of a mean gradient.

Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms", Algorithm 2. https://arxiv.org/abs/2302.06675

Choose it when memory is short, since it keeps one slot where Adam keeps two, and batches are large.
Departs from the paper: nothing; it leaves `weight_decay` to the task, and here it is 0 by default. Every step is lr
long whatever the gradient, so lr is three to ten times smaller than AdamW's, and weight_decay as much larger.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p, m = np.array([1.0, 10.0]), np.array([1.0, 1.0]), 0
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     c = 0.9 * m + 0.1 * g
    ...     p = p - 0.01 * (np.sign(c) + 0.1 * p)
    ...     m = 0.99 * m + 0.01 * g

    >>> from ravine.rules import Lion, walk
    >>> rule = Lion(lr=0.01, weight_decay=0.1)
    >>> bool(np.allclose(walk(rule, [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from .rule import Number, Rule, field, log, near_one, sign, zeros


class Lion(Rule):
    """Steps by the sign of a mean that leans to the gradient at hand: `p <- (1 - lr weight_decay) p - lr sign(c)`."""

    lr: Number = field(
        1e-4,
        "length of every step, in units of the parameter",
        at_least=0,
        search=log(1e-4, 1e-1),
        searched=True,
        also=("learning rate", "step size", "alpha", "eta"),
    )
    beta1: Number = field(
        0.9,
        "share of the memory in the step, beside the gradient at hand",
        within="[0, 1)",
        search=near_one(0.5, 0.99),
        also=("momentum", "friction", "decay rate"),
    )
    beta2: Number = field(
        0.99,
        "memory of the mean gradient: about 1/(1-beta2) steps",
        within="[0, 1)",
        search=near_one(0.9, 0.999),
        also=("momentum", "decay rate"),
    )
    weight_decay: Number = field(
        0.0,
        "share of the weights that a step takes away, per unit of lr",
        at_least=0,
        search=log(3e-2, 30.0),
        also=("lambda", "l2", "wd"),
    )

    state = {"m": zeros}
    parents = ("Momentum", "AdamW")

    def update(self, p: Any, g: Any, m: Any) -> Any:
        c = self.beta1 * m + (1 - self.beta1) * g
        p = (1 - self.lr * self.weight_decay) * p - self.lr * sign(c)
        m = self.beta2 * m + (1 - self.beta2) * g
        return p, m
