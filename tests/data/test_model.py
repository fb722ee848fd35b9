"""Networks from seeds, and one clear sentence for each way in which a network may not fit."""

import random

import numpy as np
import pytest
import torch
from torch import nn

from ravine.data.model import build_model, check_model
from ravine.data.task import Task
from ravine.errors import RavineError
from ravine.ranges import choice, integers

X = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
LABELS = np.arange(12) % 3
NUMBERS = X[:, 0]


def mlp(width=8, drop=0.5):
    return nn.Sequential(nn.Linear(4, width), nn.BatchNorm1d(width), nn.Dropout(drop), nn.Linear(width, 3))


def noisy():
    model = nn.Linear(4, 3)
    with torch.no_grad():
        model.bias.fill_(random.random() + np.random.rand())  # noqa: NPY002 - what users do
    return model


def needs_width(width):
    return nn.Linear(4, width)


@pytest.mark.parametrize("factory", [mlp, noisy])
def test_a_seed_decides_the_weights_and_nothing_else_moves(factory):
    task = Task(factory, (X, LABELS))
    before = torch.random.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    first, again, other = (build_model(task, seed) for seed in (1, 1, 2))
    after = torch.random.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]
    for a, b, c in zip(first.parameters(), again.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
        assert a.dim() < 2 or not torch.equal(a, c)


def test_arguments_are_set_searched_or_left_to_the_factory():
    task = Task(mlp, (X, LABELS), model_arguments={"width": integers(16, 64), "drop": 0.1})
    assert build_model(task, 0)[0].out_features == 8
    assert build_model(task, 0)[2].p == 0.1
    assert build_model(task, 0, width=33)[0].out_features == 33
    middle = Task(needs_width, (X, LABELS), model_arguments={"width": choice((3, 5, 7))})
    assert build_model(middle, 0).out_features == 5


@pytest.mark.parametrize(
    ("factory", "arguments", "says"),
    [
        (mlp, {"widht": 3}, r"mlp\(widht=3\) could not build the network: TypeError"),
        (lambda: nn.Linear(4, 1 // 0), {}, "could not build the network: ZeroDivisionError"),
        (lambda: 3, {}, "must return a torch.nn.Module, got a int"),
    ],
)
def test_a_factory_that_fails_is_told_in_one_line(factory, arguments, says):
    with pytest.raises(RavineError, match=says) as caught:
        build_model(Task(factory, (X, LABELS)), 0, **arguments)
    assert "\n" not in str(caught.value)


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x):
        return self.layer(x), x


class Mean(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x):
        return self.layer(x).mean(0)


class Frozen(nn.Module):
    def forward(self, x):
        return torch.zeros(len(x), 3)


def squares(outputs, targets):
    return ((outputs - targets) ** 2).mean()


def first_column(outputs, targets):
    return ((outputs[:, 0] - targets) ** 2).mean()


def unreduced(outputs, targets):
    return (outputs.squeeze(1) - targets) ** 2


def linear(outputs):
    return lambda: nn.Linear(4, outputs)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            {"model": lambda: nn.Linear(5, 3)},
            r"Linear and the loss can't take a batch of \[12, 4\] \(float32\) and \[12\]",
        ),
        ({"model": linear(2)}, r"outputs of shape \[12, 2\], but cross_entropy with 3 classes needs \[12, 3\]"),
        ({"model": linear(1)}, r"outputs of shape \[12, 1\], but cross_entropy with 3 classes needs \[12, 3\]"),
        ({"model": linear(1), "train": (X, LABELS % 2)}, r"\(or use loss='binary_cross_entropy'\)"),
        ({"model": linear(2), "train": (X, NUMBERS)}, r"outputs of shape \[12, 2\] for targets of shape \[12\]"),
        (
            {"model": Pair},
            r"Pair must give one tensor, got a tuple: give a step that returns \(loss, outputs, targets\)",
        ),
        ({"model": Mean}, r"Mean must give one output for each of 12 examples, got the shape \[3\]"),
        ({"model": Frozen}, "does not depend on the network's weights"),
        ({"model": linear(3), "train": (X.astype(int), LABELS)}, r"\[12, 4\] \(int64\)"),
        (
            {"model": linear(1), "train": (X, NUMBERS), "loss": squares},
            r"shape \[12, 1\] for targets of shape \[12\], and the loss compares each with all others",
        ),
        (
            {"model": linear(1), "train": (X, NUMBERS), "loss": unreduced},
            r"must be one number, the mean over the batch, got the shape \[12\]",
        ),
        ({"model": linear(3), "step": lambda model, batch: 3.0}, "must be one number.*got a float"),  # noqa: ARG005
        ({"model": linear(3), "step": lambda model, batch: model(*batch)}, "can't take a batch of"),
    ],
)
def test_a_network_that_does_not_fit_is_told_in_one_line(options, says):
    task = Task(**{"train": (X, LABELS), **options})
    with pytest.raises(RavineError, match=says) as caught:
        check_model(task, build_model(task, 0), task.training_data.batch(torch.arange(12)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"model": mlp},
        {"model": linear(5)},  # more scores than classes are the network's own affair
        {"model": linear(1), "train": (X, NUMBERS)},
        {"model": linear(1), "train": (X, LABELS % 2), "loss": "binary_cross_entropy"},
        {"model": linear(1), "train": (X, NUMBERS), "loss": first_column},
        {"model": linear(2), "train": (X, NUMBERS), "loss": first_column},
    ],
)
def test_a_network_that_fits_stays_as_it_was(options):
    task = Task(**{"train": (X, LABELS), **options})
    model = build_model(task, 0)
    model.train()
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    before = torch.random.get_rng_state()
    check_model(task, model, task.training_data.batch(torch.arange(12)))
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(module.training for module in model.modules())
    for name, value in model.state_dict().items():
        assert torch.equal(value, kept[name])
