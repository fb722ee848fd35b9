"""What a run keeps to predict with: the mean of its last weights, or the networks at the ends of its cycles."""

import pytest
import torch
from torch.optim.swa_utils import AveragedModel, update_bn

from ravine.errors import RavineError
from ravine.keep import snapshots, swa
from ravine.optim import Optimizer
from ravine.recipe import Recipe, early_stopping, plateau
from ravine.rules import SGD, Adam, Average, Momentum, Muon, Split
from ravine.schedules import bind, cosine, warm_restarts, warmup
from ravine.training.evaluate import outputs_of
from ravine.training.keeping import cycle_ends, rule_of
from ravine.training.loop import epochs
from ravine.training.order import epoch_order, steps_per_epoch
from ravine.training.predict import predict
from ravine.training.predicting import predicting
from ravine.training.train import train

from .cases import LABELS, X, dataset, labels, numbers, ran, same, training_of, weights


def rates(recipe, count=50):
    """The lr that each step of a run sees."""
    per_epoch = steps_per_epoch(recipe, count)
    p = torch.nn.Parameter(torch.zeros(1))
    optimizer = Optimizer([p], rule_of(recipe), steps=per_epoch * recipe.epochs, steps_per_epoch=per_epoch)
    found = []
    for _ in range(per_epoch * recipe.epochs):
        p.grad = torch.ones(1)
        optimizer.step()
        found.append(optimizer.param_groups[0]["lr"])
    return found


def test_cycles_are_as_warm_restarts_where_they_divide_the_epochs():
    recipe = Recipe(Momentum(lr=0.3), batch_size=10, epochs=8, keep=snapshots(4))
    again = Recipe(Momentum(lr=warm_restarts(0.3, first=0.25)), batch_size=10, epochs=8)
    assert rates(recipe) == pytest.approx(rates(again), abs=1e-15)
    assert rates(recipe)[::10] == [0.3] * 4


def test_a_schedule_of_ones_own_runs_once_in_each_cycle():
    own = warmup(0.2).then(cosine(0.3))
    recipe = Recipe(SGD(lr=own), batch_size=10, epochs=5, keep=snapshots(2))
    assert cycle_ends(2, 5) == [2, 5]
    assert rates(recipe) == [own(t, 10) for t in range(10)] + [own(t, 15) for t in range(15)]


def test_lr_stands_still_while_weights_are_averaged():
    falling = rates(Recipe(SGD(lr=cosine(0.2)), batch_size=10, epochs=8, keep=swa(start=0.5)))
    assert falling == [cosine(0.2)(min(t, 20), 40) for t in range(40)]
    assert rates(Recipe(SGD(lr=0.2), batch_size=10, epochs=4, keep=swa())) == [0.2] * 20
    recipe = Recipe(SGD(lr=warmup(0.2).then(cosine(0.2))), batch_size=10, epochs=8, keep=swa(start=0.5, rate=0.25))
    assert rates(recipe)[20:] == [0.05] * 20


def test_both_rules_of_a_split_follow():
    rule = bind(rule_of(Recipe(Split(Muon(lr=0.02), Adam(lr=0.001)), epochs=4, keep=snapshots(2))), 2)
    assert [[half.lr(t, 8) for t in (0, 4)] for half in (rule.rule, rule.others)] == [[0.02] * 2, [0.001] * 2]


def kept_by_hand(recipe, when, task=None):
    """The weights of a run at the ends of some epochs, as someone sees them who looks on."""
    training = training_of(task or labels(), recipe)
    seen = ((training.epoch, weights(training.model)) for _ in epochs(training, recipe.epochs))
    return training, [state for epoch, state in seen if epoch in when]


@pytest.mark.parametrize("task", [labels(), dataset()], ids=["in memory", "dataset"])
def test_the_mean_is_that_of_pytorchs_averaged_model(task):
    recipe = Recipe(Adam(lr=cosine(0.05)), batch_size=8, epochs=6, keep=swa(start=0.5))
    training, states = kept_by_hand(recipe, {4, 5, 6}, task)
    theirs = AveragedModel(training.model)
    for state in states:
        training.model.load_state_dict(state)
        theirs.update_parameters(training.model)
    order = epoch_order(recipe, len(training.examples), training.seed, 6)
    torch.manual_seed(order.seeds[0])
    update_bn([inputs for inputs, _ in training.examples.batches(order.batches)], theirs)

    ended, _ = ran(task, recipe)
    assert ended.training.kept.count == 3
    before = weights(ended.training.model)
    with predicting(ended.training) as model:
        for name, value in theirs.module.state_dict().items():
            torch.testing.assert_close(model.state_dict()[name], value, rtol=1e-6, atol=1e-7)
    assert same(weights(ended.training.model), before)


def test_statistics_can_stay_those_of_the_last_weights():
    ended, _ = ran(labels(), Recipe(Adam(lr=0.05), epochs=4, keep=swa(start=0.5, statistics="kept")))
    last = weights(ended.training.model)
    with predicting(ended.training) as model:
        found = weights(model)
    names = [name for name in last if "running" in name or "tracked" in name]
    assert len(names) == 6
    assert all(torch.equal(found[name], last[name]) for name in names)
    assert not torch.equal(found["0.weight"], last["0.weight"])


def test_snapshots_predict_by_the_mean_of_their_probabilities(tmp_path):
    recipe = Recipe(Adam(lr=0.05), batch_size=8, epochs=6, keep=snapshots(3))
    training, states = kept_by_hand(recipe, {2, 4, 6})
    probabilities = []
    for state in states:
        training.model.load_state_dict(state)
        probabilities.append(outputs_of(training.task, training.model, training.examples).outputs.softmax(1))
    expected = torch.stack(probabilities).mean(0)

    run = train(labels(), recipe, out=tmp_path / "run")
    torch.testing.assert_close(run.model(torch.from_numpy(X)).softmax(1), expected)
    said = predict(tmp_path / "run", X, task=labels())
    torch.testing.assert_close(torch.from_numpy(said.probabilities), expected)
    loss = -expected[torch.arange(20), torch.from_numpy(LABELS[:20])].log().mean()
    assert run.proper == pytest.approx(float(loss), abs=1e-6)


def test_snapshots_of_numbers_predict_by_their_mean():
    recipe = Recipe(Adam(lr=0.05), batch_size=8, epochs=4, keep=snapshots(2))
    training, states = kept_by_hand(recipe, {2, 4}, numbers())
    said = []
    for state in states:
        training.model.load_state_dict(state)
        said.append(training.model.eval()(torch.from_numpy(X)))
    run = train(numbers(), recipe)
    torch.testing.assert_close(run.model(torch.from_numpy(X)), torch.stack(said).mean(0))


def test_before_anything_is_kept_the_network_itself_predicts():
    for keep in (swa(start=0.75), snapshots(1)):
        training = training_of(labels(), Recipe(Adam(lr=0.05), epochs=4, keep=keep))
        list(epochs(training, 2))
        with predicting(training) as model:
            assert model is training.model


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"keep": snapshots(9), "epochs": 8}, "a cycle takes at least one epoch; use at most 8 cycles."),
        ({"keep": swa(), "stop": early_stopping()}, "which stop would change; leave one of the two out."),
        ({"keep": snapshots(2), "on_plateau": plateau()}, "which on_plateau would change; leave one of the two out."),
        ({"keep": swa(), "rule": Average(SGD())}, "both say which weights predict; leave one out."),
    ],
)
def test_what_contradicts_itself_is_refused(fields, sentence):
    with pytest.raises(RavineError) as refusal:
        Recipe(**{"rule": SGD(), **fields})
    assert str(refusal.value).endswith(sentence)


@pytest.mark.parametrize(
    "call", [lambda: swa(start=1.0), lambda: swa(rate=0), lambda: snapshots(0), lambda: snapshots(2.5)]
)
def test_strengths_out_of_range_are_refused(call):
    with pytest.raises(RavineError, match="must be"):
        call()
