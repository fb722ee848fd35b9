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
