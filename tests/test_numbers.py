import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.numbers import (
    count,
    decimals,
    duration,
    in_words,
    is_share,
    number,
    probability,
    short,
    span,
    unit,
)

NAN = math.nan


@pytest.mark.parametrize(
    ("half_widths", "expected"),
    [([0.6], 1), ([0.2], 1), ([0.19], 2), ([0.07], 2), ([0.0013], 4), ([0.00001], 4), ([3.0], 0), ([1.5], 1), ([40], 0),
     ([], 2), ([NAN, 0.0], 2), ([0.6, 0.7, 300.0], 1)],
)  # fmt: skip
def test_a_column_has_the_digits_that_are_sure(half_widths, expected):
    assert decimals(half_widths) == expected


@given(st.floats(1e-3, 1e3))
def test_rounding_moves_a_number_by_less_than_a_third_of_its_uncertainty(half_width):
    assert 0.5 * 10.0 ** -decimals([half_width]) <= max(half_width / 3.9, 0.5 * (half_width > 1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (number(0.98412, 1, share=True) + unit(True), "98.4 %"),
        (number(-0.004, 2), "0.00"),
        (number(-0.006, 2), "−0.01"),
        (number(0.5, 1, signed=True), "+0.5"),
        (number(0.0, 1, signed=True), "0.0"),
        (number(NAN, 1), "–"),
        (number(math.inf, 1), "∞"),
        (number(-math.inf, 1), "−∞"),
        (span(0.9805, 0.9874, 1, share=True), "98.0–98.7"),
        (span(-1.0, 2.0, 0), "−1 to 2"),
        (span(NAN, NAN, 0), "–"),
        (span(NAN, 1.0, 0), "–"),
        (probability(1.0), "> 99 %"),
        (probability(0.99), "99 %"),
        (probability(0.004), "< 1 %"),
        (probability(NAN), "–"),
        (count(999.4), "999"),
        (count(999.6), "1.00 k"),
        (count(12_400), "12.4 k"),
        (count(3.1e9), "3.10 G"),
        (count(NAN), "–"),
        (short(4.0), "4"),
        (short(NAN), "–"),
        (duration(59.9), "1 min 0 s"),
        (duration(3599.6), "1 h 0 min"),
        (duration(NAN), "–"),
        (in_words("balanced_accuracy"), "balanced accuracy"),
    ],
)
def test_numbers_are_written_for_readers(text, expected):
    assert text == expected


@pytest.mark.parametrize("metric", ["accuracy", "Accuracy", "balanced_accuracy", "error"])
def test_shares_of_examples_are_shown_in_percent(metric):
    assert is_share(metric)


@pytest.mark.parametrize(
    "metric", ["r2", "squared_error", "absolute_error", "log_loss", "auc", "f1", "my_accuracy_like"]
)
def test_other_metrics_are_shown_as_they_are(metric):
    assert not is_share(metric)


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_a_number_reads_back_as_itself_rounded(value, digits):
    assert float(number(value, digits).replace("−", "-")) == pytest.approx(value, abs=0.500001 * 10.0**-digits)
