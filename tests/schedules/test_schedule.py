"""Schedules in sequence and by product, and the warm-up that knows what follows it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from ravine.errors import RavineError
from ravine.part import Part, leaves, substitute
from ravine.ranges import choice, is_range, log, uniform
from ravine.schedules import (
    SCHEDULES,
    Product,
    Schedule,
    Stages,
    constant,
    cosine,
    epochs,
    exponential,
    is_schedule,
    linear,
    one_cycle,
    polynomial,
    steps,
    warmup,
)

from .torch_schedules import lr_of_torch

SHAPES = st.sampled_from(
    [cosine(0.3, end=0.01), linear(0.2), exponential(0.5, k=0.03), polynomial(1.0, power=2), one_cycle(0.3)]
)
LENGTHS = st.integers(2, 300)


@given(SHAPES, SHAPES, LENGTHS, st.data())
def test_in_sequence_each_sees_its_own_time(first, second, T, data):
    n = data.draw(st.integers(1, T - 1))
    t = data.draw(st.integers(0, T - 1))
    expected = first(t, n) if t < n else second(t - n, T - n)
    assert first.then(second, at=steps(n))(t, T) == expected


@given(SHAPES, LENGTHS, st.data())
def test_a_warm_up_rises_by_even_strides_to_where_the_next_begins(following, T, data):
    n = data.draw(st.integers(1, T - 1))
    schedule = warmup(steps(n)).then(following)
    target = following(0, T - n)
    rise = [schedule(t, T) for t in range(n + 1)]
    np.testing.assert_allclose(np.diff([0.0, *rise]), target / (n + 1), rtol=1e-9)
    assert rise[-1] == target
    assert schedule(T - 1, T) == following(T - n - 1, T - n)


@given(SHAPES, SHAPES, st.floats(-3, 3), LENGTHS, st.data())
def test_a_product_multiplies_what_both_say(first, second, factor, T, data):
    t = data.draw(st.integers(0, T - 1))
    assert (first * second)(t, T) == first(t, T) * second(t, T)
    assert (factor * first)(t, T) == (first * factor)(t, T) == factor * first(t, T)
    assert (np.float64(factor) * first)(t, T) == factor * first(t, T)


@given(SHAPES, SHAPES, st.sampled_from([40, 80, 1000]), st.integers(0, 39))
def test_a_sequence_in_fractions_says_nothing_of_the_length(first, second, T, t):
    assert first.then(second, at=0.25).moments(T) == [0, T // 4, T]
    shape = linear(1.0).then(cosine(0.5), at=0.25)
    assert shape(t * (T // 40), T) == pytest.approx(shape(t, 40), rel=1e-12)


def test_three_stages_count_from_the_start_of_the_sequence():
    schedule = warmup(0.1).then(constant(1.0)).then(linear(1.0), at=0.6)
    assert schedule.moments(10) == [0, 1, 6, 10]
    assert [schedule(t, 10) for t in range(10)] == pytest.approx([0.5, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25], rel=1e-12)


def test_a_sequence_inside_a_sequence_counts_from_its_own_start():
    schedule = constant(1.0).then(constant(2.0).then(constant(3.0), at=0.5), at=0.5)
    assert [schedule(t, 8) for t in range(8)] == [1, 1, 1, 1, 2, 2, 3, 3]


def test_a_warm_up_in_the_middle_begins_where_it_is_told_and_ends_by_itself():
    schedule = constant(1.0).then(warmup(0.25), at=0.5).then(constant(4.0))
    assert [schedule(t, 8) for t in range(8)] == pytest.approx([1, 1, 1, 1, 4 / 3, 8 / 3, 4, 4], rel=1e-12)


def test_a_warm_up_alone_is_a_factor():
    product = warmup(0.5) * constant(4.0)
    assert [product(t, 4) for t in range(4)] == pytest.approx([4 / 3, 8 / 3, 4, 4], rel=1e-12)
    assert [warmup(0.5, start=0.2)(t, 4) for t in range(4)] == pytest.approx([0.2, 0.6, 1, 1], rel=1e-12)


@pytest.mark.parametrize(
    ("length", "T", "numbers"),
    [
        (0.05, 1, [3.0]),
        (0.05, 4, [3.0, 3.0, 3.0, 3.0]),
        (steps(1), 1, [1.5]),
        (steps(3), 3, [0.75, 1.5, 2.25]),
        (0.0, 2, [3.0, 3.0]),
    ],
)
def test_warm_ups_of_no_step_and_of_every_step(length, T, numbers):
    assert [warmup(length).then(constant(3.0))(t, T) for t in range(T)] == numbers


@pytest.mark.parametrize(
    ("schedule", "make"),
    [
        (
            warmup(steps(8), start=0.25).then(cosine(0.3)),
            lambda o: lr_scheduler.SequentialLR(
                o, [lr_scheduler.LinearLR(o, 0.25, total_iters=8), lr_scheduler.CosineAnnealingLR(o, 32)], [8]
            ),
        ),
        (
            warmup(0.2).then(constant(0.3)),
            lambda o: lr_scheduler.LinearLR(o, 1 / 9, total_iters=8),
        ),
        (
            constant(0.1).then(constant(0.3), at=0.5),
            lambda o: lr_scheduler.ConstantLR(o, 1 / 3, total_iters=20),
        ),
        (
            0.3 * constant(0.5).then(constant(1.0), at=0.5) * exponential(1.0, k=0.1),
            lambda o: lr_scheduler.ChainedScheduler(
                [lr_scheduler.ConstantLR(o, 0.5, total_iters=20), lr_scheduler.ExponentialLR(o, np.exp(-0.1))]
            ),
        ),
    ],
)
def test_what_torch_chains_is_a_sequence_or_a_product(schedule, make):
    numbers = [schedule(t, 40) for t in range(40)]
    np.testing.assert_allclose(numbers, lr_of_torch(make, 0.3, 40), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        (warmup(0.05).then(cosine(1e-3)), "warmup(0.05).then(cosine(0.001))"),
        (
            constant(1.0).then(constant(0.1), at=epochs(3)).then(linear(0.1), at=0.8),
            "constant(1.0).then(constant(0.1), at=epochs(3)).then(linear(0.1), at=0.8)",
        ),
        (0.5 * cosine(1.0) * linear(1.0), "0.5 * cosine(1.0) * linear(1.0)"),
        (0.5 * (2 * cosine(1.0)), "0.5 * (2 * cosine(1.0))"),
        (cosine(1.0) * 2, "2 * cosine(1.0)"),
        ((2 * cosine(1.0)).then(linear(1.0), at=0.5), "(2 * cosine(1.0)).then(linear(1.0), at=0.5)"),
        (cosine(1.0).then(2 * linear(1.0), at=0.5) * linear(1.0),
         "cosine(1.0).then(2 * linear(1.0), at=0.5) * linear(1.0)"),
        (log(0.1, 1.0) * linear(1.0), "log(0.1, 1.0) * linear(1.0)"),
    ],
)  # fmt: skip
def test_a_schedule_prints_what_one_types(schedule, text):
    assert repr(schedule) == text


EXTREMES = st.one_of(
    st.builds(lambda a, b, f: a.then(b, at=f), SHAPES, SHAPES, st.floats(0.1, 0.9)),
    st.builds(lambda a, n, s: warmup(n, start=s).then(a), SHAPES, st.floats(0, 0.5), st.sampled_from([None, 0.0, 0.3])),
    st.builds(lambda a, b: a * b, SHAPES, SHAPES),
    st.builds(lambda a, f: f * a, SHAPES, st.floats(-3, 3)),
)


@given(EXTREMES, st.integers(1, 1000), st.data())
def test_all_numbers_lie_between_the_extremes(schedule, T, data):
    value = schedule(data.draw(st.integers(0, T - 1)), T)
    slack = 1e-12 * abs(value)
    assert min(schedule.extremes()) - slack <= value <= max(schedule.extremes()) + slack


def test_a_product_reaches_as_far_as_both_sides_together():
    extremes = (linear(1.0, end=0.5) * linear(2.0, end=-1.0)).extremes()
    assert (min(extremes), max(extremes)) == pytest.approx((-1.0, 2.0), rel=0.01)
    assert sorted(extremes) == pytest.approx([-1.0, -0.5, 1.0, 2.0], rel=0.01)


def test_extremes_need_no_length_of_an_epoch():
    schedule = warmup(epochs(5)).then(cosine(log(0.01, 0.1)))
    assert max(schedule.extremes()) == 0.1
    assert 0 < min(schedule.extremes()) < 1e-6


class Rate(Part):
    value: object


def test_ranges_inside_are_found_and_settled():
    rate = Rate(warmup(uniform(0.0, 0.2)).then(cosine(log(1e-4, 1e-1))) * choice((1.0, 2.0)))
    found = leaves(rate, is_range)
    assert list(map(repr, found.values())) == ["choice((1.0, 2.0))", "uniform(0.0, 0.2)", "log(0.0001, 0.1)"]
    settled = substitute(rate, {path: each.at(1.0) for path, each in found.items()})
    assert settled == Rate(2.0 * warmup(0.2).then(cosine(0.1)))


def test_every_schedule_is_known_by_its_name_and_says_its_fields():
    assert set(SCHEDULES) == {
        "constant", "step", "multistep", "exponential", "inverse_time", "inverse_sqrt", "linear", "cosine",
        "polynomial", "warm_restarts", "one_cycle", "warmup_stable_decay", "hold", "warmup", "per_epoch",
    }  # fmt: skip
    assert all(kind.__name__ == name and issubclass(kind, Schedule) for name, kind in SCHEDULES.items())
    assert [is_schedule(value) for value in (cosine(1.0), cosine, 1.0, 2 * cosine(1.0))] == [True, False, False, True]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: constant(1.0).then(cosine(1.0)), "say when the next begins, as in .then(..., at=0.5)."),
        (lambda: warmup(0.1).then(cosine(1.0), at=0.1), "the warm-up has its own length, so leave out at=0.1."),
        (lambda: warmup(0.1).then(0.3), ".then must be given a schedule, got 0.3."),
        (
            lambda: constant(1.0).then(cosine(1.0), at=30),
            "at must be a fraction of training in (0, 1), or epochs(n), or steps(n), got 30.",
        ),
        (
            lambda: constant(1.0).then(cosine(1.0), at=uniform(0.5, 1.0)),
            "at must be a fraction of training in (0, 1), or epochs(n), or steps(n), got uniform(0.5, 1.0).",
        ),
        (
            lambda: constant(1.0).then(cosine(1.0), at=epochs(linear(1.0))),
            "the moment when a schedule begins cannot be a schedule.",
        ),
        (
            lambda: constant(1.0).then(constant(2.0), at=0.5).then(cosine(1.0), at=0.25),
            "each stage must begin after the one before it.",
        ),
        (
            lambda: constant(1.0).then(constant(2.0), at=0.5).then(cosine(1.0), at=steps(4))(0, 10),
            "of 10 steps, a stage would begin at step 4, the one before it at 5.",
        ),
        (
            lambda: constant(1.0).then(warmup(0.5), at=0.6).then(cosine(1.0))(0, 10),
            "of 10 steps, a stage would begin at step 11, the one before it at 6.",
        ),
        (
            lambda: warmup(steps(11)).then(cosine(1.0))(0, 10),
            "steps(11) is longer than what it is a part of: 11 of 10 steps.",
        ),
        (
            lambda: warmup(1.0),
            (
                "length must be in [0, 1), got 1.0 (length is the duration, as a fraction of training, "
                "epochs(n) or steps(n))."
            ),
        ),
        (
            lambda: warmup(cosine(0.5)),
            ("it cannot hold a schedule; schedules are put together by a.then(b) and a * b."),
        ),
        (lambda: Product(cosine(0.5), 2.0), "schedule must be a schedule, got 2.0."),
        (lambda: Product("2", cosine(0.5)), "got '2' (factor is the number or schedule on the left)."),
    ],
)
def test_what_cannot_be_is_told_in_one_line(make, told):
    with pytest.raises(RavineError) as caught:
        make()
    assert str(caught.value).endswith(told)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("other", ["2", (1,), None, True])
def test_only_numbers_and_schedules_multiply(other):
    with pytest.raises(TypeError):
        cosine(1.0) * other
    with pytest.raises(TypeError):
        other * cosine(1.0)


def test_a_sequence_is_flat_and_a_product_has_two_sides():
    assert isinstance(cosine(1.0) * linear(1.0), Product)
    sequence = constant(1.0).then(constant(2.0), at=0.5).then(constant(3.0), at=0.75)
    assert sequence == Stages((constant(1.0), constant(2.0), constant(3.0)), (0, 0.5, 0.75))
