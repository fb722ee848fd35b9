"""Muon: matrices go the same way in every direction, whatever their gradient's size."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import optim

from ravine.errors import RavineError
from ravine.rules import Muon

from .cases import Walker, follow

KOVARIK = (1.5, -0.5, 0.0)
"""Coefficients that converge to the orthogonal matrix itself, not only near it."""


def grads(shape, count=20, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(count)]


def path(rule, shape, sequence):
    walker = Walker(rule, [torch.ones(shape, dtype=torch.float64)])
    for g in sequence:
        walker.step([g])
    return walker.params[0]


@pytest.mark.parametrize("adjust", ["original", "match_rms_adamw"])
@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (1, 6), (6, 1)])
def test_in_its_own_precision_it_stays_near_pytorchs_bfloat16(shape, adjust):
    sequence = grads(shape)
    ours = path(Muon(lr=0.01, adjust=adjust), shape, sequence)
    make = lambda leaves: optim.Muon(leaves, lr=0.01, adjust_lr_fn=adjust)  # noqa: E731
    theirs = follow(make, [torch.ones(shape, dtype=torch.float64)], [[g] for g in sequence])[0]
    moved = (theirs - 1).norm()
    assert 0 < (ours - theirs).norm() < 0.05 * moved
    exactly = path(Muon(lr=0.01, adjust=adjust, bfloat16=True), shape, sequence)
    assert torch.allclose(exactly, theirs, rtol=0, atol=1e-12)


@given(rows=st.integers(2, 6), columns=st.integers(2, 6), seed=st.integers(0, 99))
def test_every_direction_moves_by_the_same_amount(rows, columns, seed):
    u, _, vh = torch.linalg.svd(grads((rows, columns), 1, seed)[0], full_matrices=False)
    g = u * torch.linspace(1, 3, min(rows, columns), dtype=torch.float64) @ vh
    rule = Muon(lr=0.1, weight_decay=0.0, steps=30, coefficients=KOVARIK)
    step = 1 - path(rule, (rows, columns), [g])
    factor = {"original": max(1, rows / columns) ** 0.5, "none": 1, "match_rms_adamw": 0.2 * max(rows, columns) ** 0.5}
    assert torch.allclose(step, 0.1 * factor["original"] * (u @ vh), rtol=0, atol=1e-9)
    for adjust, by in factor.items():
        rule = Muon(lr=0.1, weight_decay=0.0, steps=30, coefficients=KOVARIK, adjust=adjust)
        assert torch.allclose(1 - path(rule, (rows, columns), [g]), 0.1 * by * (u @ vh), rtol=0, atol=1e-9)


@given(scale=st.floats(1e-4, 1e4))
def test_the_scale_of_the_gradient_does_not_matter(scale):
    sequence = grads((3, 4))
    ours, scaled = (path(Muon(eps=0.0), (3, 4), [factor * g for g in sequence]) for factor in (1.0, scale))
    assert torch.allclose(ours, scaled, rtol=0, atol=1e-11)


def test_a_convolution_is_the_matrix_of_its_first_dimension():
    sequence = grads((4, 3, 2, 2))
    flat = path(Muon(), (4, 12), [g.reshape(4, 12) for g in sequence])
    assert torch.equal(path(Muon(), (4, 3, 2, 2), sequence), flat.reshape(4, 3, 2, 2))


@pytest.mark.parametrize("nesterov", [True, False])
def test_with_nesterov_the_gradient_at_hand_counts_once_more(nesterov):
    first, second = grads((3, 3), 2)
    rule = Muon(lr=0.1, momentum=0.5, weight_decay=0.0, nesterov=nesterov, steps=0, coefficients=KOVARIK)
    m = 0.25 * first + 0.5 * second
    u = 0.5 * m + 0.5 * second if nesterov else m
    before = path(rule, (3, 3), [first])
    assert torch.allclose(before - path(rule, (3, 3), [first, second]), 0.1 * u / u.norm(), rtol=0, atol=1e-14)


def test_decay_shrinks_the_weights_by_a_share_of_lr():
    walker = Walker(Muon(lr=0.1, weight_decay=0.5), [torch.ones(2, 3)])
    walker.step([torch.zeros(2, 3)])
    assert torch.allclose(walker.params[0], torch.full((2, 3), 0.95))


def test_it_finds_the_bottom_of_a_bowl_of_matrices():
    bottom = grads((4, 3), 1)[0]
    curvature = torch.linspace(1, 10, 12, dtype=torch.float64).reshape(4, 3)
    walker = Walker(Muon(weight_decay=0.0), [torch.zeros(4, 3, dtype=torch.float64)])
    for t in range(1000):
        walker.rule = Muon(lr=0.05 * (1 - t / 1000), weight_decay=0.0)
        walker.step([curvature * (walker.params[0] - bottom)])
    assert (walker.params[0] - bottom).norm() < 0.01


def test_a_step_is_differentiable():
    p, g = (x.requires_grad_() for x in grads((3, 2), 2))
    state = {"m": torch.full((3, 2), 0.3, dtype=torch.float64)}
    assert torch.autograd.gradcheck(lambda p, g: Muon().step(p, g, state, 2)[0], (p, g))


def test_matrices_that_step_together_step_as_they_would_alone():
    shapes = [(3, 4), (4, 3), (3, 4), (2, 2, 3)]
    alone, together = (Walker(Muon(), [torch.ones(shape, dtype=torch.float64) for shape in shapes]) for _ in range(2))
    for t in range(4):
        step = [grads(shape, 1, seed=10 * t + k)[0] for k, shape in enumerate(shapes)]
        alone.step(step)
        together.step_together(step)
    for ours, theirs in zip(together.params, alone.params, strict=True):
        assert torch.allclose(ours, theirs, rtol=0, atol=1e-13)


@pytest.mark.parametrize("shape", [(), (3,)])
def test_what_is_no_matrix_is_told_where_to_go(shape):
    with pytest.raises(
        RavineError, match=r"^Muon\(\) moves matrices, .*: write Split\(Muon\(\), AdamW\(\)\), which gives"
    ):
        Walker(Muon(), [torch.zeros(shape)]).step([torch.ones(shape)])


@pytest.mark.parametrize("coefficients", [3, (1.0, 2.0), (1.0, 2.0, "c"), (True, 1, 1), None])
def test_coefficients_are_three_numbers(coefficients):
    with pytest.raises(
        RavineError, match=r"^Muon\(coefficients=.*\): coefficients must be three numbers, \(a, b, c\)\.$"
    ):
        Muon(coefficients=coefficients)


def test_flags_differ_and_are_values():
    rules = [Muon(), Muon(bfloat16=True), Muon(nesterov=False), Muon(adjust="none"), Muon(coefficients=KOVARIK)]
    assert all(a != b for a, b in itertools.combinations(rules, 2))
    assert repr(rules[4]) == "Muon(coefficients=(1.5, -0.5, 0.0))"
