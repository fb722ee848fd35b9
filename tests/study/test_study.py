import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from ravine.errors import RavineError
from ravine.pictures.source import CURVE_COLUMNS, RUN_COLUMNS
from ravine.study.contenders import TAKEN
from ravine.study.options import Options
from ravine.study.record import Record, evaluations, last_stretches
from ravine.study.store import Store
from ravine.study.study import Study

from .small import study


def run(method, stage, setting, fold, seed, until, score=0.5, **more):
    """A run's record, as a worker hands it back."""
    record = {
        "method": method, "stage": stage, "setting": setting, "values": {}, "recipe": "Recipe(SGD())", "fold": fold,
        "seed": seed, "rung": 0, "until": until, "loser": False, "epochs": until, "outcome": "finished",
        "sentence": f"Finished {until} epochs.", "best_epoch": until, "evaluations": 100 * until, "steps": 10 * until,
        "seconds": 1.0, "score": score, "proper": 1 - score, "train_score": score + 0.1, "train_proper": 0.1,
        "averaged_score": score, "averaged_proper": 1 - score,
    } | more  # fmt: skip
    key = f"{method}|{stage}|{setting}|{fold}|{seed}|{until}"
    curve = [
        {
            "epoch": epoch, "evaluations": 100 * epoch, "train_loss": 1 / epoch, "train_score": 0.5,
            "train_proper": 0.5, "score": record["score"] * epoch / until if fold >= 0 else math.nan,
            "proper": 0.5, "lr": 0.1,
        }
        for epoch in range(1, until + 1)
    ]  # fmt: skip
    arrays = {} if fold >= 0 else {"score": np.full(4, record["score"]), "proper": np.full(4, record["proper"])}
    return Record(key, record, curve, arrays)


def contender(name, searched=("lr",), settings=4, rungs=(1, 2, 4)):
    values = [dict.fromkeys(searched, 0.1 * (k + 1)) for k in range(settings)]
    fields = [{"field": one, "range": "log(0.1, 0.4)", "scale": "log", "low": 0.1, "high": 0.4} for one in searched]
    return {
        "name": name, "recipe": "Recipe(SGD(lr=log(0.1, 0.4)))", "searched": fields, "settings": values,
        "rungs": list(rungs), "defaults": "Recipe(SGD())", "equations": "<math/>", "state_bytes": 4,
    }  # fmt: skip


def made(records, contenders=None, races=None, seeds=2, looks=(), **facts) -> Study:
    """A study of which all is known."""
    known = {
        "task": "wine", "metric": {"name": "accuracy", "higher_is_better": True}, "proper": "log_loss",
        "sizes": {"train": 142, "test": 36}, "contenders": contenders or [contender("sgd"), contender("adam")],
        "versions": {"ravine": "0.1.0"}, "hardware": "a machine", "epochs": 4, "seconds_each": 1e-5,
        "looks": [{"seeds": s, "time": "now"} for s in looks], "test_fingerprint": "t", "train_fingerprint": "u",
    } | facts  # fmt: skip
    if races is not None:
        known["races"] = races
    methods = tuple(one["name"] for one in known["contenders"])
    return Study(None, Options("wine", methods=methods, seeds=seeds, folds=2), known, list(records))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAVINE_HOME", str(folder / "home"))
        yield study(folder / "study", methods=("sgd", "Adam(lr=log(0.01,0.1), beta1=near_one(0.5, 0.9))"))


def test_the_table_has_the_columns_that_pictures_read(small):
    table = small.table()
    searched = ["lr", "beta1"]
    assert set(table.columns) == {*RUN_COLUMNS, *searched}
    assert set(RUN_COLUMNS) == TAKEN  # so that no searched field is called so
    assert table.query("method == 'sgd'").beta1.isna().all()
    assert table[table.stage != "default"].lr.notna().all()
    assert set(table.query("stage == 'default'").setting) == {-1}
    assert set(small.curves().columns) == set(CURVE_COLUMNS)


def test_one_row_for_each_run_and_epoch(small):
    table, curves = small.table(), small.curves()
    runs = ["method", "stage", "setting", "fold", "seed"]
    assert not table.duplicated(runs).any()
    counts = curves.groupby(runs).epoch.agg(["size", "max"])
    expected = table.set_index(runs).epochs
    assert counts["size"].to_dict() == counts["max"].to_dict() == expected.to_dict()
    last = curves[curves.groupby(runs).epoch.transform("max") == curves.epoch].set_index(runs)
    assert last.evaluations.to_dict() == table.set_index(runs).evaluations.to_dict()
    on_folds = last[last.index.get_level_values("stage") == "search"].score
    assert on_folds.to_dict() == table[table.stage == "search"].set_index(runs).score.to_dict()


def test_a_run_that_was_halved_is_one_run():
    stretches = [run("sgd", "search", 0, 0, 0, until, score=until / 10) for until in (4, 1, 2)]
    found = made([*stretches, run("sgd", "search", 1, 0, 0, 1)])
    assert list(found.table().epochs) == [4, 1]
    assert list(found.table().score) == [0.4, 0.5]
    assert evaluations(found.records) == 400 + 100
    assert {one.record["until"] for one in last_stretches(found.records)} == {4, 1}


def test_kept_is_who_was_in_the_race_to_its_last_rung():
    records = [
        run("sgd", "search", 0, 0, 0, 4),
        run("sgd", "search", 1, 0, 0, 1),
        run("sgd", "search", 2, 0, 0, 4, loser=True),
        run("sgd", "tuned", 0, -1, 500, 3),
    ]
    table = made(records).table()
    assert list(zip(table.setting, table.stage, table.kept, table.loser, strict=True)) == [
        (0, "search", True, False),
        (1, "search", False, False),
        (2, "search", False, True),
        (0, "tuned", True, False),
    ]


def test_a_study_of_which_nothing_has_ended_has_empty_tables_and_no_verdict():
    nothing = made([])
    assert set(nothing.table().columns) == {*RUN_COLUMNS, "lr"}
    assert set(nothing.curves().columns) == set(CURVE_COLUMNS)
    assert nothing.test_scores("tuned") == {}
    assert nothing.verdict is None
    assert not nothing.finished
    assert list(nothing.summary().method) == ["sgd", "adam"]
    (sentence,) = nothing.sentences()
    assert sentence.startswith("There is no verdict yet: 0 runs have ended")
    assert nothing.warnings() == []


def test_test_scores_stand_on_the_seeds_that_all_have_ended():
    records = [
        run("sgd", "tuned", 0, -1, 500, 4, score=0.1), run("sgd", "tuned", 0, -1, 501, 4, score=0.2),
        run("adam", "tuned", 0, -1, 501, 4, score=0.3), run("sgd", "default", -1, -1, 500, 4),
    ]  # fmt: skip
    found = made(records)
    scores = found.test_scores("tuned")
    assert {method: pair[0].tolist() for method, pair in scores.items()} == {"sgd": [[0.2] * 4], "adam": [[0.3] * 4]}
    assert list(found.test_scores("default")) == ["sgd"]
    assert found.verdict is not None
    assert made(records[:2]).verdict is None  # adam has no test score yet


def test_confidences_are_those_of_the_first_refit_that_did_not_diverge():
    def sure(method, seed, value, stage="tuned", **more):
        one = run(method, stage, 0, -1, seed, 4, **more)
        more = {"confidence": np.full(2, value), "right": np.array([True, False])}
        return dataclasses.replace(one, arrays=one.arrays | more)

    records = [
        sure("sgd", 499, 0.5, stage="default"), sure("sgd", 500, 0.6, outcome="diverged"), sure("sgd", 501, 0.7),
        sure("sgd", 502, 0.8), run("adam", "tuned", 0, -1, 500, 4),
    ]  # fmt: skip
    (found,) = made(records).confidences().items()
    assert found[0] == "sgd"
    assert found[1][0].tolist() == [0.7, 0.7]


def test_the_order_is_that_in_which_methods_were_named():
    records = [run("adam", "tuned", 0, -1, 500, 4), run("sgd", "tuned", 0, -1, 500, 4)]
    assert list(made(records).table().method) == ["sgd", "adam"]


def test_a_study_is_finished_when_all_its_seeds_have_been_looked_at():
    assert made([], looks=(2,)).finished
    assert not made([], looks=(2,), seeds=3).finished
    assert made([], looks=(2, 3), seeds=3).finished


def test_loading_needs_neither_task_nor_model(small, tmp_path):
    again = Study.load(small.folder)
    pd.testing.assert_frame_equal(again.table(), small.table(), check_exact=True)
    assert again.options == small.options
    assert again.name == "study"
    with pytest.raises(RavineError, match="there is no study in"):
        Study.load(tmp_path)
    Store(tmp_path / "begun").close()
    with pytest.raises(RavineError, match="has not begun"):
        Study.load(tmp_path / "begun")


def test_what_a_report_asks_for_is_there(small, monkeypatch):
    monkeypatch.setenv("RAVINE_HOME", str(small.folder.parent / "home"))
    assert small.searched["sgd"] == [("lr", *small.searched["sgd"][0][1:])]
    assert set(small.equations()) == set(small.methods) == set(small.schedules())
    assert all(text.startswith("<math") or "<math" in text for text in small.equations().values())
    for rates in small.schedules().values():
        assert rates.shape == (200,)
        assert np.all(np.diff(rates) <= 0)  # along half a cosine
        assert rates[0] > 0
    assert small.versions()["torch"]
    assert small.hardware()
    assert len(small.protocol()) >= 6
    assert set(small.roles["scientific"]["rule"]) == set(small.roles["nuisance"]) == set(small.methods)
    assert small.roles["fixed"]["epochs"] == "3"
    assert made([]).roles == {}
    assert small.halving()
    assert small.train_this_way().keys() == {"ravine", "pytorch", "command"}
    assert [(read.study, read.runs) for read in small.ledger()] == [(str(small.folder), 8)]
