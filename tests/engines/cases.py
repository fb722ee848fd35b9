"""What the tests of the engines share: where a rule ends on recorded gradients, by any engine in any precision."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ravine.optim import Optimizer
from ravine.rules import Rule

from ..rules.cases import DESCENDING, recorded, starts

COMPILED = [rule for rule in DESCENDING if "Muon" not in repr(rule) and not rule.looks_ahead()]
"""Every rule and wrapper that can be compiled, in all its written forms."""


def parameters(dtype: torch.dtype, rounded: torch.dtype) -> list[Tensor]:
    """Parameters of many kinds whose values are rounded to one precision and held in another, strides kept."""
    like = starts(torch.float64)
    values = [torch.empty_strided(p.shape, p.stride(), dtype=dtype) for p in like]
    return [p.copy_(start.to(rounded)).requires_grad_() for p, start in zip(values, like, strict=True)]


def ends(rule: Rule, dtype: torch.dtype, engine: str, rounded: torch.dtype | None = None) -> list[Tensor]:
    """Where the parameters end after 100 recorded steps, in float64."""
    params = parameters(dtype, rounded or dtype)
    optimizer = Optimizer(params, rule, engine=engine)
    for grads in recorded(starts(torch.float64), 100):
        for p, g in zip(params, grads, strict=True):
            p.grad = None if g is None else g.to(rounded or dtype).to(dtype)
        optimizer.step()
    assert {choice.engine for choice in optimizer.engines} == {engine}
    return [p.detach().double() for p in params]


def distance(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> float:
    """The Euclidean norm of all differences."""
    return float(torch.linalg.vector_norm(torch.cat([(a - b).flatten() for a, b in zip(ours, theirs, strict=True)])))
