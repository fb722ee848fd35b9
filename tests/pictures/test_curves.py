import numpy as np
import pytest

from ravine.pictures import curves

from ..report.cases import EIGHT, YOURS, Size, lrs
from ..report.study import MadeUp

STUDY = MadeUp((*EIGHT, YOURS))


def paths(method: str, setting: int, column: str) -> np.ndarray:
    """The curve of every fold, straight from the runs that were made up."""
    keys = {"method": method, "stage": "search", "setting": setting}
    return np.array([run["path"][column] for run in STUDY.runs if keys.items() <= run.items()])


@pytest.mark.parametrize("column", ["score", "proper", "train_loss"])
def test_a_curve_is_the_mean_over_folds_of_the_tuned_setting(column):
    tuned = {run["method"]: run["setting"] for run in STUDY.runs if run["stage"] == "tuned"}
    drawn = curves.info(STUDY, column)
    assert {curve.method for curve in drawn.curves} == set(tuned)
    for curve in drawn.curves:
        expected = paths(curve.method, tuned[curve.method], column)
        np.testing.assert_allclose(curve.mean, expected.mean(axis=0), rtol=1e-12)
        np.testing.assert_array_equal(curve.low, expected.min(axis=0))
        np.testing.assert_array_equal(curve.high, expected.max(axis=0))
        np.testing.assert_array_equal(curve.epoch, np.arange(1, 16))


def test_a_curve_knows_its_evaluations_and_its_lr():
    curve = next(curve for curve in curves.info(STUDY).curves if curve.method == "yours")
    examples = STUDY.size.train * 2 // 3
    np.testing.assert_array_equal(curve.evaluations, examples * np.arange(1, 16))
    np.testing.assert_allclose(curve.lr, lrs(YOURS, 8)[0] * np.cos(np.pi * (np.arange(15) + 0.5) / 30) ** 2)
    assert curve.changes.size == 0


def test_a_curve_ends_where_the_first_fold_ended():
    class Shorter(MadeUp):
        def curves(self):
            rows = super().curves()
            return rows[(rows["fold"] != 1) | (rows["epoch"] <= 6)]

    assert {len(curve.epoch) for curve in curves.info(Shorter(EIGHT[:2])).curves} == {6}


@pytest.mark.parametrize(
    ("lr", "changes"),
    [
        ([0.1, 0.1, 0.1, 0.01, 0.01, 0.001], [3, 5]),  # steps
        ([0.1, 0.2, 0.3, 0.2, 0.1], [3]),  # warm-up, then down
        ([0.3, 0.3, 0.3, 0.2, 0.1], [3]),  # stable, then decay
        ([0.3, 0.2, 0.1, 0.3, 0.2, 0.1], [3, 4]),  # a warm restart
        ([0.3, 0.2, 0.1], []),
        ([0.3], []),
    ],
)
def test_marks_stand_where_lr_turns_or_jumps(lr, changes):
    assert curves.turns(np.array(lr)).tolist() == changes


def test_jumps_of_lr_are_marked_on_the_line():
    class Steps(MadeUp):
        def curves(self):
            rows = super().curves()
            return rows.assign(lr=0.1 * 0.1 ** ((rows["epoch"] - 1) // 5))

    info = curves.info(Steps(EIGHT[:1]))
    line, marks, beneath = (trace for trace in curves.draw(info).data if trace.fill is None)
    assert marks.x.tolist() == [6, 11]
    assert marks.y.tolist() == [line.y[5], line.y[10]]
    assert beneath.y[[4, 5, 10]] == pytest.approx([0.1, 0.01, 0.001])


@pytest.mark.parametrize(("by", "last"), [("epoch", 15.0), ("evaluations", 15 * 958.0)])
def test_the_drawing_has_a_line_and_a_band_for_each_method(by, last):
    figure = curves.draw(curves.info(STUDY), by)
    lines = [trace for trace in figure.data if trace.mode == "lines" and trace.fill is None and trace.yaxis != "y2"]
    assert [trace.meta["method"] for trace in lines] == [curve.method for curve in curves.info(STUDY).curves]
    assert {trace.x[-1] for trace in lines} == {last}
    assert sum(trace.fill == "toself" for trace in figure.data) == len(lines)
    assert sum(trace.yaxis == "y2" for trace in figure.data) == len(lines)


def test_one_fold_has_no_band_and_the_sentence_speaks_of_none():
    info = curves.info(MadeUp(EIGHT[:2], Size(folds=1)))
    assert all(trace.fill is None for trace in curves.draw(info).data)
    assert "fold" not in curves.how_to_read(info)


def test_before_any_refit_the_best_setting_so_far_is_drawn():
    early = curves.info(MadeUp(EIGHT, Size(finished=False)))
    done = curves.info(MadeUp(EIGHT))
    for one, other in zip(early.curves, done.curves, strict=True):
        np.testing.assert_array_equal(one.mean, other.mean)
