import math

import pytest

from ravine.report.rows import leaderboard, roles

from .cases import EIGHT, HOSTILE, YOURS, Size
from .study import MadeUp

STUDY = MadeUp((*EIGHT, YOURS, HOSTILE))


def test_a_row_says_what_the_summary_knows():
    board = leaderboard(STUDY)
    assert (board.metric, board.percent, board.proper, board.target) == ("accuracy", " %", "log loss", "97 %")
    for row, known in zip(board.rows, STUDY.summary().to_dict("records"), strict=True):
        assert row.method == known["method"]
        assert row.score == f"{100 * known['score']:.1f}"
        assert row.interval == f"{100 * known['score_low']:.1f}–{100 * known['score_high']:.1f}"
        assert row.default == f"{100 * known['default_score']:.1f}"
        assert row.cv == f"{100 * known['cv_score']:.1f} ± {100 * known['cv_spread']:.1f}"
        assert float(row.gap) == pytest.approx(100 * known["gap"], abs=0.006)
        assert row.epochs == ("–" if math.isnan(known["epochs_to_target"]) else f"{known['epochs_to_target']:.1f}")


def test_refits_that_diverged_are_named():
    troubles = {row.method: row.trouble for row in leaderboard(STUDY).rows}
    assert troubles.pop(HOSTILE.name) == "1 of 5 refits diverged"
    assert set(troubles.values()) == {""}


def test_what_predicting_costs_is_told_where_it_differs():
    said = {row.method: row.inference for row in leaderboard(STUDY).rows if row.inference}
    assert said == {
        "adam": "predicts with 5 networks, at 5 times the cost of one",
        "sgd": "2.5 times the parameters of the smallest",
    }


class Older(MadeUp):
    """A study that was made before it was counted."""

    def inference(self):
        return {}


def test_what_predicting_costs_may_be_unknown():
    assert {row.inference for row in leaderboard(Older(EIGHT[:2])).rows} == {""}


def test_metrics_that_are_no_share_have_no_percent():
    board = leaderboard(MadeUp(EIGHT, Size(metric="rmse", higher=False, proper="squared_error")))
    assert (board.metric, board.percent, board.proper, board.target) == ("RMSE", "", "squared error", "3")
    chosen_by = [float(row.cv.split(" ")[0]) for row in board.rows]
    assert chosen_by == sorted(chosen_by)  # lower is better


def test_what_is_not_known_yet_is_a_dash():
    board = leaderboard(MadeUp(EIGHT, Size(finished=False)))
    assert not board.tested
    for row in board.rows:
        assert {row.score, row.interval, row.proper, row.p_best, row.p_best_proper, row.default, row.gap} == {"–"}
        assert row.p_best_share == 0
        assert "±" in row.cv


class Patient(MadeUp):
    """One of the methods stops early."""

    @property
    def roles(self):
        return super().roles | {"scientific": {"stop": {"sgd": "-", "yours": "early_stopping()"}}}


def test_a_part_that_a_method_lacks_is_left_out():
    assert [one.differs for one in roles(Patient((EIGHT[0], YOURS)))] == [{}, {"stop": "early_stopping()"}]


def test_a_method_has_its_place_in_every_part_that_differs():
    assert roles(MadeUp((EIGHT[0], YOURS))) == (
        ("sgd", {"rule": "Sgd(lr=...)"}, {"lr": "log(0.001, 1)"}),
        ("yours", {"rule": "Yours(lr=...)"}, {}),
    )


def test_one_fold_has_no_spread():
    board = leaderboard(MadeUp(EIGHT, Size(folds=1)))
    assert not any("±" in row.cv for row in board.rows)
