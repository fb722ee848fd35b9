"""What a recipe makes of a task while it trains: other batches, another loss, penalties; scores know nothing of it."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from ravine.data.augment import crop, gaussian_noise, mixup
from ravine.data.objectives import Objective, label_smoothing, squared_error
from ravine.data.penalties import l1, l2
from ravine.data.task import Task
from ravine.errors import RavineError
from ravine.layers import dropout, freeze
from ravine.recipe import Recipe
from ravine.rules import SAM, SGD, Adam, Decay
from ravine.training.loop import epochs
from ravine.training.objective import changing, computing
from ravine.training.train import train

from .cases import (
    LABELS,
    X,
    dataset,
    dicts,
    labels,
    loss_and_outputs,
    numbers,
    same,
    trained,
    training_of,
    unnormalized,
    weights,
)  # fmt: skip

INPUTS, CLASSES = torch.from_numpy(X[:12]), torch.from_numpy(LABELS[:12])


def linear() -> nn.Module:
    return nn.Linear(4, 3)


def test_without_parts_a_batch_and_the_loss_are_the_task_s_own():
    task = labels()
    batch = task.training_data.batch(torch.arange(3))
    assert changing(task, Recipe(SGD()))(batch) is batch
    assert computing(task, Recipe(SGD()), linear()) == task.compute


@pytest.mark.parametrize("named", [False, True], ids=["tuple", "dict"])
def test_mixed_classes_are_trained_on_as_shares(named):
    data = {"x": X, "target": LABELS} if named else (X, LABELS)
    task, recipe, model = Task(linear, data), Recipe(SGD(), augmentation=mixup(0.5)), linear()
    batch = {"x": INPUTS, "target": CLASSES} if named else (INPUTS, CLASSES)
    torch.manual_seed(3)
    changed = changing(task, recipe)(batch)
    loss, _, _ = computing(task, recipe, model)(model, changed)

    torch.manual_seed(3)
    x, y = mixup(0.5).change(INPUTS, functional.one_hot(CLASSES, 3).float())
    expected = -(y * model(x).log_softmax(1)).sum(1).mean()
    torch.testing.assert_close(loss, expected)
    assert not torch.equal(x, INPUTS)


def test_a_target_that_nothing_mixes_stays_as_it_is():
    change = changing(numbers(), Recipe(SGD(), augmentation=(gaussian_noise(0.1),)))
    x, y = change((INPUTS, torch.arange(12.0)))
    assert torch.equal(y, torch.arange(12.0))
    assert not torch.equal(x, INPUTS)


def test_another_loss_and_penalties_are_differentiated_together():
    model = linear()
    recipe = Recipe(SGD(), loss=label_smoothing(0.2), penalties=(l2(0.3), l1(0.1, everything=True)))
    loss, outputs, targets = computing(labels(), recipe, model)(model, (INPUTS, CLASSES))
    smoothed = functional.cross_entropy(model(INPUTS), CLASSES, label_smoothing=0.2)
    sizes = 0.15 * model.weight.square().sum() + 0.1 * (model.weight.abs().sum() + model.bias.abs().sum())
    torch.testing.assert_close(loss, smoothed + sizes)
    assert torch.equal(targets, CLASSES)
    torch.testing.assert_close(outputs, model(INPUTS))


def test_a_penalty_walks_as_decay_through_the_gradient():
    in_loss, _ = trained(labels(unnormalized), Recipe(SGD(lr=0.1), epochs=3, penalties=l2(0.05, everything=True)))
    by_rule, _ = trained(labels(unnormalized), Recipe(Decay(SGD(lr=0.1), l2=0.05, through="gradient"), epochs=3))
    plain, _ = trained(labels(unnormalized), Recipe(SGD(lr=0.1), epochs=3))
    for name, value in weights(by_rule.model).items():
        torch.testing.assert_close(in_loss.model.state_dict()[name], value, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(plain.model.state_dict()["0.weight"], in_loss.model.state_dict()["0.weight"], atol=1e-3)


def test_scores_are_by_the_task_s_own_loss_on_batches_as_they_are():
    recipe = Recipe(Adam(lr=0.05), epochs=2, loss=label_smoothing(0.5), augmentation=mixup(1.0), penalties=l2(0.1))
    run = train(labels(), recipe)
    outputs = run.model(torch.from_numpy(X[:20])).detach()
    assert run.proper == pytest.approx(
        float(functional.cross_entropy(outputs, torch.from_numpy(LABELS[:20]))), abs=1e-6
    )
    assert run.history[-1].train_loss > run.history[-1].train_proper


@pytest.mark.parametrize("task", [labels(), dataset()], ids=["in memory", "dataset"])
def test_the_same_seed_meets_the_same_luck(task):
    recipe = Recipe(Adam(lr=0.05), epochs=2, augmentation=(gaussian_noise(0.2), mixup(0.4)), layers=dropout(0.4))
    one, again, other = (trained(task, recipe, seed)[0].model for seed in (1, 1, 2))
    assert same(weights(one), weights(again))
    assert not same(weights(one), weights(other))


def test_luck_is_new_in_every_step_also_where_the_network_draws_nothing():
    seen = []

    class Watched(gaussian_noise):
        def change(self, x, y):
            changed, y = super().change(x, y)
            seen.append((changed - x).flatten()[:4].tolist())
            return changed, y

    trained(labels(linear), Recipe(SGD(), batch_size=10, epochs=2, augmentation=Watched(0.1)))
    assert len({tuple(noise) for noise in seen}) == len(seen) == 10


def test_a_loss_of_ones_own_may_draw_and_meets_the_same_luck():
    class Noisy(Objective):
        def of(self, outputs, targets):
            return functional.cross_entropy(outputs + torch.rand_like(outputs), targets)

    one, again = (trained(labels(linear), Recipe(SGD(), epochs=2, loss=Noisy()))[1] for _ in range(2))
    assert one == again


def test_sam_takes_two_gradients_and_each_counts():
    single, _ = trained(labels(), Recipe(SGD(lr=0.1), epochs=2))
    double, _ = trained(labels(), Recipe(SAM(SGD(lr=0.1)), epochs=2))
    assert (double.steps, double.evaluations) == (single.steps, 2 * single.evaluations)
    assert torch.equal(double.model[1].num_batches_tracked, single.model[1].num_batches_tracked)


def test_layers_hear_of_every_epoch():
    recipe = Recipe(SGD(lr=0.5), epochs=4, layers=freeze("0", until=0.5))
    training = training_of(labels(), recipe)
    first = training.model[0].weight.detach().clone()
    seen = [torch.equal(training.model[0].weight, first) for _ in epochs(training, 4)]
    assert seen == [True, True, False, False]


@pytest.mark.parametrize(
    ("task", "fields", "sentence"),
    [
        (labels(step=loss_and_outputs), {"loss": label_smoothing(0.1)}, "the task's own step works out the loss"),
        (labels(), {"loss": squared_error()}, "squared_error"),
        (numbers(), {"augmentation": mixup(0.2)}, "mixup(numbers=True)"),
        (dicts(), {"augmentation": mixup(0.2)}, "changes one input, and each example has 2"),
        (labels(), {"augmentation": crop(1)}, "takes images, [n, c, h, w], and the inputs are [n, 4]"),
        (labels(), {"penalties": l2(0.1, layers="heda")}, "'heda'"),
        (labels(), {"layers": dropout(0.1, after="heda")}, "'heda'"),
        (labels(), {"layers": freeze("heda")}, "'heda'"),
    ],
)
def test_what_does_not_suit_the_task_is_refused_before_the_first_step(task, fields, sentence):
    with pytest.raises(RavineError) as refusal:
        train(task, Recipe(SGD(), epochs=1, **fields))
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_an_augmentation_that_may_change_labels_is_warned_of():
    task = labels(safe_augmentation={"mixup": None})
    with pytest.warns(UserWarning, match="gaussian_noise"):
        train(task, Recipe(SGD(), epochs=1, augmentation=gaussian_noise(0.1)))
