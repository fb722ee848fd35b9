"""Decay: pulls weights toward zero, by their size (L1), their square (L2), or both (elastic).

L2: Krogh & Hertz 1991, "A Simple Weight Decay Can Improve Generalization". L1 and its soft threshold: Tibshirani 1996,
"Regression Shrinkage and Selection via the Lasso"; Daubechies, Defrise & De Mol 2004 for the step.
https://doi.org/10.1002/cpa.20042 Elastic: Zou & Hastie 2005. Through the weights: see AdamW.

Choose it when the gap between training and test error is wide. L1 where weights should end at exactly zero.
Departs from the papers: nothing.

- `through="gradient"` adds `l2 p + l1 sign(p)` to the gradient, taken where the gradient was: a penalty
  `l2/2 |p|^2 + l1 |p|_1` on the loss, seen by everything that the rule does to gradients.
- `through="weights"` (the default) leaves the gradient alone: it multiplies the weights by `1 - lr l2` before the
  step, as AdamW does, and moves them by `lr l1` toward zero after it, and no further (the soft threshold, so that
  weights reach zero and stay there; `sign` would make them hop around it). `times_lr=False` leaves lr out of both.

For SGD, L2 through either is the same. They part ways as soon as a rule remembers or divides gradients. Momentum sums
the gradients of 1/(1-momentum) steps, but what goes through the weights counts once, so that it ends where a penalty
smaller by `1 - momentum` would. Through Adam's division, a penalty decays the weights with large gradients least.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p = np.array([1.0, 10.0]), np.array([1.0, 1.0])
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     p = (1 - 0.05 * 0.1) * p - 0.05 * g
    ...     p = np.sign(p) * np.maximum(np.abs(p) - 0.05 * 0.01, 0)

    >>> from ravine.rules import SGD, Decay, walk
    >>> rule = Decay(SGD(lr=0.05), l1=0.01, l2=0.1)
    >>> bool(np.allclose(walk(rule, [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from ..errors import RavineError
from ..part import leaves
from .by_depth import ByDepth
from .rule import Number, clamp, field, flag, log, option, sign, times
from .split import Split
from .wrapper import Wrapper


class Decay(Wrapper):
    """Adds `l2 p + l1 sign(p)` to the gradient, or shrinks the weights by `lr l2 p` and `lr l1` beside it."""

    l1: Number = field(
        0.0,
        "pull toward zero that is the same for large and small weights, in units of the gradient",
        at_least=0,
        search=log(1e-6, 1e-3),
        also=("lasso", "sparsity"),
    )
    l2: Number = field(
        0.0,
        "pull toward zero in proportion to the weight, in units of gradient per unit of the parameter",
        at_least=0,
        search=log(1e-5, 1e-2),
        also=("weight decay", "ridge", "lambda"),
    )
    through: str = option("weights", ("weights", "gradient"), "whether the weights shrink, or the loss has a penalty")
    times_lr: bool = flag(True, "whether what the weights lose is multiplied by lr", also=("decoupled", "independent"))

    def __post_init__(self) -> None:
        Wrapper.__post_init__(self)
        if self.through == "gradient" and not self.times_lr:
            raise RavineError(f"{self!r}: what goes through the gradient takes the rule's lr; use through='weights'.")
        if self.through == "weights" and self.times_lr and leaves(self.rule, lambda value: isinstance(value, Split)):
            raise RavineError(f"{self!r}: the two rules have each their own lr; write Split(Decay(...), Decay(...)).")
        if self.through == "weights" and self.times_lr and leaves(self.rule, lambda value: isinstance(value, ByDepth)):
            raise RavineError(f"{self!r}: every layer has its own lr inside; write ByDepth(Decay(...)).")

    def update(self, p: Any, g: Any, inner: Any, point: Any) -> Any:
        if self.through == "gradient":
            return inner(p, g + times(self.l2, point) + times(self.l1, sign(point)))
        scale = self.lr if self.times_lr else 1
        p = inner((1 - scale * self.l2) * p, g)
        threshold = scale * self.l1
        return p - clamp(p, -threshold, threshold)
