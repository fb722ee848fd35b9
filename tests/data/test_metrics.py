"""Metrics against scikit-learn, each example's share against leaving it out."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as judge

from ravine.data.metrics import METRICS, metric, read_metric
from ravine.errors import RavineError

COUNT = 60
LUCK = torch.Generator().manual_seed(1)
CLASSES = torch.arange(COUNT) % 4
LOGITS = torch.randn(COUNT, 4, generator=LUCK) + 1.5 * torch.nn.functional.one_hot(CLASSES, 4)
TWO = CLASSES % 2
TWO_LOGITS = torch.randn(COUNT, 2, generator=LUCK) + torch.nn.functional.one_hot(TWO, 2)
ONE_LOGIT = TWO_LOGITS[:, 1] - TWO_LOGITS[:, 0]
LABELS = torch.randint(0, 2, (COUNT, 3), generator=LUCK).float()
LABEL_LOGITS = torch.randn(COUNT, 3, generator=LUCK) + LABELS
NUMBERS = torch.randn(COUNT, generator=LUCK) * 3 + 50
GUESSES = NUMBERS + torch.randn(COUNT, generator=LUCK)
PAIRS = torch.stack([NUMBERS, -NUMBERS * 2], dim=1)
PAIR_GUESSES = PAIRS + torch.randn(COUNT, 2, generator=LUCK)


def soft(logits):
    return logits.double().softmax(1).numpy()


def sharp(logits):
    return logits.double().sigmoid().numpy()


# name, outputs, targets, what scikit-learn says of some rows
CASES = [
    ("accuracy", LOGITS, CLASSES, lambda o, t: judge.accuracy_score(t, o.argmax(1))),
    ("accuracy", ONE_LOGIT, TWO.float(), lambda o, t: judge.accuracy_score(t, o > 0)),
    ("accuracy", LABEL_LOGITS, LABELS, lambda o, t: 1 - judge.hamming_loss(t, o > 0)),
    ("error", LOGITS, CLASSES, lambda o, t: judge.zero_one_loss(t, o.argmax(1))),
    ("log_loss", LOGITS, CLASSES, lambda o, t: judge.log_loss(t, soft(o), labels=range(4))),
    ("log_loss", ONE_LOGIT, TWO.float(), lambda o, t: judge.log_loss(t, sharp(o), labels=[0, 1])),
    ("f1", LOGITS, CLASSES, lambda o, t: judge.f1_score(t, o.argmax(1), average="macro")),
    ("f1", TWO_LOGITS, TWO, lambda o, t: judge.f1_score(t, o.argmax(1))),
    ("f1", ONE_LOGIT[:, None], TWO.float(), lambda o, t: judge.f1_score(t, o[:, 0] > 0)),
    ("f1", LABEL_LOGITS, LABELS, lambda o, t: judge.f1_score(t, o > 0, average="macro")),
    ("auc", TWO_LOGITS, TWO, lambda o, t: judge.roc_auc_score(t, (o[:, 1].double() - o[:, 0].double()))),
    ("auc", ONE_LOGIT, TWO.float(), lambda o, t: judge.roc_auc_score(t, o)),
    ("r2", GUESSES, NUMBERS, lambda o, t: judge.r2_score(t.double(), o.double())),
    ("r2", GUESSES[:, None], NUMBERS, lambda o, t: judge.r2_score(t.double(), o.double())),
    ("r2", PAIR_GUESSES, PAIRS, lambda o, t: judge.r2_score(t.double(), o.double())),
    ("squared_error", GUESSES, NUMBERS, lambda o, t: judge.mean_squared_error(t.double(), o.double())),
    ("squared_error", PAIR_GUESSES, PAIRS, lambda o, t: judge.mean_squared_error(t.double(), o.double())),
    ("absolute_error", GUESSES, NUMBERS, lambda o, t: judge.mean_absolute_error(t.double(), o.double())),
    ("rmse", GUESSES, NUMBERS, lambda o, t: judge.root_mean_squared_error(t.double(), o.double())),
]


@pytest.mark.parametrize(("name", "outputs", "targets", "judged"), CASES)
def test_values_are_scikit_learns(name, outputs, targets, judged):
    assert METRICS[name].value(outputs, targets) == pytest.approx(judged(outputs, targets), abs=1e-12)


@pytest.mark.parametrize(("name", "outputs", "targets", "judged"), CASES)
def test_each_examples_share_is_what_leaving_it_out_takes_away(name, outputs, targets, judged):
    found = METRICS[name].per_example(outputs, targets)
    assert found.dtype == np.float64
    rows = torch.arange(COUNT)
    whole = judged(outputs, targets)
    for row in range(0, COUNT, 7):
        rest = rows[rows != row]
        without = judged(outputs[rest], targets[rest])
        assert found[row] == pytest.approx(COUNT * whole - (COUNT - 1) * without, abs=1e-9)


@given(data=st.data())
def test_f1_of_classes_that_are_rare_or_missing(data):
    count = data.draw(st.integers(1, 12))
    draw = st.lists(st.integers(0, 3), min_size=count, max_size=count)
    targets, predicted = np.array(data.draw(draw)), np.array(data.draw(draw))
    outputs = torch.nn.functional.one_hot(torch.tensor(predicted), 4).float()
    expected = judge.f1_score(targets, predicted, average="macro", zero_division=0)
    assert METRICS["f1"].value(outputs, torch.tensor(targets)) == pytest.approx(expected, abs=1e-12)
    if count > 1:
        first = judge.f1_score(targets[1:], predicted[1:], average="macro", zero_division=0)
        found = METRICS["f1"].per_example(outputs, torch.tensor(targets))[0]
        assert found == pytest.approx(count * expected - (count - 1) * first, abs=1e-9)


def test_dense_classes_count_place_by_place():
    targets = torch.randint(0, 3, (6, 5, 4), generator=LUCK)
    outputs = torch.randn(6, 3, 5, 4, generator=LUCK)
    targets[0, 0] = -100
    counted = targets != -100
    places, predicted = targets[counted], outputs.argmax(1)[counted]
    assert METRICS["f1"].value(outputs, targets) == pytest.approx(judge.f1_score(places, predicted, average="macro"))
    first = (outputs.argmax(1)[0, 1:] == targets[0, 1:]).double().mean()
    assert METRICS["accuracy"].per_example(outputs, targets)[0] == pytest.approx(float(first))
    probabilities = outputs.double().softmax(1)[1].gather(0, targets[1][None])[0]
    assert METRICS["log_loss"].per_example(outputs, targets)[1] == pytest.approx(float(-probabilities.log().mean()))


def test_dense_classes_of_two_with_one_channel():
    targets = torch.randint(0, 2, (6, 5, 4), generator=LUCK).float()
    outputs = torch.randn(6, 1, 5, 4, generator=LUCK)
    predicted = outputs[:, 0] > 0
    assert METRICS["f1"].value(outputs, targets) == pytest.approx(
        judge.f1_score(targets.flatten(), predicted.flatten())
    )
    assert METRICS["accuracy"].value(outputs, targets) == pytest.approx(float((predicted == targets).double().mean()))


def test_r2_far_from_zero_and_of_what_does_not_vary():
    far = NUMBERS.double() + 1e6
    guesses = far + (GUESSES - NUMBERS).double()
    assert METRICS["r2"].value(guesses, far) == pytest.approx(judge.r2_score(far, guesses), abs=1e-6)
    same = torch.ones(3)
    assert METRICS["r2"].value(same, same) == 1
    assert METRICS["r2"].value(torch.tensor([1.0, 1.0, 2.0]), same) == 0


@pytest.mark.parametrize(
    ("outputs", "targets", "says"),
    [
        (LOGITS, CLASSES, r"for two classes, got outputs of shape \[60, 4\]: use 'log_loss' or 'f1'"),
        (LABEL_LOGITS, LABELS, "for two classes"),
        (ONE_LOGIT, torch.ones(COUNT), "all examples are of one"),
    ],
)
def test_an_area_needs_two_classes(outputs, targets, says):
    with pytest.raises(RavineError, match=says):
        METRICS["auc"].value(outputs, targets)


def test_a_metric_of_ones_own_that_is_a_mean_and_one_that_is_none():
    each = metric(lambda outputs, targets: (outputs - targets).abs(), higher_is_better=False, name="distance")
    np.testing.assert_allclose(each.per_example(GUESSES, NUMBERS), (GUESSES - NUMBERS).abs().numpy())
    assert each.value(GUESSES, NUMBERS) == pytest.approx(judge.mean_absolute_error(NUMBERS, GUESSES), rel=1e-6)

    def r2(outputs, targets):
        return judge.r2_score(targets.double(), outputs.double())

    whole = metric(r2, higher_is_better=True)
    assert (whole.name, whole.higher_is_better) == ("r2", True)
    np.testing.assert_allclose(
        whole.per_example(GUESSES, NUMBERS), METRICS["r2"].per_example(GUESSES, NUMBERS), atol=1e-9
    )


def test_a_metric_of_ones_own_must_give_one_number_or_one_for_each():
    wrong = metric(lambda outputs, targets: outputs[:5] - targets[:5], higher_is_better=True, name="wrong")
    with pytest.raises(RavineError, match=r"'wrong' must give one number, or one for each of 60 examples.*\[5\]"):
        wrong.value(GUESSES, NUMBERS)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("acuracy", "Did you mean 'accuracy'"),
        ("speed", "must be one of accuracy, error, log_loss"),
        (judge.f1_score, r"f1_score doesn't say which way is better: metric\(f1_score, higher_is_better=True\)"),
        (3, "got 3"),
    ],
)
def test_what_is_no_metric_is_refused(given, says):
    with pytest.raises(RavineError, match=says):
        read_metric(given)


@pytest.mark.parametrize("name", METRICS)
def test_directions(name):
    assert METRICS[name].higher_is_better == (name in {"accuracy", "f1", "auc", "r2"})
