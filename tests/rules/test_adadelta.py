"""Adadelta: its units match, and its first step is as long as eps lets it be."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.rules import Adadelta

from .cases import Walker


@given(scale=st.floats(1e-3, 1e3))
def test_in_other_units_of_the_parameter_its_path_is_the_same(scale):
    # p' = scale p has gradients g / scale; the two floors share one eps, so their units are only right without one.
    grads = torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    walkers = [Walker(Adadelta(eps=0.0), [torch.zeros(3, dtype=torch.float64)]) for _ in range(2)]
    for walker, size in zip(walkers, (1.0, scale), strict=True):
        walker.states[0]["u"] = torch.full((3,), size**2, dtype=torch.float64)
    for g in grads:
        walkers[0].step([g])
        walkers[1].step([g / scale])
    assert torch.allclose(scale * walkers[0].params[0], walkers[1].params[0], rtol=1e-10, atol=0)


@pytest.mark.parametrize(
    ("inside", "first"), [(True, 1e-3 / math.sqrt(0.1 * 4 + 1e-6) * 2), (False, 1e-6 / (math.sqrt(0.4) + 1e-6) * 2)]
)
def test_the_first_step_has_the_size_of_the_floor(inside, first):
    walker = Walker(Adadelta(eps_inside=inside), [torch.zeros(1, dtype=torch.float64)])
    walker.step([torch.tensor([2.0], dtype=torch.float64)])
    assert walker.params[0].item() == pytest.approx(-first, rel=1e-12)


def test_lr_multiplies_the_step_and_nothing_else():
    walkers = [Walker(Adadelta(lr=lr), [torch.zeros(1, dtype=torch.float64)]) for lr in (1.0, 5.0)]
    for t in range(10):
        for walker in walkers:
            walker.step([torch.tensor([math.sin(t)], dtype=torch.float64)])
    assert walkers[1].params[0].item() == pytest.approx(5 * walkers[0].params[0].item(), rel=1e-12)
    assert torch.equal(walkers[0].states[0]["u"], walkers[1].states[0]["u"])
