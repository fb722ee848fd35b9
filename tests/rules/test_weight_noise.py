"""WeightNoise: on average it goes down the smoothed loss, and its noise comes from where it belongs alone."""

import math

import pytest
import torch

from ravine.engines.each import Each
from ravine.part import substitute
from ravine.rules import SGD, Adam, Average, Clip, Decay, Noise, WeightNoise, counter, gradient_of, seeded, weight_noise

COUNT = 40_000


@pytest.mark.parametrize(
    ("slope", "smoothed"),
    [
        (lambda x: x, lambda x, std: x + 0 * std),  # x^2 / 2 becomes x^2 / 2 + std^2 / 2
        (lambda x: 4 * x**3, lambda x, std: 4 * x**3 + 12 * x * std**2),  # x^4: x^4 + 6 x^2 std^2 + 3 std^4
        (lambda x: x.cos(), lambda x, std: math.cos(x) * math.exp(-(std**2) / 2)),  # sin x: sin(x) e^(-std^2 / 2)
    ],
)
@pytest.mark.parametrize("std", [0.1, 0.5])
def test_the_mean_gradient_is_that_of_the_smoothed_loss(slope, smoothed, std):
    p = torch.full((COUNT,), 0.7, dtype=torch.float64)
    g = gradient_of(slope, WeightNoise(SGD(), std=std), p, {}, 1)
    assert g.std() > 0.01
    assert abs(g.mean().item() - smoothed(0.7, std)) < 4 * g.std().item() / COUNT**0.5


def test_the_noise_is_new_at_every_step_and_in_every_tensor_and_moves_no_parameter():
    rule, p = WeightNoise(SGD(lr=0.1), std=0.3, seed=9), torch.ones(4, dtype=torch.float64)
    for t, tensor in (1, 0), (2, 0), (1, 1):
        z = counter.normal(p, 9 + weight_noise.APART, t, tensor)
        torch.testing.assert_close(rule.gradient_point(p, {}, t, tensor), p + 0.3 * z, rtol=0, atol=1e-15)
    together = rule.gradient_point(Each([p, p]), {}, Each([1, 2]), Each([0, 1])).items
    assert torch.equal(together[0], rule.gradient_point(p, {}, 1, 0))
    assert torch.equal(together[1], rule.gradient_point(p, {}, 2, 1))
    assert len({tuple(point.tolist()) for point in together}) == 2
    assert torch.equal(rule.step(p, p, {}, 1)[0], 0.9 * p)
    assert rule.point_ahead(p, {}, 1) is p


@pytest.mark.parametrize("outside", [False, True])
def test_a_penalty_through_the_gradient_pulls_the_weights_without_their_noise(outside):
    inside = WeightNoise(SGD(lr=0.1) if outside else Decay(SGD(lr=0.1), l2=0.3, through="gradient"), std=0.5)
    rule = Decay(inside, l2=0.3, through="gradient") if outside else inside
    p, g = torch.tensor([1.0, -2.0], dtype=torch.float64), torch.tensor([0.5, 0.0], dtype=torch.float64)
    torch.testing.assert_close(rule.step(p, g, {}, 1)[0], p - 0.1 * (g + 0.3 * p), rtol=0, atol=1e-15)


def test_noise_of_no_width_is_none():
    p = torch.tensor([float("inf"), 1.0, -0.5])
    assert torch.equal(WeightNoise(SGD(), std=0.0).gradient_point(p, {}, 1), p)


def test_groups_may_differ_in_their_noise():
    rule = substitute(WeightNoise(SGD()), {("std",): Each([0.0, 0.5])})
    p = torch.ones(3, dtype=torch.float64)
    still, moved = rule.gradient_point(Each([p, p]), {}, 1, Each([0, 1])).items
    assert torch.equal(still, p)
    assert torch.equal(moved, WeightNoise(SGD(), std=0.5).gradient_point(p, {}, 1, 1))


def test_a_run_gives_its_seed_to_all_noise_that_has_none():
    rule = WeightNoise(Average(Noise(WeightNoise(Clip(Noise(Adam(), seed=5), norm=1.0), seed=0))))
    expected = WeightNoise(Average(Noise(WeightNoise(Clip(Noise(Adam(), seed=5), norm=1.0), seed=0), seed=7)), seed=7)
    assert seeded(rule, 7) == expected
