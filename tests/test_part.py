"""Parts check what they are given, print what a person would type, and change one thing at a time."""

import math
from functools import cached_property
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.errors import RavineError
from ravine.fields import Interval, Number, field, flag, inner, option
from ravine.part import Part, leaves, meanings, substitute
from ravine.ranges import choice, is_range, log, uniform
from ravine.schedules import constant, cosine, linear


class Wheel(Part):
    radius: Number = field(..., "size", within="(0, 10]", search=log(0.1, 10.0), also=("r",))
    spokes: Number = field(32, "number of spokes", at_least=0, whole=True)
    tire: str = option("wide", ("wide", "narrow"), "kind of tire")
    tubeless: bool = flag(False, "whether it has no tube")
    pressure: Number = field(None, "pressure, where there is air", at_least=0)

    @cached_property
    def around(self) -> float:
        return 2 * math.pi * self.radius


class Bicycle(Part):
    front: Any = inner("wheel in front", holds=(Wheel,))
    rear: Any = inner("wheel behind", default=None, holds=(Wheel,))
    extras: Any = inner("whatever hangs on it", default=())


ENDS = st.one_of(st.integers(-5, 5), st.just(math.inf), st.just(-math.inf))


@given(ENDS, ENDS, st.booleans(), st.booleans(), st.one_of(st.integers(-6, 6), st.floats()))
def test_an_interval_holds_what_mathematics_says(low, high, low_open, high_open, x):
    text = f"{'(' if low_open else '['}{low}, {high}{')' if high_open else ']'}"
    inside = (low < x or (not low_open and x == low)) and (x < high or (not high_open and x == high))
    assert (x in Interval.read(text)) == inside


def test_what_is_no_interval_is_the_authors_mistake():
    with pytest.raises(ValueError, match="not an interval: '0 to 1'"):
        Interval.read("0 to 1")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("radius", 0, "radius must be in (0, 10], got 0 (radius is the size)."),
        ("radius", math.nan, "radius must be in (0, 10], got nan (radius is the size)."),
        ("radius", "1", "radius must be a number, got '1' (radius is the size)."),
        ("radius", True, "radius must be a number, got True (radius is the size)."),
        ("radius", log, "radius must be a number, got log (radius is the size)."),
        ("radius", None, "radius must be a number, got None (radius is the size)."),
        ("radius", uniform(1, 11), "radius must be in (0, 10], got 11.0 from uniform(1, 11) (radius is the size)."),
        ("radius", linear(20.0), "radius must be in (0, 10], got 20.0 from linear(20.0) (radius is the size)."),
        ("spokes", -1, "spokes must be at least 0, got -1 (spokes is the number of spokes)."),
        ("spokes", 31.5, "spokes must be a whole number, got 31.5 (spokes is the number of spokes)."),
        ("spokes", uniform(1, 5), "spokes must be a whole number, got uniform(1, 5) (spokes is the number of spokes)."),
        ("tire", "round", "tire must be 'wide' or 'narrow', got 'round'."),
        ("tire", choice(("wide", "round")), "tire must be 'wide' or 'narrow', got 'round'."),
        ("tubeless", 1, "tubeless must be True or False, got 1."),
    ],
)
def test_a_value_out_of_bounds_is_told_with_everything_needed(name, value, told):
    with pytest.raises(RavineError) as caught:
        Wheel(**{"radius": 1.0, name: value})
    typed = value.__name__ if isinstance(value, type) else repr(value)
    assert str(caught.value) == f"Wheel({name}={typed}): {told}"


def test_a_choice_of_schedules_is_held_against_the_bounds():
    assert Wheel(choice((constant(1.0), linear(10.0)))).radius.at(0) == constant(1.0)
    with pytest.raises(RavineError, match="got 11.0 from choice"):
        Wheel(choice((constant(1.0), constant(11.0))))


def test_a_field_holds_a_range_a_schedule_or_nothing_where_it_may():
    wheel = Wheel(cosine(1.0, end=0.5), pressure=choice((None, 2.5)), tubeless=choice((True, False)))
    assert (wheel.radius(0, 10), wheel.pressure.at(0), wheel.tubeless.at(1)) == (1.0, None, False)
    assert Wheel(uniform(1.0, 10.0)).pressure is None


@pytest.mark.parametrize(
    ("front", "sentence"),
    [
        (3, "Bicycle(front=3): front must be a wheel, got 3."),
        (Wheel, "Bicycle(front=Wheel): front must be a wheel, got Wheel. Write Wheel(...) for one of them."),
        (choice((Wheel(1.0), 3)), "Bicycle(front=choice((Wheel(1.0), 3))): front must be a wheel, got 3."),
        (None, "Bicycle(front=None): front must be a wheel, got None."),
    ],
)
def test_a_field_for_a_part_refuses_another_kind(front, sentence):
    with pytest.raises(RavineError) as caught:
        Bicycle(front)
    assert str(caught.value) == sentence


def test_a_part_is_frozen_and_compares_by_what_it_holds():
    assert Bicycle(Wheel(1.0)) == Bicycle(Wheel(1.0), rear=None)
    assert Bicycle(Wheel(1.0)) != Bicycle(Wheel(2.0))
    assert len({Wheel(1.0), Wheel(1.0, spokes=32), Wheel(1.0, spokes=31)}) == 2
    with pytest.raises(AttributeError, match="radius"):
        Wheel(1.0).radius = 2.0  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (Wheel(1.0), "Wheel(1.0)"),
        (Wheel(1.0, spokes=32, tire="narrow"), "Wheel(1.0, tire='narrow')"),
        (Wheel(np.float64(0.1)), "Wheel(0.1)"),
        (Bicycle(Wheel(1.0), Wheel(2)), "Bicycle(Wheel(1.0), rear=Wheel(2))"),
        (Bicycle(Wheel(1.0), extras=(Wheel, np.float64(0.5))), "Bicycle(Wheel(1.0), extras=(Wheel, 0.5))"),
        (Bicycle(Wheel(1.0), extras=(1,)), "Bicycle(Wheel(1.0), extras=(1,))"),
        (Bicycle(Wheel(1.0), extras={"bell": 1.5}), "Bicycle(Wheel(1.0), extras={'bell': 1.5})"),
    ],
)
def test_a_part_prints_what_one_types(part, text):
    assert repr(part) == text
    assert eval(text, {"Wheel": Wheel, "Bicycle": Bicycle}) == part  # noqa: S307 - Python itself is the judge here


def test_meanings_come_in_the_order_of_definition():
    assert list(meanings(Wheel)) == ["radius", "spokes", "tire", "tubeless", "pressure"]
    assert meanings(Wheel(1.0))["radius"].search == log(0.1, 10.0)
    assert meanings(Wheel)["radius"].also == ("r",)


def test_leaves_are_found_however_deep_and_not_looked_into():
    radius, bell = log(1.0, 2.0), uniform(0.0, 1.0)
    bicycle = Bicycle(Wheel(radius), extras=(1, {"bell": (bell,)}))
    assert leaves(bicycle, is_range) == {("front", "radius"): radius, ("extras", 1, "bell", 0): bell}
    assert leaves(bicycle, lambda value: isinstance(value, Wheel)) == {("front",): Wheel(radius)}


@given(st.floats(0.1, 10), st.integers(0, 50), st.text())
def test_substitution_changes_what_it_was_told_and_nothing_else(radius, spokes, bell):
    before = Bicycle(Wheel(1.0), rear=Wheel(2.0), extras=(1, {"bell": "loud", "light": 3}))
    values = {("front", "radius"): radius, ("rear", "spokes"): spokes, ("extras", 1, "bell"): bell}
    expected = Bicycle(Wheel(radius), rear=Wheel(2.0, spokes=spokes), extras=(1, {"bell": bell, "light": 3}))
    assert substitute(before, values) == expected
    assert before == Bicycle(Wheel(1.0), rear=Wheel(2.0), extras=(1, {"bell": "loud", "light": 3}))


def test_substitution_of_everything_and_of_nothing():
    wheel = Wheel(1.0)
    assert substitute(wheel, {}) is wheel
    assert substitute(wheel, {(): 3}) == 3


def test_substitution_leaves_behind_what_was_worked_out():
    wheel = Wheel(1.0)
    assert wheel.around == pytest.approx(2 * math.pi)
    assert substitute(wheel, {("radius",): 2.0}).around == pytest.approx(4 * math.pi)


def test_what_substitution_finds_no_place_for_is_an_error():
    with pytest.raises(AttributeError):
        substitute(Wheel(1.0), {("diameter",): 2.0})
    with pytest.raises(LookupError):
        substitute((1, 2), {(2,): 3})
    with pytest.raises(LookupError):
        substitute({"a": 1}, {("b",): 3})
