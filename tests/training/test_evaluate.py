"""Outputs in evaluation mode, and averaged weights with statistics that fit them; the model stays as it was."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import update_bn

from ravine.data.metrics import METRICS
from ravine.recipe import Recipe
from ravine.rules import SGD, Adam, Average
from ravine.training.evaluate import BATCH, Outputs, finite, outputs_of, predicting, scores_by_example, values
from ravine.training.loop import epochs
from ravine.training.order import epoch_order

from .cases import LABELS, X, dataset, labels, network, same, trained, training_of, weights


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


@pytest.mark.parametrize("task", [labels(), dataset()], ids=["in memory", "dataset"])
@pytest.mark.parametrize("order", ["shuffled", "stored"])
def test_averaged_weights_predict_with_statistics_as_pytorchs_update_bn_takes_them(task, order):
    recipe = Recipe(Average(Adam(lr=0.05), decay=0.9), batch_size=8, epochs=3, order=order)
    training, _ = trained(task, recipe)
    training.model[1].momentum = 0.3
    training.model[4].eval()
    before, slots = weights(training.model), copy.deepcopy(training.optimizer.state_dict()["state"])

    twin = copy.deepcopy(training.model)
    with torch.no_grad():
        for number, p in enumerate(twin.parameters()):
            p.copy_(slots[number]["average_mean"])
    order = epoch_order(recipe, len(training.examples), training.seed, training.epoch)
    batches = [inputs for inputs, _ in training.examples.batches(order.batches)]
    torch.manual_seed(order.seeds[0])
    update_bn(batches, twin)

    with predicting(training):
        assert same(weights(training.model), weights(twin))
        assert not same(weights(training.model), before)
        assert training.model[1].num_batches_tracked == len(batches)
    assert same(weights(training.model), before)
    assert training.model[1].momentum == 0.3
    assert [module.training for module in training.model] == [True] * 4 + [False] + [True] * 2


def test_what_is_raised_meanwhile_leaves_the_model_as_it_was():
    training, _ = trained(labels(), Recipe(Average(Adam(lr=0.05)), epochs=2))
    before = weights(training.model)
    with pytest.raises(ZeroDivisionError), predicting(training):
        raise ZeroDivisionError
    assert same(weights(training.model), before)

    hook = training.model[4].register_forward_hook(raises)  # halfway through the estimate
    with pytest.raises(ZeroDivisionError), predicting(training):
        pass
    hook.remove()
    assert same(weights(training.model), before)
    assert training.model.training
    assert training.model[1].momentum == 0.1


def test_training_goes_on_as_if_nobody_had_looked():
    recipe = Recipe(Average(Adam(lr=0.05)), batch_size=8, epochs=3)
    looked, undisturbed = training_of(labels(), recipe), training_of(labels(), recipe)
    for _ in epochs(looked, 3):
        with predicting(looked):
            outputs_of(looked.task, looked.model, looked.examples)
    list(epochs(undisturbed, 3))
    assert same(weights(looked.model), weights(undisturbed.model))


def test_without_an_average_the_model_itself_predicts():
    training, _ = trained(labels(network), Recipe(SGD(lr=0.1), epochs=1))
    before = weights(training.model)
    with predicting(training):
        assert same(weights(training.model), before)
