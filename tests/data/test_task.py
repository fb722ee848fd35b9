"""Tasks: what is chosen where nothing is said, what a step may give, and how a task travels."""

import dataclasses
import pickle

import cloudpickle
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.nn import functional
from torch.utils.data import Dataset

from ravine.data.find import find
from ravine.data.metrics import METRICS
from ravine.data.task import Task
from ravine.errors import RavineError
from ravine.ranges import integers

LUCK = np.random.default_rng(0)
X = LUCK.normal(size=(30, 4)).astype(np.float32)
LABELS = np.array(["a", "b", "c"])[np.arange(30) % 3]
NUMBERS = X @ np.array([1.0, -2.0, 0.5, 0.0])
ALL = torch.arange(30)


def three():
    return nn.Linear(4, 3)


def one():
    return nn.Linear(4, 1)


class Pictures(Dataset):
    """Dense targets: a class for each pixel."""

    def __len__(self):
        return 10

    def __getitem__(self, row):
        generator = torch.Generator().manual_seed(row)
        return torch.randn(1, 4, 4, generator=generator), torch.randint(0, 3, (4, 4), generator=generator)


@pytest.mark.parametrize(
    ("options", "loss"),
    [
        ({"model": three, "train": (X, LABELS)}, "cross_entropy"),
        ({"model": three, "train": (X, np.arange(30) % 3)}, "cross_entropy"),
        ({"model": one, "train": (X, NUMBERS)}, "squared_error"),
        ({"model": one, "train": (X, np.arange(30)), "loss": "huber"}, "huber"),
        ({"model": lambda: nn.Conv2d(1, 3, 1), "train": Pictures()}, "cross_entropy"),
    ],
)
def test_the_loss_suits_the_targets(options, loss):
    task = Task(**options)
    assert task.used_loss.name == loss
    batch = task.training_data.batch(torch.arange(5))
    value, outputs, targets = task.compute(task.model(), batch)
    assert value.shape == ()
    assert value.requires_grad
    assert len(outputs) == len(targets) == 5


def test_what_training_makes_small_is_the_loss_of_the_models_outputs():
    task = Task(three, (X, LABELS))
    model = three()
    value, outputs, targets = task.compute(model, task.training_data.batch(ALL))
    expected = model(torch.from_numpy(X))
    torch.testing.assert_close(outputs, expected)
    torch.testing.assert_close(value, functional.cross_entropy(expected, ALL % 3))
    assert targets.tolist() == (ALL % 3).tolist()


def test_several_inputs_reach_the_model_in_their_order():
    task = Task(lambda: nn.Bilinear(4, 2, 1), (X, X[:, :2], NUMBERS))
    model = task.model()
    _, outputs, _ = task.compute(model, task.training_data.batch(ALL))
    torch.testing.assert_close(outputs, model(torch.from_numpy(X), torch.from_numpy(X[:, :2])))


def test_a_frame_and_a_test_set_are_read_alike():
    frame = pd.DataFrame(X, columns=list("pqrs")).assign(kind=LABELS, patient=np.arange(30) // 3)
    task = Task(three, frame.iloc[:20], test=frame.iloc[[20, 21]], target="kind", groups="patient")
    assert task.training_data.inputs.shape == (20, 4)
    assert task.test_data is not None
    assert task.test_data.targets.tolist() == [2, 0]
    without_groups = dataclasses.replace(task, test=frame.iloc[20:].drop(columns="patient"))
    assert len(without_groups.test_data) == 10


def loss_alone(model, batch):
    inputs, targets = batch
    return functional.cross_entropy(model(inputs), targets, label_smoothing=0.3)


def loss_and_outputs(model, batch):
    inputs, targets = batch
    outputs = model(inputs) * 2
    return functional.cross_entropy(outputs, targets), outputs, targets


def reconstruction(model, batch):
    (inputs,) = batch
    return (model(inputs) - inputs).square().mean()


def test_a_step_that_gives_a_loss_alone_is_scored_by_the_models_outputs():
    task, model = Task(three, (X, LABELS), step=loss_alone), three()
    batch = task.training_data.batch(ALL)
    value, outputs, targets = task.compute(model, batch)
    torch.testing.assert_close(value, loss_alone(model, batch))
    assert outputs is None
    assert targets is None
    scored, true = task.score(model, batch)
    torch.testing.assert_close(scored, model(torch.from_numpy(X)))
    assert true.tolist() == (ALL % 3).tolist()


def test_a_step_that_gives_outputs_is_scored_by_them():
    task, model = Task(three, (X, LABELS), step=loss_and_outputs), three()
    scored, _ = task.score(model, task.training_data.batch(ALL))
    torch.testing.assert_close(scored, 2 * model(torch.from_numpy(X)))


def test_a_step_without_targets_is_scored_by_its_loss_on_each_example():
    task, model = Task(lambda: nn.Linear(4, 4), X, step=reconstruction), nn.Linear(4, 4)
    losses, same = task.score(model, task.training_data.batch(ALL))
    expected = (model(torch.from_numpy(X)) - torch.from_numpy(X)).square().mean(1)
    torch.testing.assert_close(losses, expected)
    assert torch.equal(losses, same)


def test_predictions_come_in_the_users_words_with_or_without_targets():
    task, model = Task(three, (X, LABELS)), three()
    expected = np.array(["a", "b", "c"])[model(torch.from_numpy(X)).argmax(1)]
    for batch in (task.training_data.batch(ALL), (torch.from_numpy(X),)):
        assert task.decode(task.predict(model, batch)).tolist() == expected.tolist()


def test_predictions_on_dicts():
    task = Task(lambda: nn.Linear(4, 1), {"x": X, "y": NUMBERS})
    model = one()
    outputs = task.predict(model, {"x": torch.from_numpy(X)})
    torch.testing.assert_close(outputs, model(torch.from_numpy(X)))
    torch.testing.assert_close(task.predict(model, task.training_data.batch(ALL)), outputs)


def test_a_task_travels_without_what_was_worked_out():
    task = Task(three, (X, LABELS), model_arguments={"width": integers(1, 4)})
    before = len(cloudpickle.dumps(task))
    task.compute(three(), task.training_data.batch(ALL))
    assert len(cloudpickle.dumps(task)) == before
    again = pickle.loads(cloudpickle.dumps(task))
    assert again.training_data.fingerprint() == task.training_data.fingerprint()
    assert again.model_arguments == {"width": integers(1, 4)}


def test_a_changed_task_forgets_what_was_worked_out():
    task = Task(one, (X, np.arange(30)), loss="squared_error")
    assert task.used_loss.name == "squared_error"
    assert dataclasses.replace(task, loss="huber").used_loss.name == "huber"


def test_missing_values_may_enter_where_preprocessing_fills_them_in():
    holes = np.where(np.abs(X) < 0.05, np.nan, X)
    task = Task(three, (holes, LABELS), preprocess=SimpleImputer())
    assert bool(task.training_data.inputs.isnan().any())
    with pytest.raises(RavineError, match=r"inputs after preprocess has nan in row \d+, column \d"):
        _ = Task(three, (holes, LABELS), preprocess=StandardScaler()).training_data
    with pytest.raises(RavineError, match=r"train data: inputs has nan in row \d+, column \d"):
        _ = Task(three, (holes, LABELS)).training_data


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"model": three()}, r"got a Linear object: give the class or a function, as in model=lambda: Linear\(...\)"),
        ({"model": "cnn"}, "must be a function that builds a network, got 'cnn'"),
        ({"step": 3}, "must be a function of model and batch, got 3"),
        ({"model_arguments": [16]}, r"must be a dict, got \[16\]"),
        ({"loss": "cross"}, "loss='cross' must be one of"),
        ({"metric": "acc"}, "metric='acc' must be one of"),
        ({"metric": len}, "doesn't say which way is better"),
    ],
)
def test_a_mistake_is_told_when_the_task_is_made(options, says):
    with pytest.raises(RavineError, match=says):
        Task(**{"model": three, "train": (X, LABELS), **options})


def test_data_without_a_target_need_a_step():
    with pytest.raises(RavineError, match="train data have no target"):
        _ = Task(three, X).training_data
    with pytest.raises(RavineError, match="test data: target has the label 'd'"):
        _ = Task(three, (X, LABELS), test=(X, np.array(["d"] * 30))).test_data


def test_a_ready_made_task_computes_what_pytorch_does():
    task = find("digits")
    model = task.model().eval()
    inputs, targets = task.training_data.batch(torch.arange(64))
    value, outputs, _ = task.compute(model, (inputs, targets))
    torch.testing.assert_close(value, functional.cross_entropy(model(inputs), targets))
    assert METRICS["accuracy"].value(outputs, targets) == float((outputs.argmax(1) == targets).double().mean())
