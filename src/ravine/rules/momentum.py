"""Momentum: steps along a decaying sum of past gradients, so that a ravine is run along and not across.

Polyak 1964, "Some methods of speeding up the convergence of iteration methods".
https://doi.org/10.1016/0041-5553(64)90137-5

Choose it when there is time to tune one step size: with a schedule it is the strongest plain method for
networks that convolve.
Departs from the paper: nothing; it is written in three ways, and texts seldom say which.

- `"velocity"`: `v = rho v + g; p = p - lr v`, PyTorch's and the default. lr acts on the whole velocity at once.
- `"step"`: `v = rho v - lr g; p = p + v`, Polyak's own and TensorFlow's. v is the step itself, and remembers the lr
  of every gradient in it. The same path as `"velocity"` only while lr stands still.
- `"average"`: `v = rho v + (1 - rho) g; p = p - lr v`, Adam's. v is a true average of gradients, smaller by
  `1 - rho`: the path of `"velocity"` with lr times `1 - rho`.

`dampening` is PyTorch's: `v = rho v + (1 - dampening) g` from the second step on, while the first gradient enters
whole. With `dampening=rho` that is an average which begins at the first gradient instead of at zero.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p, v = np.array([1.0, 10.0]), np.array([1.0, 1.0]), 0
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     v = 0.9 * v + g
    ...     p = p - 0.05 * v

    >>> from ravine.rules import Momentum, walk
    >>> bool(np.allclose(walk(Momentum(lr=0.05), [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from ..errors import RavineError
from .rule import Number, Rule, field, log, near_one, option, uniform, where, zeros


class Momentum(Rule):
    """Steps along a decaying sum of gradients: `v <- rho v + g; p <- p - lr v`, with `momentum` for rho."""

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
        also=("rho", "mu", "beta", "gamma", "friction", "heavy ball"),
    )
    form: str = option(
        "velocity", ("velocity", "step", "average"), "whether v sums gradients, or steps, or averages gradients"
    )
    dampening: Number = field(
        None,
        "share of every gradient but the first that the velocity leaves out; None for no such thing",
        within="[0, 1]",
        search=uniform(0.0, 0.9),
    )

    state = {"v": zeros}
    parents = ("SGD",)

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        if self.dampening is not None and self.form != "velocity":
            raise RavineError(f"{self!r}: dampening belongs to form='velocity'.")

    def update(self, p: Any, g: Any, v: Any, t: Any) -> Any:
        if self.dampening is not None:
            s = where(t > 1, 1 - self.dampening, 1)
            v = self.momentum * v + s * g
            p = p - self.lr * v
        elif self.form == "velocity":
            v = self.momentum * v + g
            p = p - self.lr * v
        elif self.form == "step":
            v = self.momentum * v - self.lr * g
            p = p + v
        else:
            v = self.momentum * v + (1 - self.momentum) * g
            p = p - self.lr * v
        return p, v
