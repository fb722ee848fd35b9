import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ravine.data.task import Task
from ravine.ranges import log
from ravine.recipe import Recipe, gradient_norm
from ravine.rules import SGD, Adam, Average
from ravine.schedules import cosine
from ravine.study.contenders import Contender
from ravine.study.plan import Field
from ravine.study.scene import Scene, forget, stage
from ravine.study.work import failed, work
from ravine.training.carrying import write_task
from ravine.training.train import train

from .small import blobs, task_file


@pytest.fixture(autouse=True)
def _fresh():
    forget()


def scene(tmp_path, task="wine"):
    where = write_task(task, tmp_path) if isinstance(task, Task) else task
    return Scene(where, None, 2, None, 0, "cpu", "auto", str(tmp_path / "checkpoints"))


def a_field(rule, ends=(1, 2, 4), batch_size=8):
    contender = Contender("one", Recipe(rule, batch_size=batch_size, epochs=ends[-1]))
    return Field(contender, [{}], ends, 2, 0, True)


def same(one, other, but=("seconds",)):
    return {k: v for k, v in one.record.items() if k not in but} == {
        k: v for k, v in other.record.items() if k not in but
    }


def test_a_run_in_three_stretches_is_the_run_in_one(tmp_path):
    here, field = scene(tmp_path), a_field(Adam(lr=cosine(0.01)))
    whole = work(here, a_field(Adam(lr=cosine(0.01)), ends=(4,)).jobs(0, 0, 0)[1])
    stretches = [work(here, field.jobs(0, rung, start)[1]) for rung, start in enumerate((0, 1, 2))]
    assert [record.record["epochs"] for record in stretches] == [1, 2, 4]
    assert same(whole, stretches[-1], ("seconds", "rung"))
    assert whole.curve == stretches[-1].curve
    assert len(list(Path(here.checkpoints).iterdir())) == 2  # none is kept at the end


@pytest.mark.parametrize("content", [None, b"", b"no checkpoint"])
def test_without_its_checkpoint_a_stretch_starts_over_to_the_same_numbers(tmp_path, content):
    here, field = scene(tmp_path), a_field(Adam(lr=cosine(0.01)))
    work(here, field.jobs(0, 0, 0)[0])
    second = work(here, field.jobs(0, 1, 1)[0])
    for path in Path(here.checkpoints).iterdir():
        path.unlink() if content is None else path.write_bytes(content)
    again = work(here, field.jobs(0, 1, 1)[0])
    assert same(second, again)
    assert second.curve == again.curve


def test_a_disk_that_takes_no_checkpoint_costs_time_alone(tmp_path):
    here, field = scene(tmp_path), a_field(Adam(lr=cosine(0.01)))
    second = [work(here, job) for job in (field.jobs(0, 0, 0)[0], field.jobs(0, 1, 1)[0])][1]
    (tmp_path / "file").touch()
    nowhere = dataclasses.replace(here, checkpoints=str(tmp_path / "file" / "below"))
    assert work(nowhere, field.jobs(0, 0, 0)[0]).record["outcome"] == "finished"
    assert same(second, work(nowhere, field.jobs(0, 1, 1)[0]))


def test_the_average_that_runs_along_moves_no_number_of_the_run(tmp_path):
    # The raw scores of a fold's run are those of the same recipe without it.
    here = scene(tmp_path)
    job = a_field(SGD(lr=0.1), ends=(3,)).jobs(0, 0, 0)[0]
    searched = work(here, job).record
    plain = work(here, dataclasses.replace(job, stage="tuned")).record
    assert searched["score"] == plain["score"]
    assert searched["proper"] == plain["proper"]
    assert searched["averaged_proper"] != searched["proper"]
    assert plain["averaged_proper"] == plain["proper"]


def test_a_rule_that_averages_is_judged_by_its_average(tmp_path):
    here = scene(tmp_path)
    record = work(here, a_field(Average(SGD(lr=0.5), decay=0.9), ends=(2,)).jobs(0, 0, 0)[0]).record
    assert record["score"] == record["averaged_score"]
    raw = work(here, a_field(SGD(lr=0.5), ends=(2,)).jobs(0, 0, 0)[0]).record
    assert record["proper"] != raw["proper"]


def test_a_refit_is_what_train_does(tmp_path):
    here = scene(tmp_path)
    job = dataclasses.replace(
        a_field(Adam(lr=cosine(0.01)), ends=(3,)).jobs(0, 0, 0)[0], fold=-1, stage="tuned", seed=501
    )
    refit = work(here, job)
    run = train("wine", job.recipe, seed=501)
    assert (refit.record["score"], refit.record["proper"]) == (run.score, run.proper)
    assert refit.record["train_score"] == run.train_score
    assert refit.arrays["proper"].mean() == pytest.approx(run.proper, rel=1e-12)
    assert refit.arrays["score"].shape == refit.arrays["proper"].shape == (36,)
    assert all(math.isnan(epoch["score"]) for epoch in refit.curve)  # nobody looks at the test set on the way


def test_a_run_that_diverges_counts_at_chance_level(tmp_path):
    here = scene(tmp_path)
    job = dataclasses.replace(a_field(SGD(lr=1e30), ends=(2,)).jobs(0, 0, 0)[0], fold=-1, stage="tuned", seed=500)
    found = work(here, job)
    assert (found.record["outcome"], found.record["epochs"]) == ("diverged", 1)
    assert found.record["sentence"].startswith("Diverged in epoch 1:")
    targets = stage(here, -1).train.targets.numpy()
    true = stage(here, -1).judged.targets.numpy()
    shares = np.bincount(targets) / len(targets)
    assert found.record["score"] == np.mean(true == shares.argmax())
    assert found.record["proper"] == pytest.approx(-np.log(shares[true]).mean(), rel=1e-6)
    assert found.arrays["score"].mean() == found.record["score"]


def test_a_refit_tells_how_sure_it_is_of_each_answer(tmp_path):
    here = scene(tmp_path)
    job = dataclasses.replace(a_field(Adam(lr=0.01), ends=(2,)).jobs(0, 0, 0)[0], fold=-1, stage="tuned", seed=501)
    arrays = work(here, job).arrays
    whole = stage(here, -1)
    run = train("wine", job.recipe, seed=501)
    inputs, targets = whole.judged.batch(torch.arange(len(whole.judged)))
    with torch.no_grad():
        shares = run.model.eval()(inputs).double().exp()
    confidence = (shares.max(1).values / shares.sum(1)).numpy()
    assert arrays["confidence"] == pytest.approx(confidence, rel=1e-6)
    assert arrays["confidence"].dtype == np.float32
    assert arrays["right"].tolist() == (shares.argmax(1) == targets).tolist()
    assert arrays["right"].tolist() == arrays["score"].tolist()
    assert arrays["class"].tolist() == [arrays["right"][targets == k].mean() for k in range(3)]
    assert not work(here, dataclasses.replace(job, fold=0)).arrays  # a fold chooses, and needs none of it


class Second(nn.Linear):
    """One logit, for the second of two classes."""

    def forward(self, input):
        return super().forward(input)[:, 0]


@pytest.mark.parametrize("binary", [True, False])
def test_one_logit_is_as_sure_as_its_distance_from_zero_and_a_number_is_not_sure(tmp_path, binary):
    inputs, targets = blobs().train
    task = Task(
        Second, (inputs, targets if binary else inputs[:, 0]), loss="binary_cross_entropy" if binary else None,
        model_arguments={"in_features": 3, "out_features": 1}, name="second",
    )  # fmt: skip
    job = dataclasses.replace(a_field(SGD(lr=0.1), ends=(2,)).jobs(0, 0, 0)[0], fold=-1, stage="tuned", seed=501)
    arrays = work(scene(tmp_path, task), job).arrays
    assert ("confidence" in arrays) == binary
    if binary:
        # The loss of an answer that is right is minus the logarithm of its confidence.
        losses = -np.log(np.where(arrays["right"], arrays["confidence"], 1 - arrays["confidence"]))
        assert arrays["proper"] == pytest.approx(losses, rel=1e-5)


class Boundless(nn.Linear):
    """Learns like any other, and predicts what is no number."""

    def forward(self, input):
        outputs = super().forward(input)
        return outputs if self.training else outputs / 0


def test_outputs_that_are_no_numbers_count_at_chance_level(tmp_path):
    task = Task(Boundless, blobs().train, model_arguments={"in_features": 3, "out_features": 2}, name="boundless")
    found = work(scene(tmp_path, task), a_field(SGD(lr=0.1), ends=(2,)).jobs(0, 0, 0)[0])
    assert (found.record["outcome"], found.record["epochs"]) == ("diverged", 2)
    assert found.record["sentence"] == "Diverged: its outputs are not finite."
    assert found.record["score"] == 0.5


def test_a_run_that_stops_is_no_failure(tmp_path):
    contender = Contender("one", Recipe(SGD(lr=0.1), batch_size="all", epochs=4, stop=gradient_norm(1e6)))
    found = work(scene(tmp_path), Field(contender, [{}], (4,), 2, 0, True).jobs(0, 0, 0)[0])
    assert (found.record["outcome"], found.record["epochs"]) == ("stopped", 1)


def test_a_model_that_raises_fails_with_file_and_line(tmp_path, monkeypatch):
    monkeypatch.setenv("DIE", "raise:1")
    path = task_file(tmp_path)
    here = scene(tmp_path, f"{path}:task")
    line = next(k for k, text in enumerate(path.read_text().splitlines(), start=1) if "raise ValueError" in text)
    well, ill = (work(here, job) for job in a_field(SGD(lr=0.1), ends=(2,)).jobs(0, 0, 0))
    assert well.record["outcome"] == "finished"
    assert ill.record["outcome"] == "failed"
    assert ill.record["sentence"] == f"Failed: ValueError: no [more] wine (small.py, line {line})"
    assert ill.record["score"] == failed(here, a_field(SGD()).jobs(0, 0, 0)[1], "x").record["score"] < 0.5


class Frail(nn.Module):
    """Works under the seed 0 alone."""

    def __init__(self):
        super().__init__()
        self.works = torch.initial_seed() == 0
        self.layer = nn.Linear(3, 2)

    def forward(self, x):
        if not self.works:
            raise RuntimeError("frail")
        return self.layer(x)


def test_where_targets_tell_no_chance_level_the_untrained_network_of_the_first_seed_does(tmp_path):
    simple = blobs()

    def step(model, batch):
        inputs, targets = batch
        outputs = model(inputs)
        return nn.functional.cross_entropy(outputs, targets), outputs, targets

    task = Task(Frail, simple.train, step=step, name="frail")
    here = scene(tmp_path, task)
    found = work(here, a_field(SGD(lr=0.1), ends=(1,)).jobs(0, 0, 0)[1])
    assert found.record["sentence"].startswith("Failed: RuntimeError: frail (test_work.py, line ")
    torch.manual_seed(0)
    untrained = Frail()
    judged = stage(here, 1).judged
    inputs, targets = judged.batch(torch.arange(len(judged)))
    with torch.no_grad():
        wrong = nn.functional.cross_entropy(untrained(inputs), targets)
    assert found.record["proper"] == pytest.approx(float(wrong), rel=1e-6)


def test_the_same_job_gives_the_same_numbers_again(tmp_path):
    here = scene(tmp_path, blobs())
    job = a_field(SGD(lr=log(0.1, 1).at(0.3)), ends=(2,)).jobs(0, 0, 0)[0]
    assert same(work(here, job), work(here, job))
