"""Ranges turn a place of the unit interval into a number, evenly on their scale and never beyond their ends."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.errors import RavineError
from ravine.fields import Number, field
from ravine.part import Part
from ravine.ranges import RANGES, choice, integers, is_range, log, near_one, uniform

PLACES = st.floats(0, 1)
POSITIVE = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
ENDS = {
    uniform: st.floats(allow_nan=False, allow_infinity=False),
    log: POSITIVE,
    near_one: st.floats(max_value=1, exclude_max=True, allow_nan=False, allow_infinity=False),
}


@st.composite
def ranges(draw):
    kind = draw(st.sampled_from(list(ENDS)))
    return kind(*sorted(draw(st.lists(ENDS[kind], min_size=2, max_size=2, unique=True))))


@given(ranges(), PLACES)
def test_a_number_lies_between_the_ends_which_are_exact(kind, u):
    assert kind.low <= kind.at(u) <= kind.high
    assert (kind.at(0), kind.at(1)) == kind.extremes() == (kind.low, kind.high)
    assert type(kind.at(u)) is float


@pytest.mark.parametrize("spread", [uniform(1, 4), log(1, 4), near_one(-4, -1)], ids=repr)
def test_whole_ends_do_not_make_the_numbers_whole(spread):
    assert [type(spread.at(u)) for u in (0, 0.5, 1)] == [float] * 3


@given(ranges(), PLACES, PLACES)
def test_a_range_rises(kind, u, v):
    low, high = kind.at(min(u, v)), kind.at(max(u, v))
    assert low <= high or math.isclose(low, high, rel_tol=1e-12)


@given(st.floats(-50, 50), st.floats(0.1, 50), PLACES)
def test_uniform_is_straight(low, width, u):
    assert uniform(low, low + width).at(u) == pytest.approx(low + u * width, rel=1e-12, abs=1e-12)


@given(st.floats(1e-9, 1e3), st.floats(1.1, 1e9), PLACES)
def test_log_is_straight_in_the_logarithm(low, ratio, u):
    assert log(low, low * ratio).at(u) == pytest.approx(low * ratio**u, rel=1e-12)


@given(st.floats(-3, 0.9), st.floats(1.1, 1e6), PLACES)
def test_near_one_is_straight_in_the_logarithm_of_the_distance(low, ratio, u):
    high = 1 - (1 - low) / ratio
    # The distance is a difference of numbers near one, known to an absolute 1e-16.
    assert 1 - near_one(low, high).at(u) == pytest.approx((1 - low) * ratio**-u, rel=1e-9)


@given(st.integers(-20, 20), st.integers(1, 20))
def test_whole_numbers_come_equally_often(low, more):
    numbers, places = more + 1, 7
    drawn = [integers(low, low + more).at((i + 0.5) / (places * numbers)) for i in range(places * numbers)]
    assert drawn == [low + i // places for i in range(places * numbers)]


def test_the_ends_of_whole_numbers_and_choices():
    assert [integers(2, 5).at(u) for u in (0, 1)] == [2, 5]
    assert [choice(("a", "b", "c")).at(u) for u in (0, 0.34, 0.67, 1)] == ["a", "b", "c", "c"]
    assert choice((3, 1, 2)).extremes() == (3, 1, 2)


@pytest.mark.parametrize(
    ("kind", "arguments", "sentence"),
    [
        (log, (1e-1, 1e-4), "log(0.1, 0.0001): the low end must be below the high end, got 0.1 and 0.0001."),
        (uniform, (1.0, 1.0), "uniform(1.0, 1.0): the low end must be below the high end, got 1.0 and 1.0."),
        (log, (0.0, 1.0), "log(low=0.0): low must be above 0, got 0.0 (low is the low end)."),
        (near_one, (0.9, 1.0), "near_one(high=1.0): high must be in (-inf, 1), got 1.0 (high is the high end)."),
        (integers, (1, 2.5), "integers(high=2.5): high must be a whole number, got 2.5 (high is the high end)."),
        (uniform, (log(1, 2), 3), "uniform(log(1, 2), 3): an end of a range must be a number, got log(1, 2)."),
        (choice, ((16,),), "choice((16,)): give at least two values, as in choice((16, 32))."),
        (choice, (16,), "choice(16): give at least two values, as in choice((16, 32))."),
    ],
)
def test_a_range_that_is_none_is_refused(kind, arguments, sentence):
    with pytest.raises(RavineError) as caught:
        kind(*arguments)
    assert str(caught.value) == sentence


class Momentum(Part):
    rho: Number = field(0.9, "memory", within="[0, 1)")


def test_a_range_is_held_against_the_bounds_of_its_field():
    assert Momentum(near_one(0.0, 0.999)).rho.at(1) == 0.999
    with pytest.raises(RavineError, match=r"rho must be in \[0, 1\), got 1.0 from log\(0.1, 1.0\)"):
        Momentum(log(0.1, 1.0))


def test_every_range_is_known_by_its_name():
    assert {kind.__name__: kind for kind in (uniform, log, near_one, integers, choice)} == RANGES
    assert [is_range(value) for value in (log(1, 2), log, 0.5, None)] == [True, False, False, False]
