"""Decays against their closed forms, written out anew, and against PyTorch's walk through its own steps."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from ravine.errors import RavineError
from ravine.part import leaves
from ravine.ranges import log
from ravine.schedules import (
    constant,
    cosine,
    epochs,
    exponential,
    inverse_sqrt,
    inverse_time,
    linear,
    multistep,
    polynomial,
    step,
    steps,
)

from .torch_schedules import lr_of_torch

T = 40
A0, END, K = 0.3, 0.02, 0.07
TIME = np.arange(T)

CLOSED_FORMS = [
    (constant(A0), np.full(T, A0)),
    (step(A0, steps(7)), [A0 * 0.1 ** sum(t >= 7 * i for i in range(1, 9)) for t in range(T)]),
    (step(A0, 0.2, factor=0.5), A0 / 2.0 ** np.repeat(np.arange(5), 8)),
    (multistep(A0, (steps(3), 0.5)), np.where(TIME < 3, A0, np.where(TIME < 20, A0 / 10, A0 / 100))),
    (exponential(A0, K), A0 * np.exp(-K * TIME)),
    (inverse_time(A0, K), A0 / (1 + K * TIME)),
    (inverse_sqrt(A0), A0 / np.sqrt(TIME + 1)),
    (linear(A0), A0 * (1 - TIME / T)),
    (linear(A0, end=END), np.linspace(A0, END, T + 1)[:-1]),
    (cosine(A0), A0 * np.cos(np.pi * TIME / T / 2) ** 2),
    (cosine(A0, end=END), END + (A0 - END) * np.cos(np.pi * TIME / T / 2) ** 2),
    (polynomial(A0, 3, end=END), [float(END + (A0 - END) * (1 - Fraction(t, T)) ** 3) for t in range(T)]),
    (polynomial(A0, 0.5), A0 * np.sqrt(1 - TIME / T)),
]


@pytest.mark.parametrize(("schedule", "numbers"), CLOSED_FORMS, ids=lambda value: repr(value)[:40])
def test_a_schedule_is_its_closed_form(schedule, numbers):
    np.testing.assert_allclose([schedule(t, T) for t in range(T)], numbers, rtol=1e-12, atol=0)


def test_cosine_over_four_steps():
    factors = [1, (1 + 2**-0.5) / 2, 0.5, (1 - 2**-0.5) / 2]  # 1, .854, .5, .146
    assert [cosine(1.0)(t, 4) for t in range(4)] == pytest.approx(factors, rel=1e-12)


@pytest.mark.parametrize(
    ("schedule", "make"),
    [
        (constant(A0), lambda o: lr_scheduler.ConstantLR(o, factor=1.0)),
        (step(A0, steps(7), factor=0.3), lambda o: lr_scheduler.StepLR(o, 7, gamma=0.3)),
        (multistep(A0, (steps(3), 0.5)), lambda o: lr_scheduler.MultiStepLR(o, [3, T // 2])),
        (exponential(A0, K), lambda o: lr_scheduler.ExponentialLR(o, np.exp(-K))),
        (inverse_time(A0, K), lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + K * t))),
        (inverse_sqrt(A0), lambda o: lr_scheduler.LambdaLR(o, lambda t: (t + 1) ** -0.5)),
        (linear(A0, end=A0 / 4), lambda o: lr_scheduler.LinearLR(o, 1.0, 0.25, total_iters=T)),
        (cosine(A0, end=END), lambda o: lr_scheduler.CosineAnnealingLR(o, T, eta_min=END)),
        (polynomial(A0, 2.5), lambda o: lr_scheduler.PolynomialLR(o, total_iters=T, power=2.5)),
    ],
)
def test_a_schedule_is_the_one_of_torch(schedule, make):
    numbers = [schedule(t, T) for t in range(T)]
    np.testing.assert_allclose(numbers, lr_of_torch(make, A0, T), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    "schedule",
    [linear(A0, END), cosine(A0, END), polynomial(A0, 2, END), step(A0, 0.2), multistep(A0, (0.1, 0.35, 0.9))],
)
@given(st.integers(0, 99), st.integers(1, 50))
def test_fractions_of_training_say_nothing_of_its_length(schedule, t, longer):
    assert schedule(t * longer, 100 * longer) == pytest.approx(schedule(t, 100), rel=1e-12)


@pytest.mark.parametrize(
    "schedule",
    [constant(A0), multistep(A0, (steps(1),)), exponential(A0, K), inverse_time(A0, K), inverse_sqrt(A0), linear(A0),
     cosine(A0, END), polynomial(A0, 2)],
)  # fmt: skip
def test_one_step_of_training_is_taken_at_the_start(schedule):
    assert schedule(0, 1) == A0


POSITIVE, FRACTION = st.floats(1e-3, 10), st.floats(0.01, 0.99)
DECAYS = st.one_of(
    st.builds(constant, POSITIVE),
    st.builds(step, POSITIVE, st.floats(0.05, 0.99), FRACTION),
    st.builds(multistep, POSITIVE, st.tuples(FRACTION, FRACTION), FRACTION),
    st.builds(exponential, POSITIVE, POSITIVE),
    st.builds(inverse_time, POSITIVE, POSITIVE),
    st.builds(inverse_sqrt, POSITIVE),
    st.builds(linear, POSITIVE, POSITIVE),
    st.builds(cosine, POSITIVE, POSITIVE),
    st.builds(polynomial, POSITIVE, POSITIVE, POSITIVE),
)


@given(DECAYS, st.integers(20, 1000), st.data())
def test_all_numbers_lie_between_the_extremes_and_go_one_way(schedule, length, data):
    low, high = min(schedule.extremes()), max(schedule.extremes())
    t = data.draw(st.integers(1, length - 1))
    before, after = schedule(t - 1, length), schedule(t, length)
    assert low * (1 - 1e-12) <= after <= high * (1 + 1e-12)
    start, end = schedule.extremes()
    assert (after - before) * (end - start) >= 0 or after == pytest.approx(before, rel=1e-12)


def test_with_ranges_inside_the_extremes_are_those_of_both_ends():
    schedule = cosine(log(0.01, 0.1), end=0.001)
    assert leaves(schedule, lambda value: isinstance(value, log)) == {("start",): log(0.01, 0.1)}
    assert schedule.extremes()[0::2] == pytest.approx((0.01, 0.1), rel=1e-12)
    assert schedule.extremes()[1::2] == pytest.approx((0.001, 0.001), rel=1e-3)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: cosine("1"), "cosine(start='1'): start must be a number, got '1' (start is the value at t = 0)."),
        (
            lambda: cosine(linear(0.1)),
            (
                "cosine(linear(0.1)): start must be settled before training, so it cannot hold a schedule; schedules "
                "are put together by a.then(b) and a * b."
            ),
        ),
        (
            lambda: step(0.1, 1.5),
            (
                "step(every=1.5): every must be in (0, 1), got 1.5 "
                "(every is the time between falls, as a fraction of training, epochs(n) or steps(n))."
            ),
        ),
        (
            lambda: step(0.1, epochs(linear(3.0))),
            (
                "step(0.1, epochs(linear(3.0))): every must be settled before training, so it cannot hold a schedule; "
                "schedules are put together by a.then(b) and a * b."
            ),
        ),
        (lambda: step(0.1, 0.01)(0, 40), "step(0.1, 0.01): of 40 steps, every=0.01 is less than one."),
        (lambda: step(0.1, steps(41))(0, 40), "steps(41) is longer than what it is a part of: 41 of 40 steps."),
        (
            lambda: step(0.1, epochs(3))(0, 40),
            (
                "epochs(3): nobody has said how many steps an epoch has; use bind(schedule, steps_per_epoch), or give "
                "epochs(3, steps_per_epoch=...)."
            ),
        ),
        (
            lambda: multistep(0.1, 0.5),
            "multistep(0.1, 0.5): at must be a tuple of times, as in at=(0.5, 0.75), got 0.5.",
        ),
        (
            lambda: multistep(1, (0.5, 30)),
            "multistep(1, (0.5, 30)): at must be a fraction of training in (0, 1), or epochs(n), or steps(n), got 30.",
        ),
        (
            lambda: exponential(0.1, -1),
            (
                "exponential(k=-1): k must be at least 0, got -1 "
                "(k is the rate of decay, per step (per epoch inside per_epoch))."
            ),
        ),
        (lambda: cosine(0.1)(4, 4), "cosine(0.1): training has 4 steps, 0 to 3, and this was asked at 4."),
        (lambda: cosine(0.1)(-1, 4), "cosine(0.1): training has 4 steps, 0 to 3, and this was asked at -1."),
    ],
)
def test_what_cannot_be_is_told_in_one_line(make, sentence):
    with pytest.raises(RavineError) as caught:
        make()
    assert str(caught.value) == sentence
