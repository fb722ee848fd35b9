"""RMSprop: the gradient divided by the root of a recent mean of its square.

Tieleman & Hinton 2012, "Lecture 6.5: rmsprop", Neural Networks for Machine Learning, slide 29.
https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf
Centered, and with momentum: Graves 2013, "Generating Sequences With Recurrent Neural Networks", equations 38-45.
https://arxiv.org/abs/1308.0850

Choose it when gradients differ in scale and the best scale keeps changing: recurrent networks, reinforcement learning.
Departs from the paper: beta is 0.99 by default as in PyTorch (0.9 in the lecture), eps is outside the root (inside
for Graves), and momentum sums scaled gradients before lr (Graves sums steps, which differs where lr moves). A
centered mean square that rounding made negative counts as 0; in PyTorch its root is NaN.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p, v = np.array([1.0, 10.0]), np.array([1.0, 1.0]), 0
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     v = 0.99 * v + 0.01 * g**2
    ...     p = p - 0.01 * g / (np.sqrt(v) + 1e-8)

    >>> from ravine.rules import RMSprop, walk
    >>> bool(np.allclose(walk(RMSprop(lr=0.01), [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from .rule import Number, Rule, divide, field, flag, log, maximum, near_one, sqrt, zeros


class RMSprop(Rule):
    """Divides the gradient by the root of a mean of its square: `p <- p - lr g / (sqrt(v) + eps)`."""

    lr: Number = field(
        1e-2,
        "step length, in units of the parameter",
        at_least=0,
        search=log(1e-4, 1e-1),
        searched=True,
        also=("learning rate", "step size", "eta"),
    )
    beta: Number = field(
        0.99,
        "memory of the mean squared gradient: about 1/(1-beta) steps",
        within="[0, 1)",
        search=near_one(0.9, 0.999),
        also=("alpha", "rho", "gamma", "beta2", "decay rate", "smoothing constant"),
    )
    eps: Number = field(
        1e-8,
        "floor under the root, in units of the gradient (of its square where inside)",
        at_least=0,
        search=log(1e-10, 1e-4),
        also=("epsilon", "fudge factor"),
    )
    eps_inside: bool = flag(False, "whether eps is added inside the root, where its unit is the gradient squared")
    centered: bool = flag(False, "whether the mean gradient's square is taken off, which leaves the variance")
    momentum: Number = field(
        None,
        "share of the velocity that a step keeps; None for no velocity and no memory for it",
        within="[0, 1)",
        search=near_one(0.5, 0.99),
        also=("mu", "friction", "heavy ball"),
    )

    state = {"v": zeros, "m": zeros.when("centered"), "u": zeros.when("momentum")}
    parents = ("Adagrad",)

    def update(self, p: Any, g: Any, v: Any, m: Any, u: Any) -> Any:
        v = self.beta * v + (1 - self.beta) * g**2
        if self.centered:
            m = self.beta * m + (1 - self.beta) * g
        spread = maximum(v - m**2, 0.0) if self.centered else v
        root = sqrt(spread + self.eps) if self.eps_inside else sqrt(spread) + self.eps
        if self.momentum is None:
            p = p - self.lr * divide(g, root)
        else:
            u = self.momentum * u + divide(g, root)
            p = p - self.lr * u
        return p, v, m, u
