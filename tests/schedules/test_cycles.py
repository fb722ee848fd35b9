"""Schedules that rise, against PyTorch's, their closed forms, and the sequences that they stand for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from ravine.errors import RavineError
from ravine.schedules import constant, cosine, epochs, linear, one_cycle, steps, warm_restarts, warmup
from ravine.schedules import warmup_stable_decay as stable

from .torch_schedules import lr_of_torch


@pytest.mark.parametrize(("first", "growth"), [(7, 1), (5, 2), (3, 3), (1, 2), (1, 1), (40, 1)])
def test_warm_restarts_are_those_of_torch(first, growth):
    schedule = warm_restarts(0.3, steps(first), growth=growth, end=0.02)

    def make(optimizer):
        return lr_scheduler.CosineAnnealingWarmRestarts(optimizer, first, growth, eta_min=0.02)

    numbers = [schedule(t, 40) for t in range(40)]
    np.testing.assert_allclose(numbers, lr_of_torch(make, 0.3, 40), rtol=1e-12)


def test_each_cycle_is_a_cosine():
    schedule, whole = warm_restarts(1.0, first=0.25), cosine(1.0)
    assert [schedule(t, 40) for t in range(40)] == [whole(t % 10, 10) for t in range(40)]


@given(st.integers(1, 12), st.integers(12, 400), st.floats(1, 3))
def test_cycles_tile_training_each_longer_than_the_last_by_the_same_factor(parts, T, growth):
    schedule = warm_restarts(1.0, first=1 / parts if parts > 1 else 0.99, growth=growth)
    first = T * schedule.first
    edges, begin = [0], 0
    while begin < T:
        cycles = {schedule.cycle(t, T) for t in range(begin, min(T, schedule.cycle(begin, T)[1]))}
        assert len(cycles) == 1
        begin = cycles.pop()[1]
        edges.append(begin)
    lengths = first * growth ** np.arange(len(edges) - 1)
    # Beginnings are rounded to whole steps, each by half a step at most.
    np.testing.assert_allclose(edges[1:], np.cumsum(lengths), atol=0.5 + 1e-6)


@given(st.floats(0.02, 0.98), st.integers(60, 400))
def test_a_restart_begins_at_the_top(first, T):
    schedule = warm_restarts(1.0, first=first)
    edges = {schedule.cycle(t, T)[0] for t in range(T)}
    assert {t for t in range(T) if schedule(t, T) == 1.0} == edges


@pytest.mark.parametrize("T", [10, 11, 37, 100])
@pytest.mark.parametrize("rise", [0.25, 0.3, 0.5])
@pytest.mark.parametrize(("shape", "torchs"), [("cosine", "cos"), ("linear", "linear")])
def test_one_cycle_and_its_momentum_are_those_of_torch(T, rise, shape, torchs):
    def make(optimizer):
        return lr_scheduler.OneCycleLR(optimizer, 0.3, total_steps=T, pct_start=rise, anneal_strategy=torchs)

    lr = one_cycle(0.3, rise=rise, shape=shape)
    np.testing.assert_allclose([lr(t, T) for t in range(T)], lr_of_torch(make, 0.3, T), rtol=1e-12)

    momentum = one_cycle(0.85, start=0.95, end=0.95, rise=rise, shape=shape)
    theirs = lr_of_torch(make, 0.3, T, read=lambda group: group["momentum"], momentum=0.9)
    np.testing.assert_allclose([momentum(t, T) for t in range(T)], theirs, rtol=1e-12)


def test_one_cycle_with_ends_and_a_length_of_its_own():
    def make(optimizer):
        return lr_scheduler.OneCycleLR(optimizer, 0.3, total_steps=40, pct_start=0.3, div_factor=10, final_div_factor=5)

    schedule = one_cycle(0.3, start=0.03, end=0.006, rise=steps(12))
    np.testing.assert_allclose([schedule(t, 40) for t in range(40)], lr_of_torch(make, 0.3, 40), rtol=1e-12)


@pytest.mark.parametrize(
    ("schedule", "T", "numbers"),
    [
        (one_cycle(1.0, start=0.0, end=0.5, rise=steps(1)), 2, [1.0, 0.5]),
        (one_cycle(1.0, start=0.0, end=0.5, rise=steps(2)), 2, [0.0, 1.0]),
        (one_cycle(1.0, end=0.5), 1, [0.5]),
        (one_cycle(1.0, rise=steps(1)), 1, [1.0]),
        (warm_restarts(1.0, steps(1)), 1, [1.0]),
        (stable(1.0), 1, [1.0]),
        (stable(1.0, warmup=steps(1)), 1, [0.5]),
        (stable(1.0, warmup=0.0, decay=1.0), 2, [1.0, 0.5]),
    ],
)
def test_the_shortest_of_trainings(schedule, T, numbers):
    assert [schedule(t, T) for t in range(T)] == numbers


@given(st.floats(0, 0.4), st.floats(0.1, 0.5), st.integers(1, 300), st.data())
def test_warm_up_stable_decay_is_the_sequence_it_stands_for(rise, fall, T, data):
    decay = round(fall * T)
    schedule = stable(0.3, warmup=rise, decay=steps(decay), end=0.01)
    sequence = warmup(rise).then(constant(0.3)).then(linear(0.3, end=0.01), at=steps(T - decay))
    t = data.draw(st.integers(0, T - 1))
    assert schedule(t, T) == pytest.approx(sequence(t, T), rel=1e-12)


def test_warm_up_stable_decay_in_numbers():
    numbers = [stable(1.0, warmup=0.2, decay=0.4)(t, 10) for t in range(10)]
    assert numbers == pytest.approx([1 / 3, 2 / 3, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25], rel=1e-12)


CYCLES = st.one_of(
    st.builds(warm_restarts, st.floats(0.1, 1), st.floats(0.1, 0.9), end=st.floats(0, 2)),
    st.builds(one_cycle, st.floats(0.1, 1), st.none() | st.floats(0, 2), st.none() | st.floats(0, 2)),
    st.builds(stable, st.floats(0.1, 1), st.floats(0, 0.4), st.floats(0.1, 0.5), st.floats(0, 2)),
)


@given(CYCLES, st.integers(20, 1000), st.data())
def test_all_numbers_lie_between_the_extremes(schedule, T, data):
    value = schedule(data.draw(st.integers(0, T - 1)), T)
    assert min(schedule.extremes()) - 1e-15 <= value <= max(schedule.extremes()) + 1e-15


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: warm_restarts(0.1, 0.01)(0, 40),
            "warm_restarts(0.1, 0.01): of 40 steps, the first cycle takes 0.4; it must take one at least.",
        ),
        (
            lambda: warm_restarts(0.1, 0.5, growth=0.5),
            (
                "warm_restarts(growth=0.5): growth must be at least 1, got 0.5 "
                "(growth is the length of each cycle over that of the one before)."
            ),
        ),
        (
            lambda: one_cycle(0.1, shape="cos"),
            "one_cycle(shape='cos'): shape must be 'cosine' or 'linear', got 'cos'.",
        ),
        (
            lambda: one_cycle(0.1, rise=epochs(2, steps_per_epoch=30))(0, 40),
            "epochs(2, steps_per_epoch=30) is longer than what it is a part of: 60 of 40 steps.",
        ),
        (
            lambda: stable(0.1, warmup=0.5, decay=0.6)(0, 10),
            (
                "warmup_stable_decay(0.1, warmup=0.5, decay=0.6): of 10 steps, warmup takes 5 and decay 6; "
                "together they must fit."
            ),
        ),
    ],
)
def test_what_cannot_be_is_told_in_one_line(make, sentence):
    with pytest.raises(RavineError) as caught:
        make()
    assert str(caught.value) == sentence
