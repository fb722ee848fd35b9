import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.pictures.scales import MOST_TICKS, scale


@pytest.mark.parametrize(
    ("scores", "metric", "higher", "kind"),
    [
        ([0.1, 0.98], "accuracy", True, "shortfall"),
        ([0.1, 1.0], "accuracy", True, "shortfall"),
        ([1.0, 1.0], "accuracy", True, "linear"),
        ([0.98, 0.985], "accuracy", True, "linear"),
        ([-3.0, 0.6], "r2", True, "shortfall"),
        ([3.0, 60.0], "likelihood", True, "linear"),
        ([0.02, 2.3], "log loss", False, "log"),
        ([0.0, 0.1, 0.9], "error", False, "log"),
        ([2.0, 2.2], "rmse", False, "linear"),
        ([-2.0, 2.2], "energy", False, "linear"),
        ([], "accuracy", True, "linear"),
        ([float("nan")], "accuracy", True, "linear"),
    ],
)
def test_the_axis_suits_the_scores(scores, metric, higher, kind):
    assert scale(scores, metric, higher).kind == kind


SCORES = st.lists(st.floats(0, 1), min_size=2, max_size=20)


@given(SCORES, st.booleans())
def test_a_better_score_never_stands_on_the_wrong_side_of_a_worse_one(scores, higher):
    placed = scale(scores, "accuracy" if higher else "error", higher).place(np.sort(scores))
    assert np.isfinite(placed).all()
    assert (np.diff(placed) >= 0).all()


@given(SCORES)
def test_ticks_stand_where_their_labels_say(scores):
    places = scale(scores, "accuracy", True)
    heights = places.place(scores)
    ticks = places.ticks(float(heights.min()), float(heights.max()))
    if places.kind == "linear":
        assert ticks is None
    else:
        assert ticks is not None
        labeled = [float(label.removesuffix(" %").replace("−", "-")) / 100 for label in ticks[1]]
        floor = 1 - places.floor
        expected = -np.log10(1 - np.minimum(labeled, floor))
        assert ticks[0] == pytest.approx(expected, rel=1e-2, abs=1e-2)
        assert len(ticks[0]) <= MOST_TICKS + 1


def test_half_of_all_errors_is_the_same_step_everywhere():
    places = scale([0.1, 0.999], "accuracy", True)
    steps = np.diff(places.place([0.96, 0.98, 0.99, 0.995]))
    assert steps == pytest.approx([np.log10(2)] * 3)


def test_a_perfect_score_has_a_tick_of_its_own_half_a_step_beyond_the_best_other():
    places = scale([0.9, 0.99, 1.0], "accuracy", True)
    assert places.floor == pytest.approx(0.005)
    ticks = places.ticks(0.9, float(places.place(1.0)))
    assert ticks is not None
    assert "100 %" in ticks[1]


def test_the_title_says_which_way_is_better():
    assert scale([1.0, 9.0], "squared_error", False).title == "squared error, lower is better"
    assert scale([0.1, 0.9], "r2", True).title == "R², higher is better"
