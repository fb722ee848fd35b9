"""Adadelta: the size of recent steps over the size of recent gradients, so that units match and no lr is needed.

Zeiler 2012, "ADADELTA: An Adaptive Learning Rate Method", Algorithm 1. https://arxiv.org/abs/1212.5701

Choose it when nothing may be tuned; it starts slowly, because its first steps are about as long as `sqrt(eps)`.
Departs from the paper: rho is 0.9 by default as in PyTorch (0.95 there), and lr, absent there, multiplies the step;
at its default of 1 it changes nothing. A search still moves lr, because steps times 3 or 10 often serve better.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p, v, u = np.array([1.0, 10.0]), np.array([1.0, 1.0]), 0, 0
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     v = 0.9 * v + 0.1 * g**2
    ...     d = np.sqrt(u + 1e-6) / np.sqrt(v + 1e-6) * g
    ...     u, p = 0.9 * u + 0.1 * d**2, p - d

    >>> from ravine.rules import Adadelta, walk
    >>> bool(np.allclose(walk(Adadelta(), [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from .rule import Number, Rule, divide, field, flag, log, near_one, sqrt, zeros


class Adadelta(Rule):
    """Scales the gradient by the root mean square of steps over that of gradients: `p <- p - lr rms(d) / rms(g) g`."""

    lr: Number = field(
        1.0,
        "factor on the step, without a unit",
        at_least=0,
        search=log(1e-1, 1e2),
        searched=True,
        also=("learning rate", "step size", "alpha", "eta"),
    )
    rho: Number = field(
        0.9,
        "memory of both mean squares: about 1/(1-rho) steps",
        within="[0, 1)",
        search=near_one(0.5, 0.99),
        also=("decay rate", "alpha", "beta", "beta2"),
    )
    eps: Number = field(
        1e-6,
        "floor under both mean squares, in units of the gradient and of the parameter squared (not squared outside)",
        at_least=0,
        search=log(1e-9, 1e-4),
        also=("epsilon", "fudge factor"),
    )
    eps_inside: bool = flag(True, "whether eps is added inside both roots, where its units are squared")

    state = {"v": zeros, "u": zeros}
    parents = ("Adagrad",)

    def update(self, p: Any, g: Any, v: Any, u: Any) -> Any:
        v = self.rho * v + (1 - self.rho) * g**2
        rms_g = sqrt(v + self.eps) if self.eps_inside else sqrt(v) + self.eps
        rms_d = sqrt(u + self.eps) if self.eps_inside else sqrt(u) + self.eps
        d = divide(rms_d, rms_g) * g
        u = self.rho * u + (1 - self.rho) * d**2
        p = p - self.lr * d
        return p, v, u
