"""Clip: keeps gradients from being too long, by their elements or by their norm.

Pascanu, Mikolov & Bengio 2013, "On the difficulty of training Recurrent Neural Networks", Algorithm 1.
https://arxiv.org/abs/1211.5063

Choose it when training diverges now and then: recurrent networks, or any loss with cliffs. The norm over all tensors
keeps the direction; by value each element is cut on its own, and the direction turns.
Departs from the paper: `1e-6` is added to the norm before dividing, as in PyTorch's `clip_grad_norm_`.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p = np.array([1.0, 10.0]), np.array([1.0, 1.0])
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     g = g * min(2.0 / (np.sqrt((g**2).sum()) + 1e-6), 1)
    ...     p = p - 0.05 * g

    >>> from ravine.rules import SGD, Clip, walk
    >>> bool(np.allclose(walk(Clip(SGD(lr=0.05), norm=2.0), [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from ..errors import RavineError
from .rule import Number, clamp, field, global_norm, log, minimum, norm, option
from .wrapper import Wrapper


class Clip(Wrapper):
    """Shortens gradients whose norm is above a bound: `g <- g min(norm / (|g| + 1e-6), 1)`; or cuts every element."""

    value: Number = field(
        None,
        "largest absolute value that an element of the gradient keeps, in units of the gradient",
        at_least=0,
        search=log(1e-3, 1.0),
        also=("clipvalue", "clip_value", "clip_grad_value_"),
    )
    norm: Number = field(
        None,
        "largest norm that the gradient keeps, in units of the gradient",
        at_least=0,
        search=log(1e-2, 10.0),
        also=("max_norm", "clipnorm", "clip_grad_norm_"),
    )
    over: str = option("all", ("all", "each"), "whether the norm is taken over all tensors together, or over each")

    def __post_init__(self) -> None:
        Wrapper.__post_init__(self)
        if (self.value is None) == (self.norm is None):
            raise RavineError(f"{self!r}: give one of value and norm, as in Clip(Adam(), norm=1.0).")
        if self.value is not None and self.over == "each":
            raise RavineError(f"{self!r}: over='each' belongs to norm; value looks at one element at a time.")

    def update(self, p: Any, g: Any, inner: Any) -> Any:
        if self.value is not None:
            return inner(p, clamp(g, -self.value, self.value))
        length = global_norm(g) if self.over == "all" else norm(g)
        return inner(p, g * minimum(self.norm / (length + 1e-6), 1.0))
