"""Lengths in fractions, epochs and steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.errors import RavineError
from ravine.schedules import LENGTHS, epochs, steps
from ravine.schedules.length import duration, whole


@given(st.floats(0, 1), st.integers(1, 10_000))
def test_a_fraction_is_rounded_to_the_nearest_step(fraction, T):
    assert 0 <= whole(fraction, T) <= T
    assert abs(whole(fraction, T) - fraction * T) <= 0.5
    assert duration(fraction, T) == fraction * T


@given(st.integers(0, 50), st.integers(1, 100))
def test_epochs_are_steps_times_steps_per_epoch(n, steps_per_epoch):
    assert whole(epochs(n, steps_per_epoch=steps_per_epoch), 5000) == whole(steps(n * steps_per_epoch), 5000)
    assert epochs(n + 0.5, steps_per_epoch=2).in_steps() == 2 * n + 1


def test_a_length_may_fill_training_and_no_more():
    assert whole(steps(10), 10) == 10
    with pytest.raises(RavineError, match=r"^steps\(11\) is longer than what it is a part of: 11 of 10 steps\.$"):
        whole(steps(11), 10)


def test_lengths_print_what_one_types():
    assert repr((epochs(5), epochs(2.5, steps_per_epoch=32), steps(7))) == (
        "(epochs(5), epochs(2.5, steps_per_epoch=32), steps(7))"
    )
    assert {"epochs": epochs, "steps": steps} == LENGTHS


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: steps(2.5), "steps(n=2.5): n must be a whole number, got 2.5 (n is the number of steps)."),
        (lambda: steps(-1), "steps(n=-1): n must be at least 0, got -1 (n is the number of steps)."),
        (lambda: epochs("5"), "epochs(n='5'): n must be a number, got '5' (n is the number of epochs)."),
        (
            lambda: epochs(5, steps_per_epoch=0),
            (
                "epochs(steps_per_epoch=0): steps_per_epoch must be at least 1, got 0 "
                "(steps_per_epoch is the number of steps in an epoch)."
            ),
        ),
        (
            lambda: epochs(5).in_steps(),
            (
                "epochs(5): nobody has said how many steps an epoch has; use bind(schedule, steps_per_epoch), or give "
                "epochs(5, steps_per_epoch=...)."
            ),
        ),
        (
            lambda: steps(epochs(5)),
            "steps(n=epochs(5)): n must be a whole number, got epochs(5) (n is the number of steps).",
        ),
    ],
)
def test_what_is_no_length_is_told_in_one_line(make, sentence):
    with pytest.raises(RavineError) as caught:
        make()
    assert str(caught.value) == sentence
