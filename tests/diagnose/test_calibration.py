import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.special import expit, softmax
from sklearn.calibration import calibration_curve

from ravine.diagnose.calibration import confidences, reliability, reliability_of
from ravine.errors import RavineError

LUCK = np.random.default_rng(0)
STATED = LUCK.beta(4, 1, size=500)
RIGHT = LUCK.random(500) < STATED**1.5


@pytest.mark.parametrize(("by", "strategy"), [("width", "uniform"), ("mass", "quantile")])
@pytest.mark.parametrize("bins", [1, 7, 15])
def test_bins_are_those_of_scikit_learns_curve(by, strategy, bins):
    found = reliability(STATED, RIGHT, bins=bins, by=by)
    accuracy, confidence = calibration_curve(RIGHT, STATED, n_bins=bins, strategy=strategy)
    np.testing.assert_allclose(found.accuracy, accuracy, rtol=1e-12)
    np.testing.assert_allclose(found.confidence, confidence, rtol=1e-12)


@given(
    some.lists(some.tuples(some.sampled_from([0.0, 0.1, 0.2, 0.35, 0.5, 0.9, 1.0]), some.booleans()), min_size=1),
    some.integers(1, 12),
)
def test_the_error_by_width_is_the_sum_in_its_definition(answers, bins):
    stated, right = (np.array(each) for each in zip(*answers, strict=True))
    total, worst = 0.0, 0.0
    for b in range(bins):
        low, high = b / bins, (b + 1) / bins
        inside = (stated > low) & (stated <= high) | ((stated == 0) & (b == 0))
        if inside.any():
            away = abs(right[inside].mean() - stated[inside].mean())
            total, worst = total + inside.mean() * away, max(worst, away)
    found = reliability(stated, right, bins=bins)
    edges = np.isin(np.round(stated * bins, 9), np.arange(1, bins))
    if not edges.any():  # on an edge, rounding decides
        assert (found.error, found.largest) == pytest.approx((total, worst))
    assert found.count.sum() == len(stated)


def test_bins_of_equal_mass_hold_equally_many():
    found = reliability(STATED, RIGHT, bins=10, by="mass")
    assert found.count.tolist() == [50] * 10
    order = np.argsort(STATED)
    blocks = [(RIGHT[part].mean(), STATED[part].mean()) for part in np.split(order, 10)]
    assert found.error == pytest.approx(np.mean([abs(a - c) for a, c in blocks]))


def test_an_interval_is_wilsons():
    found = reliability([0.7] * 20, [True] * 13 + [False] * 7, bins=3, level=0.9)
    z, p, n = 1.6448536269514722, 13 / 20, 20
    center, half = (p + z**2 / (2 * n)) / (1 + z**2 / n), z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / 400 / 4)
    assert (found.accuracy_low[0], found.accuracy_high[0]) == pytest.approx((center - half, center + half))


def test_what_a_calibrated_model_shows_is_what_calibrated_models_show():
    luck = np.random.default_rng(1)
    bins = np.ceil(STATED * 15).astype(int)
    rights = luck.random((1000, 500)) < STATED
    away = [np.abs((rights[:, bins == b] - STATED[bins == b]).sum(axis=1)) for b in np.unique(bins)]
    errors = np.sum(away, axis=0) / 500
    found = reliability(STATED, RIGHT)
    assert found.chance == pytest.approx(errors.mean(), rel=0.02)
    assert abs((errors > found.chance_high).mean() - 0.05) < 3 * np.sqrt(2 * 0.05 * 0.95 / 1000)  # of both draws
    assert found.error > found.chance_high  # answers were right less often than stated
    assert "it is overconfident" in found.sentence()
    honest = reliability(STATED, luck.random(500) < STATED)
    assert "no miscalibration is seen" in honest.sentence()


def test_overconfidence_is_mean_confidence_minus_accuracy():
    assert reliability(STATED, RIGHT).overconfidence == pytest.approx(STATED.mean() - RIGHT.mean())


def test_confidence_of_scores_for_each_class_and_of_one_logit():
    scores, targets = LUCK.normal(size=(40, 4)), LUCK.integers(0, 4, 40)
    stated, right = confidences(torch.from_numpy(scores), torch.from_numpy(targets))
    p = softmax(scores, axis=1)
    np.testing.assert_allclose(stated, p.max(axis=1))
    assert right.tolist() == (p.argmax(axis=1) == targets).tolist()
    logits, second = LUCK.normal(size=30), LUCK.integers(0, 2, 30)
    for outputs in (torch.from_numpy(logits), torch.from_numpy(logits)[:, None]):
        stated, right = confidences(outputs, torch.from_numpy(second).float())
        p = expit(logits)
        np.testing.assert_allclose(stated, np.maximum(p, 1 - p))
        assert right.tolist() == ((p > 0.5) == second).tolist()
    whole = reliability_of(torch.from_numpy(scores), torch.from_numpy(targets), bins=5)
    assert (
        whole.error == reliability(softmax(scores, axis=1).max(axis=1), scores.argmax(axis=1) == targets, bins=5).error
    )


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: reliability([0.5, 3.0], [True, False]), r"in \[0, 1\], got 3: are they logits\?"),
        (lambda: reliability([0.5], [True, False]), r"both must be \[n\], got \(1,\) and \(2,\)"),
        (lambda: reliability([0.5], [True], bins=0), "bins=0.*at least 1"),
        (lambda: reliability([0.5], [True], by="weight"), "by='weight'.*'width' or 'mass'"),
        (lambda: confidences(torch.zeros(2, 3, 4), torch.zeros(2, 4).long()), "one class for each example"),
        (lambda: confidences(torch.zeros(2, 1), torch.tensor([0.2, 5.0])), "the targets are numbers"),
    ],
)
def test_what_has_no_calibration_is_told_in_one_line(call, sentence):
    with pytest.raises(RavineError, match=sentence) as told:
        call()
    assert "\n" not in str(told.value)


@settings(max_examples=25)
@given(
    some.lists(some.tuples(some.sampled_from([0.0, 0.05, 0.35, 0.5, 0.93, 1.0]), some.booleans()), min_size=1),
    some.integers(1, 12),
    some.integers(1, 20),
)
def test_bins_of_few_answers_are_told_with_their_neighbors(answers, bins, least):
    stated, right = (np.array(each) for each in zip(*answers, strict=True))
    whole, told = reliability(stated, right, bins=bins), reliability(stated, right, bins=bins, least=least)
    errors = ("error", "largest", "chance", "chance_high")
    assert [getattr(told, name) for name in errors] == [getattr(whole, name) for name in errors]
    assert told.count.min() >= min(least, len(stated))
    assert set(told.low) <= set(whole.low)
    assert set(told.high) <= set(whole.high)
    assert (told.low[1:] >= told.high[:-1]).all()
    for low, high, count, confidence, accuracy in zip(
        told.low, told.high, told.count, told.confidence, told.accuracy, strict=True
    ):
        inside = (whole.low >= low) & (whole.high <= high)
        assert count == whole.count[inside].sum()
        shares = whole.count[inside] / count
        assert confidence == pytest.approx(shares @ whole.confidence[inside])
        assert accuracy == pytest.approx(shares @ whole.accuracy[inside])
    assert told.count.sum() == len(stated)
    if len(told.count) > 1:  # the bins above the lowest are no wider than they need to be
        for low, high in zip(told.low[1:], told.high[1:], strict=True):
            inside = (whole.low > low) & (whole.high <= high)
            assert whole.count[inside].sum() < least


def test_no_bin_holds_fewer_than_one_answer():
    with pytest.raises(RavineError, match="least=0"):
        reliability([0.5], [True], least=0)
