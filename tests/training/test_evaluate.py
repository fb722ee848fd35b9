"""Outputs in evaluation mode, and their scores; the model stays as it was."""

import copy
import math

import pytest
import torch
from torch import nn

from ravine.data.metrics import METRICS
from ravine.recipe import Recipe
from ravine.rules import Adam
from ravine.training.evaluate import BATCH, Outputs, finite, outputs_of, scores_by_example, values

from .cases import LABELS, X, labels, network, same, trained, weights


def raises(*_):
    raise ZeroDivisionError


def test_outputs_are_in_evaluation_mode_and_in_the_order_of_the_examples():
    task = labels(train=(X.repeat(9, axis=0), LABELS.repeat(9)))
    training, _ = trained(task, Recipe(Adam(lr=0.05), epochs=2))
    model, before = training.model, weights(training.model)
    model[0].eval()  # a layer that the user keeps so
    said = outputs_of(task, model, training.examples)
    assert len(said.outputs) == 450 > BATCH
    assert not said.outputs.requires_grad
    torch.testing.assert_close(said.outputs, copy.deepcopy(model).eval()(training.examples.inputs))
    assert torch.equal(said.targets, training.examples.targets)
    assert [module.training for module in model.children()] == [False] + [True] * (len(model) - 1)
    assert same(weights(model), before)


def test_a_model_that_raises_is_left_in_its_mode():
    task, model = labels(), network()
    model[3].register_forward_hook(raises)
    with pytest.raises(ZeroDivisionError):
        outputs_of(task, model, task.training_data)
    assert model.training


def test_scores_are_the_metrics_and_nothing_where_outputs_are_not_finite():
    said = Outputs(torch.tensor([[2.0, 0.0], [0.0, 1.0], [3.0, 0.0]]), torch.tensor([0, 0, 0]))
    metrics = METRICS["accuracy"], METRICS["log_loss"]
    accuracy, loss = values(metrics, said)
    assert accuracy == pytest.approx(2 / 3)
    assert loss == pytest.approx(float(nn.functional.cross_entropy(said.outputs, said.targets)))
    hits, losses = scores_by_example(metrics, said)
    assert hits.tolist() == [1.0, 0.0, 1.0]
    assert losses.mean() == pytest.approx(loss)
    said.outputs[1, 1] = math.inf
    assert all(math.isnan(value) for value in values(metrics, said))


def test_finite_is_every_number_of_every_tensor():
    assert finite(iter([torch.ones(2), torch.zeros(0), torch.tensor(1)]))
    assert not finite(iter([torch.ones(2), torch.tensor([1.0, math.nan])]))
    assert not finite(iter([torch.tensor(math.inf)]))
