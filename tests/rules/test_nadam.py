"""NAdam: its momentum grows, and the gradient at hand takes part."""

import math

import pytest
import torch

from ravine.rules import Adam, NAdam

from .cases import Walker


def test_the_product_of_its_momenta_is_kept_to_every_digit():
    walker = Walker(NAdam(momentum_decay=0.01), [torch.zeros(1, dtype=torch.bfloat16)])
    for _ in range(100):
        walker.step([torch.ones(1, dtype=torch.bfloat16)])
    wanted = math.prod(0.9 * (1 - 0.96 ** (0.01 * t) / 2) for t in range(1, 101))
    assert walker.states[0]["mu_product"].item() == pytest.approx(wanted, rel=1e-12, abs=0)


def test_without_momentum_it_is_adam():
    walkers = [Walker(rule(lr=0.01, beta1=0.0), [torch.zeros(3, dtype=torch.float64)]) for rule in (NAdam, Adam)]
    for g in torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64):
        for walker in walkers:
            walker.step([g])
    assert torch.allclose(walkers[0].params[0], walkers[1].params[0], rtol=0, atol=1e-14)


def test_it_answers_a_turn_of_the_gradient_a_step_earlier_than_adam():
    walkers = [Walker(rule(lr=0.01), [torch.zeros(1, dtype=torch.float64)]) for rule in (NAdam, Adam)]
    turns = []
    for walker in walkers:
        for t in range(60):
            before = walker.params[0]
            walker.step([torch.tensor([1.0 if t < 20 else -1.0], dtype=torch.float64)])
            if t >= 20 and walker.params[0] > before:
                turns.append(t)
                break
    assert turns[0] < turns[1]
