"""The path of a rule on a quadratic bowl: what the textbook loops in each rule's page are held against."""

from collections.abc import Sequence
from typing import Any

import torch

from .rule import Rule
from .split import placed


def walk(rule: Rule, start: Sequence[Any], curvature: Sequence[Any], steps: int, predict: bool = False) -> torch.Tensor:
    """Follows a rule on `f(p) = 1/2 sum(curvature p^2)` in float64.

    Args:
        rule: The rule, its fields plain numbers.
        start: Where it starts, one number per coordinate, or rows of them.
        curvature: The second derivative along each coordinate; the gradient is `curvature * p`.
        steps: How many steps it takes.
        predict: Whether to give the weights that predict, where the rule averages, instead of those it walks with.

    Returns:
        Where it ends.

    >>> from ravine.rules import SGD
    >>> walk(SGD(lr=1.0), [1.0, 2.0], [1.0, 1.0], steps=1).tolist()
    [0.0, 0.0]
    """
    p = torch.tensor(start, dtype=torch.float64)
    h = torch.as_tensor(curvature, dtype=torch.float64)
    rule = placed(rule, [p])
    state = {name: slot.begin(p) for name, slot in rule.slots().items()}
    for t in range(1, steps + 1):
        p, state = rule.step(p, h * rule.gradient_point(p, state), state, t)
    slot = rule.predicting_slot() if predict else None
    return p if slot is None else state[slot]
