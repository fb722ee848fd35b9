"""The networks that a study keeps: they predict what the study has seen, and make an ensemble at no further cost."""

import re
import shutil

import numpy as np
import pytest
import torch

from ravine.data.combining import combined
from ravine.data.find import find
from ravine.data.folds import split_test
from ravine.errors import RavineError
from ravine.study import outputs as kept_outputs
from ravine.training.predict import predict
from ravine.training.stage import SPLIT_SEED

from .small import blobs, study, task_file

RECIPES = "several = Recipe(Adam(lr=0.01), epochs=4, keep=snapshots(2))\nplain one = Recipe(SGD(lr=0.1), epochs=4)\n"


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("RAVINE_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The wines by two recipes, the one with two networks, under two fresh seeds."""
    folder = tmp_path_factory.mktemp("networks")
    (folder / "recipes.txt").write_text(RECIPES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAVINE_HOME", str(folder / "home"))
        yield study(folder / "study", methods=None, recipes=folder / "recipes.txt", epochs=4)


def test_a_kept_network_predicts_what_the_study_has_seen(whole):
    _, test = split_test(find("wine"), SPLIT_SEED)
    folders = sorted(path.name for path in (whole.folder / "networks").iterdir())
    assert [re.sub("-[0-9a-f]{4}-", "-", name) for name in folders] == [
        "plain-one-500", "plain-one-501", "several-500", "several-501",
    ]  # fmt: skip
    seen = {**whole.outputs()}
    for name in folders:
        method, seed = ("several" if name.startswith("several") else "plain one"), int(name[-3:])
        said = predict(whole.folder / "networks" / name, test).outputs
        np.testing.assert_allclose(said, seen[method][seed - 500], rtol=0, atol=1e-6)
    assert whole.targets().tolist() == test.targets.tolist()
    assert whole.kind == "classes"


def test_what_several_networks_say_together_is_the_mean_of_what_each_says(whole):
    (members,) = whole.members().items()
    assert (members[0], members[1].shape) == ("several", (2, 36, 3))
    together = combined(torch.from_numpy(members[1]), "classes")
    np.testing.assert_allclose(together, whole.outputs()["several"][0], rtol=0, atol=1e-6)


def test_an_ensemble_of_the_study_s_own_networks_is_what_they_say_together(whole):
    _, test = split_test(find("wine"), SPLIT_SEED)
    several = whole.ensemble(["plain one", "several"], seeds=2)
    stacked = np.concatenate([whole.outputs()["plain one"], whole.outputs()["several"]])
    np.testing.assert_allclose(several.outputs(test), combined(torch.from_numpy(stacked), "classes"), rtol=0, atol=1e-6)
    one = whole.latest[-1].record["evaluations"]
    assert several.evaluations == 4 * one


def test_who_takes_part_is_chosen_by_cross_validation(whole):
    best = whole.summary()["method"].tolist()
    assert [text.split(",")[0] for text in (m.recipe for m in whole.ensemble(best=1).members)] == [
        next(c["recipe"] for c in whole.facts["contenders"] if c["name"] == best[0]).split(",")[0]
    ]
    assert len(whole.ensemble()) == 2
    assert whole.ensemble(best[0]).members[0].recipe == whole.ensemble(best=1).members[0].recipe


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"methods": ["plain oen"]}, "no method 'plain oen': name some of .* Did you mean 'plain one'"),
        ({"best": 0}, "best=0: must be a whole number of at least 1"),
        ({"seeds": 3}, "seeds=3: must be a whole number from 1 to 2"),
        ({"task": find("digits")}, "the data of the task have changed since"),
        ({"combine": "sum"}, "combine='sum' adds up numbers"),
    ],
)
def test_what_makes_no_ensemble_is_told(whole, asked, said):
    with pytest.raises(RavineError, match=said):
        whole.ensemble(**asked)


def test_networks_that_are_not_kept_are_told(tmp_path):
    found = study(tmp_path / "s", epochs=1, keep_networks=False)
    assert not (tmp_path / "s" / "networks").exists()
    with pytest.raises(RavineError, match="is not kept: run the study anew"):
        found.ensemble()


def test_a_disk_that_takes_no_network_costs_the_network_alone(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "networks").write_text("in the way")
    found = study(tmp_path / "s", epochs=1)
    told = {r.record["sentence"] for r in found.latest if r.record["stage"] == "tuned"}
    assert all("Finished 1 epochs. Its network is not kept: cannot write" in sentence for sentence in told)
    assert found.verdict is not None


def test_who_diverged_is_left_out_and_named(tmp_path):
    found = study(tmp_path / "s", blobs(), methods=("SGD(lr=1e38)", "SGD(lr=0.1)"), epochs=2)
    wild, tame = found.methods
    several = found.ensemble([wild, tame], seeds=2, task=blobs())
    assert len(several) == 2
    assert several.notes == (f"{wild} has 0 of 2 networks: the others diverged.",)
    assert list(found.outputs()) == [tame]
    with pytest.raises(RavineError, match="there is no member"):
        found.ensemble(wild, task=blobs())
    with pytest.raises(RavineError, match=r"no task 'blobs'.* Give the task, as in study.ensemble\(task=task\)"):
        found.ensemble()


def test_outputs_too_large_to_keep_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_outputs, "LARGEST", 36 * 3 * 4 - 1)
    found = study(tmp_path / "s", epochs=1)
    assert (found.outputs(), found.members(), found.targets()) == ({}, {}, None)
    assert found.verdict is not None
    shutil.rmtree(tmp_path / "s")
    monkeypatch.setattr(kept_outputs, "LARGEST", 36 * 3 * 4)
    assert list(study(tmp_path / "s", epochs=1).outputs()) == ["sgd", "adam"]


def test_a_study_done_anew_knows_its_networks_by_the_data_of_now(tmp_path):
    file = task_file(tmp_path)
    study(tmp_path / "s", str(file), epochs=1)
    shutil.rmtree(tmp_path / "s")
    file.write_text(file.read_text().replace("(x, y)", "(x[::2], y[::2])"))
    assert len(study(tmp_path / "s", str(file), epochs=1).ensemble(best=1).members) == 1
