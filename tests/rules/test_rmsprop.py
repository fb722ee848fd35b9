"""RMSprop: plain, centered, and with momentum."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.rules import Adam, RMSprop

from .cases import Walker


@given(scale=st.floats(1e-6, 1e6), centered=st.booleans(), momentum=st.none() | st.floats(0, 0.9))
def test_the_scale_of_the_gradient_does_not_matter_without_eps(scale, centered, momentum):
    grads = torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rule = RMSprop(eps=0.0, centered=centered, momentum=momentum)
    walkers = [Walker(rule, [torch.zeros(3, dtype=torch.float64)]) for _ in range(2)]
    for g in grads:
        walkers[0].step([g])
        walkers[1].step([scale * g])
    assert torch.allclose(walkers[0].params[0], walkers[1].params[0], rtol=1e-9, atol=1e-12)


def test_is_adam_without_mean_and_without_correction():
    rules = RMSprop(lr=0.01, beta=0.99), Adam(lr=0.01, beta1=0.0, beta2=0.99, bias_correction=False)
    walkers = [Walker(rule, [torch.zeros(3, dtype=torch.float64)]) for rule in rules]
    for g in torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64):
        for walker in walkers:
            walker.step([g])
    assert torch.equal(walkers[0].params[0], walkers[1].params[0])


def test_centered_it_divides_by_the_standard_deviation():
    walker = Walker(RMSprop(lr=1.0, beta=0.9, eps=0.0, centered=True), [torch.zeros(1, dtype=torch.float64)])
    grads = [1.0, 3.0, 2.0]
    for g in grads:
        before = walker.params[0]
        walker.step([torch.tensor([g], dtype=torch.float64)])
    weights = [0.1 * 0.9 ** (2 - k) for k in range(3)]
    mean = sum(w * g for w, g in zip(weights, grads, strict=True))
    square = sum(w * g**2 for w, g in zip(weights, grads, strict=True))
    assert (before - walker.params[0]).item() == pytest.approx(2.0 / math.sqrt(square - mean**2), rel=1e-12)


def test_a_variance_that_rounding_made_negative_is_no_step_to_nowhere():
    # After long equal gradients, v - m^2 is rounding alone, of either sign.
    walker = Walker(RMSprop(centered=True), [torch.zeros(50)])
    for _ in range(3000):
        walker.step([torch.linspace(0.1, 1.0, 50)])
        below = walker.states[0]["v"] < walker.states[0]["m"] ** 2
        if below.any():
            break
    assert below.any()
    assert walker.params[0].isfinite().all()


def test_slots_are_there_only_where_they_are_used():
    assert list(RMSprop().slots()) == ["v"]
    assert list(RMSprop(centered=True).slots()) == ["v", "m"]
    assert list(RMSprop(momentum=0.9).slots()) == ["v", "u"]
    assert list(RMSprop(momentum=0.0).slots()) == ["v", "u"]  # it may move


def test_a_momentum_of_zero_is_none():
    walkers = [Walker(RMSprop(momentum=momentum), [torch.zeros(3, dtype=torch.float64)]) for momentum in (0.0, None)]
    for g in torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64):
        for walker in walkers:
            walker.step([g])
    assert torch.equal(walkers[0].params[0], walkers[1].params[0])
