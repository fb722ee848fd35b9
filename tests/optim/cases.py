"""What the tests of the optimizer share: parameters, a bowl with bumps to walk down, rules that move."""

from typing import ClassVar

import pytest
import torch

from ravine.errors import RavineError
from ravine.rules import Adam, Average, Clip, Decay, Momentum, Nesterov, Rule
from ravine.rules.rule import zeros
from ravine.schedules import cosine, linear

SCHEDULED = [
    Adam(lr=cosine(0.1), beta1=linear(0.9, end=0.5)),
    Clip(Decay(Momentum(lr=linear(0.1)), l2=cosine(0.3)), norm=linear(2.0, end=0.5)),
    Average(Nesterov(lr=cosine(0.1), form="look-ahead"), decay=linear(0.5, end=0.9)),
]


def parameters(count=3):
    generator = torch.Generator().manual_seed(0)
    shapes = [(3, 2), (4,), ()][:count]
    return [torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_() for shape in shapes]


def gradients(params, t):
    """Gradients as a loss would give them, but the same for whoever asks at step t."""
    for k, p in enumerate(params):
        p.grad = torch.sin(p.detach() * (k + 1) + t)


def walk(optimizer, params, steps, begin=0):
    """Steps along the slope of a bowl with bumps; through a closure, so that any rule can."""
    for t in range(begin, begin + steps):

        def closure(t=t):
            gradients(params, t)
            return torch.tensor(float(t))

        optimizer.step(closure)
    return [p.detach().clone() for p in params]


def same(ours, theirs):
    return all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def sentence(call):
    with pytest.raises(RavineError) as refusal:
        call()
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


class Stubborn(Rule):
    """Keeps the parameter and the gradient of the step before, as a user's rule may: the very tensors."""

    state: ClassVar = {"p_before": zeros, "g_before": zeros}

    def update(self, p, g, p_before, g_before):
        return p - 0.1 * (g + g_before) + 0.01 * (p - p_before), p, g
