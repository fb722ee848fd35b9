"""The path of a rule on a quadratic bowl: what the textbook loops in each rule's page are held against."""

from collections.abc import Callable, Mapping, Sequence
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
        p, state = rule.step(p, gradient_of(lambda point: h * point, rule, p, state, t), state, t)
    slot = rule.predicting_slot() if predict else None
    return p if slot is None else state[slot]


def gradient_of(slope: Callable[[Any], Any], rule: Rule, p: Any, state: Mapping[str, Any], t: Any) -> Any:
    """Takes a function's gradient where a rule wants it, once or twice.

    Args:
        slope: The gradient of the function at a point.
        rule: The rule.
        p: The parameter, which is the only one.
        state: The slots by name.
        t: The parameter's own step count, from 1.

    Returns:
        The gradient that the rule is to step by.

    >>> from ravine.rules import SAM, SGD
    >>> gradient_of(lambda point: 2 * point, SAM(SGD(), radius=0.5), torch.tensor([3.0]), {}, 1)
    tensor([7.])
    """
    g = slope(rule.gradient_point(p, state, t))
    return slope(rule.gradient_point(p, state, t, g=g)) if rule.gradients_per_step() == 2 else g
