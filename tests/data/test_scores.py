"""The metric, the proper score, and what guessing scores."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss
from torch import nn
from torch.nn import functional

from ravine.data.losses import LOSSES
from ravine.data.metrics import metric
from ravine.data.scores import chance_outputs, metric_of, proper_score
from ravine.data.task import Task
from ravine.errors import RavineError

LUCK = np.random.default_rng(0)
X = LUCK.normal(size=(40, 4)).astype(np.float32)
CLASSES = np.array(["a", "b", "c", "a", "a"])[np.arange(40) % 5]
NUMBERS = LUCK.exponential(3.0, size=40).astype(np.float32)


def task(train, **options):
    return Task(**{"model": lambda: nn.Linear(4, 3), "train": train, **options})


def log_cosh(outputs, targets):
    return torch.log(torch.cosh(outputs - targets)).mean()


def correlation(outputs, targets):
    return 1 - torch.corrcoef(torch.stack([outputs, targets]))[0, 1]


def gaussian(outputs, targets):
    return functional.gaussian_nll_loss(outputs[:, 0], targets, outputs[:, 1].exp())


def reconstruction(model, batch):
    return (model(batch[0]) - batch[0]).square().mean()


@pytest.mark.parametrize(
    ("train", "options", "metric_name", "proper_name"),
    [
        ((X, CLASSES), {}, "accuracy", "log_loss"),
        ((X, CLASSES), {"metric": "f1"}, "f1", "log_loss"),
        ((X, CLASSES), {"loss": nn.CrossEntropyLoss(label_smoothing=0.1)}, "accuracy", "log_loss"),
        ((X, np.arange(40) % 2), {"loss": "binary_cross_entropy"}, "accuracy", "log_loss"),
        ((X, NUMBERS), {}, "r2", "squared_error"),
        ((X, NUMBERS), {"loss": "absolute_error", "metric": "rmse"}, "rmse", "squared_error"),
        ((X, np.zeros((40, 2, 3, 3))), {}, "squared_error", "squared_error"),
        ((X, NUMBERS), {"loss": log_cosh}, "log_cosh", "log_cosh"),
        ((X, NUMBERS), {"loss": log_cosh, "metric": "r2"}, "r2", "log_cosh"),
        ({"x": X, "y": NUMBERS}, {}, "r2", "squared_error"),
        (X, {"step": reconstruction}, "loss", "loss"),
        ((X, CLASSES), {"step": reconstruction}, "accuracy", "log_loss"),
    ],
)
def test_the_metric_and_the_proper_score_suit_the_task(train, options, metric_name, proper_name):
    given = task(train, **options)
    assert metric_of(given).name == metric_name
    assert proper_score(given).name == proper_name
    assert not proper_score(given).higher_is_better


@pytest.mark.parametrize(
    ("train", "name", "says"),
    [
        ((X, NUMBERS), "accuracy", "'accuracy' can't judge targets that are numbers: use one of r2, squared_error"),
        ((X, CLASSES), "r2", "'r2' can't judge targets that are classes: use one of accuracy, error, log_loss"),
    ],
)
def test_a_metric_for_other_targets_is_refused(train, name, says):
    with pytest.raises(RavineError, match=says):
        metric_of(task(train, metric=name))


def test_a_loss_of_ones_own_is_scored_example_by_example():
    score = proper_score(task((X, NUMBERS), loss=log_cosh))
    targets = torch.from_numpy(NUMBERS)
    outputs = targets + torch.linspace(-2, 2, 40)
    expected = np.log(np.cosh(np.linspace(-2, 2, 40)))
    np.testing.assert_allclose(score.per_example(outputs, targets), expected, rtol=1e-4, atol=1e-6)
    assert score.value(outputs, targets) == pytest.approx(expected.mean(), rel=1e-5)


def test_a_loss_that_one_example_alone_does_not_have_is_scored_by_the_jackknife():
    score = proper_score(task((X, NUMBERS), loss=correlation))
    targets = torch.from_numpy(NUMBERS)
    outputs = targets + torch.from_numpy(X[:, 0])
    found = score.per_example(outputs, targets)
    rest = np.arange(1, 40)

    def value(rows):
        return 1 - np.corrcoef(outputs[rows], targets[rows])[0, 1]

    assert score.value(outputs, targets) == pytest.approx(value(np.arange(40)), abs=1e-5)
    # The loss is worked out in float32, and 40 times its rounding is what a pseudo-value carries.
    assert found[0] == pytest.approx(40 * value(np.arange(40)) - 39 * value(rest), abs=40 * 1e-6)


@pytest.mark.parametrize("name", ["squared_error", "absolute_error", "huber"])
def test_guessing_a_number_is_the_best_constant(name):
    given = task((X, NUMBERS), loss=name)
    targets = torch.from_numpy(NUMBERS)
    guess = chance_outputs(given, targets, targets[:7])
    assert guess.shape == (7,)
    assert len(set(guess.tolist())) == 1
    best = minimize_scalar(lambda c: float(LOSSES[name].mean(torch.full((40,), float(c)).double(), targets.double())))
    found = float(LOSSES[name].mean(guess[:1].expand(40).double(), targets.double()))
    assert found == pytest.approx(best.fun, rel=1e-5)
    pairs = torch.stack([targets, -targets], dim=1)
    both = chance_outputs(given, pairs, pairs[:2])
    torch.testing.assert_close(both[1], torch.stack([guess[0], -guess[0]]), rtol=1e-4, atol=1e-4)


def test_guessing_a_class_scores_the_entropy():
    given = task((X, CLASSES))
    targets = given.training_data.targets
    guess = chance_outputs(given, targets, targets)
    shares = np.array([0.6, 0.2, 0.2])
    np.testing.assert_allclose(guess[0].exp().numpy(), shares, rtol=1e-6)
    assert proper_score(given).value(guess, targets) == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-6)
    assert metric_of(given).value(guess, targets) == pytest.approx(0.6)


def test_guessing_one_of_two_classes_scores_the_entropy():
    labels = (np.arange(40) % 4 == 0).astype(int)
    given = task((X, labels), loss="binary_cross_entropy")
    targets = given.training_data.targets
    guess = chance_outputs(given, targets, targets)
    assert guess.shape == targets.shape
    assert proper_score(given).value(guess, targets) == pytest.approx(log_loss(labels, [0.25] * 40), rel=1e-6)


def test_guessing_several_labels_and_dense_classes():
    labels = np.stack([np.arange(40) % 4 == 0, np.arange(40) % 2 == 0, np.zeros(40)], axis=1).astype(int)
    given = task((X, labels), loss="binary_cross_entropy")
    guess = chance_outputs(given, given.training_data.targets, given.training_data.targets[:3])
    np.testing.assert_allclose(guess[2].sigmoid().numpy(), [0.25, 0.5, 0.5 / 40], rtol=1e-5)
    dense = np.tile(np.array([[0, 0, 0, 2], [0, 1, 1, -100]]), (40, 1, 1))
    given = task((X, dense))
    guess = chance_outputs(given, given.training_data.targets, given.training_data.targets[:5])
    assert guess.shape == (5, 3, 2, 4)
    np.testing.assert_allclose(guess[0, :, 0, 0].exp().numpy(), [4 / 7, 2 / 7, 1 / 7], rtol=1e-5)


def test_a_class_that_was_never_seen_keeps_the_score_finite():
    given = task((X, CLASSES))
    guess = chance_outputs(given, torch.tensor([0, 0, 1]), torch.tensor([2]))
    assert torch.isfinite(guess).all()


def test_there_is_no_guess_for_a_step_or_for_a_loss_that_wants_other_outputs():
    targets = torch.from_numpy(NUMBERS)
    assert chance_outputs(task((X, NUMBERS), step=reconstruction), targets, targets) is None
    assert chance_outputs(task((X, NUMBERS), loss=gaussian), targets, targets) is None
    guess = chance_outputs(task((X, NUMBERS), loss=log_cosh), targets, targets)
    torch.testing.assert_close(guess, targets.mean().expand(40))


def test_a_users_own_metric_judges_any_targets():
    mine = metric(lambda outputs, targets: (outputs.argmax(1) == targets).float().mean(), higher_is_better=True)
    assert metric_of(task((X, CLASSES), metric=mine)) is mine
