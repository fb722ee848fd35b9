"""Pseudo-values against leaving each example out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from ravine.data import jackknife

LUCK = np.random.default_rng(0)


def by_hand(value, count):
    """`n T - (n - 1) T(-i)`, the definition."""
    rows = np.arange(count)
    return np.array([count * value(rows) - (count - 1) * value(np.delete(rows, row)) for row in rows])


def test_of_a_mean_they_are_the_values_themselves():
    values = LUCK.normal(size=50)
    np.testing.assert_allclose(jackknife.of_sums(values, lambda sums, count: sums / count), values, atol=1e-12)
    np.testing.assert_allclose(jackknife.of_function(lambda rows: values[rows].mean(), 50), values, atol=1e-12)


def test_of_a_variance_their_mean_is_the_unbiased_one():
    values = LUCK.normal(size=30)
    found = jackknife.of_function(lambda rows: values[rows].var(), 30)
    assert found.mean() == pytest.approx(values.var(ddof=1), rel=1e-12)


def test_sums_and_functions_agree_with_the_definition():
    x, y = LUCK.normal(size=(2, 40))

    def correlation(rows):
        return np.corrcoef(x[rows], y[rows])[0, 1]

    def finish(sums, count):
        mean = sums / count
        spread = mean[:, 2:4] - mean[:, :2] ** 2
        return (mean[:, 4] - mean[:, 0] * mean[:, 1]) / np.sqrt(spread[:, 0] * spread[:, 1])

    parts = np.stack([x, y, x**2, y**2, x * y], axis=1)
    expected = by_hand(correlation, 40)
    np.testing.assert_allclose(jackknife.of_sums(parts, finish), expected, atol=1e-10)
    np.testing.assert_allclose(jackknife.of_function(correlation, 40), expected, atol=1e-10)


@settings(max_examples=30)
@given(
    scores=st.lists(st.integers(0, 6), min_size=4, max_size=25),
    data=st.data(),
)
def test_the_area_agrees_with_scikit_learn_left_out_one_by_one(scores, data):
    scores = np.array(scores, dtype=float)
    positive = np.array(data.draw(st.lists(st.booleans(), min_size=len(scores), max_size=len(scores))))
    positive[:4] = [True, True, False, False]  # so that leaving one out leaves both classes

    def value(rows):
        return roc_auc_score(positive[rows], scores[rows])

    area, found = jackknife.area(scores, positive)
    assert area == pytest.approx(value(np.arange(len(scores))), abs=1e-12)
    np.testing.assert_allclose(found, by_hand(value, len(scores)), atol=1e-10)
    assert found.mean() == pytest.approx(area, abs=1e-10)


def test_where_leaving_one_out_leaves_nothing_the_metric_stands():
    area, found = jackknife.area(np.array([0.0, 1.0, 2.0]), np.array([True, False, False]))
    assert area == 0
    assert np.isfinite(found).all()
    assert jackknife.of_sums(np.array([3.0]), lambda sums, count: sums / count).tolist() == [3.0]
    assert jackknife.of_function(lambda rows: float(len(rows)), 1).tolist() == [1.0]


@pytest.mark.parametrize("count", [1000, 1010, 1999])
def test_blocks_keep_the_mean_and_the_spread(count):
    values = LUCK.normal(size=count)
    found = jackknife.of_function(lambda rows: values[rows].mean(), count, blocks=200)
    assert len(found) == count
    assert found.mean() == pytest.approx(values.mean(), abs=1e-12)
    # Of 200 blocks a standard deviation comes out to 5 % (its own standard error); four times that is chance.
    assert found.std() == pytest.approx(values.std(), rel=0.2)


def test_blocks_are_fair_to_sorted_data_and_the_same_every_time():
    values = np.sort(LUCK.normal(size=2000))
    found = jackknife.of_function(lambda rows: values[rows].mean(), 2000)
    assert found.std() == pytest.approx(values.std(), rel=0.2)
    again = jackknife.of_function(lambda rows: values[rows].mean(), 2000)
    np.testing.assert_array_equal(found, again)


def test_intervals_from_blocks_cover_the_truth():
    """Nine in ten intervals hold the logarithm of the true mean, which is 0; of 300, 85 to 95 % do but for chance."""
    held = 0
    for seed in range(300):
        values = np.random.default_rng(seed).exponential(size=600)
        found = jackknife.of_function(lambda rows, values=values: np.log(values[rows].mean()), 600)
        half = 1.645 * found.std(ddof=1) / np.sqrt(600)
        held += abs(found.mean() - 0.0) < half
    assert 0.85 < held / 300 < 0.95
