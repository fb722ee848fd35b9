"""Adagrad: what its scaling leaves alone, and how it starts."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.rules import Adagrad

from .cases import Walker


@given(scale=st.floats(1e-6, 1e6), lr=st.floats(1e-4, 1.0))
def test_the_scale_of_the_gradient_does_not_matter_without_eps(scale, lr):
    grads = torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    walkers = [Walker(Adagrad(lr=lr, eps=0.0), [torch.zeros(3, dtype=torch.float64)]) for _ in range(2)]
    for g in grads:
        walkers[0].step([g])
        walkers[1].step([scale * g])
    assert torch.allclose(walkers[0].params[0], walkers[1].params[0], rtol=1e-10, atol=0)


def test_under_a_steady_gradient_its_steps_are_lr_over_the_root_of_t():
    walker, lengths = Walker(Adagrad(lr=0.5, eps=0.0), [torch.zeros(1, dtype=torch.float64)]), []
    for _ in range(5):
        before = walker.params[0]
        walker.step([torch.tensor([3.0], dtype=torch.float64)])
        lengths.append(float(before - walker.params[0]))
    assert torch.allclose(torch.tensor(lengths), 0.5 / torch.arange(1.0, 6.0).sqrt(), rtol=1e-7, atol=0)


def test_the_sum_starts_where_it_is_told():
    p = torch.zeros(2)
    assert torch.equal(Adagrad(initial=0.25).slots()["s"].begin(p), torch.full((2,), 0.25))
    walker = Walker(Adagrad(lr=1.0, eps=0.0, initial=9.0), [p])
    walker.step([torch.tensor([4.0, 0.0])])
    assert torch.allclose(walker.params[0], torch.tensor([-0.8, 0.0]))  # 4 / sqrt(9 + 16)


def test_eps_inside_is_under_the_root():
    for inside, step in ((True, 3 / (9 + 7) ** 0.5), (False, 3 / (3 + 7))):
        walker = Walker(Adagrad(lr=1.0, eps=7.0, eps_inside=inside), [torch.zeros(1, dtype=torch.float64)])
        walker.step([torch.tensor([3.0], dtype=torch.float64)])
        assert abs(walker.params[0].item() + step) < 1e-15
