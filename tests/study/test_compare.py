"""Whole studies in this process; whole commands, killed and interrupted, are in tests/cli/test_compare.py."""

import dataclasses
import os
import shutil
import subprocess
import sys
import threading
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from ravine.data import ledger
from ravine.data.find import find
from ravine.data.task import Task
from ravine.errors import RavineError
from ravine.executor import worker_processes
from ravine.ranges import integers
from ravine.rules import SGD, Adam
from ravine.study.compare import compare
from ravine.study.study import Study
from ravine.training.train import train

from .small import TWO, Inline, blobs, check_same, numbers, study, task_file


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A study of the wines that nobody disturbs."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAVINE_HOME", str(folder / "home"))
        yield study(folder / "study")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_number_of_workers_changes_no_number(whole, tmp_path, workers):
    found = compare("wine", out=tmp_path / "study", executor=partial(worker_processes, workers), workers=workers, **TWO)
    check_same(whole, found)
    assert found.summary().equals(whole.summary())


@pytest.mark.parametrize("runs", [0, 1, 5, 11, 20])
def test_a_study_cut_off_after_any_run_ends_in_the_same_numbers(whole, tmp_path, runs):
    class Cut(BaseException):
        pass

    seen = []

    def cut(progress):
        seen.append(progress)
        if len(seen) > runs:
            raise Cut

    with pytest.raises(Cut):
        study(tmp_path / "study", progress=cut)
    assert len(Study.load(tmp_path / "study").records) == runs + 1
    if runs % 2:
        shutil.rmtree(tmp_path / "study" / "checkpoints")
    more = []
    found = study(tmp_path / "study", progress=more.append)
    check_same(whole, found)
    assert len(seen) + len(more) == len(whole.records)
    assert more[-1].done == more[-1].planned == whole.table().evaluations.sum()
    assert more[-1].left == 0


def test_a_finished_study_is_not_trained_again(tmp_path, whole):
    shutil.copytree(whole.folder, tmp_path / "study")
    more = []
    check_same(whole, study(tmp_path / "study", progress=more.append))
    assert more == []
    assert ledger.reads(whole.facts["test_fingerprint"]) == []  # nor is the test set looked at


def test_the_folder_keeps_the_study_and_nothing_else(whole):
    assert sorted(path.name for path in whole.folder.iterdir()) == ["networks", "study.lock", "study.sqlite"]


def test_what_is_asked_is_what_is_done(whole):
    table = whole.table()
    assert whole.finished
    assert whole.methods == ["sgd", "adam"]
    for method in whole.methods:
        mine = table[table.method == method]
        assert sorted(mine[mine.stage == "search"].groupby("fold").setting.nunique()) == [2, 2]
        assert sorted(mine[mine.stage == "tuned"].seed) == sorted(mine[mine.stage == "default"].seed) == [500, 501]
        ended = mine[(mine.stage == "search") & mine.kept]
        assert sorted(ended.fold) == [0, 1]
        assert set(mine[mine.loser].setting).isdisjoint(ended.setting)
    # All settings of all methods meet on the same folds with the same luck.
    search = table[table.stage == "search"]
    assert search.groupby("fold").seed.nunique().eq(1).all()
    assert set(table[table.stage != "search"].fold) == {-1}


def test_runs_on_a_fold_start_from_the_same_weights_and_meet_the_same_order(tmp_path):
    # Without learning, the training loss of an epoch is that of the initial weights in the given order and luck.
    found = study(tmp_path / "s", methods=("SGD(lr=0.0)", "Adam(lr=0.0)"), task=str(task_file(tmp_path)), epochs=1)
    curves = found.curves()
    assert curves[curves.stage == "search"].groupby("fold").train_loss.nunique().eq(1).all()
    assert curves[curves.stage == "tuned"].groupby("seed").train_loss.nunique().eq(1).all()
    assert curves.train_loss.nunique() == 4  # two folds, two seeds


def test_more_seeds_go_on_and_are_recorded_as_another_look(whole, tmp_path):
    shutil.copytree(whole.folder, tmp_path / "study")
    more = study(tmp_path / "study", seeds=4)
    before, after = numbers(whole), numbers(more)
    kept = after[after.seed.isin([500, 501]) | (after.stage == "search")].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, before, check_exact=True)
    assert len(after) == len(before) + 2 * 2 * 2
    assert [look["seeds"] for look in more.facts["looks"]] == [2, 4]
    assert any("Seeds were added once" in sentence for sentence in more.sentences())
    assert [read.runs for read in ledger.reads(more.facts["test_fingerprint"])] == [16]
    with pytest.raises(RavineError, match=r"begun with other options: seeds was 4, now 2\. "):
        study(tmp_path / "study", seeds=2)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"folds": 3}, "folds was 2, now 3"),
        ({"methods": ("sgd",)}, r"methods was \('sgd', 'adam'\), now \('sgd',\)"),
        ({"epochs": 4, "seed": 1}, "epochs was 3, now 4; seed was 0, now 1"),
        ({"task": "digits"}, "task was 'wine', now 'digits'"),
        ({"recipe": "SGD(lr=0.1)"}, "recipe was None, now "),
        ({"metric": "f1"}, "metric was None, now 'f1'"),
        ({"halving": False}, "halving was True, now False"),
    ],
)
def test_other_options_are_refused_with_the_difference(whole, changed, said):
    before = (whole.folder / "study.sqlite").read_bytes()
    with pytest.raises(RavineError, match=f"was begun with other options: {said}.*choose another --out"):
        study(whole.folder, **changed)
    assert (whole.folder / "study.sqlite").read_bytes() == before
    assert Study.load(whole.folder).finished


def table_file(folder, rows, shift=0.0):
    generator = np.random.default_rng(0)
    classes = np.arange(rows) % 2
    frame = pd.DataFrame(generator.normal(size=(rows, 2)) + classes[:, None] + shift, columns=["a", "b"])
    frame.assign(target=classes).to_csv(folder / "table.csv", index=False)
    return str(folder / "table.csv")


def test_changed_data_are_refused_and_the_same_data_go_on(tmp_path):
    path = table_file(tmp_path, 60)
    first = study(tmp_path / "study", path, epochs=1)
    check_same(first, study(tmp_path / "study", path, epochs=1))
    table_file(tmp_path, 60, shift=1.0)
    with pytest.raises(RavineError, match="the data of .*table.csv' changed since the study"):
        study(tmp_path / "study", path, epochs=1)
    table_file(tmp_path, 60)
    check_same(first, study(tmp_path / "study", path, epochs=1))


def test_a_mistake_at_the_door_does_not_hold_the_folder(tmp_path):
    path = table_file(tmp_path, 60)
    with pytest.raises(RavineError, match="nothing is called 'nope'"):
        study(tmp_path / "study", path, methods=("nope",))
    assert not (tmp_path / "study").exists()
    table_file(tmp_path, 60, shift=1.0)  # other data, since nothing had begun
    assert study(tmp_path / "study", path, epochs=1).finished


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("nn.Dropout(0.1)", "nn.Dropout(0.2)", "model"),
        ("x, y = load_wine", "x, y = 1, 2; x, y = load_wine", "task file or rule"),
    ],
)
def test_a_changed_task_file_is_refused_and_a_comment_is_not(tmp_path, old, new, what):
    path = task_file(tmp_path)
    name = f"{path}:task"
    first = study(tmp_path / "study", name, epochs=1)
    code = path.read_text()
    path.write_text(f"# a comment\n\n{code}")
    check_same(first, study(tmp_path / "study", name, epochs=1))
    path.write_text(code.replace(old, new))
    with pytest.raises(RavineError, match=f"the {what} of .*small.py:task' changed since the study"):
        study(tmp_path / "study", name, epochs=1)


def test_a_changed_rule_is_refused(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(RULE)
    asked = {"methods": (f"{path}:Half",), "epochs": 1}
    found = study(tmp_path / "study", **asked)
    assert found.methods == [f"{path}:Half"]
    path.write_text(RULE.replace("/ 2", "/ 3"))
    with pytest.raises(RavineError, match="the task file or rule of 'wine' changed"):
        study(tmp_path / "study", **asked)


RULE = """
from ravine.rules.rule import Number, Rule, field, log


class Half(Rule):
    '''Half a step.'''

    lr: Number = field(0.1, "step length", at_least=0, search=log(0.01, 1.0), searched=True)

    def update(self, p, g):
        return p - self.lr / 2 * g
"""


def test_your_own_rule_is_half_of_sgd(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(RULE)
    found = study(tmp_path / "s", methods=(f"{path}:Half(lr=0.5)", "SGD(lr=0.25)"))
    table = found.table()
    mine, sgd = (table[table.method == name].drop(columns=["method", "recipe", "seconds"]) for name in found.methods)
    pd.testing.assert_frame_equal(mine.reset_index(drop=True), sgd.reset_index(drop=True), check_exact=True)


def test_your_present_recipe_takes_part_as_it_is(tmp_path):
    found = study(tmp_path / "s", methods=("sgd",), recipe="Recipe(Adam(lr=0.003), batch_size=16)", epochs=1)
    yours = found.table().query("method == 'yours'")
    assert set(yours.recipe) == {"Recipe(Adam(lr=0.003), batch_size=16, epochs=1)"}
    assert set(yours.stage) == {"search", "tuned"}  # nothing of it is searched, so it has no defaults of its own
    assert set(yours.setting) == {0}
    assert yours.lr.isna().all()


def test_the_model_s_arguments_are_searched_too(tmp_path):
    simple = blobs()

    def network(width=4):
        return nn.Sequential(nn.Linear(3, width), nn.ReLU(), nn.Linear(width, 2))

    task = Task(network, simple.train, model_arguments={"width": integers(2, 9)}, name="wide")
    found = study(tmp_path / "s", task, methods=("sgd",), settings=8, halving=False, epochs=1)
    search = found.table().query("stage == 'search'")
    assert sorted(search.groupby("setting").width.first()) == list(range(2, 10))
    chosen = int(search[search.setting == found.facts["races"]["sgd"]["chosen"]].width.iloc[0])
    assert f"arguments={{'width': {chosen}}}" in found.train_this_way()["ravine"]
    assert not (found.folder / "task.cloudpickle").exists()


def test_a_task_as_an_object_travels_to_the_workers(tmp_path):
    check_same(
        study(tmp_path / "one", blobs(), epochs=1),
        compare(blobs(), out=tmp_path / "two", executor=partial(worker_processes, 1), **(TWO | {"epochs": 1})),
    )


def test_a_task_that_was_found_and_then_changed_is_the_changed_one(tmp_path):
    # Its source would find the whole of it again.
    few = find("wine").training_data.subset(torch.arange(0, 178, 2))
    changed = dataclasses.replace(find("wine"), train=few)
    assert changed.source is None
    found = compare(changed, out=tmp_path / "s", executor=partial(worker_processes, 1), **(TWO | {"epochs": 1}))
    assert sum(found.facts["sizes"].values()) == 89


def test_a_method_that_searches_takes_part_at_the_same_cost(tmp_path):
    found = study(tmp_path / "s", methods=("lbfgs", "adam"), epochs=8)
    table = found.table()
    tuned = table[table.stage == "tuned"].groupby("method").evaluations.max()
    assert tuned["lbfgs"] <= tuned["adam"] == 8 * 142
    assert tuned["lbfgs"] > 7 * 142
    assert "Recipe(LBFGS(), batch_size='all', epochs=8, order='stored')" in set(table.recipe)
    assert table[table.method == "lbfgs"].score.mean() > 0.8


def test_what_cannot_travel_is_told(tmp_path):
    lock = threading.Lock()
    simple = blobs()
    task = Task(lambda: nn.Linear(3, 2) if lock else None, simple.train, name="held")
    with pytest.raises(RavineError, match="the task cannot be carried to worker processes: TypeError: .*lock"):
        study(tmp_path / "s", task)
    assert not (tmp_path / "s").exists()


def test_a_holdout_is_one_part(tmp_path):
    table = study(tmp_path / "s", holdout=0.25, epochs=1).table()
    assert set(table[table.stage == "search"].fold) == {0}
    assert set(table[table.stage == "search"].evaluations) == {142 - 36}  # a quarter of 142, rounded up


def test_without_halving_every_setting_is_trained_to_the_end(tmp_path):
    found = study(tmp_path / "s", halving=False, settings=4)
    search = found.table().query("stage == 'search'")
    assert set(search.epochs) == {3}
    assert search.kept.all()
    assert not search.loser.any()


def test_a_grid_reaches_the_ends(tmp_path):
    found = study(tmp_path / "s", search="grid", methods=("SGD(lr=log(0.001, 0.1))",), settings=4, epochs=1)
    tried = sorted(found.table().query("stage == 'search'").lr.unique())
    assert tried == [0.001, 0.004642, 0.02154, 0.1]  # 10^-3, 10^-7/3, 10^-5/3, 10^-1


def test_a_budget_is_turned_into_epochs_once(tmp_path):
    asked = {"budget": 2.0, "epochs": None, "methods": ("sgd",)}
    first = study(tmp_path / "s", **asked)
    epochs, each = first.facts["epochs"], first.facts["seconds_each"]
    assert 1 <= epochs <= 1000
    spent = first.table().evaluations.sum()
    one_more = spent * (epochs + 1) / epochs
    assert spent * each <= 2.0 * 1.001
    assert epochs == 1000 or one_more * each > 2.0 * 0.9
    check_same(first, study(tmp_path / "s", **asked))
    assert Study.load(tmp_path / "s").facts["seconds_each"] == each
    assert any("were turned into" in sentence for sentence in first.protocol())


def test_too_small_a_budget_is_refused_with_what_it_takes(tmp_path):
    with pytest.raises(RavineError, match=r"--budget 1e-06s: one epoch of every run takes about .* s already"):
        study(tmp_path / "s", budget=1e-6, epochs=None)
    assert not (tmp_path / "s").exists()


def test_a_method_whose_every_setting_diverges_counts_at_chance_and_is_named(tmp_path):
    found = study(tmp_path / "s", methods=("SGD(lr=log(1e20, 1e30))", "adam"))
    row = found.summary().set_index("method").loc["SGD(lr=log(1e20, 1e30))"]
    assert row.settings_diverged == 1.0
    assert row.diverged == 2
    assert row.score == pytest.approx(14 / 36)  # the largest class of 36 test wines
    assert any(line.startswith("SGD(lr=log(1e20, 1e30)): 100%") for line in found.warnings())
    assert any("counts at chance level. Diverged in epoch 1" in line for line in found.warnings())
    assert found.summary().method.iloc[0] == "adam"


def test_a_best_setting_at_the_edge_is_warned_of(tmp_path):
    found = study(tmp_path / "s", methods=("SGD(lr=log(1e-9, 1e-3))",), settings=4, halving=False)
    (line,) = [line for line in found.warnings() if "the true best may lie beyond" in line]
    assert line.startswith("SGD(lr=log(1e-9, 1e-3)): its best lr is the largest of those tried")


def test_regression_and_another_metric(tmp_path):
    found = study(tmp_path / "s", "diabetes", metric="absolute_error", epochs=1, methods=("adam",))
    assert (found.metric_name, found.higher_is_better, found.proper_name) == ("absolute_error", False, "squared_error")
    arrays = found.test_scores("tuned")["adam"]
    assert arrays[0].shape == arrays[1].shape == (2, 89)
    assert arrays[0].mean() == pytest.approx(found.table().query("stage == 'tuned'").score.mean())


def test_the_difference_that_matters_reaches_the_verdict(whole, tmp_path):
    assert study(tmp_path / "s", matters=0.5, epochs=1).verdict.matters == 0.5
    assert whole.verdict.matters == 0.0


def test_there_are_as_many_workers_as_cores_that_may_be_used(tmp_path, monkeypatch):
    plans = []
    asked = TWO | {"epochs": 1, "executor": Inline, "before": plans.append}
    cores = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(cores)})
        found = compare(blobs(), out=tmp_path / "one", **asked)
    finally:
        os.sched_setaffinity(0, cores)
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    more = compare(blobs(), out=tmp_path / "two", **asked)
    shares = [
        plan.cost.seconds / plan.cost.evaluations / study.facts["seconds_each"]
        for plan, study in zip(plans, (found, more), strict=True)
    ]
    assert shares == pytest.approx([1.0, 1 / min(2, len(cores))])


def test_the_folder_is_named_after_the_task(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = compare(blobs(), methods=[SGD, Adam(lr=0.1)], settings=1, folds=2, seeds=1, epochs=1, executor=Inline)
    assert found.folder.resolve() == tmp_path / "studies" / "blobs"
    assert found.methods == ["sgd", "Adam(lr=0.1)"]


def test_the_ledger_counts_the_looks_of_all_studies(tmp_path):
    fingerprints = {study(tmp_path / name, "wine", epochs=1).facts["test_fingerprint"] for name in "ab"}
    (data,) = fingerprints
    reads = ledger.reads(data)
    assert [(read.study, read.runs) for read in reads] == [(str(tmp_path / "a"), 8), (str(tmp_path / "b"), 8)]
    assert Study.load(tmp_path / "a").ledger() == reads
    train("wine", "SGD(lr=0.1)", until=1)
    assert [(read.study, read.runs) for read in Study.load(tmp_path / "a").ledger()][2:] == [("ravine.train", 1)]


def test_a_ledger_that_cannot_be_written_is_told_before_the_first_run(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("RAVINE_HOME", str(tmp_path / "file"))
    with pytest.raises(RavineError, match="cannot use the ledger"):
        study(tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_a_users_random_numbers_stay_as_they_were(tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    compare(blobs(), out=tmp_path / "s", executor=partial(worker_processes, 1), **(TWO | {"epochs": 1}))
    assert torch.equal(torch.rand(3), expected)


SCRIPT = """
import torch
from torch import nn

import ravine

print("read")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x):
        return self.layer(x)


class Half(ravine.Rule):
    lr: float = ravine.rules.rule.field(0.1, "step length")

    def update(self, p, g):
        return p - self.lr / 2 * g


x = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
task = ravine.Task(Net, (x, torch.arange(60) % 2))
asked = {"folds": 2, "settings": 1, "seeds": 2, "epochs": 1, "workers": 1, "out": "study"}
study = ravine.compare(task, methods=[Half(lr=0.2), "SGD(lr=0.1)"], **asked)
print(study.table().outcome.unique().tolist(), study.table().groupby("method").score.mean().nunique())
"""


@pytest.mark.slow
def test_a_script_needs_no_guard_and_its_own_classes_travel(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["read", "['finished'] 1"]


def test_a_task_file_that_compares_by_itself_is_told_what_to_do(tmp_path):
    path = task_file(tmp_path)
    path.write_text(f"{path.read_text()}\nravine.compare(task)\n")
    with pytest.raises(RavineError, match="small.py, line 37: .*if __name__ == '__main__'"):
        study(tmp_path / "s", str(path))


def test_a_single_method_and_a_list_as_typed_are_as_good(tmp_path):
    assert study(tmp_path / "a", blobs(), methods="sgd, SGD(lr=0.1)", epochs=1).methods == ["sgd", "SGD(lr=0.1)"]
    assert study(tmp_path / "b", blobs(), methods=SGD(lr=0.2), epochs=1).methods == ["SGD(lr=0.2)"]
