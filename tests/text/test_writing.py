"""What is written is read back as the same thing."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.errors import RavineError
from ravine.ranges import choice, log
from ravine.rules import SGD, Adam, Clip, Decay
from ravine.schedules import cosine, epochs, exponential, warmup
from ravine.text import read, write

from .known import NAMES, rules, schedules, spreads

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**300), 10**300) | NUMBERS | st.text() | st.sampled_from([Adam, log]),
    lambda inside: st.lists(inside).map(tuple) | st.dictionaries(st.text() | st.integers(), inside),
    max_leaves=10,
)


@given(rules())
def test_rules_come_back(rule):
    text = write(rule)
    assert read(text, NAMES) == rule
    assert write(read(text, NAMES)) == text


@given(schedules(NUMBERS.filter(lambda x: abs(x) < 1e100)))
def test_schedules_come_back(schedule):
    text = write(schedule)
    assert read(text, NAMES) == schedule
    assert write(read(text, NAMES)) == text


@given(spreads(st.floats(1e-9, 1e9) | st.floats(-9, 0.9)))
def test_ranges_come_back(spread):
    assert read(write(spread), NAMES) == spread


@given(PLAIN)
def test_plain_values_come_back(value):
    back = read(write(value), NAMES)
    assert back == value
    assert type(back) is type(value)


def test_a_schedule_that_comes_back_says_the_same_numbers():
    schedule = 0.5 * warmup(0.1).then(cosine(1.0)) * exponential(1.0, k=0.01)
    back = read(write(schedule), NAMES)
    assert [back(t, 50) for t in range(50)] == [schedule(t, 50) for t in range(50)]


@pytest.mark.parametrize(
    ("thing", "text"),
    [
        (Adam(lr=log(1e-4, 1e-1), beta1=0.8), "Adam(lr=log(0.0001, 0.1), beta1=0.8)"),
        (
            Clip(Decay(SGD(lr=warmup(epochs(2)).then(cosine(0.1)))), norm=1.0),
            "Clip(Decay(SGD(lr=warmup(epochs(2)).then(cosine(0.1)))), norm=1.0)",
        ),
        (Adam(lr=np.float64(0.1)), "Adam(lr=0.1)"),
        ((np.float64(-0.5), (1,), ()), "(-0.5, (1,), ())"),
        ({"width": choice((16, 32)), "kind": SGD}, "{'width': choice((16, 32)), 'kind': SGD}"),
        ("it's", '"it\'s"'),
        (True, "True"),
    ],
)
def test_what_is_written_is_what_one_types(thing, text):
    assert write(thing) == text
    assert read(text, NAMES) == thing


@pytest.mark.parametrize(
    ("thing", "sentence"),
    [
        (math.inf, "inf has no text that could be read back."),
        ({"width": [16, 32]}, "[16, 32] in 'width' has no text that could be read back."),
        ((1, {2.5: math.nan}), "nan in 2.5 in 1 has no text that could be read back."),
        ({(1, 2): 3}, "(1, 2) in (1, 2) has no text that could be read back."),
        (np.float32(0.1), "np.float32(0.1) has no text that could be read back."),
        (choice((b"a", b"b")), "b'a' in 0 in 'values' has no text that could be read back."),
        (torch.zeros(2), "tensor([0., 0.]) has no text that could be read back."),
        (math.sin, "<built-in function sin> has no text that could be read back."),
    ],
)  # fmt: skip
def test_what_has_no_text_is_refused(thing, sentence):
    with pytest.raises(RavineError) as caught:
        write(thing)
    assert str(caught.value) == sentence
