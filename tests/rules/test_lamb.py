"""LAMB: against the paper's algorithm in NumPy, tensor by tensor, and where a norm is zero."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.rules import LAMB, Adam

from .cases import Walker


def algorithm_2(ps, sequence, lr, beta1, beta2, eps, weight_decay):
    """As the paper writes it, Algorithm 2, its phi being the identity."""
    ps, ms, vs = [p.copy() for p in ps], [np.zeros_like(p) for p in ps], [np.zeros_like(p) for p in ps]
    for t, grads in enumerate(sequence, start=1):
        for k, g in enumerate(grads):
            ms[k] = beta1 * ms[k] + (1 - beta1) * g
            vs[k] = beta2 * vs[k] + (1 - beta2) * g**2
            r = ms[k] / (1 - beta1**t) / (np.sqrt(vs[k] / (1 - beta2**t)) + eps)
            update = r + weight_decay * ps[k]
            ps[k] = ps[k] - lr * np.linalg.norm(ps[k]) / np.linalg.norm(update) * update
    return ps


@given(
    lr=st.floats(1e-4, 0.1),
    beta1=st.floats(0, 0.99),
    beta2=st.floats(0.5, 0.999),
    weight_decay=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_is_the_papers_algorithm_for_each_tensor(lr, beta1, beta2, weight_decay, seed):
    generator = np.random.default_rng(seed)
    ps = [generator.normal(size=(4, 3)), generator.normal(size=5)]
    sequence = [[size * generator.normal(size=p.shape) for size, p in zip((1, 60), ps, strict=True)] for _ in range(30)]
    wanted = algorithm_2(ps, sequence, lr, beta1, beta2, 1e-6, weight_decay)
    rule = LAMB(lr=lr, beta1=beta1, beta2=beta2, weight_decay=weight_decay)
    alone, together = (Walker(rule, [torch.tensor(p) for p in ps]) for _ in range(2))
    for grads in sequence:
        alone.step([torch.tensor(g) for g in grads])
        together.step_together([torch.tensor(g) for g in grads])
    for walker in alone, together:
        for ours, theirs in zip(walker.params, wanted, strict=True):
            np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-10, atol=1e-10)


def test_every_step_is_a_share_lr_of_the_length_of_its_tensor():
    walker = Walker(LAMB(lr=0.05), [torch.full((3, 3), 7.0, dtype=torch.float64), torch.ones(2, dtype=torch.float64)])
    for seed in range(5):
        before = list(walker.params)
        generator = torch.Generator().manual_seed(seed)
        walker.step([torch.randn(p.shape, generator=generator, dtype=torch.float64) for p in before])
        for old, new in zip(before, walker.params, strict=True):
            assert (new - old).norm().item() == pytest.approx(0.05 * old.norm().item(), rel=1e-12)


def test_where_the_weights_are_all_zero_it_is_adam():
    walkers = [Walker(rule, [torch.zeros(2)]) for rule in (LAMB(lr=0.1), Adam(lr=0.1, eps=1e-6))]
    for walker in walkers:
        walker.step([torch.tensor([3.0, -4.0])])
    assert torch.equal(walkers[0].params[0], walkers[1].params[0])


def test_without_a_gradient_and_without_decay_it_stands_still():
    for p in torch.ones(2), torch.full((2,), 1e18):
        walker = Walker(LAMB(weight_decay=0.0), [p])
        walker.step([torch.zeros(2)])
        assert torch.equal(walker.params[0], p)
