"""The ready-made tasks: the data as they ship, networks that fit and learn."""

import inspect

import numpy as np
import pytest
import torch
from sklearn import datasets
from sklearn.linear_model import LogisticRegression
from torch import nn

from ravine.data.folds import split_test
from ravine.data.metrics import METRICS
from ravine.data.model import build_model, check_model
from ravine.data.preprocessing import fitted
from ravine.data.ready_made import READY_MADE, digits_cnn
from ravine.data.scores import metric_of


def trained(task, epochs, batch_size, seed=0):
    """Outputs and targets on the test set after training by Adam under a cosine, in PyTorch's own words."""
    train, test = split_test(task, seed)
    transform = fitted(task.preprocess, train)
    train, test = transform(train), transform(test)
    model, luck = build_model(task, seed), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * -(-len(train) // batch_size))
    torch.manual_seed(seed)
    for _ in range(epochs):
        for batch in train.batches(torch.randperm(len(train), generator=luck).split(batch_size)):
            optimizer.zero_grad()
            task.compute(model, batch)[0].backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        return task.score(model.eval(), test.batch(torch.arange(len(test))))


@pytest.mark.parametrize(
    ("name", "shape"),
    [("digits", (1797, 1, 8, 8)), ("wine", (178, 13)), ("breast_cancer", (569, 30)), ("diabetes", (442, 10))],
)
def test_the_data_are_those_that_ship(name, shape):
    task, bunch = READY_MADE[name](), getattr(datasets, f"load_{name}")()
    data = task.training_data
    assert data.inputs.shape == shape
    scale = 16 if name == "digits" else 1
    np.testing.assert_allclose(data.inputs.flatten(1).numpy() * scale, bunch.data, rtol=1e-6)
    targets = task.decode(data.targets) if name == "diabetes" else data.targets
    np.testing.assert_allclose(targets, bunch.target, rtol=1e-6)  # numbers are held in float32
    assert (task.name, task.source) == (name, name)
    check_model(task, build_model(task, 0), data.batch(torch.arange(8)))


def test_pixels_lie_between_0_and_1():
    inputs = READY_MADE["digits"]().training_data.inputs
    assert (float(inputs.min()), float(inputs.max())) == (0, 1)


@pytest.mark.parametrize("name", ["digits", "wine", "breast_cancer", "diabetes"])
def test_the_networks_source_stands_on_its_own(name):
    """The report prints it into a script that imports `torch` and `nn` alone."""
    task, names = READY_MADE[name](), {"torch": torch, "nn": nn}
    exec(inspect.getsource(task.model), names)  # noqa: S102 - as the script will be run
    torch.manual_seed(0)
    written = names[task.model.__name__](**task.model_arguments)
    built = build_model(task, 0)
    for ours, theirs in zip(built.parameters(), written.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_the_digits_network_normalizes_and_drops():
    kinds = {type(module) for module in digits_cnn().modules()}
    assert {nn.Conv2d, nn.BatchNorm2d, nn.Dropout} <= kinds
    assert sum(parameter.numel() for parameter in digits_cnn().parameters()) == 6186


def test_digits_are_told_apart():
    outputs, targets = trained(READY_MADE["digits"](), epochs=15, batch_size=64)
    assert METRICS["accuracy"].value(outputs, targets) >= 0.98


@pytest.mark.parametrize(("name", "least"), [("wine", 0.94), ("breast_cancer", 0.94), ("diabetes", 0.25)])
def test_tables_are_learned(name, least):
    task = READY_MADE[name]()
    outputs, targets = trained(task, epochs=30, batch_size=32)
    assert metric_of(task).value(outputs, targets) >= least


def test_preprocessing_is_fitted_inside_the_part():
    """Logistic regression on what `fitted` gives is logistic regression in scikit-learn's own pipeline."""
    task = READY_MADE["wine"]()
    train, test = split_test(task, 0)
    transform = fitted(task.preprocess, train)
    mean, spread = train.inputs.double().mean(0), train.inputs.double().std(0, unbiased=False)
    by_hand = LogisticRegression().fit((train.inputs.double() - mean) / spread, train.targets)
    ours = LogisticRegression().fit(transform(train).inputs, train.targets)
    np.testing.assert_allclose(
        ours.predict_proba(transform(test).inputs),
        by_hand.predict_proba((test.inputs.double() - mean) / spread),
        atol=1e-4,
    )
