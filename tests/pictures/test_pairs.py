import numpy as np
import pytest

from ravine.pictures import pairs

from ..report.cases import EIGHT, HOSTILE, Size
from ..report.study import MadeUp

STUDY = MadeUp((*EIGHT, HOSTILE))


@pytest.mark.parametrize("proper", [False, True])
def test_every_pair_is_known_from_both_sides(proper):
    info = pairs.info(STUDY, proper)
    assert info.methods == tuple(STUDY.summary().method)
    assert set(info.pairs) == {(a, b) for a in info.methods for b in info.methods if a != b}
    for (method, other), pair in info.pairs.items():
        back = info.pairs[other, method]
        assert (pair.method, pair.other) == (method, other)
        assert (pair.effect, pair.low, pair.high) == (-back.effect, -back.high, -back.low)
        assert pair.p_expected == pytest.approx(1 - back.p_expected)
        assert pair.p_next == pytest.approx(1 - back.p_next)
        assert {pair.conclusion, back.conclusion} in ({"better", "worse"}, {"equal"}, {"undecided"})
        assert pair.mirrored().mirrored() == pytest.approx(pair, abs=1e-15)


def test_an_effect_is_the_difference_of_two_scores():
    score = STUDY.summary().set_index("method").score
    for (method, other), pair in pairs.info(STUDY).pairs.items():
        assert pair.effect == pytest.approx(score[method] - score[other])
        assert pair.low < pair.effect < pair.high


@pytest.mark.parametrize("size", [Size(), Size(metric="rmse", higher=False), Size(metric="r2")])
@pytest.mark.parametrize("proper", [False, True])
def test_right_is_better_whatever_the_measure(size, proper):
    study = MadeUp(EIGHT, size)
    info = pairs.info(study, proper)
    column = "proper" if proper else "score"
    scores = study.summary().set_index("method")[column]
    leader = scores[info.methods[0]]
    better_is = 1 if size.higher and not proper else -1
    factor = 100 if size.metric == "accuracy" and not proper else 1
    dots = {trace.meta["method"]: trace.x[0] for trace in pairs.draw(info).data if trace.customdata is not None}
    assert list(dots) == list(info.methods[1:])
    for method, x in dots.items():
        assert x == pytest.approx(factor * better_is * (scores[method] - leader))


def test_a_bar_that_goes_on_has_an_arrow_at_the_edge():
    info = pairs.info(STUDY)
    figure = pairs.draw(info)
    low, high = figure.layout.xaxis.range
    arrows = [trace for trace in figure.data if trace.cliponaxis is False]
    assert {trace.meta["method"] for trace in arrows} == {HOSTILE.name}
    assert list(arrows[0].x) == [low, high]
    typical = [trace for trace in figure.data if trace.meta["method"] == "sgd" and trace.mode == "lines"]
    assert low < typical[0].x[0] < typical[0].x[1] < high


@pytest.mark.parametrize("ends", [[], [np.nan, np.nan], [0.0, 0.0]])
def test_an_axis_has_a_width_even_where_nothing_is_known(ends):
    low, high = pairs.window(ends)
    assert low < 0 < high


def test_the_zone_of_what_does_not_matter_is_drawn_where_one_was_named():
    info = pairs.info(STUDY)
    zone, upright = pairs.draw(info).layout.shapes
    assert (zone.x0, zone.x1) == (-0.3, 0.3)  # percentage points
    assert upright.x0 == upright.x1 == 0
    assert "gray zone" in pairs.how_to_read(info)
    free = info._replace(matters=0.0)
    assert len(pairs.draw(free).layout.shapes) == 1
    assert "gray zone" not in pairs.how_to_read(free)


def test_effects_have_a_digit_more_than_scores():
    info = pairs.info(STUDY)
    effect, interval = pairs.effect(info, info.pairs["sgd", info.methods[0]])
    assert effect == f"{100 * info.pairs['sgd', info.methods[0]].effect:.{pairs.digits(info)}f}".replace("-", "−")
    assert " to " in interval


def test_before_the_refits_there_are_no_pairs():
    info = pairs.info(MadeUp(EIGHT, Size(finished=False)))
    assert info.pairs == {}
    assert pairs.draw(info).data == ()
