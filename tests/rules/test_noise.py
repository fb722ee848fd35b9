"""Noise: its variance anneals as the paper's, and it comes from where it belongs alone."""

import pytest
import torch

from ravine.rules import SGD, Adam, Average, Clip, Noise, counter, seeded

from .cases import Walker


def noise_of(rule, t, tensor=0, count=20_000):
    """What is added to a gradient of zero: SGD at lr 1 from zero steps by minus that."""
    zero = torch.zeros(count, dtype=torch.float64)
    return -rule.step(zero, zero, {}, t, tensor)[0]


@pytest.mark.parametrize("t", [1, 2, 10, 1000])
def test_the_variance_is_the_papers(t):
    variance = noise_of(Noise(SGD(lr=1.0), eta=0.3, gamma=0.55), t).var().item()
    assert variance == pytest.approx(0.3 / (1 + (t - 1)) ** 0.55, rel=0.04)


def test_every_tensor_has_its_own_also_when_all_step_together():
    grads = [torch.zeros(5, dtype=torch.float64), torch.zeros(5, dtype=torch.float64)]
    walker = Walker(Noise(SGD(lr=1.0), eta=1.0, seed=4), [g.clone() for g in grads])
    walker.step_together(grads)
    for number, p in enumerate(walker.params):
        assert torch.equal(-p, counter.normal(p, seed=4, t=1, tensor=number))


def test_the_seed_alone_tells_two_sequences_apart():
    rules = [Noise(SGD(lr=1.0), eta=1.0, seed=seed) for seed in (None, 0, 1)]
    drawn = [noise_of(rule, t=3) for rule in rules]
    assert torch.equal(drawn[0], drawn[1])
    assert abs(torch.corrcoef(torch.stack(drawn[1:]))[0, 1]) < 0.03


def test_a_run_gives_its_seed_to_noise_that_has_none():
    rule = Average(Noise(Clip(Noise(Adam()), norm=1.0), seed=5))
    assert seeded(rule, 7) == Average(Noise(Clip(Noise(Adam(), seed=7), norm=1.0), seed=5))
    assert seeded(Noise(SGD()), 7) == Noise(SGD(), seed=7)
    assert seeded(Adam(), 7) == Adam()


def test_noise_of_no_variance_is_none():
    p, g = torch.ones(3), torch.tensor([float("inf"), 1.0, 0.5])
    assert torch.equal(Noise(SGD(lr=0.1), eta=0.0).step(p, g, {}, 1)[0], SGD(lr=0.1).step(p, g, {}, 1)[0])
