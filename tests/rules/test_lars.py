"""LARS: against the paper's algorithm in NumPy, tensor by tensor, and where a norm is zero."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.rules import LARS, Momentum

from .cases import Walker


def algorithm_1(ps, sequence, lr, momentum, weight_decay, trust):
    """As the paper writes it, Algorithm 1."""
    ps, vs = [p.copy() for p in ps], [np.zeros_like(p) for p in ps]
    for grads in sequence:
        for k, g in enumerate(grads):
            local = trust * np.linalg.norm(ps[k]) / (np.linalg.norm(g) + weight_decay * np.linalg.norm(ps[k]))
            vs[k] = momentum * vs[k] + lr * local * (g + weight_decay * ps[k])
            ps[k] = ps[k] - vs[k]
    return ps


@given(
    lr=st.floats(0.1, 30),
    momentum=st.floats(0, 0.99),
    weight_decay=st.floats(0, 0.01),
    trust=st.floats(1e-4, 1e-2),
    seed=st.integers(0, 99),
)
def test_is_the_papers_algorithm_for_each_tensor(lr, momentum, weight_decay, trust, seed):
    generator = np.random.default_rng(seed)
    ps = [generator.normal(size=(4, 3)), generator.normal(size=5)]
    sequence = [[size * generator.normal(size=p.shape) for size, p in zip((1, 60), ps, strict=True)] for _ in range(30)]
    wanted = algorithm_1(ps, sequence, lr, momentum, weight_decay, trust)
    rule = LARS(lr=lr, momentum=momentum, weight_decay=weight_decay, trust=trust)
    alone, together = (Walker(rule, [torch.tensor(p) for p in ps]) for _ in range(2))
    for grads in sequence:
        alone.step([torch.tensor(g) for g in grads])
        together.step_together([torch.tensor(g) for g in grads])
    for walker in alone, together:
        for ours, theirs in zip(walker.params, wanted, strict=True):
            np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-10, atol=1e-10)


@given(scale=st.floats(1e-6, 1e6))
def test_the_scale_of_a_tensors_gradient_does_not_matter(scale):
    walkers = [Walker(LARS(weight_decay=0.0), [torch.ones(3, dtype=torch.float64)]) for _ in range(2)]
    for g in torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64):
        walkers[0].step([g])
        walkers[1].step([scale * g])
    assert torch.allclose(walkers[0].params[0], walkers[1].params[0], rtol=1e-12, atol=0)


def test_where_the_weights_are_all_zero_it_is_momentum():
    g = torch.tensor([3.0, -4.0])
    walkers = [Walker(rule(lr=0.1), [torch.zeros(2)]) for rule in (LARS, Momentum)]
    for walker in walkers:
        walker.step([g])
    assert torch.equal(walkers[0].params[0], walkers[1].params[0])


def test_without_a_gradient_the_weights_decay_at_lr_alone():
    for weight_decay in (0.0, 0.25):
        walker = Walker(LARS(lr=0.5, weight_decay=weight_decay), [torch.full((2,), 1e30)])
        walker.step([torch.zeros(2)])
        assert torch.equal(walker.params[0], torch.full((2,), 1e30) - 0.5 * weight_decay * torch.full((2,), 1e30))
