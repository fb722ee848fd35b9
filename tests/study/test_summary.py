import math

import numpy as np
import pytest

from ravine.study.summary import summary
from ravine.verdict import judge

from .test_study import contender, made, run

SEEDS = (500, 501)


def searched(method, scores, until=4, **more):
    """One run on each of two folds for each setting."""
    return [
        run(method, "search", setting, fold, fold, until, score=score + (0.02 if fold else -0.02), **more)
        for setting, score in enumerate(scores)
        for fold in range(2)
    ]


def refitted(method, score, stage="tuned", setting=0, **more):
    return [run(method, stage, setting, -1, seed, 4, score=score + 0.1 * k, **more) for k, seed in enumerate(SEEDS)]


RACES = {
    "sgd": {"reached": [2, 2, 2, 2], "loser": None, "chosen": 1},
    "adam": {"reached": [2, 2, 2, 2], "loser": None, "chosen": 0},
}
RECORDS = [
    *searched("sgd", [0.2, 0.6, 0.3, 0.1]), *searched("adam", [0.8, 0.7, 0.7, 0.7]),
    *refitted("sgd", 0.5, setting=1), *refitted("adam", 0.7), *refitted("sgd", 0.3, "default", -1),
]  # fmt: skip


@pytest.fixture
def rows():
    return summary(made(RECORDS, races=RACES, looks=(2,))).set_index("method")


def test_the_best_by_cross_validation_comes_first(rows):
    assert list(rows.index) == ["adam", "sgd"]
    assert rows.cv_score.tolist() == pytest.approx([0.8, 0.6])
    assert rows.cv_spread.tolist() == pytest.approx([np.std([0.58, 0.62], ddof=1)] * 2)
    assert rows.setting.tolist() == ["lr=0.1", "lr=0.2"]


def test_an_error_ranks_the_other_way_round():
    metric = {"name": "squared_error", "higher_is_better": False}
    found = summary(made(RECORDS, races=RACES, looks=(2,), metric=metric)).set_index("method")
    assert list(found.index) == ["sgd", "adam"]
    assert found.gap.tolist() == pytest.approx([-0.1, -0.1])


def test_ties_go_by_the_proper_score():
    records = [*searched("sgd", [0.5], proper=0.4), *searched("adam", [0.5], proper=0.3)]
    races = {name: {"reached": [2], "loser": None, "chosen": 0} for name in ("sgd", "adam")}
    contenders = [contender("sgd", settings=1), contender("adam", settings=1)]
    assert list(summary(made(records, contenders, races)).method) == ["adam", "sgd"]


def test_scores_are_the_verdict_s(rows):
    scores = {"sgd": np.array([[0.5] * 4, [0.6] * 4]), "adam": np.array([[0.7] * 4, [0.8] * 4])}
    verdict = judge(scores, higher_is_better=True)
    for name in ("sgd", "adam"):
        row, one = rows.loc[name], verdict.of(name)
        assert (row.score, row.score_low, row.score_high) == pytest.approx((one.mean, one.low, one.high))
        assert row.p_best == pytest.approx(one.p_best)
    assert rows.score.tolist() == pytest.approx([0.75, 0.55])
    assert rows.proper.tolist() == pytest.approx([0.25, 0.45])


def test_the_gap_is_test_error_minus_training_error(rows):
    assert rows.gap.tolist() == pytest.approx([0.1, 0.1])  # the training score is 0.1 above the test score


def test_defaults_are_shown_where_there_are_any(rows):
    assert rows.default_score["sgd"] == pytest.approx(0.35)
    assert math.isnan(rows.default_score["adam"])


def test_epochs_to_the_target_that_three_quarters_reach(rows):
    # Validation scores rise in equal steps over four epochs, to 0.8 and 0.6; the worst best, 0.6, is the target.
    assert rows.target.tolist() == pytest.approx([0.6, 0.6])
    assert rows.epochs_to_target.tolist() == [3, 4]


def test_tuning_costs_every_stretch_once(rows):
    assert rows.tuning_evaluations.tolist() == [4 * 2 * 400] * 2


def test_settings_that_diverged_are_counted_and_those_that_failed_are_not():
    records = [
        *searched("sgd", [0.1], outcome="diverged"), *searched("sgd", [0.1, 0.2, 0.3, 0.4])[2:],
        *searched("adam", [0.1, 0.2, 0.3, 0.4], outcome="failed"),
        *refitted("adam", 0.1, outcome="diverged"), *refitted("sgd", 0.1),
    ]  # fmt: skip
    found = summary(made(records, races=RACES)).set_index("method")
    assert found.settings_diverged.to_dict() == {"sgd": 0.25, "adam": 0.0}
    assert found.diverged.to_dict() == {"sgd": 0, "adam": 2}


def test_before_a_choice_a_method_has_its_place_and_no_numbers():
    found = summary(made(searched("sgd", [0.1, 0.2]))).set_index("method")
    assert sorted(found.index) == ["adam", "sgd"]
    assert found[["cv_score", "score", "p_best", "default_score", "epochs_to_target"]].isna().all(axis=None)
    assert found.tuning_evaluations.to_dict() == {"sgd": 1600, "adam": 0}


def test_what_holds_no_range_is_as_given():
    contenders = [contender("yours", searched=(), settings=1)]
    races = {"yours": {"reached": [0], "loser": None, "chosen": 0}}
    assert summary(made(searched("yours", [0.4]), contenders, races)).setting.tolist() == ["as given"]
