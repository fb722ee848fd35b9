from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.special import expit, softmax
from sklearn.metrics import accuracy_score, log_loss

from ravine.data.metrics import METRICS
from ravine.diagnose.bias_variance import zero_one_loss
from ravine.diagnose.refits import more_networks, one_of_each, parts

LUCK = np.random.default_rng(0)
CLASSES = 3
Y = LUCK.integers(0, CLASSES, 40)
LOGITS = LUCK.normal(size=(4, 40, CLASSES)) + 1.5 * np.eye(CLASSES)[Y]
BOTH = [METRICS["accuracy"], METRICS["log_loss"]]


def judged(probabilities: np.ndarray) -> list[float]:
    return [accuracy_score(Y, probabilities.argmax(1)), log_loss(Y, probabilities)]


def test_k_networks_are_scored_by_the_mean_over_all_choices_of_k():
    found = more_networks(LOGITS.astype(np.float32), Y, "classes", BOTH, networks=3)
    p = softmax(LOGITS, axis=2)
    for size in range(1, 5):
        expected = np.mean([judged(p[list(chosen)].mean(0)) for chosen in combinations(range(4), size)], axis=0)
        np.testing.assert_allclose(found.scores[size - 1], expected, rtol=1e-5)
    assert found.passes.tolist() == [3, 6, 9, 12]


def test_one_of_each_adds_a_run_of_every_method_in_their_order():
    methods = {"b": LOGITS[:2], "a": LOGITS[2:], "c": LOGITS[1:]}
    found = one_of_each(methods, Y, "classes", BOTH, {"a": 5})
    p = {name: softmax(said, axis=2) for name, said in methods.items()}
    for size in range(1, 4):
        chosen = [np.mean([p[name][run] for name in list(p)[:size]], axis=0) for run in (0, 1)]
        np.testing.assert_allclose(found.scores[size - 1], np.mean([judged(one) for one in chosen], axis=0), rtol=1e-9)
    assert found.passes.tolist() == [1, 6, 7]


def test_two_classes_and_numbers_are_averaged_in_their_own_terms():
    z, labels = LOGITS[:, :, 0], (Y == 0).astype(np.float32)
    (_, last) = more_networks(z[:2], labels, "binary", [METRICS["log_loss"]]).scores
    assert last == pytest.approx(log_loss(labels, expit(z[:2]).mean(0)))
    (_, last) = more_networks(z[:2], labels, "numbers", [METRICS["squared_error"]]).scores
    assert last == pytest.approx(np.mean((z[:2].mean(0) - labels) ** 2))


@pytest.mark.parametrize("classes", [2, 3, 12])
def test_the_brier_score_falls_into_what_runs_miss_together_and_what_they_scatter(classes):
    luck = np.random.default_rng(classes)
    y = luck.integers(0, classes, 30)
    said = luck.normal(size=(4, 30, classes))
    p, true = softmax(said, axis=2), np.eye(classes)[y]
    scatter = p.var(axis=0, ddof=1).sum(1)
    together = ((p.mean(0) - true) ** 2).sum(1) - scatter / 4
    found = parts(said, y, "classes")["Brier score"]
    np.testing.assert_allclose(found.each["variance"], scatter, rtol=1e-9)
    np.testing.assert_allclose(found.each["bias"], together, rtol=1e-9, atol=1e-12)
    assert found.error.value == pytest.approx(((p - true) ** 2).sum(2).mean())
    assert found.bias.value + found.variance_effect.value == pytest.approx(found.error.value)


def test_one_logit_is_a_probability_and_numbers_are_what_they_are():
    z, labels = LOGITS[:, :, :1], (Y == 0).astype(np.float32)  # a network that ends in one unit
    both = parts(z, labels, "binary")
    assert both["Brier score"].error.value == pytest.approx(((expit(z[..., 0]) - labels) ** 2).mean())
    assert both["error"].error.value == pytest.approx(np.mean((z[..., 0] > 0) != labels))
    (alone,) = parts(z, labels, "numbers").items()
    assert alone[0] == "squared_error"
    assert alone[1].variance.value == pytest.approx(z[..., 0].var(axis=0, ddof=1).mean())


def test_several_numbers_of_an_example_count_by_their_mean():
    y = LUCK.normal(size=(40, 7))
    said = y + LUCK.normal(size=(3, 40, 7))
    found = parts(said, y, "numbers")["squared_error"]
    assert found.error.value == pytest.approx(np.mean((said - y) ** 2))
    assert found.variance.value == pytest.approx(said.var(axis=0, ddof=1).mean())
    assert list(parts(said, (y > 0).astype(float), "binary")) == ["Brier score"]  # several labels, no single one wrong


def test_a_class_at_each_of_several_places_is_not_parted():
    assert parts(LUCK.normal(size=(2, 5, 3, 4)), np.zeros((5, 4), dtype=int), "classes") == {}


@settings(max_examples=25)
@given(some.lists(some.lists(some.integers(0, 5), min_size=5, max_size=5), min_size=1, max_size=12))
def test_wrong_labels_fall_apart_as_they_do_with_all_classes_in_sight(rows):
    y, *labels = np.array([*rows, *([label] * 5 for label in range(6))]).T  # at the end, all agree on every class once
    found = parts(8.0 * np.eye(6)[np.stack(labels)], y, "classes")["error"]
    beside = zero_one_loss(labels, y)
    for term in ("error", "bias", "variance", "variance_effect"):
        np.testing.assert_allclose(found.each[term], beside.each[term], atol=1e-12)
        assert getattr(found, term) == pytest.approx(getattr(beside, term), abs=1e-12)
    assert not found.noise_known
    assert np.isnan(found.each["noise"]).all()


def test_a_run_that_names_a_class_which_nobody_else_does_is_wrong_and_no_mistake():
    said = np.zeros((2, 6, 3))
    said[0, :, 1], said[1, :, 2] = 1, 1
    found = parts(said, np.full(6, 1), "classes")["error"]
    assert (found.error.value, found.bias.value, found.variance_effect.value) == (0.5, 0.0, 0.5)
