import numpy as np
import pytest
from scipy.special import softmax

from ravine.diagnose.decomposition import Term
from ravine.pictures import parts

from ..report.cases import EIGHT, HOSTILE, Size
from ..report.study import MadeUp

STUDY = MadeUp((*EIGHT, HOSTILE))
BRIER, WRONG = parts.info(STUDY)


def test_the_parts_are_those_of_a_methods_refits():
    true = np.eye(4)[STUDY.targets()]
    assert [row.method for row in BRIER.rows] == list(STUDY.summary().method)
    for row in BRIER.rows:
        p = softmax(STUDY.outputs()[row.method].astype(float), axis=2)
        scatter = p.var(axis=0, ddof=1).sum(1).mean()
        assert row.refits == len(p)
        assert row.error.value == pytest.approx(((p - true) ** 2).sum(2).mean())
        assert row.variance.value == pytest.approx(scatter)
        assert row.bias.value == pytest.approx(((p.mean(0) - true) ** 2).sum(1).mean() - scatter / len(p))
    assert (BRIER.measure, WRONG.measure) == ("Brier score", "error")
    for row in WRONG.rows:
        wrong = STUDY.outputs()[row.method].argmax(2) != STUDY.targets()
        assert row.error.value == pytest.approx(wrong.mean())


def drawn(info: parts.Parts):
    figure = parts.draw(info)
    bars = [trace for trace in figure.data if trace.type == "bar"]
    return figure, list(zip(bars[::2], bars[1::2], strict=True))


@pytest.mark.parametrize("info", [BRIER, WRONG])
def test_a_bar_begins_where_the_one_before_it_ends(info):
    figure, pairs = drawn(info)
    for height, (row, (bias, variance)) in enumerate(zip(info.rows, pairs, strict=True)):
        assert (bias.base[0], bias.x[0]) == (0, row.bias.value)
        assert (variance.base[0], variance.x[0]) == (row.bias.value, row.variance.value)
        assert variance.base[0] + variance.x[0] == pytest.approx(row.error.value)
        assert {bias.y[0], variance.y[0]} == {height}
        assert variance.marker.color.startswith(bias.marker.color if row.variance.value >= 0 else "#ffffff")
    lines = list(figure.select_traces({"mode": "lines"}))
    for row, (bias, variance) in zip(info.rows, zip(lines[::2], lines[1::2], strict=True), strict=True):
        assert bias.x[1] == pytest.approx(row.bias.value + row.bias.standard_error)
        assert variance.x[1] == pytest.approx(row.error.value + row.variance.standard_error)
        assert variance.x[0] == pytest.approx(max(0, row.error.value - row.variance.standard_error))
    low, high = figure.layout.xaxis.range
    assert all(low <= end <= high for trace in lines for end in trace.x)


def test_variance_that_helps_is_an_open_piece_of_the_bar():
    row = parts.Row("sgd", Term(0.3, 0.02), Term(0.4, 0.03), Term(-0.1, 0.05), 5)
    figure, ((bias, variance),) = drawn(parts.Parts("error", (row,), ()))
    assert (bias.x[0], variance.base[0], variance.x[0]) == (0.4, 0.4, -0.1)
    assert (variance.marker.color, variance.marker.line.color) == ("#ffffff", bias.marker.color)
    (mark,) = figure.select_traces({"mode": "markers"})
    assert mark.x[0] == 0.3
    assert "variance −10.00 ± 5.00 %" in mark.customdata[0]


def test_a_bias_that_comes_out_below_zero_is_in_sight():
    row = parts.Row("sgd", Term(0.09, 0.02), Term(-0.01, 0.03), Term(0.1, 0.05), 2)
    figure, _ = drawn(parts.Parts("squared error", (row,), ()))
    assert figure.layout.xaxis.range[0] < -0.01


def test_lines_end_where_no_error_can_be():
    row = parts.Row("sgd", Term(0.03, 0.02), Term(0.01, 0.03), Term(0.02, 0.05), 2)
    figure, _ = drawn(parts.Parts("error", (row,), ()))
    assert [trace.x[0] for trace in figure.select_traces({"mode": "lines"})] == [0, 0]
    assert figure.layout.xaxis.range[0] == 0


def test_numbers_are_parted_by_their_squared_error():
    study = MadeUp(EIGHT[:2], Size(metric="r2", proper="squared_error"))
    (info,) = parts.info(study)
    assert info.measure == "squared error"
    for row in info.rows:
        away = study.outputs()[row.method] - study.targets()
        assert row.error.value == pytest.approx(np.mean(away.astype(float) ** 2), rel=1e-5)


def test_a_method_without_two_refits_is_named():
    class Rare(MadeUp):
        def outputs(self):
            found = super().outputs()
            return found | {"sgd": found["sgd"][:1]}

    info, _ = parts.info(Rare(EIGHT[:3]))
    assert "sgd" not in [row.method for row in info.rows]
    assert "Too few refits of sgd" in parts.how_to_read(info)
    assert "Too few" not in parts.how_to_read(BRIER)
    assert parts.info(MadeUp(EIGHT[:2], Size(seeds=1))) == ()


def test_the_loss_of_a_step_without_targets_is_not_parted():
    assert parts.info(MadeUp(EIGHT[:2], Size(metric="loss", higher=False, proper="loss"))) == ()
