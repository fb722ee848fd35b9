import numpy as np
import pytest
import torch
from mlxtend.evaluate import BootstrapOutOfBag, bootstrap_point632_score
from mlxtend.evaluate.bootstrap_point632 import accuracy, no_information_rate
from scipy import stats
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

from ravine.data.metrics import METRICS
from ravine.diagnose.bootstrap import (
    bootstrap_interval,
    error_632,
    error_632_plus,
    no_information_error,
    out_of_bag_error,
)
from ravine.errors import RavineError

LUCK = np.random.default_rng(0)


def by_hand(values: np.ndarray, seed: int, resamples: int, bca: bool) -> np.ndarray:
    """Efron & Tibshirani 1993, equations 14.9 to 14.15, for a mean, with a different generator's luck."""
    n = len(values)
    means = np.sort(values[np.random.default_rng(seed).integers(0, n, (resamples, n))].mean(axis=1))
    tails = np.array([0.025, 0.975])
    if bca:
        z0 = stats.norm.ppf((means < values.mean()).mean())
        left_out = (values.sum() - values) / (n - 1)
        away = left_out.mean() - left_out
        a = (away**3).sum() / (6 * (away**2).sum() ** 1.5)
        z = z0 + stats.norm.ppf(tails)
        tails = stats.norm.cdf(z0 + z / (1 - a * z))
    return np.quantile(means, tails)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_an_interval_of_a_mean_is_that_of_the_book(method):
    values = LUCK.exponential(size=60)  # skewed, so that the two differ
    found = bootstrap_interval(values, method=method, resamples=40_000)
    expected = by_hand(values, 1, 40_000, method == "bca")
    width = expected[1] - expected[0]
    assert found.value == pytest.approx(values.mean())
    assert np.abs(np.array([found.low, found.high]) - expected).max() < 0.02 * width
    other = by_hand(values, 1, 40_000, method != "bca")
    assert np.abs(np.array([found.low, found.high]) - other).max() > 0.05 * width


def test_an_interval_of_a_metric_that_is_no_mean_resamples_examples():
    outputs, targets = torch.randn(80, 3, generator=torch.Generator().manual_seed(0)), torch.arange(80) % 3
    found = bootstrap_interval("f1", outputs, targets, method="percentile", resamples=500, seed=3)
    rows = np.random.default_rng(7).integers(0, 80, (4000, 80))
    values = [METRICS["f1"].value(outputs[row], targets[row]) for row in rows]
    assert found.value == METRICS["f1"].value(outputs, targets)
    assert (found.high - found.low) == pytest.approx(np.subtract(*np.quantile(values, [0.975, 0.025])), rel=0.12)


def test_a_mean_and_the_metric_that_is_that_mean_have_the_same_interval():
    outputs, targets = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)), torch.arange(50) % 4
    hits = METRICS["accuracy"].per_example(outputs, targets)
    one, other = (
        bootstrap_interval(hits, resamples=300),
        bootstrap_interval("accuracy", outputs, targets, resamples=300),
    )
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))


def test_the_seed_decides_the_interval():
    values = LUCK.normal(size=30)
    first, second, other = (bootstrap_interval(values, resamples=200, seed=seed) for seed in (1, 1, 2))
    assert first == second
    assert first.low != other.low


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_intervals_cover_the_truth_about_as_often_as_they_say(method):
    draws = np.random.default_rng(5).normal(2.0, 1.0, size=(300, 50))
    found = [bootstrap_interval(values, method=method, confidence=0.9, resamples=400) for values in draws]
    covered = np.mean([one.low <= 2.0 <= one.high for one in found])
    assert abs(covered - 0.9) < 3 * np.sqrt(0.9 * 0.1 / 300)


def test_where_all_resamples_are_alike_the_interval_says_what_it_fell_back_to():
    found = bootstrap_interval(np.ones(20))
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)
    assert "too much alike for BCa" in found.basis


def members_on_samples(count: int = 8):
    x, y = load_iris(return_X_y=True)
    samples = [train for train, _ in BootstrapOutOfBag(n_splits=count, random_seed=1).split(x)]
    trees = [DecisionTreeClassifier(max_depth=2, random_state=0).fit(x[rows], y[rows]) for rows in samples]
    return x, y, samples, trees


def test_weights_are_those_of_mlxtend_split_by_split():
    x, y, samples, trees = members_on_samples()
    tree = DecisionTreeClassifier(max_depth=2, random_state=0)
    plain = bootstrap_point632_score(tree, x, y, n_splits=8, method=".632", random_seed=1)
    plus = bootstrap_point632_score(tree, x, y, n_splits=8, method=".632+", random_seed=1)
    for place, (rows, fitted) in enumerate(zip(samples, trees, strict=True)):
        out = np.setdiff1d(np.arange(len(y)), rows)
        on_all, on_out = (fitted.predict(x) != y).mean(), (fitted.predict(x[out]) != y[out]).mean()
        gamma = no_information_error(y, fitted.predict(x))
        assert gamma == pytest.approx(1 - no_information_rate(y, fitted.predict(x), accuracy), abs=1e-12)
        assert error_632(on_all, on_out) == pytest.approx(1 - plain[place], abs=1e-12)
        assert on_all <= on_out, "where the out-of-bag error is lower, mlxtend does not clip the overfitting at 0"
        assert error_632_plus(on_all, on_out, gamma) == pytest.approx(1 - plus[place], abs=1e-12)


def test_out_of_bag_error_averages_by_example_as_written():
    x, y, samples, trees = members_on_samples()
    losses = np.array([fitted.predict(x) != y for fitted in trees], dtype=float)
    counts = np.array([np.bincount(rows, minlength=len(y)) for rows in samples])
    errors = []
    for i in range(len(y)):
        out = [b for b, rows in enumerate(samples) if i not in rows]
        if out:
            errors.append(np.mean([losses[b, i] for b in out]))
    assert out_of_bag_error(losses, counts) == pytest.approx(np.mean(errors), abs=1e-12)


@pytest.mark.parametrize("training", [0.0, 0.1, 0.3, 0.6])
@pytest.mark.parametrize("out", [0.05, 0.3, 0.5, 0.7])
def test_plus_is_the_plain_one_and_a_term_as_in_the_paper(training, out):
    gamma = 0.5
    kept = min(out, gamma)
    overfits = kept > training and gamma > training
    share = (kept - training) / (gamma - training) if overfits else 0.0
    # Equation 32, which adds to the plain estimate; the weights of equation 29 say the same.
    expected = error_632(training, out) + (kept - training) * 0.368 * 0.632 * share / (1 - 0.368 * share)
    if out > gamma:
        expected += 0.632 * (kept - out)
    assert error_632_plus(training, out, gamma) == pytest.approx(expected)


def test_estimates_come_closer_to_the_error_on_new_data_than_the_two_they_are_made_of():
    luck = np.random.default_rng(3)

    def draw(n):
        x = luck.normal(size=(n, 5))
        return x, (x[:, 0] + luck.normal(size=n) > 0).astype(int)

    plus, training, new = [], [], []
    for _ in range(12):
        (x, y), (new_x, new_y) = draw(80), draw(2000)
        counts = luck.multinomial(80, np.full(80, 1 / 80), size=30)
        trees = [DecisionTreeClassifier(random_state=0).fit(x, y, sample_weight=count) for count in counts]
        whole = DecisionTreeClassifier(random_state=0).fit(x, y)
        losses = np.array([tree.predict(x) != y for tree in trees], dtype=float)
        training.append((whole.predict(x) != y).mean())
        gamma = no_information_error(y, whole.predict(x))
        plus.append(error_632_plus(training[-1], out_of_bag_error(losses, counts), gamma))
        new.append((whole.predict(new_x) != new_y).mean())
    assert np.mean(training) == 0.0  # a full tree knows its data by heart
    assert abs(np.mean(plus) - np.mean(new)) < 0.03
    assert np.mean([error_632(0.0, p) for p in plus]) < np.mean(new) - 0.05


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: bootstrap_interval([1.0, 2.0], method="BC"), r"method='BC'.*must be 'percentile' or 'bca'"),
        (lambda: bootstrap_interval([1.0, 2.0], confidence=95), r"confidence=95.*in \(0, 1\)"),
        (lambda: bootstrap_interval([1.0, 2.0], resamples=9), "resamples=9.*at least 100"),
        (lambda: bootstrap_interval([1.0]), "at least 2 examples, got 1"),
        (lambda: bootstrap_interval([1.0, np.nan]), "one finite score for each example"),
        (lambda: bootstrap_interval("f2", torch.zeros(2), torch.zeros(2)), "metric='f2' must be one of"),
        (lambda: bootstrap_interval("f1", torch.zeros(3, 2), torch.zeros(2)), "needs outputs and as many targets"),
        (lambda: out_of_bag_error([[1.0]], [[0, 1]]), r"\[members, n\], got \(1, 1\) and \(1, 2\)"),
        (lambda: out_of_bag_error([[1.0, 0.0]], [[1, 1]]), "give more members"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(call, sentence):
    with pytest.raises(RavineError, match=sentence) as told:
        call()
    assert "\n" not in str(told.value)
