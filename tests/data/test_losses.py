"""Losses against scikit-learn, closed forms, and one example at a time."""

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss, mean_absolute_error, mean_squared_error
from torch import nn
from torch.nn import functional

from ravine.data.losses import LOSSES, aligned, read_loss
from ravine.errors import RavineError

LUCK = torch.Generator().manual_seed(0)
LOGITS = torch.randn(12, 4, generator=LUCK, dtype=torch.float64)
CLASSES = torch.arange(12) % 4
NUMBERS = torch.randn(12, generator=LUCK, dtype=torch.float64) * 2
ERRORS = torch.randn(12, generator=LUCK, dtype=torch.float64) * 2


def huber(error):
    return np.where(np.abs(error) < 1, error**2 / 2, np.abs(error) - 0.5)


@pytest.mark.parametrize(
    ("name", "outputs", "targets", "expected"),
    [
        ("cross_entropy", LOGITS, CLASSES, log_loss(CLASSES, LOGITS.softmax(1))),
        ("binary_cross_entropy", NUMBERS, CLASSES % 2, log_loss(CLASSES % 2, NUMBERS.sigmoid())),
        ("squared_error", NUMBERS + ERRORS, NUMBERS, mean_squared_error(NUMBERS, NUMBERS + ERRORS)),
        ("absolute_error", NUMBERS + ERRORS, NUMBERS, mean_absolute_error(NUMBERS, NUMBERS + ERRORS)),
        ("huber", NUMBERS + ERRORS, NUMBERS, huber(ERRORS.numpy()).mean()),
    ],
)
def test_each_loss_is_what_its_name_says(name, outputs, targets, expected):
    loss = LOSSES[name]
    assert float(loss.mean(outputs, targets)) == pytest.approx(expected, rel=1e-6)
    assert float(loss.each(outputs, targets).mean()) == pytest.approx(expected, rel=1e-6)
    if name != "cross_entropy":
        assert float(loss.mean(outputs[:, None], targets)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_the_values_of_each_example_are_those_of_the_example_alone(name):
    dense = torch.randn(5, 3, 4, 2, generator=LUCK)
    if name == "cross_entropy":
        outputs, targets = dense, torch.randint(0, 3, (5, 4, 2), generator=LUCK)
    else:
        outputs, targets = dense, dense.flip(0).sigmoid()
    alone = [LOSSES[name].mean(outputs[row : row + 1], targets[row : row + 1]) for row in range(5)]
    torch.testing.assert_close(LOSSES[name].each(outputs, targets), torch.stack(alone), rtol=1e-6, atol=1e-6)


def test_places_that_are_left_out_count_for_nothing():
    outputs = torch.randn(2, 3, 4, generator=LUCK)
    targets = torch.tensor([[0, -100, 2, -100], [-100, -100, -100, -100]])
    first = functional.cross_entropy(outputs[0, :, [0, 2]].T, torch.tensor([0, 2]))
    torch.testing.assert_close(LOSSES["cross_entropy"].each(outputs, targets), torch.stack([first, torch.tensor(0.0)]))


def log_cosh(outputs, targets):
    return torch.log(torch.cosh(outputs - targets)).mean()


def with_reduction(outputs, targets, reduction="mean"):
    values = (outputs - targets) ** 4
    return values if reduction == "none" else values.mean()


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (log_cosh, "given"),
        (with_reduction, "given"),
        (lambda outputs, targets: (outputs - targets).abs().mean(), "given"),
        (functional.mse_loss, "numbers"),
        (nn.L1Loss(), "numbers"),
        (nn.SmoothL1Loss(beta=0.5), "numbers"),
        (nn.PoissonNLLLoss(), "given"),
    ],
)
def test_a_loss_of_ones_own_has_values_for_each_example(given, kind):
    loss = read_loss(given)
    assert loss.kind == kind
    outputs, targets = ERRORS.float(), NUMBERS.abs().float()
    alone = torch.stack([given(outputs[row : row + 1], targets[row : row + 1]) for row in range(12)])
    torch.testing.assert_close(loss.each(outputs, targets), alone)
    torch.testing.assert_close(loss.mean(outputs, targets), given(outputs, targets))


@pytest.mark.parametrize(
    "given",
    [functional.cross_entropy, nn.CrossEntropyLoss(label_smoothing=0.1), nn.CrossEntropyLoss(weight=torch.ones(4))],
)
def test_pytorchs_own_losses_know_what_they_want(given):
    loss = read_loss(given)
    assert loss.kind == "classes"
    torch.testing.assert_close(
        loss.each(LOGITS.float(), CLASSES).mean(), given(LOGITS.float(), CLASSES), rtol=1e-6, atol=1e-6
    )


def test_a_loss_with_weights_follows_its_outputs():
    loss = read_loss(nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0, 4.0])))
    assert loss.mean(LOGITS.float().to("meta"), CLASSES.to("meta")).device.type == "meta"


@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 4), (3, 4, 5)])
def test_a_dimension_of_one_is_no_difference(shape):
    targets = torch.arange(float(np.prod(shape))).reshape(shape)
    for outputs in (targets, targets.unsqueeze(-1), targets.unsqueeze(1)):
        assert torch.equal(aligned(outputs, targets), targets)
    with pytest.raises(RavineError, match="one number for each target"):
        aligned(torch.zeros(2, *shape), targets)


def test_a_column_of_outputs_is_never_compared_with_all_targets():
    outputs, targets = torch.tensor([[1.0], [5.0]]), torch.tensor([1.0, 5.0])
    for name in ("squared_error", "absolute_error", "huber"):
        assert LOSSES[name].mean(outputs, targets) == 0
    assert read_loss(nn.MSELoss()).mean(outputs, targets) == 0


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("cross_entrpy", "Did you mean 'cross_entropy'"),
        ("hinge", "must be one of cross_entropy, binary_cross_entropy"),
        (nn.MSELoss, r"MSELoss is a class: give one of its objects, as in loss=MSELoss\(\)"),
        (3, "must be a name or a function of outputs and targets, got 3"),
        (nn.BCELoss(), "wants probabilities: let the model give logits"),
        (functional.binary_cross_entropy, "wants probabilities"),
    ],
)
def test_what_is_no_loss_is_refused(given, says):
    with pytest.raises(RavineError, match=says):
        read_loss(given)
