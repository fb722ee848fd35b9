import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.model_selection import KFold, RepeatedKFold
from sklearn.preprocessing import StandardScaler

from ravine.data import ledger
from ravine.data.find import find
from ravine.diagnose.gap import gap_by_epoch
from ravine.diagnose.generalization import cross_validate
from ravine.diagnose.interval import corrected
from ravine.errors import RavineError
from ravine.recipe import read_recipe
from ravine.training.stage import fold_stage
from ravine.training.train import train

from ..study.small import blobs as studied
from ..study.small import study, task_file
from .cases import CPU, SHORT, blobs, by_hand, waves

AVERAGED = "Recipe(Average(Momentum(lr=0.2), decay=0.9), epochs=2, batch_size=8)"
KEPT = "Recipe(Momentum(lr=0.2), epochs=4, batch_size=8, keep=snapshots(cycles=2))"
STOPPED = "Recipe(Momentum(lr=2.0), epochs=6, batch_size=8, stop=early_stopping(patience=2))"


@pytest.mark.parametrize("recipe", [SHORT, AVERAGED, KEPT, STOPPED])
@pytest.mark.parametrize("preprocess", [None, StandardScaler()])
def test_a_fold_is_what_it_is_by_hand(recipe, preprocess):
    task = blobs(preprocess=preprocess)
    found = cross_validate(task, recipe, folds=4, seed=3, workers=1)
    for fold, run in enumerate(found.runs):
        stage = fold_stage(task, CPU, fold, count=4, seed=3)
        scores, history, outputs = by_hand(stage, read_recipe(recipe), 3000 + fold)
        assert (run.score, run.proper) == scores
        assert run.outputs.tobytes() == outputs.tobytes()
        assert [epoch.proper for epoch in run.history] == [epoch.proper for epoch in history]
    table = found.table()
    assert table.fold.tolist() == [0, 1, 2, 3]
    assert found.score.value == table.score.mean()
    assert found.proper.value == table.proper.mean()


def test_folds_and_scores_are_those_of_a_study_with_the_same_seed(tmp_path):
    seen = study(tmp_path / "study", studied(), methods=(), recipe=SHORT, folds=3, seeds=1, seed=2, epochs=3).table()
    searched = seen[seen.stage == "search"].sort_values("fold")
    found = cross_validate(studied(), SHORT, folds=3, seed=2, workers=1).table()
    np.testing.assert_array_equal(found.score, searched.score)
    np.testing.assert_array_equal(found.proper, searched.proper)


def test_workers_change_no_number_also_where_a_task_of_a_file_was_changed(tmp_path):
    task = dataclasses.replace(find(str(task_file(tmp_path))), metric="error")
    one, two = (cross_validate(task, "Recipe(Adam(lr=0.01), epochs=2)", folds=3, workers=count) for count in (1, 2))
    pd.testing.assert_frame_equal(one.table().drop(columns="seconds"), two.table().drop(columns="seconds"))
    pd.testing.assert_frame_equal(one.curves(), two.curves(), check_exact=True)
    assert one.metric == two.metric == "error"


def test_every_example_is_judged_once_in_each_repeat_by_other_folds():
    task = waves(30)
    found = cross_validate(task, SHORT, folds=3, repeats=2, workers=1)
    everything = np.sort(task.training_data.targets.numpy())
    for repeat in (found.runs[:3], found.runs[3:]):
        np.testing.assert_array_equal(np.sort(np.concatenate([run.targets for run in repeat])), everything)
    assert not np.isin(found.runs[0].targets, found.runs[3].targets).all()
    assert found.table().repeat.tolist() == [0, 0, 0, 1, 1, 1]
    assert len(found.outputs().targets) == 60


def test_classes_keep_their_shares_and_groups_stay_whole():
    for run in cross_validate(blobs(classes=3), SHORT, folds=4, workers=1).runs:
        assert np.bincount(run.targets).tolist() == [5, 5, 5]
    groups = np.repeat(np.arange(10), 4)
    task = waves(40, groups=groups)
    owner = dict(zip(task.training_data.targets.tolist(), groups, strict=True))
    parts = [{owner[y] for y in run.targets.tolist()} for run in cross_validate(task, SHORT, folds=5, workers=1).runs]
    assert sum(map(len, parts)) == 10
    assert set.union(*parts) == set(range(10))


def test_the_gap_is_the_worse_score_minus_the_better_whichever_way_it_counts():
    found = cross_validate(blobs(), SHORT, folds=3, workers=1)
    table = found.table()
    assert found.gap.value == pytest.approx((table.train_score - table.score).mean())
    assert found.proper_gap.value == pytest.approx((table.proper - table.train_proper).mean())
    error = cross_validate(blobs(), SHORT, folds=3, metric="error", workers=1)
    assert error.gap.value == pytest.approx(found.gap.value)


def test_the_interval_is_that_of_the_formula():
    scores = [0.8, 0.83, 0.9, 0.78, 0.85]
    found = corrected(scores, 0.25, over="5 folds")
    error = np.sqrt((1 / 5 + 1 / 4) * np.var(scores, ddof=1))
    low, high = stats.t.interval(0.95, 4, loc=np.mean(scores), scale=error)
    assert (found.low, found.high) == pytest.approx((low, high))
    run = cross_validate(blobs(), SHORT, folds=5, workers=1, confidence=0.9)
    expected = corrected(run.table().score, 0.25, confidence=0.9, over="")
    assert (run.score.low, run.score.high) == pytest.approx((expected.low, expected.high))
    assert "not independent" in " ".join(run.sentences())


def test_intervals_end_where_their_metric_does_and_gaps_do_not():
    found = cross_validate(blobs(), SHORT, folds=2, workers=1, confidence=0.999)
    wide = corrected(found.table().score, 1.0, confidence=0.999, over="")
    assert (wide.low < 0) or (wide.high > 1)
    assert 0 <= found.score.low < found.score.high <= 1
    assert found.proper.low >= 0
    assert found.gap.low < 0
    numbers = cross_validate(waves(), SHORT, folds=2, workers=1, confidence=0.999)
    assert numbers.score.high == 1  # R2
    assert numbers.score.low < 0


@pytest.mark.parametrize(("repeats", "plain", "cautious"), [(4, 0.8, 0.9), (1, 0.97, 0.96)])
def test_corrected_intervals_cover_the_expected_error_where_plain_ones_do_not(repeats, plain, cautious):
    luck, corrects, plains = np.random.default_rng(0), [], []
    folds = list(RepeatedKFold(n_splits=5, n_repeats=repeats, random_state=0).split(np.zeros(40)))
    truth = 1 + 1 / 32  # of who predicts the mean of 32 draws: their noise, and the variance of that mean
    for _ in range(400):
        y = luck.normal(size=40)
        errors = [((y[left_out] - y[kept].mean()) ** 2).mean() for kept, left_out in folds]
        wide, narrow = corrected(errors, 0.25, over=""), corrected(errors, 0.0, over="")
        corrects.append(wide.low <= truth <= wide.high)
        plains.append(narrow.low <= truth <= narrow.high)
    assert np.mean(plains) < plain
    assert np.mean(corrects) > cautious


def test_cross_validation_follows_the_gap_and_the_calibration():
    found = cross_validate(blobs(), SHORT, folds=3, workers=1)
    past = found.gap_by_epoch(proper=True)
    curves = found.curves()
    by = curves.groupby("epoch")
    np.testing.assert_allclose(past.gap, (by.proper.mean() - by.train_proper.mean()).to_numpy())
    np.testing.assert_array_equal(past.high, (curves.proper - curves.train_proper).groupby(curves.epoch).max())
    assert past.best_epoch == by.proper.mean().idxmin()
    by_score = found.gap_by_epoch()
    np.testing.assert_allclose(by_score.gap, (by.train_score.mean() - by.score.mean()).to_numpy())
    said = found.outputs()
    assert found.reliability(bins=5).count.sum() == 60
    hits = (said.outputs.argmax(1) == said.targets).double().mean()
    assert (found.reliability().accuracy * found.reliability().count).sum() / 60 == pytest.approx(float(hits))


def test_a_run_that_never_looked_at_unseen_examples_has_no_gap_to_follow():
    run = train(blobs(), SHORT)
    with pytest.raises(RavineError, match="train never looks at the test set between epochs"):
        gap_by_epoch([run.history], higher_is_better=True)
    with pytest.raises(RavineError, match="no scores on unseen examples"):
        gap_by_epoch([], higher_is_better=True)


def test_a_run_that_diverges_counts_at_chance_and_is_named():
    found = cross_validate(waves(), "Recipe(SGD(lr=1e30), epochs=2)", folds=3, workers=1)
    assert {run.outcome for run in found.runs} == {"diverged"}
    for run in found.runs:
        np.testing.assert_allclose(run.outputs, run.outputs[0])  # a constant, learned from the training part
        assert run.train_score == run.score
    assert "Fold 2 counts at chance level. Diverged in epoch 2" in " ".join(found.sentences())


def test_the_test_set_is_not_looked_at():
    task = blobs()
    cross_validate(task, SHORT, folds=2, workers=1)
    assert ledger.reads(task.test_data.fingerprint()) == []


def broken(outputs, targets):
    if len(outputs) == len(targets):
        raise ValueError("no\nluck")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: cross_validate(waves(5), SHORT, folds=6), "6 folds need as many examples, got 5"),
        (lambda: cross_validate(waves(5), SHORT, folds=1), "folds must be a whole number of at least 2, got 1"),
        (lambda: cross_validate(blobs(9), SHORT, folds=4), "at least 4 examples of each class, but '?0'? has 3"),
        (lambda: cross_validate(waves(groups=np.arange(40) % 3), SHORT, folds=4), "4 folds need as many groups, got 3"),
        (lambda: cross_validate(waves(), SHORT, repeats=0), "repeats=0 must be a whole number from 1 to 1000"),
        (lambda: cross_validate(waves(), SHORT, seed=-1), "seed=-1 must be a whole number"),
        (lambda: cross_validate(waves(), SHORT, confidence=95), r"confidence=95.*in \(0, 1\)"),
        (lambda: cross_validate(waves(), SHORT, workers=0), "workers=0: must be a whole number from 1 to 1024"),
        (lambda: cross_validate(waves(), "Adam(lr=log(0.1, 1))", workers=1), r"holds the range log\(0.1, 1\)"),
        (lambda: cross_validate("wines", SHORT), "there is no task 'wines'.*Did you mean 'wine'"),
        (lambda: cross_validate(waves(loss=broken), SHORT, workers=1), "can't take.*no"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(call, sentence):
    with pytest.raises(RavineError, match=sentence) as told:
        call()
    assert "\n" not in str(told.value)


def test_what_breaks_later_in_a_run_is_told_with_its_place():
    calls = []

    def loss(outputs, targets):
        calls.append(1)
        if len(calls) > 3:
            raise ValueError("no\nluck")
        return ((outputs.squeeze(1) - targets) ** 2).mean()

    with pytest.raises(RavineError, match=r"broke off in epoch 1: ValueError: no luck \(test_generalization.py, line"):
        cross_validate(waves(loss=loss), SHORT, workers=1)


def test_splits_without_classes_are_scikit_learns():
    task = waves(20)
    found = cross_validate(task, SHORT, folds=4, seed=7, workers=1)
    targets = task.training_data.targets.numpy()
    for run, (_, left_out) in zip(found.runs, KFold(4, shuffle=True, random_state=7).split(targets), strict=True):
        np.testing.assert_array_equal(run.targets, targets[left_out])
