"""The loop: the same bits as one written by hand, from every seed, for every size of batch."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from ravine.data.task import Task
from ravine.optim import Optimizer
from ravine.recipe import Recipe
from ravine.rules import SGD, Adam, Clip, Momentum, Nesterov, Noise
from ravine.schedules import cosine, epochs, step
from ravine.training.loop import begin, may_draw
from ravine.training.loop import epochs as epochs_of
from ravine.training.order import epoch_order, steps_per_epoch

from .cases import (
    LABELS,
    NUMBERS,
    X,
    labels,
    numbers,
    one_number,
    same,
    trained,
    training_of,
    unnormalized,
    weights,
)

INPUTS, TARGETS = torch.from_numpy(X), torch.from_numpy(LABELS)


@pytest.mark.parametrize("size", [1, 7, 49, 50, 51, "all"])
@pytest.mark.parametrize("rule", [Adam(lr=cosine(0.05)), Clip(Noise(Momentum(lr=0.1)), norm=1.0)], ids=repr)
def test_it_is_the_loop_that_one_writes_by_hand(rule, size):
    recipe = Recipe(rule, batch_size=size, epochs=3)
    training, losses = trained(labels(unnormalized), recipe, seed=5)

    torch.manual_seed(5)
    by_hand = unnormalized().train()
    rule = Clip(Noise(Momentum(lr=0.1), seed=5), norm=1.0) if isinstance(rule, Clip) else rule
    optimizer = Optimizer(by_hand.parameters(), rule, steps=3 * steps_per_epoch(recipe, 50))
    means = []
    for epoch in range(3):
        order, total = epoch_order(recipe, 50, seed=5, epoch=epoch), 0.0
        for batch, luck in zip(order.batches, order.seeds, strict=True):
            torch.manual_seed(luck)
            optimizer.zero_grad()
            loss = functional.cross_entropy(by_hand(INPUTS[batch]), TARGETS[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        means.append(total / 50)
    assert same(weights(training.model), weights(by_hand))
    assert losses == pytest.approx(means, rel=1e-15)
    assert (training.epoch, training.batch, training.evaluations) == (3, 0, 150)
    assert training.steps == 3 * steps_per_epoch(recipe, 50)


def test_it_is_pytorchs_own_optimizer_too():
    training, _ = trained(labels(unnormalized), Recipe(Adam(lr=0.05), batch_size=10, epochs=4, order="stored"))
    torch.manual_seed(0)
    by_hand = unnormalized().train()
    optimizer = torch.optim.Adam(by_hand.parameters(), lr=0.05)
    for epoch in range(4):
        seeds = epoch_order(training.recipe, 50, seed=0, epoch=epoch).seeds
        for k in range(5):
            torch.manual_seed(seeds[k])
            optimizer.zero_grad()
            rows = slice(10 * k, 10 * k + 10)
            functional.cross_entropy(by_hand(INPUTS[rows]), TARGETS[rows]).backward()
            optimizer.step()
    for name, value in by_hand.state_dict().items():
        torch.testing.assert_close(training.model.state_dict()[name], value, rtol=0, atol=1e-5)


def test_a_seed_decides_everything_and_the_caller_luck_decides_nothing():
    recipe = Recipe(Noise(Adam(lr=0.05)), batch_size=8, epochs=2)
    found = []
    for luck in (1, 2):
        torch.manual_seed(luck)
        found.append(trained(labels(), recipe, seed=3))
    other = trained(labels(), recipe, seed=4)
    assert same(weights(found[0][0].model), weights(found[1][0].model))
    assert found[0][1] == found[1][1] != other[1]


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov"])
def test_a_summed_loss_walks_the_path_of_the_averaged_one_at_lr_over_n(name):
    def averaged(model, batch):
        return functional.mse_loss(model(batch[0].double()).squeeze(1), batch[1].double())

    def summed(model, batch):
        return 50 * averaged(model, batch)

    rules = {"sgd": SGD, "momentum": Momentum, "nesterov": Nesterov}
    ends = [
        trained(
            numbers(lambda: one_number().double(), step=loss),
            Recipe(rules[name](lr=lr), batch_size="all", epochs=40),
        )
        for loss, lr in ((averaged, 0.05), (summed, 0.05 / 50))
    ]
    (one, means), (other, sums) = ends
    for a, b in zip(one.model.parameters(), other.model.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)
    assert sums == pytest.approx([50 * mean for mean in means], rel=1e-12)
    assert means[-1] < 0.7 * means[0]


def test_the_loss_of_an_epoch_is_the_mean_over_its_examples():
    task = numbers(lambda: nn.Linear(4, 1))
    training, losses = trained(task, Recipe(SGD(lr=0.0), batch_size=16, epochs=1))  # 16, 16, 18
    with torch.no_grad():
        outputs = training.model(INPUTS).squeeze(1)
    assert losses[0] == pytest.approx(float(((outputs - torch.from_numpy(NUMBERS)) ** 2).mean()), rel=1e-6)


def test_autocast_computes_in_bfloat16_and_keeps_weights_in_float32():
    seen = []

    class Watched(nn.Linear):
        def forward(self, x):
            outputs = super().forward(x)
            seen.append(outputs.dtype)
            return outputs

    task = labels(lambda: Watched(4, 3))
    full, exact = trained(task, Recipe(SGD(lr=0.1), batch_size=10, epochs=2))
    mixed, rough = trained(task, Recipe(SGD(lr=0.1), batch_size=10, epochs=2, autocast=True))
    assert seen == [torch.float32] * 10 + [torch.bfloat16] * 10
    assert all(p.dtype == torch.float32 for p in mixed.model.parameters())
    assert rough == pytest.approx(exact, rel=0.02)
    assert not same(weights(full.model), weights(mixed.model))


def test_schedules_see_every_step_of_the_whole_length():
    training = training_of(labels(), Recipe(SGD(lr=step(1.0, every=epochs(1))), batch_size=10, epochs=3))
    seen = []
    training.optimizer.register_step_post_hook(lambda *_: seen.append(training.optimizer.param_groups[0]["lr"]))
    list(epochs_of(training, 3))
    assert seen == pytest.approx([1.0] * 5 + [0.1] * 5 + [0.01] * 5)


def test_what_ends_early_has_walked_the_beginning_of_the_whole_path():
    recipe = Recipe(Adam(lr=cosine(0.05)), batch_size=8, epochs=4)
    whole, first = training_of(labels(), recipe), training_of(labels(), recipe)
    losses = list(epochs_of(whole, 4))
    assert list(epochs_of(first, 2)) == losses[:2]
    assert list(epochs_of(first, 4)) == losses[2:]
    assert same(weights(whole.model), weights(first.model))


def test_a_loss_that_is_not_finite_ends_it():
    training, losses = trained(numbers(), Recipe(SGD(lr=1e12), batch_size="all", epochs=50))
    assert len(losses) < 20
    assert all(np.isfinite(losses[:-1]))
    assert not np.isfinite(losses[-1])
    assert training.epoch == len(losses)


def test_looking_ahead_trains_as_the_rearranged_form_does():
    def model():
        return one_number().double()

    def loss(model, batch):
        return functional.mse_loss(model(batch[0].double()).squeeze(1), batch[1].double())

    recipes = [Recipe(Nesterov(lr=0.01, form=form), batch_size=10, epochs=3) for form in ("rearranged", "look-ahead")]
    (_, one), (_, other) = (trained(numbers(model, step=loss), recipe) for recipe in recipes)
    assert one == pytest.approx(other, rel=1e-12)


def drawing(module: nn.Module, task: Task | None = None) -> bool:
    made = task or Task(lambda: module, (torch.randn(8, 4), torch.randint(0, 2, (8,))))
    device = torch.device("cpu")
    return may_draw(begin(made, Recipe(SGD()), made.training_data, seed=0, device=device, arguments={}))


class Jitter(nn.Linear):
    def forward(self, x):
        return super().forward(x + torch.randn_like(x))


def test_only_what_is_known_to_draw_nothing_goes_without_luck():
    assert not drawing(nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.BatchNorm1d(3), nn.Linear(3, 2)))
    assert drawing(nn.Sequential(nn.Linear(4, 2), nn.Dropout(0.1)))
    assert drawing(Jitter(4, 2))  # a layer of one's own, though it derives from one that draws nothing
    hooked = nn.Sequential(nn.Linear(4, 2))
    hooked[0].register_forward_pre_hook(lambda _, given: (given[0] + torch.randn_like(given[0]),))
    assert drawing(hooked)
    data = (torch.randn(8, 4), torch.randint(0, 2, (8,)))
    own = Task(lambda: nn.Linear(4, 2), data, loss=lambda o, t: nn.functional.cross_entropy(o, t) + torch.rand(()))
    assert drawing(nn.Linear(4, 2), own)
