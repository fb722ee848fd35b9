"""Adagrad: a step size of its own for every parameter, shrinking with all the gradient that it has seen.

Duchi, Hazan & Singer 2011, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
Figure 1 with diagonal matrices. https://jmlr.org/papers/v12/duchi11a.html

Choose it when features are sparse: what is seldom seen keeps its large steps. Over long training its steps die out.
Departs from the paper: nothing. The paper's delta is `eps` here, outside the root; `initial` is PyTorch's
`initial_accumulator_value`. `lr_decay` is PyTorch's too: lr falls with the steps that the parameter itself has
taken, where the schedule `inverse_time` counts those of training.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p, s = np.array([1.0, 10.0]), np.array([1.0, 1.0]), 0
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     s = s + g**2
    ...     p = p - 0.5 * g / (np.sqrt(s) + 1e-10)

    >>> from ravine.rules import Adagrad, walk
    >>> bool(np.allclose(walk(Adagrad(lr=0.5), [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from .rule import Number, Rule, Start, divide, field, flag, log, sqrt


class Adagrad(Rule):
    """Divides the gradient by the root of the sum of all its squares: `p <- p - lr g / (sqrt(s) + eps)`."""

    lr: Number = field(
        1e-2,
        "length of the first step, in units of the parameter",
        at_least=0,
        search=log(1e-3, 1.0),
        searched=True,
        also=("learning rate", "step size", "alpha", "eta"),
    )
    eps: Number = field(
        1e-10,
        "floor under the root, in units of the gradient (of its square where inside)",
        at_least=0,
        search=log(1e-12, 1e-4),
        also=("epsilon", "delta", "fudge factor"),
    )
    eps_inside: bool = flag(False, "whether eps is added inside the root, where its unit is the gradient squared")
    initial: Number = field(
        0.0,
        "sum of squares to begin with, in units of the gradient squared",
        at_least=0,
        search=log(1e-6, 1.0),
        also=("initial accumulator value",),
    )
    lr_decay: Number = field(
        None,
        "how fast lr falls, as lr / (1 + lr_decay (t - 1)): to half after 1/lr_decay steps; None for not at all",
        at_least=0,
        search=log(1e-5, 1e-1),
    )

    state = {"s": Start("initial")}
    parents = ("SGD",)

    def update(self, p: Any, g: Any, s: Any, t: Any) -> Any:
        s = s + g**2
        root = sqrt(s + self.eps) if self.eps_inside else sqrt(s) + self.eps
        slower = 1 if self.lr_decay is None else 1 + self.lr_decay * (t - 1)
        p = p - self.lr / slower * divide(g, root)
        return p, s
