import numpy as np
import pytest

from ravine.diagnose.bias_variance import squared_loss, zero_one_loss
from ravine.diagnose.members import BiasVariance
from ravine.diagnose.trade_off import TradeOff
from ravine.pictures import bias_variance

LUCK = np.random.default_rng(0)
TRUTH = np.sin(np.arange(30.0))
Y = TRUTH + 0.2 * LUCK.normal(size=30)


def numbers(scatter: float, away: float, truth=TRUTH):
    return squared_loss(TRUTH + away + scatter * LUCK.normal(size=(5, 30)), Y, truth)


def made(parts, values=(1, 4, 16), logarithmic=True) -> TradeOff:
    return TradeOff("width", logarithmic, values, tuple(BiasVariance("", {}, one, ()) for one in parts))


FOUND = made([numbers(0.1, 1.0), numbers(0.3, 0.1), numbers(0.9, 0.0)])


def test_the_lines_are_the_terms_and_their_standard_errors():
    info = bias_variance.info(FOUND)
    assert [one.name for one in info.lines] == ["error", "bias", "variance", "noise"]
    for one in info.lines:
        terms = [getattr(each.parts, one.term) for each in FOUND.parts]
        np.testing.assert_array_equal(one.value, [term.value for term in terms])
        np.testing.assert_array_equal(one.error, [term.standard_error for term in terms])
    assert info.best == 1
    drawn = {trace.name: trace for trace in bias_variance.draw(info).data}
    for one in info.lines:
        np.testing.assert_array_equal(drawn[one.name].y, one.value)
        np.testing.assert_array_equal(drawn[one.name].error_y.array, one.error)
    assert drawn["smallest error"].y[0] == info.lines[0].value.min()
    assert "sum of bias, variance and noise" in bias_variance.how_to_read(info)


def test_without_known_noise_there_is_no_line_of_it():
    info = bias_variance.info(made([numbers(0.1, 1.0, None), numbers(0.3, 0.0, None)], (1, 2)))
    assert [one.name for one in info.lines] == ["error", "bias with noise", "variance"]


def test_net_terms_of_labels_may_lie_below_zero_and_are_seen():
    said = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]])
    found = made([zero_one_loss(said, [0, 0, 0]), zero_one_loss(said, [1, 1, 1])], (1, 2))
    info = bias_variance.info(found)
    net = next(one for one in info.lines if one.term == "variance_effect")
    assert net.value[0] < 0
    assert bias_variance.draw(info).layout.yaxis.range[0] <= (net.value - net.error).min()
    assert '"Net" is what a term does to the error' in bias_variance.how_to_read(info)


@pytest.mark.parametrize(
    ("values", "logarithmic", "places", "kind"),
    [
        ((1, 4, 16), True, [1, 4, 16], "log"),
        ((1, 2, 3), False, [1, 2, 3], None),
        ((0.0, 1e-3, 1.0), False, [0, 1, 2], None),  # a plain axis would heap the first two up
        (("relu", "tanh", "gelu"), False, [0, 1, 2], None),
    ],
)
def test_values_stand_where_they_can_be_told_apart(values, logarithmic, places, kind):
    parts = [one.parts for one in FOUND.parts]
    info = bias_variance.info(made(parts, values, logarithmic))
    assert info.places.tolist() == places
    horizontal = bias_variance.draw(info).layout.xaxis
    assert horizontal.type == kind
    assert list(horizontal.tickvals) == places
    assert list(horizontal.ticktext) == [f"{v:g}" if isinstance(v, float) else str(v) for v in values]


def test_bars_of_two_lines_stand_apart_but_near_their_value():
    x = [trace.x for trace in bias_variance.draw(bias_variance.info(FOUND)).data if trace.name in {"error", "bias"}]
    assert (x[0] != x[1]).all()
    assert np.abs(np.log10(x[0]) - np.log10([1, 4, 16])).max() < 0.02
