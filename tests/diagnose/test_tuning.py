import numpy as np
import pandas as pd
import pytest

from ravine.data import ledger
from ravine.diagnose.tuning import tune
from ravine.errors import RavineError
from ravine.recipe import read_recipe
from ravine.study.job import REFIT
from ravine.training.stage import fold_stage, whole_stage

from ..study.small import Inline, study
from .cases import CPU, blobs, by_hand, waves

RANGED = "Recipe(Momentum(lr=log(0.001, 1)), epochs=4, batch_size=8)"
INLINE = {"executor": Inline, "workers": 1, "settings": 4, "folds": 3}


def test_the_choice_is_that_of_scores_by_hand():
    task = blobs()
    found = tune(task, RANGED, halving=False, **INLINE)
    stages = [fold_stage(task, CPU, fold, count=3, seed=0) for fold in range(3)]
    scores = {}
    for lr in found.choice.lr:
        recipe = read_recipe(f"Recipe(Momentum(lr={lr}), epochs=4, batch_size=8)")
        runs = [by_hand(stage, recipe, fold)[0] for fold, stage in enumerate(stages)]
        scores[lr] = tuple(np.mean(runs, axis=0))
    for _, row in found.choice.iterrows():
        assert (row.score, row.proper) == pytest.approx(scores[row.lr], rel=1e-12)
    best = max(scores, key=lambda lr: (scores[lr][0], -scores[lr][1]))
    assert found.choice.lr[0] == best
    assert found.run.history[-1].epoch == 4
    assert found.choice.chosen.tolist() == [True, False, False, False]
    assert f"lr={best}" in found.recipe


def test_the_chosen_setting_is_trained_on_all_training_data_and_tested_once():
    task = blobs()
    found = tune(task, RANGED, **INLINE)
    (score, _), _, outputs = by_hand(whole_stage(task, CPU), read_recipe(found.recipe), REFIT)
    assert found.run.score == score
    assert [read.runs for read in ledger.reads(task.test_data.fingerprint())] == [1]
    assert found.reads == 1
    assert "looked at once, by this run" in found.sentences()[1]
    assert tune(task, RANGED, **INLINE).reads == 2


def test_the_choice_is_that_of_a_study(tmp_path):
    methods = ("SGD(lr=1e-6)", "sgd", "momentum", "adam")
    found = tune(blobs(), methods, epochs=3, **INLINE)
    seen = study(tmp_path / "study", blobs(), methods=methods, settings=4, folds=3, seeds=1).summary()
    best = seen.iloc[0]
    assert (found.method, found.recipe) == (best.method, best.recipe)
    assert found.choice.score[0] == best.cv_score
    assert found.method != methods[0]
    assert len(found.choice) == 13


def test_halving_stops_settings_and_the_table_says_so():
    found = tune(blobs(), RANGED, epochs=8, **INLINE)
    assert sorted(found.choice.epochs) == [2, 4, 8, 8] or sorted(found.choice.epochs) == [2, 2, 8, 8]
    assert found.choice.finished.tolist() == sorted(found.choice.finished, reverse=True)


def test_the_run_has_the_epochs_that_the_mean_curve_over_the_folds_chose(tmp_path):
    recipe = "Recipe(Momentum(lr=2.0), epochs=8, batch_size=8, stop=early_stopping(patience=2))"
    found = tune(blobs(), recipe, **INLINE)
    runs = study(tmp_path / "study", blobs(), methods=(), recipe=recipe, settings=4, folds=3, seeds=1, epochs=8).table()
    refit = runs[runs.stage == "tuned"]
    assert len(found.run.history) == refit.epochs.item() < 8
    assert found.run.score == refit.score.item()


def test_a_search_that_was_cut_off_goes_on_and_ends_in_the_same_numbers(tmp_path):
    whole = tune(blobs(), RANGED, **INLINE)
    seen = []

    def cut(record):
        seen.append(record.key)
        if len(seen) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(blobs(), RANGED, out=tmp_path, progress=cut, **INLINE)
    rest = []
    again = tune(blobs(), RANGED, out=tmp_path, progress=lambda record: rest.append(record.key), **INLINE)
    assert not set(seen) & set(rest)
    pd.testing.assert_frame_equal(again.choice, whole.choice, check_exact=True)
    assert again.run.score == whole.run.score
    assert (tmp_path / "run" / "model.pt").exists()


def test_a_recipe_without_ranges_is_one_setting():
    found = tune(waves(), "Recipe(Adam(lr=0.01), epochs=2)", folds=2, executor=Inline, workers=1)
    assert len(found.choice) == 1
    assert found.sentences()[0].startswith("Of 1 setting, Recipe(Adam(lr=0.01), epochs=2) was best")


@pytest.mark.slow
def test_worker_processes_choose_the_same():
    options = {"settings": 2, "folds": 2, "epochs": 2}
    inline = tune("wine", "adam", executor=Inline, workers=1, **options)
    workers = tune("wine", "adam", workers=2, **options)
    pd.testing.assert_frame_equal(inline.choice, workers.choice, check_exact=True)
    assert inline.run.score == workers.run.score


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"settings": 3}, "--settings 3: must be a power of two"),
        ({"folds": 1}, "--folds 1: must be a whole number from 2"),
        ({"folds": 50}, "50 parts need at least 50 examples of each class|50 folds need"),
        ({"search": "random"}, "--search .random.: must be sobol or grid"),
        ({"workers": 0}, "workers=0"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(options, sentence):
    with pytest.raises(RavineError, match=sentence) as told:
        tune(blobs(), RANGED, **(INLINE | options))
    assert "\n" not in str(told.value)
