"""SGD: one step downhill along the gradient.

Robbins & Monro 1951, "A Stochastic Approximation Method"; Cauchy 1847 for the whole-batch form.
https://doi.org/10.1214/aoms/1177729586

Choose it when memory is short, or as the yardstick that every other method has to beat.
Departs from the paper: nothing.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p, lr = np.array([1.0, 10.0]), np.array([1.0, 1.0]), 0.05
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     p = p - lr * g

    >>> from ravine.rules import SGD, walk
    >>> bool(np.allclose(walk(SGD(lr=0.05), [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from .rule import Number, Rule, field, log


class SGD(Rule):
    """Steps along the negative gradient: `p <- p - lr g`."""

    lr: Number = field(
        1e-2,
        "step length, in units of the parameter per unit of gradient",
        at_least=0,
        search=log(1e-2, 10.0),
        searched=True,
        also=("learning rate", "step size", "alpha", "eta"),
    )

    def update(self, p: Any, g: Any) -> Any:
        p = p - self.lr * g
        return p
