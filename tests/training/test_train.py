"""`ravine.train`: what a run comes to, its folder, and what it says of mistakes."""

import copy
import json
import math
from contextlib import ExitStack

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score
from torch import nn

from ravine.data import ledger
from ravine.data.task import Task
from ravine.errors import RavineError
from ravine.recipe import Recipe, early_stopping
from ravine.rules import SGD, Adam, Average
from ravine.schedules import cosine
from ravine.training.folder import CARD, CHECKPOINT, WEIGHTS
from ravine.training.train import train

from .cases import (
    LABELS,
    NUMBERS,
    X,
    dataset,
    dense,
    dicts,
    labels,
    limited_file_size,
    numbers,
    ran,
    same,
    scalar,
    weights,
)

RECIPE = Recipe(Adam(lr=cosine(0.05)), batch_size=8, epochs=3)


def sentence(call):
    with pytest.raises(RavineError) as refusal:
        call()
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_a_run_is_scored_once_on_the_test_set_in_evaluation_mode():
    test = X[:20] + 0.1
    run = train(labels(test=(test, LABELS[:20])), RECIPE, seed=1)
    with torch.no_grad():
        there, here = (run.model(torch.from_numpy(x)).double().softmax(1).numpy() for x in (test, X))
    assert (run.metric, run.proper_name, run.outcome) == ("accuracy", "log_loss", "finished")
    assert run.score == pytest.approx(accuracy_score(LABELS[:20], there.argmax(1)))
    assert run.proper == pytest.approx(log_loss(LABELS[:20], there, labels=[0, 1, 2]), rel=1e-5)
    assert run.train_score == pytest.approx(accuracy_score(LABELS, here.argmax(1)))
    assert run.evaluations == 150
    assert not run.model.training


def test_numbers_are_scored_as_numbers():
    run = train(numbers(), RECIPE, metric="r2")
    with torch.no_grad():
        said = run.model(torch.from_numpy(X)).squeeze(1).numpy()
    assert run.score == pytest.approx(r2_score(NUMBERS[:20], said[:20]), rel=1e-5)
    assert run.proper == pytest.approx(mean_squared_error(NUMBERS[:20], said[:20]), rel=1e-5)
    assert run.train_score == pytest.approx(r2_score(NUMBERS, said), rel=1e-5)


def test_it_is_the_run_of_the_loop_and_leaves_the_caller_alone():
    ended, _ = ran(labels(), RECIPE, seed=2)
    torch.manual_seed(7)
    luck = torch.random.get_rng_state()
    run = train(labels(), RECIPE, seed=2)
    assert same(weights(run.model), weights(ended.training.model))
    assert torch.equal(torch.random.get_rng_state(), luck)


@pytest.mark.parametrize("task", [dicts(), dense(), dataset(), numbers()], ids=["dicts", "dense", "dataset", "numbers"])
def test_tasks_of_every_kind(task):
    seen = []
    run = train(task, "Recipe(SGD(lr=0.05), epochs=2)", progress=seen.append)
    assert run.outcome == "finished"
    assert math.isfinite(run.score)
    assert tuple(seen) == run.history
    assert all(math.isfinite(epoch.train_score) and math.isnan(epoch.score) for epoch in seen)


def test_averaged_weights_are_what_comes_out():
    ended, _ = ran(labels(), Recipe(Average(Adam(lr=0.05)), batch_size=8, epochs=3))
    run = train(labels(), Recipe(Average(Adam(lr=0.05)), batch_size=8, epochs=3))
    means = [state["average_mean"] for state in ended.training.optimizer.state_dict()["state"].values()]
    assert all(torch.equal(p, mean) for p, mean in zip(run.model.parameters(), means, strict=True))
    assert run.model[1].num_batches_tracked == 7
    assert not torch.equal(run.model[1].running_mean, ended.training.model[1].running_mean)


def test_the_best_weights_come_out_where_it_stops_early():
    # The weight sinks by 0.1 an epoch from 1; 0.5 is nearest to the target.
    stop = early_stopping(patience=3)
    run = train(scalar(target=0.52), Recipe(SGD(lr=0.1), batch_size="all", epochs=20, stop=stop))
    assert run.model.w.item() == pytest.approx(0.5)
    assert run.score == pytest.approx(0.02**2, rel=1e-4)
    # And the mean of all weights by 0.05.
    run = train(scalar(target=0.52), Recipe(Average(SGD(lr=0.1)), batch_size="all", epochs=20, stop=stop))
    assert run.model.w.item() == pytest.approx(0.5)
    assert len(run.history) == 12


def test_divergence_is_an_outcome():
    run = train(numbers(), Recipe(SGD(lr=1e12), batch_size="all", epochs=30))
    assert run.outcome == "diverged"
    assert run.sentence.startswith("Diverged in epoch ")
    assert math.isnan(run.score)


def test_outputs_that_are_not_finite_are_divergence_though_the_weights_are():
    def step(model, batch):
        return model.w.sum() * 1e30 + 0 * batch[0].sum()

    class Cubic(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.ones(1))

        def forward(self, x):
            return self.w.expand(len(x)) ** 3

    targets = np.zeros(50, dtype=np.float32)
    run = train(Task(Cubic, (X, targets), step=step), Recipe(SGD(lr=1.0), batch_size="all", epochs=1))
    assert (run.outcome, run.sentence) == ("diverged", "Diverged: its outputs on the test set are not finite.")


# Folders.


def fields(run):
    kept = {name: value for name, value in vars(run).items() if name not in ("model", "folder", "seconds")}
    return repr(kept), [value.tolist() for value in run.model.state_dict().values()]


def test_the_same_call_gives_the_same_run_and_a_folder_that_is_done(tmp_path):
    out = tmp_path / "deep" / "run"
    plain, first, again = train(labels(), RECIPE), train(labels(), RECIPE, out=out), train(labels(), RECIPE, out=out)
    assert fields(plain) == fields(first) == fields(again)
    card = json.loads((out / CARD).read_text())
    assert card["result"]["score"] == first.score
    assert card["recipe"] == repr(RECIPE)
    assert {path.name for path in out.iterdir()} == {CARD, WEIGHTS, CHECKPOINT, ".lock"}


class Cut(Exception):
    """What ends a run before its time."""


def cut(epochs):
    """Lets some epochs pass and then ends the run as a kill would, as far as the folder can tell."""
    seen = []

    def progress(epoch):
        seen.append(epoch)
        if len(seen) > epochs:
            raise Cut

    return progress


@pytest.mark.parametrize("rule", [Adam(lr=cosine(0.05)), Average(Adam(lr=0.05), decay=0.9)])
def test_the_same_call_goes_on_where_it_was_cut_off(tmp_path, rule):
    recipe = Recipe(rule, batch_size=8, epochs=4)
    whole = train(labels(), recipe)
    with pytest.raises(RavineError):
        train(labels(), recipe, out=tmp_path, checkpoint_seconds=0, progress=cut(2))
    assert not (tmp_path / WEIGHTS).exists()
    seen = []
    run = train(labels(), recipe, out=tmp_path, progress=seen.append)
    assert fields(run) == fields(whole)
    assert [epoch.epoch for epoch in seen] == [3, 4]


def test_a_run_may_end_before_its_schedule_does(tmp_path):
    run = train(labels(), RECIPE, until=2, out=tmp_path)
    whole = train(labels(), RECIPE)
    assert run.history == whole.history[:2]
    assert run.sentence == "Finished 2 epochs."


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"recipe": "Adam(lr=0.1)"}, "recipe was 'Recipe(Adam(lr=cosine(0.05)), batch_size=8, epochs=3)', now 'Recip"),
        ({"seed": 1}, "seed was 0, now 1"),
        ({"task": labels(train=(X + 1e-3, LABELS))}, "the data were others"),
        ({"task": labels(test=(X[:19], LABELS[:19]))}, "the data were others"),
        ({"until": 2}, "until was 3, now 2"),
        ({"metric": "f1"}, "metric was None, now 'f1'"),
        ({"arguments": {"width": 5}}, "arguments was '{}', now \"{'width': 5}\""),
    ],
)
def test_another_run_in_the_same_folder_is_refused_with_the_difference(tmp_path, change, told):
    call = {"task": labels(), "recipe": RECIPE, "out": tmp_path}
    train(**call)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    said = sentence(lambda: train(**(call | change)))
    assert said.startswith(f"{str(tmp_path)!r} holds another run: ")
    assert told in said
    assert said.endswith(". Choose another --out.")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_arguments_of_the_model_are_kept_with_the_run(tmp_path):
    def wide(width=2, names=("a",)):
        return nn.Sequential(nn.Linear(4, width), nn.Linear(width, 1 + 2 * len(names)))

    arguments = {"width": 7, "names": ("a", "b")}
    run = train(labels(wide), RECIPE, arguments=arguments, out=tmp_path)
    assert run.model[0].out_features == 7
    again = train(labels(wide), RECIPE, arguments=copy.deepcopy(arguments), out=tmp_path)
    assert same(weights(again.model), weights(run.model))
    told = sentence(lambda: train(labels(wide), RECIPE, arguments={"names": nn.ReLU}, out=tmp_path / "other"))
    assert told.startswith("arguments: names=<class 'torch.nn.modules.activation.ReLU'> cannot be kept in a folder: ")


def test_every_score_is_noted_in_the_ledger(tmp_path):
    task = labels()
    train(task, RECIPE, out=tmp_path)
    train(task, RECIPE)
    assert [read.study for read in ledger.reads(task.test_data.fingerprint())] == [str(tmp_path), "ravine.train"]


# Mistakes.


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ({"seed": -1}, "train(seed=-1): seed must be a whole number from 0 to 4294967295."),
        ({"seed": 2**32}, "train(seed=4294967296): seed must be a whole number"),
        ({"seed": 1.0}, "train(seed=1.0): seed must be a whole number"),
        ({"seed": True}, "train(seed=True): seed must be a whole number"),
        ({"until": 0}, "train(until=0): until must be a whole number from 1 to 3."),
        ({"until": 4}, "train(until=4): until must be a whole number from 1 to 3."),
        ({"device": "gpu"}, "--device gpu: there is no such device"),
        ({"metric": "r2"}, "metric='r2' can't judge targets that are classes"),
        ({"metric": "acc"}, "metric='acc' must be one of"),
        ({"recipe": "Adam(lr=log(1e-3,1))"}, "holds the range log(0.001, 1)"),
        ({"recipe": "Adam(lr=-1)"}, "Adam(lr=-1): lr must be at least 0, got -1"),
        ({"task": "digit"}, "there is no task 'digit'"),
        ({"arguments": {"width": 3}}, "network(width=3) could not build the network"),
        ({"task": labels(lambda: nn.Linear(5, 3))}, "can't take a batch of [8, 4] (float32)"),
    ],
)
def test_a_mistake_is_told_in_one_line_and_leaves_no_folder(tmp_path, call, told):
    out = tmp_path / "run"
    assert told in sentence(lambda: train(**{"task": labels(), "recipe": RECIPE, "out": out, **call}))
    assert not (out / WEIGHTS).exists()


def test_what_a_users_model_raises_in_training_is_told_in_one_line_with_its_place():
    class Moody(nn.Linear):
        seen = 0

        def forward(self, x):
            type(self).seen += self.training
            if self.seen > 9:
                raise ValueError("enough\nof this")
            return super().forward(x)

    told = sentence(lambda: train(labels(lambda: Moody(4, 3)), RECIPE))
    assert told.startswith("training broke off in epoch 2: ValueError: enough of this (test_train.py, line ")


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    told = sentence(lambda: train(labels(), RECIPE, out=tmp_path / "file" / "run"))
    assert told == f"cannot write to {str(tmp_path / 'file' / 'run')!r}: Not a directory. Choose another --out."


def test_a_disk_that_fills_up_loses_nothing(tmp_path):
    whole = train(labels(), RECIPE)
    with ExitStack() as disk:

        def fills_up(epoch):
            if epoch.epoch == 2:  # there is room for what the run is, and too little for its weights
                disk.enter_context(limited_file_size(10_000))

        told = sentence(lambda: train(labels(), RECIPE, out=tmp_path, checkpoint_seconds=0, progress=fills_up))
    assert told == f"cannot write {str(tmp_path / CHECKPOINT)!r}: File too large. What was saved before is safe."
    seen = []
    assert fields(train(labels(), RECIPE, out=tmp_path, progress=seen.append)) == fields(whole)
    assert [epoch.epoch for epoch in seen] == [2, 3]


def test_a_damaged_checkpoint_is_told_and_kept(tmp_path):
    train(labels(), RECIPE, out=tmp_path)
    (tmp_path / CHECKPOINT).write_bytes(b"garbage")
    told = sentence(lambda: train(labels(), RECIPE, out=tmp_path))
    assert told.startswith(f"{str(tmp_path / CHECKPOINT)!r} cannot be read: it is damaged")
    assert (tmp_path / CHECKPOINT).read_bytes() == b"garbage"
