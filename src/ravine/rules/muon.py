"""Muon: momentum whose step moves every direction of a matrix by the same amount.

Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks".
https://kellerjordan.github.io/posts/muon/
Weight decay and `adjust="match_rms_adamw"`: Liu et al. 2025, "Muon is Scalable for LLM Training".
https://arxiv.org/abs/2502.16982

Choose it when the hidden layers are large matrices and the network is trained long, with AdamW for all else, as its
author prescribes: `Split(Muon(), AdamW())`.
Departs from the papers: the Newton-Schulz steps run in the gradient's own precision unless `bfloat16=True`, which is
what its author and PyTorch do: bfloat16 is faster on a GPU and has three digits, so that the path would depend on
machine and library. The momentum is an average, `(1 - momentum)` times the sum, as in both; the norm that is divided
by takes that factor out again. `weight_decay` is PyTorch's 0.1, multiplied by lr. A tensor of more than two
dimensions is the matrix of its first against all others, as the author's code has it, also in `adjust`, where that
code takes the last two.

In a few lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np, torch
    >>> curvature, p, m = np.array([[1.0, 10.0], [2.0, 5.0]]), np.ones((2, 2)), 0
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     m = 0.95 * m + 0.05 * g
    ...     x = 0.95 * m + 0.05 * g
    ...     x = x / np.linalg.norm(x)
    ...     for _ in range(5):
    ...         x = 3.4445 * x - 4.7750 * (x @ x.T) @ x + 2.0315 * (x @ x.T) @ (x @ x.T) @ x
    ...     p = (1 - 0.02 * 0.1) * p - 0.02 * x

    >>> from ravine.rules import Muon, walk
    >>> bool(np.allclose(walk(Muon(lr=0.02), np.ones((2, 2)), curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from ..errors import RavineError
from ..fields import text
from .matrix import columns, newton_schulz, rows
from .rule import Number, Rule, field, flag, inner, integers, log, maximum, near_one, option, sqrt, zeros


class Muon(Rule):
    """Steps by the orthogonal matrix nearest to a mean gradient: `p <- (1 - lr weight_decay) p - lr NS(u)`."""

    lr: Number = field(
        1e-3,
        "step length, in units of the spectral norm of a matrix (of AdamW's lr where that is matched)",
        at_least=0,
        search=log(3e-4, 3e-1),
        searched=True,
        also=("learning rate", "step size", "alpha", "eta"),
    )
    momentum: Number = field(
        0.95,
        "memory of the mean gradient: about 1/(1-momentum) steps",
        within="[0, 1)",
        search=near_one(0.5, 0.99),
        also=("mu", "beta", "beta1", "friction"),
    )
    weight_decay: Number = field(
        0.1,
        "share of the weights that a step takes away, per unit of lr",
        at_least=0,
        search=log(3e-3, 3.0),
        also=("lambda", "l2", "wd"),
    )
    eps: Number = field(
        1e-7,
        "floor under the norm of the mean gradient, in its units",
        at_least=0,
        search=log(1e-10, 1e-4),
        also=("epsilon",),
    )
    steps: Number = field(
        5, "count of Newton-Schulz steps", at_least=0, whole=True, search=integers(3, 10), also=("ns_steps",)
    )
    coefficients: Any = inner("a, b and c of a Newton-Schulz step", (3.4445, -4.7750, 2.0315))
    nesterov: bool = flag(True, "whether the gradient at hand takes part in the mean once more")
    adjust: str = option(
        "original",
        ("original", "match_rms_adamw", "none"),
        "how lr follows the shape: sqrt(max(1, rows/columns)), or 0.2 sqrt(max(rows, columns)), or not at all",
        also=("adjust_lr_fn",),
    )
    bfloat16: bool = flag(False, "whether the Newton-Schulz steps run in bfloat16, whatever the parameters have")

    state = {"m": zeros}
    parents = ("Nesterov",)

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        given = self.coefficients
        if not (isinstance(given, tuple) and len(given) == 3 and all(type(each) in (int, float) for each in given)):
            raise RavineError(f"Muon(coefficients={text(given)}): coefficients must be three numbers, (a, b, c).")

    def update(self, p: Any, g: Any, m: Any) -> Any:
        m = self.momentum * m + (1 - self.momentum) * g
        u = self.momentum * m + (1 - self.momentum) * g if self.nesterov else m
        o = newton_schulz(u, self.steps, self.coefficients, self.eps, self.bfloat16)
        p = (1 - self.lr * self.weight_decay) * p - self.lr * self.adjusted(p) * o
        return p, m

    def adjusted(self, p: Any) -> Any:
        """Gives the factor on lr that a matrix of this shape gets."""
        if self.adjust == "none":
            return 1
        if self.adjust == "original":
            return sqrt(maximum(1, rows(p) / columns(p)))
        return 0.2 * sqrt(maximum(rows(p), columns(p)))
