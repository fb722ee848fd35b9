import numpy as np
import pytest

from ravine.pictures import gap

from ..report.cases import EIGHT, HOSTILE, Size
from ..report.study import MadeUp


@pytest.mark.parametrize(
    ("column", "metric", "higher"),
    [("score", "accuracy", True), ("score", "rmse", False), ("proper", "accuracy", True), ("score", "r2", True)],
)
def test_the_gap_is_test_error_minus_training_error(column, metric, higher):
    study = MadeUp((*EIGHT, HOSTILE), Size(metric=metric, higher=higher))
    rows = gap.info(study, column).rows
    assert [row.method for row in rows] == list(study.summary().method)
    sign = 1 if higher and column == "score" else -1
    for row in rows:
        refits = [run for run in study.runs if run["method"] == row.method and run["stage"] == "tuned"]
        np.testing.assert_array_equal(row.test, [run[column] for run in refits])
        np.testing.assert_array_equal(row.train, [run[f"train_{column}"] for run in refits])
        assert row.gap == pytest.approx(sign * np.mean(row.train - row.test))
        assert row.gap > 0  # all made-up methods learn a little by heart
    if column == "score":
        assert [row.gap for row in rows] == pytest.approx(list(study.summary().gap))


def test_before_any_refit_there_is_nothing_to_draw():
    assert gap.info(MadeUp(EIGHT, Size(finished=False))).rows == ()


def test_the_open_mark_is_training_and_the_filled_one_test():
    info = gap.info(MadeUp(EIGHT[:1]))
    seeds, ends = gap.draw(info).data
    assert len(seeds.x) == 2 * 5
    assert ends.customdata[0].startswith("training")
    assert ends.marker.color[0] == "#ffffff"
    assert ends.x[0] > ends.x[1]
