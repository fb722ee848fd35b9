"""A run's record and its keeper: what is measured when, and what is taken up."""

import math
import time

import pytest
import torch

from ravine.data.folds import folds
from ravine.data.metrics import METRICS
from ravine.errors import RavineError
from ravine.recipe import Recipe, early_stopping
from ravine.rules import SGD, Adam, Average
from ravine.schedules import linear
from ravine.training.checkpoint import load, save
from ravine.training.evaluate import outputs_of
from ravine.training.run import Epoch, observe, run, start
from ravine.training.stage import whole_stage

from .cases import CPU, dataset, labels, ran, same, weights

RECIPE = Recipe(Adam(lr=linear(0.05)), batch_size=8, epochs=4)


def started(task=None, recipe=RECIPE, path=None, every=0.0, seed=0):
    stage = whole_stage(task or labels(), CPU)
    return stage, *start(stage, recipe, seed=seed, device=CPU, arguments={}, path=path, every=every)


def test_every_epoch_has_its_record():
    stage, training, keeper = started()
    scored = []

    def scores(training, epoch):
        scored.append(observe(stage, training, epoch, judge=True))
        return scored[-1]

    ended = run(training, 4, keeper, scores)
    assert (ended.outcome, ended.sentence, ended.best_epoch) == ("finished", "Finished 4 epochs.", 4)
    assert list(ended.history) == scored
    assert [epoch.epoch for epoch in scored] == [1, 2, 3, 4]
    assert [epoch.evaluations for epoch in scored] == [50, 100, 150, 200]
    assert [epoch.lr for epoch in scored] == pytest.approx([0.05 * (1 - (7 * k - 1) / 28) for k in (1, 2, 3, 4)])
    for data, score, proper in (
        (stage.judged, scored[-1].score, scored[-1].proper),
        (stage.sample, scored[-1].train_score, scored[-1].train_proper),
    ):
        said = outputs_of(stage.task, training.model, data)
        assert score == METRICS["accuracy"].value(said.outputs, said.targets)
        assert proper == METRICS["log_loss"].value(said.outputs, said.targets)


def test_what_judges_is_not_looked_at_unless_it_may_be():
    stage, training, _ = started()
    said = observe(stage, training, Epoch(1, 50, 0.5, 0.1), judge=False)
    assert math.isnan(said.score)
    assert math.isnan(said.proper)
    assert 0 <= said.train_score <= 1


def test_a_run_ends_where_it_is_told_and_goes_on_from_there():
    whole, _ = ran(labels(), RECIPE)
    _, training, keeper = started()
    assert run(training, 2, keeper).sentence == "Finished 2 epochs."
    ended = run(training, 4, keeper)
    assert ended.history == whole.history
    assert same(weights(training.model), weights(whole.training.model))


def test_a_run_that_has_ended_stays_ended(tmp_path):
    recipe = Recipe(SGD(lr=1e12), batch_size="all", epochs=30)
    stage, training, keeper = started(recipe=recipe, path=tmp_path / "c.pt")
    ended = run(training, 30, keeper)
    assert ended.outcome == "diverged"
    keeper.write(training)
    _, training, keeper = started(recipe=recipe, path=tmp_path / "c.pt")
    keeper.take_up(training, tmp_path / "c.pt")
    steps = training.steps
    again = run(training, 30, keeper)
    assert (again.outcome, again.sentence) == (ended.outcome, ended.sentence)
    assert repr(again.history) == repr(ended.history)
    assert training.steps == steps


def test_checkpoints_come_within_epochs_as_often_as_asked(tmp_path):
    path, seen = tmp_path / "c.pt", []

    def steps(_, epoch):
        seen.append(load(path, CPU)["steps"] if path.exists() else 0)
        return epoch

    _, training, keeper = started(path=path, every=0.0)
    run(training, 2, keeper, steps)
    assert seen == [6, 13]  # after every step but an epoch's last, which the epoch's own follows
    assert load(path, CPU)["steps"] == 14

    _, training, keeper = started(path=tmp_path / "never.pt", every=1e9)
    run(training, 2, keeper)
    assert not (tmp_path / "never.pt").exists()
    keeper.last = time.monotonic() - 2.0  # an epoch that took a second is worth a checkpoint
    run(training, 3, keeper)
    assert load(tmp_path / "never.pt", CPU)["epoch"] == 3


def test_a_data_set_with_luck_of_its_own_is_taken_up_between_epochs(tmp_path):
    path = tmp_path / "c.pt"
    recipe = Recipe(Average(Adam(lr=0.05)), batch_size=8, epochs=3)
    _, training, keeper = started(dataset(), recipe, path)
    seen = []
    run(training, 2, keeper, lambda _, epoch: (seen.append(path.exists()), epoch)[1])
    assert seen == [False, True]
    _, again, keeper = started(dataset(), recipe, path)
    keeper.take_up(again, path)
    ended = run(again, 3, keeper)
    assert ended.sentence == (
        "Finished 3 epochs. Taken up after epoch 2: random numbers that its Dataset keeps began anew."
    )
    whole, _ = ran(dataset(), recipe)
    assert same(weights(again.model), weights(whole.training.model))  # this one keeps none


def test_a_file_that_is_no_checkpoint_of_a_run_is_told(tmp_path):
    _, training, keeper = started()
    save({"weights": torch.ones(2)}, tmp_path / "model.pt")
    with pytest.raises(RavineError, match=r"model.pt' is no checkpoint of a run\.$"):
        keeper.take_up(training, tmp_path / "model.pt")


def test_the_inner_split_follows_the_seed_and_keeps_the_classes():
    recipe = Recipe(Adam(), epochs=1, stop=early_stopping(held_out=0.2))
    held = []
    for seed in (0, 0, 1):
        stage, training, keeper = started(recipe=recipe, seed=seed)
        ((kept, left_out),) = folds(stage.task, stage.train, holdout=0.2, seed=seed)
        assert torch.equal(training.examples.inputs, stage.train.inputs[kept])
        assert torch.equal(keeper.watch.held_out.inputs, stage.train.inputs[left_out])
        held.append(left_out.tolist())
    assert held[0] == held[1] != held[2]
