"""Adam: its corrections, and what its scaling leaves alone."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.rules import Adam, Momentum

from .cases import Walker


def random_grads():
    return torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def end(rule, grads):
    walker = Walker(rule, [torch.zeros(3, dtype=torch.float64)])
    for g in grads:
        walker.step([g])
    return walker.params[0]


@given(scale=st.floats(1e-6, 1e6), amsgrad=st.booleans(), bias_correction=st.booleans())
def test_the_scale_of_the_gradient_does_not_matter_without_eps(scale, amsgrad, bias_correction):
    rule = Adam(lr=0.1, eps=0.0, amsgrad=amsgrad, bias_correction=bias_correction)
    assert torch.allclose(end(rule, random_grads()), end(rule, scale * random_grads()), rtol=1e-10, atol=1e-14)


@given(gradient=st.floats(1e-6, 1e6), lr=st.floats(1e-6, 1.0), t=st.integers(1, 30))
def test_under_a_steady_gradient_every_step_is_lr_long(gradient, lr, t):
    moved = end(Adam(lr=lr, eps=0.0), torch.full((t, 3), gradient, dtype=torch.float64))
    assert torch.allclose(moved, torch.tensor(-lr * t, dtype=torch.float64), rtol=1e-10, atol=0)


def test_without_correction_the_first_step_is_longer_by_root_of_the_ratio_of_memories():
    moved = end(Adam(lr=1.0, eps=0.0, bias_correction=False), torch.ones(1, 3, dtype=torch.float64))
    assert moved[0].item() == pytest.approx(-0.1 / 0.001**0.5, rel=1e-12)


def test_amsgrad_never_divides_by_less_than_it_did():
    walker = Walker(Adam(amsgrad=True, beta2=0.5), [torch.zeros(1)])
    seen = []
    for g in (1.0, 5.0, 0.1, 0.1, 0.1):
        walker.step([torch.tensor([g])])
        seen.append(walker.states[0]["v_max"].item())
    assert seen == sorted(seen)
    assert seen[1] == seen[-1] > walker.states[0]["v"].item()


def test_eps_inside_is_under_the_root():
    for inside, length in ((True, 3 / (9 + 7) ** 0.5), (False, 3 / (3 + 7))):
        moved = end(Adam(lr=1.0, eps=7.0, eps_inside=inside), torch.full((1, 3), 3.0, dtype=torch.float64))
        assert moved[0].item() == pytest.approx(-length, rel=1e-14)


def test_under_a_huge_eps_it_is_the_average_form_of_momentum():
    # The root vanishes beside eps, and without correction what is left is an average times lr / eps.
    adam = end(Adam(lr=1e9, eps=1e10, bias_correction=False), random_grads())
    momentum = end(Momentum(lr=0.1, form="average"), random_grads())
    assert torch.allclose(adam, momentum, rtol=1e-9, atol=0)
