"""The noisy quadratic: exact moments beside the mean of many runs of the very rules, and beside closed forms."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.functions import NoisyQuadratic, Ravine, expected
from ravine.rules import SGD, Average, Momentum, Nesterov
from ravine.rules.rule import Rule
from ravine.schedules import cosine, inverse_time

from ..refused import check_refused

RUNS, STEPS = 4000, 60
QUADRATIC = NoisyQuadratic(n=20)


def mean_losses(rule_at: Callable[[int], Rule], batch_size_at: Callable[[int], float], seed: int) -> Any:
    """Mean losses of many runs after every step, of the weights and of those that predict, with standard errors."""
    generator = torch.Generator().manual_seed(seed)
    p = QUADRATIC.begin(RUNS, generator)
    state = {name: slot.begin(p) for name, slot in rule_at(0).slots().items()}
    rows = []
    for t in range(STEPS):
        rule = rule_at(t)
        g = QUADRATIC.gradient(p, generator, batch_size_at(t))
        p, state = rule.step(p, g, state, t + 1)
        slot = rule.predicting_slot()
        rows.append(torch.stack([QUADRATIC(p), QUADRATIC(p if slot is None else state[slot])]))
    losses = torch.stack(rows).numpy()
    return losses.mean(-1), losses.std(-1) / math.sqrt(RUNS)


CASES = {
    "sgd": (SGD(lr=0.5), {"lr": 0.5}),
    "sgd with a falling rate": (SGD(lr=cosine(0.9)), {"lr": cosine(0.9)}),
    "sgd with a growing batch": (SGD(lr=0.5), {"lr": 0.5, "batch_size": [1 + t // 10 for t in range(STEPS)]}),
    "momentum": (Momentum(lr=0.2, momentum=0.8), {"lr": 0.2, "momentum": 0.8}),
    "momentum with a falling rate": (Momentum(lr=cosine(0.3)), {"lr": cosine(0.3), "momentum": 0.9}),
    "nesterov": (Nesterov(lr=0.2, momentum=0.8), {"lr": 0.2, "momentum": 0.8, "nesterov": True}),
    "mean": (Average(SGD(lr=0.8)), {"lr": 0.8}),
    "mean from a step on": (Average(SGD(lr=0.8), start=30), {"lr": 0.8, "start": 30}),
    "exponential mean": (Average(SGD(lr=0.8), decay=0.9), {"lr": 0.8, "decay": 0.9}),
    "mean of momentum": (Average(Momentum(lr=0.2), decay=0.8), {"lr": 0.2, "momentum": 0.9, "decay": 0.8}),
}


@pytest.mark.parametrize("name", CASES)
def test_the_mean_of_many_runs_is_the_exact_one(name: str):
    rule, asked = CASES[name]
    batch_size = asked.get("batch_size", 1)
    lr = asked["lr"]
    at = (lambda t: _with_lr(rule, lr(t, STEPS))) if callable(lr) else (lambda _: rule)
    mean, error = mean_losses(at, lambda t: batch_size[t] if isinstance(batch_size, list) else batch_size, seed=1)
    exact = expected(QUADRATIC, STEPS, **asked)
    averaged = exact.averaged if isinstance(rule, Average) else exact.loss
    off = (mean - np.stack([exact.loss[1:], averaged[1:]], -1)) / error
    assert np.abs(off[[0, 4, 14, 29, 44, 59]]).max() < 3
    assert error[-1].max() < 0.02 * mean[-1].min() + 0.02  # small enough to tell what is wrong


def _with_lr(rule: Any, lr: float) -> Rule:
    return replace(rule, lr=lr)


@given(st.floats(0.01, 1.9), st.floats(1, 100), st.integers(0, 200))
def test_sgd_is_the_closed_form_after_any_number_of_steps(lr: float, batch_size: float, steps: int):
    h = 1 / np.arange(1, 21)
    b = (1 - lr * h) ** 2
    settled = lr**2 * h / batch_size / (1 - b)
    closed = (h * (settled + b**steps * (1 - settled))).sum() / 2
    assert expected(QUADRATIC, steps, lr, batch_size=batch_size).loss[-1] == pytest.approx(closed, rel=1e-10)


@pytest.mark.parametrize(
    ("lr", "momentum", "batch_size"), [(0.5, 0.0, 1), (0.5, 0.0, 16), (0.1, 0.9, 1), (3.0, 0.6, 4)]
)
def test_losses_settle_on_the_floor(lr: float, momentum: float, batch_size: float):
    quadratic = NoisyQuadratic(n=5)
    exact = expected(quadratic, 3000, lr, momentum=momentum, batch_size=batch_size)
    assert exact.loss[-1] == pytest.approx(quadratic.floor(lr, momentum, batch_size), rel=1e-12)


def test_the_edge_of_what_is_stable_is_where_theory_has_it():
    one = NoisyQuadratic(n=1)
    assert one.floor(1.999) < math.inf == one.floor(2.0)
    assert one.floor(3.799, momentum=0.9) < math.inf == one.floor(3.8, momentum=0.9)
    assert expected(one, 500, 2.05).loss[-1] > 1e3


def test_without_noise_the_loss_is_that_of_gradient_descent():
    h = 1 / np.arange(1, 21)
    exact = expected(QUADRATIC, 30, 0.7, batch_size=math.inf)
    np.testing.assert_allclose(exact.loss, [(h * (1 - 0.7 * h) ** (2 * k)).sum() / 2 for k in range(31)], rtol=1e-12)
    x = torch.ones(20, dtype=torch.float64)
    g = QUADRATIC.gradient(x, torch.Generator().manual_seed(0), batch_size=math.inf)
    np.testing.assert_allclose(g.numpy(), h, rtol=1e-15)


def test_a_mean_of_independent_weights_has_the_variance_of_one_over_n():
    # With lr = 1 and h = 1 every step forgets the last: x is the noise itself, and its mean over n has variance 1/n.
    exact = expected(NoisyQuadratic(n=1), 50, 1.0)
    np.testing.assert_allclose(exact.loss[1:], 0.5, rtol=1e-14)
    np.testing.assert_allclose(exact.averaged[1:], 0.5 / np.arange(1, 51), rtol=1e-12)
    late = expected(NoisyQuadratic(n=1), 50, 1.0, start=20)
    np.testing.assert_allclose(late.averaged[1:21], 0.5, rtol=1e-14)
    np.testing.assert_allclose(late.averaged[21:], 0.5 / np.arange(1, 31), rtol=1e-12)
    weights = 0.8 ** np.arange(50)
    exponential = expected(NoisyQuadratic(n=1), 50, 1.0, decay=0.8)
    assert exponential.averaged[-1] == pytest.approx(0.5 * (weights**2).sum() / weights.sum() ** 2, rel=1e-12)


def test_a_falling_rate_a_mean_of_weights_or_a_larger_batch_lower_the_same_floor():
    quadratic, steps = NoisyQuadratic(n=100), 2000
    floor = quadratic.floor(lr=0.5)
    constant = expected(quadratic, steps, 0.5)
    assert constant.loss[-1] == pytest.approx(floor, rel=0.01)
    falling = expected(quadratic, steps, inverse_time(0.5, 0.02)).loss[-1]
    mean = expected(quadratic, steps, 0.5, start=500).averaged[-1]
    larger = expected(quadratic, steps, 0.5, batch_size=32).loss[-1]
    for lowered in (falling, mean, larger):
        assert lowered < floor / 8
    assert larger == pytest.approx(floor / 32, rel=0.2)
    # Eight times the batch at eight times the step of a short one: the same floor where steps are short.
    assert quadratic.floor(0.08, batch_size=8) == pytest.approx(quadratic.floor(0.01), rel=0.02)
    # Heavy ball with momentum 0.9 takes steps ten times as long, and its floor is that of SGD with lr / (1 - 0.9).
    assert quadratic.floor(0.001, momentum=0.9) == pytest.approx(quadratic.floor(0.01), rel=0.01)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_what_diverges_ends_infinite_and_warns_of_nothing(momentum: float, nesterov: bool):
    exact = expected(QUADRATIC, 500, 1e3, momentum=momentum, nesterov=nesterov, start=3)
    for losses in exact:
        finite = np.isfinite(losses)
        assert 10 < finite.sum() < 100
        assert (np.diff(losses[finite]) > 0).all()
        assert (losses[finite.sum() :] == math.inf).all()


def test_points_keep_kind_and_dtype():
    x = torch.ones(3, 20)
    assert QUADRATIC(x).dtype == QUADRATIC.gradient(x, torch.Generator()).dtype == torch.float32
    assert QUADRATIC(np.ones((3, 20), np.float32)).dtype == np.float32
    assert QUADRATIC(np.ones(20)) == pytest.approx(sum(1 / i for i in range(1, 21)) / 2, rel=1e-15)
    starts = QUADRATIC.begin(5000, torch.Generator().manual_seed(0))
    assert float(QUADRATIC(starts).mean()) == pytest.approx(expected(QUADRATIC, 0, 0.1).loss[0], rel=0.05)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: NoisyQuadratic(n=0), "NoisyQuadratic(n=0): n must be at least 1, got 0"),
        (
            lambda: expected(QUADRATIC, 10, [0.1] * 9),
            "lr must be one number, or one for each of 10 steps, got 9 numbers.",
        ),
        (lambda: expected(QUADRATIC, 10, -0.1), "lr must be at least 0, got -0.1."),
        (lambda: expected(QUADRATIC, 10, 0.1, momentum=1.0), "momentum must be in [0, 1), got 1.0."),
        (lambda: expected(QUADRATIC, 10, 0.1, decay=1.5), "decay must be in [0, 1), got 1.5."),
        (lambda: expected(QUADRATIC, 10, 0.1, batch_size=0.5), "batch_size must be at least 1, got 0.5."),
        (lambda: expected(QUADRATIC, 2, [0.1, math.nan]), "lr must be at least 0, got nan."),
        (lambda: expected(QUADRATIC, -1, 0.1), "steps must be a whole number, at least 0, got -1."),
        (lambda: expected(QUADRATIC, 1.5, 0.1), "steps must be a whole number, at least 0, got 1.5."),
        (lambda: expected(QUADRATIC, True, 0.1), "steps must be a whole number, at least 0, got True."),
        (lambda: expected(QUADRATIC, 10, 0.1, start=math.nan), "start must be a whole number, at least 0, got nan."),
        (lambda: expected(QUADRATIC, 10, 0.1, start=-1), "start must be a whole number, at least 0, got -1."),
        (lambda: expected(QUADRATIC, 10, "a"), "lr must be one number, or one for each of 10 steps, got 'a'."),
        (lambda: expected(QUADRATIC, 2, [0.1, 1j]), "lr must be one number, or one for each of 2 steps, got [0.1, 1j]"),
        (lambda: expected(Ravine(), 10, 0.1), "quadratic must be a NoisyQuadratic, whose moments are known, got Ravi"),
        (lambda: QUADRATIC.floor(0.1, momentum=-1), "momentum must be in [0, 1), got -1."),
        (lambda: QUADRATIC([1.0]), "NoisyQuadratic(n=20): a point has 20 coordinates, got 1"),
    ],
)
def test_one_line_says_what_is_wrong(wrong, says: str):
    check_refused(wrong, says)
