"""The network that predicts, with statistics that fit its weights; the one that trains stays as it was."""

import copy

import pytest
import torch
from torch.optim.swa_utils import update_bn

from ravine.recipe import Recipe
from ravine.rules import SGD, Adam, Average
from ravine.training.evaluate import outputs_of
from ravine.training.loop import epochs
from ravine.training.order import epoch_order
from ravine.training.predicting import predicting

from .cases import dataset, labels, network, same, trained, training_of, weights


def raises(*_):
    raise ZeroDivisionError


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
