import numpy as np

from ravine.diagnose.calibration import reliability
from ravine.pictures import reliability as picture

LUCK = np.random.default_rng(0)
STATED = LUCK.uniform(0.4, 1, size=300)
SURE = reliability(STATED, LUCK.random(300) < STATED**2, bins=10)
HONEST = reliability(STATED, LUCK.random(300) < STATED, bins=10)


def test_points_are_the_bins_with_their_intervals_and_counts():
    (bins,) = picture.info(SURE)
    diagonal, points, counts = picture.draw((bins,)).data
    assert diagonal.x == diagonal.y
    np.testing.assert_array_equal(points.x, SURE.confidence)
    np.testing.assert_array_equal(points.y, SURE.accuracy)
    np.testing.assert_allclose(points.y + points.error_y.array, SURE.accuracy_high)
    np.testing.assert_allclose(points.y - points.error_y.arrayminus, SURE.accuracy_low)
    np.testing.assert_array_equal(counts.y, SURE.count)
    np.testing.assert_allclose(counts.x, (SURE.low + SURE.high) / 2)


def test_bars_of_two_networks_share_their_bin():
    info = picture.info({"plain": SURE, "smoothed": HONEST})
    bars = [trace for trace in picture.draw(info).data if trace.type == "bar"]
    for one, other in zip(*[list(zip(bar.x, bar.width, strict=True)) for bar in bars], strict=True):
        assert one[0] + one[1] / 2 <= other[0] - other[1] / 2 + 1e-12
    points = [trace for trace in picture.draw(info).data if trace.type == "scatter" and trace.name]
    assert len({trace.marker.symbol for trace in points}) == len({trace.marker.color for trace in points}) == 2
    assert picture.draw(info).layout.showlegend


def test_all_that_is_drawn_is_in_sight():
    low = picture.draw(picture.info(SURE)).layout.yaxis.range[0]
    assert low <= SURE.accuracy_low.min()
    assert low <= SURE.confidence.min()
    assert low > 0 or SURE.accuracy_low.min() < 0.11


def test_the_sentence_tells_the_error_and_what_chance_would_show():
    said = picture.how_to_read(picture.info({"plain": SURE, "smoothed": HONEST}))
    assert f"{SURE.error:.3f} for plain, {HONEST.error:.3f} for smoothed" in said
    assert f"up to {max(SURE.chance_high, HONEST.chance_high):.3f} would be chance" in said


MANY = picture.info({"plain": SURE, "smoothed": HONEST, "third": HONEST, "<b>": SURE})


def test_more_than_three_networks_have_a_panel_each():
    figure = picture.draw(MANY)
    assert figure.layout.meta == {"panels": 4}
    points = [trace for trace in figure.data if trace.name]
    assert len({(trace.xaxis, trace.yaxis) for trace in points}) == 4
    for trace, one in zip(points, MANY, strict=True):
        np.testing.assert_array_equal(trace.x, one.confidence)
        np.testing.assert_array_equal(trace.y, one.accuracy)
        assert len(set(trace.marker.size)) > 1
        by_size = np.argsort(trace.marker.size)
        assert (np.diff(one.answers[by_size]) >= 0).all()
        assert trace.meta["method"] == one.name
    diagonals = [trace for trace in figure.data if not trace.name]
    assert [(trace.xaxis, trace.meta) for trace in diagonals] == [(trace.xaxis, trace.meta) for trace in points]


def test_a_panel_tells_the_error_and_whether_it_is_more_than_chance():
    words = [note.text for note in picture.draw(MANY).layout.annotations]
    assert words[0] == f"<b>plain</b>  ECE {SURE.error:.3f}, too sure"
    assert words[1] == f"<b>smoothed</b>  ECE {HONEST.error:.3f}"
    assert words[3].startswith("<b>&lt;b&gt;</b>")
    assert "too unsure" in picture.draw([one._replace(overconfidence=-0.1) for one in MANY]).layout.annotations[0].text
    said = picture.how_to_read(MANY)
    assert f"{HONEST.error:.3f} for third" in said
    assert said.endswith("more than chance would show for plain, <b>.")
    assert picture.how_to_read(MANY[1:3] * 2).endswith("all could be chance.")


def test_panels_show_all_that_is_drawn():
    figure = picture.draw(MANY)
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        low, high = axis.range
        assert low < min(SURE.accuracy_low.min(), HONEST.accuracy_low.min(), SURE.confidence.min())
        assert high > 1
