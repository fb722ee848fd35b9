"""Nesterov: momentum whose gradient is taken where the momentum is about to carry it.

Nesterov 1983, "A method of solving a convex programming problem with convergence rate O(1/k^2)".
The look-ahead form: Sutskever, Martens, Dahl & Hinton 2013, "On the importance of initialization and momentum in
deep learning", equations 3 and 4. https://proceedings.mlr.press/v28/sutskever13.html
The rearranged form: Bengio, Boulanger-Lewandowski & Pascanu 2013, section 3.5. https://arxiv.org/abs/1212.0901

Choose it when momentum overshoots: it sees a wall one step earlier, and on convex bowls it is provably the faster.
Departs from the paper: the momentum stands still (or follows a schedule) where Nesterov's grows like `1 - 3/t`.

Both forms describe the same path while lr and momentum stand still. The points p of the rearranged form are the
points `p + rho v` of the other, where its gradients are taken.

- `"rearranged"`: needs only the gradient at hand, so it steps like any other rule. PyTorch's, and the default.
- `"look-ahead"`: takes the gradient at `p + rho v`, so a step needs a closure that evaluates the loss there.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p, v = np.array([1.0, 10.0]), np.array([1.0, 1.0]), 0
    >>> for t in range(1, 51):
    ...     g = curvature * (p + 0.9 * v)
    ...     v = 0.9 * v - 0.05 * g
    ...     p = p + v

    >>> from ravine.rules import Nesterov, walk
    >>> ahead, rearranged = Nesterov(lr=0.05, form="look-ahead"), Nesterov(lr=0.05)
    >>> bool(np.allclose(walk(ahead, [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
    >>> bool(np.allclose(walk(rearranged, [1.0, 1.0], curvature, steps=50), p + 0.9 * v, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from .rule import Number, Rule, field, log, near_one, option, zeros


class Nesterov(Rule):
    """Steps by momentum that looks ahead: `v <- rho v - lr grad(p + rho v); p <- p + v`, or rearranged."""

    lr: Number = field(
        1e-2,
        "step length, in units of the parameter per unit of gradient",
        at_least=0,
        search=log(3e-3, 3.0),
        searched=True,
        also=("learning rate", "step size", "alpha", "eta"),
    )
    momentum: Number = field(
        0.9,
        "share of the velocity that a step keeps: it sums over about 1/(1-momentum) steps",
        within="[0, 1)",
        search=near_one(0.5, 0.99),
        also=("rho", "mu", "beta", "gamma", "friction", "accelerated gradient"),
    )
    form: str = option(
        "rearranged",
        ("rearranged", "look-ahead"),
        "whether the gradient at hand serves, or is taken ahead, by a closure",
    )

    state = {"v": zeros}
    parents = ("Momentum",)

    def gradient_at(self, p: Any, v: Any) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride] - it says where
        return p + self.momentum * v if self.form == "look-ahead" else p

    def looks_ahead(self) -> bool:
        return self.form == "look-ahead"

    def update(self, p: Any, g: Any, v: Any) -> Any:
        if self.form == "look-ahead":
            v = self.momentum * v - self.lr * g
            p = p + v
        else:
            v = self.momentum * v + g
            p = p - self.lr * (g + self.momentum * v)
        return p, v
