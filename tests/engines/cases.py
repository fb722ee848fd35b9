"""What the tests of the engines share: where a rule ends on recorded gradients, by any engine in any precision."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ravine.optim import Optimizer
from ravine.rules import Rule
from ravine.rules.rule import absolute, cos, sin, where

from ..rules.cases import DESCENDING, recorded, starts

COMPILED = [rule for rule in DESCENDING if "Muon" not in repr(rule) and not rule.looks_ahead()]
"""Every rule and wrapper that can be compiled, in all its written forms."""


class Squeeze(Rule):
    """Every operation that a rule may use, at least once."""

    def update(self, p, g, t):
        x = where(g > 0, g**3, absolute(g) ** 0.5) + 1 / (2.0 + g**2) - (-g) ** 2 / (t + 1) ** 1.5
        x = x + where(g > 0, g.log(), cos(g) * sin(t * p))
        y = where((g >= 1) == (p <= 1), x, p.exp().clamp(max=3.0)).maximum(p.sign()).minimum(x + 2**t)
        return p - 0.01 * where(p != 0, y, g**0 + absolute(p) ** -1.5) - 0.001 * (p.mean() + p.norm() ** -1)


def parameters(dtype: torch.dtype, rounded: torch.dtype) -> list[Tensor]:
    """Parameters of many kinds whose values are rounded to one precision and held in another, strides kept."""
    like = starts(torch.float64)
    values = [torch.empty_strided(p.shape, p.stride(), dtype=dtype) for p in like]
    return [p.copy_(start.to(rounded)).requires_grad_() for p, start in zip(values, like, strict=True)]


def ends(
    rule: Rule, dtype: torch.dtype, engine: str, rounded: torch.dtype | None = None, steps: int = 100
) -> list[Tensor]:
    """Where the parameters end after recorded steps, in float64."""
    params = parameters(dtype, rounded or dtype)
    optimizer = Optimizer(params, rule, engine=engine)
    for grads in recorded(starts(torch.float64), steps):
        for p, g in zip(params, grads, strict=True):
            p.grad = None if g is None else g.to(rounded or dtype).to(dtype)
        optimizer.step()
    assert {choice.engine for choice in optimizer.engines} == {engine}
    return [p.detach().double() for p in params]


def distance(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> float:
    """The Euclidean norm of all differences."""
    return float(torch.linalg.vector_norm(torch.cat([(a - b).flatten() for a, b in zip(ours, theirs, strict=True)])))
