import math

import numpy as np
import pytest

from ravine.diagnose.learning_curve import LearningCurve
from ravine.diagnose.sampled import SampledRun
from ravine.pictures import learning_curve

SIZES = (10, 40, 160)


def made(floor=0.1, chance=1.0, higher=True) -> LearningCurve:
    luck = np.random.default_rng(0)
    runs = []
    for size in SIZES:
        for _ in range(4):
            proper, train = 0.2 + 3 / size + 0.02 * luck.normal(), 0.2 - 1 / size + 0.01 * luck.normal()
            scores = (1 - proper / 2, proper, 1 - train / 2, train)
            runs.append(SampledRun("finished", "", *scores, np.zeros(1), np.zeros(1), (), 1, 0.0))
    return LearningCurve("", "accuracy", higher, "log_loss", SIZES, 4, 0.95, 40, chance, floor, tuple(runs))


@pytest.mark.parametrize("column", ["proper", "score"])
def test_both_lines_are_means_with_the_curves_intervals(column):
    found = made()
    info = learning_curve.info(found, column)
    for side, name in ((info.learned, f"train_{column}"), (info.others, column)):
        np.testing.assert_allclose(side.mean, found.values(name).mean(axis=1))
        assert side.low[1] == found.at(name, 1).low
    assert info.higher_is_better == (column == "score")
    assert math.isnan(info.chance) == (column == "score")


def test_points_stand_at_doublings_and_bars_reach_the_ends():
    info = learning_curve.info(made(), "score")
    figure = learning_curve.draw(info)
    places = np.array(figure.layout.xaxis.tickvals)
    assert list(figure.layout.xaxis.ticktext) == ["10", "40", "160"]
    np.testing.assert_allclose(np.diff(places), 2.0)
    learned, others = figure.data
    assert np.abs(others.x - places).max() < 0.05
    assert learned.marker.color == "#ffffff"  # open where it learned, filled where it did not
    # Accuracy is drawn by what it lacks to 1.
    np.testing.assert_allclose(1 - 10.0**-others.y, info.others.mean)
    np.testing.assert_allclose(1 - 10.0 ** -(others.y - others.error_y.arrayminus), info.others.low)
    np.testing.assert_allclose(1 - 10.0 ** -(others.y + others.error_y.array), info.others.high)


def test_guessing_and_the_best_possible_are_lines_where_they_are_known():
    both = learning_curve.draw(learning_curve.info(made()))
    assert [shape.line.dash for shape in both.layout.shapes] == ["dot", "dash"]
    np.testing.assert_allclose([10.0**shape.y0 for shape in both.layout.shapes], [1.0, 0.1])
    assert [word.text for word in both.layout.annotations] == ["guessing", "best possible"]
    neither = learning_curve.draw(learning_curve.info(made(None, math.nan)))
    assert len(neither.layout.shapes) == 0
    metric = learning_curve.draw(learning_curve.info(made(), "score"))
    assert len(metric.layout.shapes) == 0


def test_points_are_in_sight_however_wide_the_bars():
    info = learning_curve.info(made())
    wide = info._replace(others=info.others._replace(low=info.others.low - 1e6, high=info.others.high + 1e6))
    low, high = learning_curve.draw(wide).layout.yaxis.range
    y = np.concatenate([trace.y for trace in learning_curve.draw(wide).data])
    assert (low < y).all()
    assert (y < high).all()
    assert np.ptp(y) > (high - low) / 5


def test_the_sentence_says_what_the_lines_mean_and_the_verdict():
    said = learning_curve.how_to_read(learning_curve.info(made()))
    assert "still falls at the right" in said
    assert "the dotted line is guessing, the dashed one the best possible" in said
    assert f"The verdict here: {made().fitting.name}." in said
    assert "still rises" in learning_curve.how_to_read(learning_curve.info(made(), "score"))
