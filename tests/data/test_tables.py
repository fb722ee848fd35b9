"""Tables as tasks: classes, numbers in round units, and a network that fits."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.data.folds import split_test
from ravine.data.model import build_model, check_model
from ravine.data.tables import round_units, table_mlp, table_task
from ravine.errors import RavineError

X = np.random.default_rng(0).normal(size=(30, 4))


def test_the_network_has_its_layers():
    model = table_mlp(inputs=4, outputs=3, width=5, depth=2, drop=0.0)
    sizes = [tuple(parameter.shape) for parameter in model.parameters()]
    assert sizes == [(5, 4), (5,), (5, 5), (5,), (3, 5), (3,)]
    assert model(torch.zeros(2, 2, 2)).shape == (2, 3)


@pytest.mark.parametrize(
    ("targets", "loss", "outputs"),
    [
        (np.arange(30) % 3, "cross_entropy", 3),
        (np.arange(30) % 2 == 0, "cross_entropy", 2),
        (X[:, 0] * 1e5 + 3e6, "squared_error", 1),
        (X[:, :2] * 50, "squared_error", 2),
    ],
)
def test_a_table_becomes_a_task(targets, loss, outputs):
    task = table_task((X, targets), name="mine", source="mine.csv")
    assert (task.loss, task.model_arguments) == (loss, {"inputs": 4, "outputs": outputs})
    check_model(task, build_model(task, 0), task.training_data.batch(torch.arange(5)))
    train, _ = split_test(task, 0)
    assert len(train) == 24


def test_numbers_are_learned_in_round_units_and_predicted_in_their_own():
    prices = X[:, 0] * 1e5 + 3e6
    task = table_task((X, prices), name="prices", source="prices.csv")
    targets = task.training_data.targets
    assert abs(float(targets.mean())) < 1
    assert 0.5 < float(targets.std()) < 2
    coding = task.training_data.coding
    assert coding.scale in {10.0**power * digit for power in (4, 5) for digit in range(1, 10)}
    assert coding.center / coding.scale == round(coding.center / coding.scale)
    np.testing.assert_allclose(task.decode(targets), prices, rtol=1e-6)


@given(center=st.floats(-1e6, 1e6), spread=st.floats(1e-3, 1e6))
def test_round_units_are_near_the_mean_and_the_spread(center, spread):
    values = center + spread * torch.linspace(-1, 1, 11, dtype=torch.float64)
    middle, scale = round_units(values)
    assert abs(middle - float(values.mean())) <= scale
    assert scale == pytest.approx(float(values.std()), rel=0.34)  # 1.49 rounds to 1: off by a third at most


def test_what_does_not_vary_has_the_unit_1_and_one_class_is_no_task():
    assert round_units(torch.full((3,), 7.0)) == (7.0, 1.0)
    with pytest.raises(RavineError, match=r"mine: the target holds \('a',\) alone: there is nothing to tell apart"):
        table_task((X, ["a"] * 30), name="mine", source="mine.csv")
