"""What the loop trains: data, steps and losses of every kind, and models that change under its hands."""

import copy
import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from ravine.data.task import Task
from ravine.errors import RavineError
from ravine.recipe import Recipe, plateau
from ravine.rules import SGD, Adam, Rule
from ravine.training.loop import epochs as epochs_of
from ravine.training.loop import gradient_norm

from .cases import (
    LABELS,
    NUMBERS,
    X,
    dataset,
    dense,
    dicts,
    labels,
    loss_alone,
    loss_and_outputs,
    network,
    numbers,
    same,
    trained,
    training_of,
    weights,
)

INPUTS, TARGETS = torch.from_numpy(X), torch.from_numpy(LABELS)


@pytest.mark.parametrize(
    "task",
    [
        dicts(),
        dense(),
        dataset(),
        numbers(),
        labels(step=loss_alone),
        labels(step=loss_and_outputs),
        Task(lambda: nn.Bilinear(4, 2, 1), (X, X[:, :2], NUMBERS)),
        Task(lambda: nn.Linear(4, 4), X, step=lambda model, batch: (model(batch[0]) - batch[0]).square().mean()),
    ],
    ids=["dicts", "dense", "dataset", "numbers", "loss", "loss and outputs", "several inputs", "no targets"],
)
def test_tasks_of_every_kind_are_trained(task):
    training, losses = trained(task, Recipe(Adam(lr=0.02), batch_size=8, epochs=12))
    assert losses[-1] < 0.9 * losses[0]
    assert training.evaluations == 12 * len(task.training_data)
    again, repeated = trained(task, Recipe(Adam(lr=0.02), batch_size=8, epochs=12))
    assert losses == repeated
    assert same(weights(training.model), weights(again.model))


def test_a_custom_step_walks_the_path_of_the_same_loss():
    smoothed = nn.CrossEntropyLoss(label_smoothing=0.2)
    by_loss, first = trained(labels(loss=smoothed), Recipe(Adam(lr=0.02), batch_size=8, epochs=3))
    by_step, second = trained(labels(step=loss_alone), Recipe(Adam(lr=0.02), batch_size=8, epochs=3))
    assert first == second
    assert same(weights(by_loss.model), weights(by_step.model))


def test_a_loss_may_come_as_a_vector_of_one():
    def vector(model, batch):
        return loss_alone(model, batch).reshape(1)

    flat, _ = trained(labels(step=loss_alone), Recipe(SGD(lr=0.1), epochs=2))
    found, losses = trained(labels(step=vector), Recipe(SGD(lr=0.1), epochs=2))
    assert same(weights(found.model), weights(flat.model))
    assert all(isinstance(loss, float) for loss in losses)


def test_a_dataset_draws_the_same_luck_under_the_same_seed():
    recipe = Recipe(SGD(lr=0.1), batch_size=8, epochs=2)
    found = []
    for luck in (1, 2):
        torch.manual_seed(luck)
        np.random.seed(luck)  # noqa: NPY002 - what a user's data set draws from
        random.seed(luck)
        found.append(trained(dataset(lucky=True), recipe)[1])
    plain, other = trained(dataset(), recipe)[1], trained(dataset(lucky=True), recipe, seed=1)[1]
    assert found[0] == found[1]
    assert found[0] != plain
    assert found[0] != other


def test_examples_in_memory_take_the_path_of_a_dataset():
    task = Task(network, (X[:30], LABELS[:30]))
    recipe = Recipe(Adam(lr=0.02), batch_size=8, epochs=2)
    held, read = trained(task, recipe), trained(dataset(), recipe)
    assert held[1] == read[1]
    assert same(weights(held[0].model), weights(read[0].model))


class Thawing(nn.Module):
    """Lets its first layer learn from the third epoch on, as fine-tuning does."""

    def __init__(self):
        super().__init__()
        self.body, self.head, self.seen = nn.Linear(4, 4), nn.Linear(4, 3), 0
        self.body.requires_grad_(False)

    def forward(self, x):
        self.seen += self.training
        if self.seen > 10:
            self.body.requires_grad_(True)
        return self.head(self.body(x))


def test_a_model_may_thaw_its_own_layers():
    training = training_of(labels(Thawing), Recipe(Adam(lr=0.05), batch_size=10, epochs=4))
    before, moved = weights(training.model), []
    for _ in epochs_of(training, 4):
        after = weights(training.model)
        moved.append([not torch.equal(before[name], after[name]) for name in ("body.weight", "head.weight")])
    assert moved == [[False, True]] * 2 + [[True, True]] * 2
    assert training.optimizer.state[training.model.body.weight]["step"] == 10


def test_layers_that_learn_their_sizes_draw_from_the_seed():
    def lazy():
        return nn.Sequential(nn.LazyLinear(8), nn.LazyBatchNorm1d(), nn.LazyLinear(3))

    found = [training_of(labels(lazy), Recipe(SGD()), seed) for seed in (0, 0, 1)]
    starts = [weights(training.model) for training in found]
    assert same(starts[0], starts[1])
    assert not torch.equal(starts[0]["0.weight"], starts[2]["0.weight"])
    assert torch.equal(starts[0]["1.running_mean"], torch.zeros(8))
    assert all(np.isfinite(list(epochs_of(found[0], 1))))


def test_the_norm_of_the_gradient_is_over_all_parameters():
    task = labels(lambda: nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 3)))
    training = training_of(task, Recipe(SGD(lr=0.0), batch_size="all", epochs=1))
    assert gradient_norm(training) == 0.0
    list(epochs_of(training, 1))
    twin = copy.deepcopy(training.model)
    twin.zero_grad()
    functional.cross_entropy(twin(INPUTS), TARGETS).backward()
    whole = torch.cat([p.grad.flatten() for p in twin.parameters()])
    assert gradient_norm(training) == pytest.approx(float(whole.norm()), rel=1e-5)


class Still(Rule):
    def update(self, p, g):  # noqa: ARG002 - it does not move
        return p


@pytest.mark.parametrize(
    ("task", "recipe", "told"),
    [
        (labels(nn.Identity), Recipe(SGD()), "Identity has no parameters, so there is nothing to train."),
        (labels(), Recipe(Still(), on_plateau=plateau()), "Still() has no lr that a plateau could lower"),
    ],
)
def test_what_cannot_be_trained_is_refused(task, recipe, told):
    with pytest.raises(RavineError) as refusal:
        training_of(task, recipe)
    assert told in str(refusal.value)
