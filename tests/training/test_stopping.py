"""What ends a run early or lowers its lr: exactly when it should, by data that nothing else is learned from."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.data.metrics import METRICS
from ravine.recipe import Recipe, early_stopping, gradient_norm, plateau
from ravine.rules import SGD, Adam, Average
from ravine.schedules import linear
from ravine.training.evaluate import outputs_of
from ravine.training.predicting import predicting
from ravine.training.run import Keeper, run
from ravine.training.stage import whole_stage
from ravine.training.stopping import Patience, Watch

from .cases import CPU, X, labels, numbers, ran, same, scalar, trained, weights

LOSSES = st.lists(st.one_of(st.floats(0, 2), st.just(math.nan)), max_size=30)


@given(LOSSES, st.floats(0, 0.5))
def test_patience_counts_since_the_last_improvement(losses, smallest_change):
    patience, best, since = Patience(), math.inf, 0
    for loss in losses:
        improved = patience.see(loss, smallest_change)
        assert improved == (loss < best - smallest_change)
        best, since = (loss, 0) if improved else (best, since + 1)
        assert (patience.best, patience.since) == (best, since)


@pytest.mark.parametrize("patience", [1, 2, 4])
def test_it_stops_when_patience_is_over_and_takes_the_best_weights_back(patience):
    # The weight sinks from 1 by 0.1 an epoch past the target of 0.52: it is nearest after the fifth.
    stop = early_stopping(patience=patience)
    ended, keeper = ran(scalar(target=0.52), Recipe(SGD(lr=0.1), batch_size="all", epochs=20, stop=stop))
    assert ended.outcome == "stopped"
    assert ended.sentence == (
        f"Stopped after epoch {5 + patience}: the held-out squared_error has not improved for {patience} epochs."
    )
    assert (ended.best_epoch, len(ended.history), ended.training.epoch) == (5, 5 + patience, 5 + patience)
    assert ended.training.model.w.item() == pytest.approx(1 - 0.1 * (5 + patience))
    keeper.watch.take_best_back()
    assert ended.training.model.w.item() == pytest.approx(0.5)


def test_an_improvement_that_is_too_small_is_none():
    # The score is 0.81, 0.64, 0.49, 0.36, 0.25, 0.16, 0.09, 0.04, 0.01, 0: too little is gained in the sixth epoch,
    # enough since the fifth in the seventh, and too little since then in the two that follow.
    stop = early_stopping(patience=2, smallest_change=0.1)
    ended, _ = ran(scalar(target=0.0), Recipe(SGD(lr=0.1), batch_size="all", epochs=20, stop=stop))
    assert (ended.best_epoch, ended.training.epoch) == (7, 9)


def test_a_run_that_keeps_improving_ends_by_itself():
    recipe = Recipe(SGD(lr=0.01), batch_size="all", epochs=6, stop=early_stopping(patience=1))
    ended, keeper = ran(scalar(target=-5.0), recipe)
    assert (ended.outcome, ended.sentence, ended.best_epoch) == ("finished", "Finished 6 epochs.", 6)
    before = weights(ended.training.model)
    keeper.watch.take_best_back()
    assert same(weights(ended.training.model), before)


def test_where_weights_are_averaged_the_average_is_watched_and_taken_back():
    # The mean of the weights after k epochs is 1 - 0.1 (k + 1) / 2: it passes 0.52 after the ninth, nearest at 0.5.
    recipe = Recipe(Average(SGD(lr=0.1)), batch_size="all", epochs=30, stop=early_stopping(patience=3))
    ended, keeper = ran(scalar(target=0.52), recipe)
    assert (ended.best_epoch, ended.training.epoch) == (9, 12)
    keeper.watch.take_best_back()
    assert ended.training.model.w.item() == pytest.approx(0.1)
    with predicting(ended.training):
        assert ended.training.model.w.item() == pytest.approx(0.5)


def test_the_inner_split_is_held_out_of_training():
    task = labels()
    recipe = Recipe(Adam(), epochs=1, stop=early_stopping(held_out=0.2))
    _, keeper = ran(task, recipe)
    training, held_out = keeper.watch.training, keeper.watch.held_out
    rows = {tuple(row) for row in training.examples.inputs.tolist()}
    held = {tuple(row) for row in held_out.inputs.tolist()}
    assert (len(training.examples), len(held_out)) == (40, 10)
    assert rows.isdisjoint(held)
    assert rows | held == {tuple(row) for row in X.tolist()}
    assert training.evaluations == 40


def test_the_best_weights_are_those_of_the_best_held_out_score():
    task = numbers()
    recipe = Recipe(Adam(lr=0.3), batch_size=8, epochs=30, stop=early_stopping(patience=5, held_out=0.3))
    ended, keeper = ran(task, recipe)

    def score():
        said = outputs_of(task, keeper.watch.training.model, keeper.watch.held_out)
        return METRICS["squared_error"].value(said.outputs, said.targets)

    last = score()
    keeper.watch.take_best_back()
    assert score() == keeper.watch.stopping.best < last
    again, _ = ran(task, Recipe(Adam(lr=0.3), batch_size=8, epochs=30, stop=recipe.stop))
    assert again.best_epoch == ended.best_epoch < ended.training.epoch


def falling(model, batch):
    """Falls evenly with the weight to zero at 0.55, and stays there."""
    return (model.w.sum() - 0.55).relu() + 0 * batch[0].sum()


@pytest.mark.parametrize("patience", [1, 2, 3])
@pytest.mark.parametrize("smallest_change", [0.0, 0.2])
def test_a_plateau_lowers_lr_when_pytorchs_would(patience, smallest_change):
    on_plateau = plateau(factor=0.5, patience=patience, smallest_change=smallest_change)
    recipe = Recipe(SGD(lr=0.1), batch_size="all", epochs=15, on_plateau=on_plateau)
    ended, _ = ran(scalar(falling), recipe)

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=patience - 1, threshold=smallest_change, threshold_mode="abs"
    )
    for epoch in ended.history:
        assert epoch.lr == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
        schedule.step(epoch.train_loss)
    assert ended.history[-1].lr < 0.1
    assert ended.history[0].lr == 0.1


def test_a_plateau_multiplies_a_schedule_and_what_is_trained_with_it():
    recipe = Recipe(SGD(lr=linear(0.1)), batch_size="all", epochs=10, on_plateau=plateau(factor=0.5, patience=1))
    ended, _ = ran(scalar(lambda model, batch: -model.w.sum() + 0 * batch[0].sum()), recipe)
    # The loss falls in every epoch, so lr stays on its line, and the weight rises by the sum.
    assert [epoch.lr for epoch in ended.history] == pytest.approx([0.1 * (1 - k / 10) for k in range(10)])
    still, _ = ran(scalar(lambda model, batch: 0 * model.w.sum() + 0 * batch[0].sum()), recipe)
    # This loss stands still from the first epoch on, so lr is halved after each but the first.
    assert [epoch.lr for epoch in still.history] == pytest.approx(
        [0.1 * (1 - k / 10) * 0.5 ** max(0, k - 1) for k in range(10)]
    )


def test_a_plateau_watches_the_inner_split_where_there_is_one():
    stop, on_plateau = early_stopping(patience=10), plateau(factor=0.1, patience=2)
    recipe = Recipe(SGD(lr=0.1), batch_size="all", epochs=9, stop=stop, on_plateau=on_plateau)
    ended, _ = ran(scalar(target=0.52), recipe)
    # The training loss falls all the time; the held-out one turns after the fifth epoch.
    lrs = [epoch.lr for epoch in ended.history]
    assert lrs == pytest.approx([0.1] * 7 + [0.01] * 2)
    assert all(b.train_loss < a.train_loss for a, b in itertools.pairwise(ended.history))


def test_it_stops_where_the_slope_is_small():
    def bowl(model, batch):
        return (model.w**2).sum() / 2 + 0 * batch[0].sum()

    recipe = Recipe(SGD(lr=0.5), batch_size="all", epochs=50, stop=gradient_norm(below=0.01))
    ended, _ = ran(scalar(bowl), recipe)
    # The gradient of epoch k is 0.5^(k - 1), and 0.5^7 is the first below 0.01.
    assert (ended.outcome, ended.training.epoch) == ("stopped", 8)
    assert ended.sentence == "Stopped after epoch 8: the gradient's norm is 0.0078, below 0.01."


def test_a_run_that_diverges_is_an_outcome_with_a_sentence():
    ended, keeper = ran(numbers(), Recipe(SGD(lr=1e12), batch_size="all", epochs=50))
    assert ended.outcome == "diverged"
    assert ended.sentence == f"Diverged in epoch {ended.training.epoch}: its loss or a weight is not finite."
    assert len(ended.history) == ended.training.epoch < 50
    assert keeper.ended == (ended.outcome, ended.sentence)


def test_a_weight_that_is_not_finite_is_divergence_though_the_loss_was():
    def one_last_step(model, batch):
        return model.w.sum() * 1e38 + 0 * batch[0].sum()

    ended, _ = ran(scalar(one_last_step), Recipe(SGD(lr=1e10), batch_size="all", epochs=5))
    assert (ended.outcome, ended.training.epoch) == ("diverged", 1)
    assert math.isfinite(ended.history[0].train_loss)


def test_a_loss_that_is_no_number_improves_nothing():
    task = scalar(target=0.5)
    stage = whole_stage(task, CPU)
    training, _ = trained(task, Recipe(SGD(lr=0.1), batch_size="all", epochs=1))
    training.recipe = Recipe(SGD(lr=0.1), stop=early_stopping(patience=2))
    watch = Watch(training, None, stage.metrics[1])
    assert [watch.see(loss) for loss in (math.nan, 1.0, math.nan)] == [None] * 3
    assert watch.see(2.0) is not None
    assert watch.best_epoch == 1
    assert run(training, 0, Keeper(None, watch)).outcome == "finished"
