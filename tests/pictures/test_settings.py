import numpy as np
import pandas as pd
import pytest

from ravine.pictures.settings import chosen_settings, ended, judged, settings

from ..report.cases import EIGHT, HOSTILE, YOURS, Size
from ..report.study import MadeUp


def test_the_refitted_setting_is_the_chosen_one():
    study = MadeUp((*EIGHT, YOURS, HOSTILE))
    tuned = {run["method"]: run["setting"] for run in study.runs if run["stage"] == "tuned"}
    assert chosen_settings(study) == tuned


class OnTheWay(MadeUp):
    """A study stopped while its last runs were under way: of setting 2, one fold has run to the end, and shines."""

    def __init__(self, higher: bool) -> None:
        super().__init__(EIGHT[:1], Size(finished=False, settings=4, higher=higher))

    def table(self) -> pd.DataFrame:
        rows = [(0, 2, 0.7), (1, 1, 0.9), (2, 0, 0.6), (3, 2, 0.8)]
        runs = [
            {"setting": setting, "rung": 2 if (setting, fold) == (2, 0) else rung,
             "score": 0.99 if (setting, fold) == (2, 0) else score if self.higher_is_better else 1 - score,
             "fold": fold, "kept": setting in (0, 3), "loser": setting == 2}
            for setting, rung, score in rows
            for fold in range(3)
        ]  # fmt: skip
        table = pd.DataFrame(runs).assign(method="sgd", stage="search", outcome="finished")
        return table.assign(averaged_score=table["score"] - 0.01)


@pytest.mark.parametrize("higher", [True, False])
def test_so_far_the_best_is_one_that_went_furthest_in_every_fold(higher):
    assert chosen_settings(OnTheWay(higher)) == {"sgd": 3}


def test_a_loser_counts_as_trained_to_the_end_only_where_it_was():
    table = OnTheWay(True).table()
    np.testing.assert_array_equal(ended(table), (table["rung"] == 2))
    scores = judged(table)
    np.testing.assert_allclose(scores, table["score"] - 0.01 * (table["rung"] < 2))
    (found,) = settings(OnTheWay(True)).values()
    assert found.finished.tolist() == [True, False, False, True]


def test_where_every_setting_diverged_none_is_chosen():
    assert chosen_settings(MadeUp((HOSTILE._replace(limit=0.0),), Size(finished=False))) == {}


def test_a_fold_that_diverged_rules_a_setting_out():
    class Half(OnTheWay):
        def table(self) -> pd.DataFrame:
            table = super().table()
            lost = (table["setting"] == 3) & (table["fold"] == 1)
            return table.assign(outcome=table["outcome"].where(~lost, "diverged"))

    assert chosen_settings(Half(True)) == {"sgd": 0}
    assert settings(Half(True))["sgd"].diverged.tolist() == [False, False, False, True]
