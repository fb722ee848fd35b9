"""Maximize: climbs instead of descending.

The mirror of any rule: `maximize f` is `minimize -f`, Boyd & Vandenberghe 2004, "Convex Optimization", section 4.1.3.
https://web.stanford.edu/~boyd/cvxbook/

Choose it when what is computed is better the larger it is: a likelihood, a reward.
Departs from the papers: nothing; it is the `maximize` of PyTorch's optimizers. A penalty inside, as in
`Maximize(Decay(SGD(), l2=0.1, through="gradient"))`, still pulls the weights toward zero; one outside would push.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p = np.array([1.0, 10.0]), np.array([1.0, 1.0])
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     p = p + 0.001 * g

    >>> from ravine.rules import SGD, Maximize, walk
    >>> bool(np.allclose(walk(Maximize(SGD(lr=0.001)), [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from .wrapper import Wrapper


class Maximize(Wrapper):
    """Hands the wrapped rule the gradient's opposite: `g <- -g`."""

    def update(self, p: Any, g: Any, inner: Any) -> Any:
        return inner(p, -g)

    def first_gradient(self, g: Any) -> Any:
        return -g
