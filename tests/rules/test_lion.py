"""Lion: against the paper's algorithm in NumPy; every step has one length."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.rules import Lion

from .cases import Walker


def algorithm_2(p, grads, lr, beta1, beta2, weight_decay):
    """As the paper writes it, Algorithm 2."""
    m = np.zeros_like(p)
    for g in grads:
        update = beta1 * m + (1 - beta1) * g
        p = p - lr * (np.sign(update) + weight_decay * p)
        m = beta2 * m + (1 - beta2) * g
    return p


@given(
    lr=st.floats(1e-4, 0.1),
    beta1=st.floats(0, 0.99),
    beta2=st.floats(0, 0.99),
    weight_decay=st.floats(0, 3),
    seed=st.integers(0, 99),
)
def test_is_the_papers_algorithm(lr, beta1, beta2, weight_decay, seed):
    p, grads = np.linspace(-2, 3, 5), np.random.default_rng(seed).normal(size=(40, 5))
    rule = Lion(lr=lr, beta1=beta1, beta2=beta2, weight_decay=weight_decay)
    walker = Walker(rule, [torch.tensor(p)])
    for g in grads:
        walker.step([torch.tensor(g)])
    wanted = algorithm_2(p, grads, lr, beta1, beta2, weight_decay)
    np.testing.assert_allclose(walker.params[0].numpy(), wanted, rtol=0, atol=1e-12)


@given(scale=st.floats(1e-30, 1e30))
def test_the_scale_of_the_gradient_does_not_matter_at_all(scale):
    walker = Walker(Lion(lr=0.125), [torch.zeros(3, dtype=torch.float64)])
    for g in torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64):
        before = walker.params[0]
        walker.step([scale * g])
        assert torch.equal((walker.params[0] - before).abs(), torch.full((3,), 0.125, dtype=torch.float64))


def test_no_gradient_is_no_step():
    walker = Walker(Lion(), [torch.ones(3)])
    walker.step([torch.zeros(3)])
    assert torch.equal(walker.params[0], torch.ones(3))


def test_infinite_weights_stay_what_they_are_where_nothing_decays():
    walker = Walker(Lion(), [torch.tensor([float("inf")])])
    walker.step([torch.ones(1)])
    assert walker.params[0].item() == float("inf")
