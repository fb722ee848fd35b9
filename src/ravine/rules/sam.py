"""SAM: sharpness-aware minimization, which takes the gradient where the loss nearby is worst.

Foret, Kleiner, Mobahi & Neyshabur 2021, "Sharpness-Aware Minimization for Efficiently Improving Generalization",
Algorithm 1 with p = 2. https://arxiv.org/abs/2010.01412
Adaptive: Kwon, Kim, Park & Choi 2021, "ASAM: Adaptive Sharpness-Aware Minimization for Scale-Invariant Learning of Deep
Neural Networks", Algorithm 1. https://arxiv.org/abs/2102.11600

Choose it when the gap between training and test error is wide and time allows: a step takes two gradients, one at p,
and one at the worst point around it to first order, `radius` away along the first. The rule steps by the second.
Departs from the papers: where the gradient is zero, so is the move. Adaptive, 0.01 is added to every |p|, which the
second paper's code leaves out of biases, not knowing weights from biases here.

- The norm is over all tensors of all groups, whatever their rules: SAM goes around a `Split`.
- The first gradient counts as it comes. What stands around or inside, such as `Clip`, sees the second alone, but for
  `Maximize(SAM(...))`, where the worst is below.
- `Decay` inside or around, also through the gradient, pulls p itself, as the penalty in the first paper's equation 4;
  a penalty in the loss is taken where the gradients are.
- `WeightNoise` inside or around: both gradients of a step meet the same noise.
- A step needs a closure, which it calls twice and whose first loss it returns. `ravine.optim.repeatable` gives both
  calls the same dropout and keeps batch-norm statistics to the first.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p = np.array([1.0, 10.0]), np.array([1.0, 1.0])
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     g = curvature * (p + 0.1 * g / np.sqrt((g**2).sum()))
    ...     p = p - 0.05 * g

    >>> from ravine.rules import SAM, SGD, walk
    >>> rule = SAM(SGD(lr=0.05), radius=0.1)
    >>> bool(np.allclose(walk(rule, [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from ..errors import RavineError
from ..part import leaves
from .maximize import Maximize
from .rule import Number, absolute, divide, field, flag, global_norm, log, times
from .wrapper import Wrapper


class SAM(Wrapper):
    """Takes the gradient at `p + radius g/|g|`, where g is the gradient at p and the norm is over all tensors."""

    radius: Number = field(
        0.05,
        "distance from p at which the gradient is taken, in units of the parameter, or of its size where adaptive",
        at_least=0,
        search=log(0.01, 1.0),
        also=("rho", "sharpness", "sharpness-aware"),
    )
    adaptive: bool = flag(False, "whether each element moves in proportion to its size", also=("ASAM",))

    def __post_init__(self) -> None:
        Wrapper.__post_init__(self)
        for kind, advice in ((SAM, "one is enough; take one out"), (Maximize, "write Maximize(SAM(...))")):
            if leaves(self.rule, lambda value, kind=kind: isinstance(value, kind)):
                raise RavineError(f"{self!r}: there is {kind.__name__} inside; {advice}.")

    def gradient_at(self, p: Any, g: Any) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride] - it says where
        if self.adaptive:
            size = absolute(p) + 0.01
            g = size * g
            return p + times(self.radius, size * divide(g, global_norm(g)))
        return p + times(self.radius, divide(g, global_norm(g)))

    def update(self, p: Any, g: Any, inner: Any) -> Any:
        return inner(p, g)
