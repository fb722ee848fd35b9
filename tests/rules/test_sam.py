"""SAM: the point where its gradient is taken, and what stands around and inside."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.engines.each import Each
from ravine.errors import RavineError
from ravine.ranges import choice
from ravine.rules import (
    SAM,
    SGD,
    Adam,
    Average,
    Clip,
    Decay,
    Maximize,
    Nesterov,
    Noise,
    Split,
    WeightNoise,
    counter,
    gradient_of,
    walk,
    weight_noise,
)

P = torch.tensor([0.5, -2.0, 0.0], dtype=torch.float64)
G = torch.tensor([3.0, 0.0, -4.0], dtype=torch.float64)


@given(radius=st.floats(0, 10))
def test_the_point_is_as_far_away_as_the_radius_along_the_first_gradient(radius):
    point = SAM(SGD(), radius=radius).gradient_point(P, {}, 1, g=G)
    torch.testing.assert_close(point - P, radius * torch.tensor([0.6, 0.0, -0.8], dtype=P.dtype), rtol=0, atol=1e-14)


def test_adaptive_each_element_moves_in_proportion_to_its_size():
    size = torch.tensor([0.51, 2.01, 0.01], dtype=P.dtype)
    point = SAM(SGD(), radius=0.5, adaptive=True).gradient_point(P, {}, 1, g=G)
    expected = 0.5 * size**2 * G / ((0.51 * 3) ** 2 + (0.01 * 4) ** 2) ** 0.5
    torch.testing.assert_close(point - P, expected, rtol=0, atol=1e-15)


def test_the_norm_is_over_all_tensors():
    p, g = Each([P, P[:1]]), Each([G, torch.tensor([12.0], dtype=P.dtype)])
    points = SAM(SGD(), radius=13.0).gradient_point(p, {}, 1, g=g).items
    assert [(point - old).tolist() for point, old in zip(points, p.items, strict=True)] == [[3.0, 0.0, -4.0], [12.0]]


@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("zero", [torch.zeros(3), torch.zeros(3, dtype=torch.float64), torch.full((3,), 1e-42)])
def test_where_there_is_no_slope_the_point_stays_near(adaptive, zero):
    p = P.to(zero.dtype)
    point = SAM(SGD(), radius=0.1, adaptive=adaptive).gradient_point(p, {}, 1, g=zero)
    assert (point - p).abs().max() <= 1e-4
    assert torch.equal(point, p) == (zero.sum() == 0)


@given(lr=st.floats(1e-3, 0.1), radius=st.floats(0, 0.5), steps=st.integers(0, 20))
def test_on_one_bowl_it_is_a_recursion(lr, radius, steps):
    p = 3.0
    for _ in range(steps):
        p -= lr * 2 * (p + radius * (1 if p > 0 else -1 if p < 0 else 0))
    assert abs(walk(SAM(SGD(lr=lr), radius=radius), [3.0], [2.0], steps).item() - p) < 1e-12


def test_it_needs_a_closure_and_two_gradients_wherever_it_stands():
    for rule in SAM(Adam()), Average(Clip(SAM(Adam()), norm=1.0)), WeightNoise(SAM(SGD())), SAM(WeightNoise(SGD())):
        assert rule.looks_ahead()
        assert rule.gradients_per_step() == 2
    for rule in Adam(), WeightNoise(Adam()), Nesterov(form="look-ahead"):
        assert rule.gradients_per_step() == 1


def test_it_starts_from_where_a_look_ahead_wants_its_gradient():
    rule, v = SAM(Nesterov(momentum=0.5, form="look-ahead"), radius=5.0), torch.tensor([2.0, 2.0, 2.0], dtype=P.dtype)
    assert torch.equal(rule.gradient_point(P, {"v": v}, 1), P + 1)
    torch.testing.assert_close(rule.gradient_point(P, {"v": v}, 1, g=G), P + 1 + G, rtol=0, atol=1e-15)
    assert torch.equal(rule.point_ahead(P, {"v": v}, 1), P + 1)


@pytest.mark.parametrize(
    "make", [lambda rule: SAM(WeightNoise(rule, std=0.1)), lambda rule: WeightNoise(SAM(rule), std=0.1)]
)
def test_both_gradients_meet_the_same_weight_noise(make):
    z = counter.normal(P, weight_noise.APART, 4, 2)
    first = make(SGD()).gradient_point(P, {}, 4, 2)
    second = make(SGD()).gradient_point(P, {}, 4, 2, g=G)
    torch.testing.assert_close(first, P + 0.1 * z, rtol=0, atol=1e-15)
    torch.testing.assert_close(second, P + 0.1 * z + 0.05 * G / 5, rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    "make",
    [
        lambda rule: SAM(Decay(rule, l2=0.3, through="gradient")),
        lambda rule: Decay(SAM(rule), l2=0.3, through="gradient"),
    ],
)
def test_a_penalty_through_the_gradient_pulls_the_parameters_themselves(make):
    moved, _ = make(SGD(lr=0.1)).step(P, G, {}, 1)
    torch.testing.assert_close(moved, P - 0.1 * (G + 0.3 * P), rtol=0, atol=1e-15)


def test_what_is_climbed_has_its_worst_point_below():
    turned = gradient_of(lambda x: -x.sin(), Maximize(SAM(SGD(), radius=0.2)), P, {}, 1)
    plain = gradient_of(lambda x: x.sin(), SAM(SGD(), radius=0.2), P, {}, 1)
    assert torch.equal(turned, -plain)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: SAM(SAM(SGD())), r"^SAM\(SAM\(SGD\(\)\)\): there is SAM inside; one is enough; take one out\.$"),
        (lambda: SAM(Clip(SAM(SGD()), norm=1.0)), "there is SAM inside"),
        (lambda: SAM(Maximize(SGD())), r"there is Maximize inside; write Maximize\(SAM\(\.\.\.\)\)\.$"),
        (lambda: SAM(choice((SGD(), Maximize(SGD())))), "there is Maximize inside"),
        (lambda: Split(SAM(SGD()), SGD()), r"or let it be around both, as in SAM\(Split\(\.\.\.\)\)\.$"),
        (lambda: SAM(SGD(), radius=-0.1), "radius must be at least 0, got -0.1"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(make, says):
    with pytest.raises(RavineError, match=says) as refusal:
        make()
    assert "\n" not in str(refusal.value)


def test_the_noise_of_gradients_and_of_weights_are_not_the_same_numbers():
    zero = torch.zeros(20_000, dtype=torch.float64)
    of_weights = WeightNoise(SGD(), std=1.0, seed=3).gradient_point(zero, {}, 5, 1)
    of_gradients = -Noise(SGD(lr=1.0), eta=1.0, gamma=0.0, seed=3).step(zero, zero, {}, 5, 1)[0]
    assert abs(torch.corrcoef(torch.stack([of_weights, of_gradients]))[0, 1]) < 0.03
