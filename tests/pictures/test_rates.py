import numpy as np

from ravine.pictures import rates

from ..report.cases import EIGHT
from ..report.study import MadeUp


class Still(MadeUp):
    """A study whose schedules end at exactly zero, one of which is empty because the method has no lr."""

    def schedules(self):
        return {"sgd": np.array([0.1, 0.05, 0.0]), "newton": np.array([])}


def test_the_schedules_are_drawn_as_they_are():
    study = MadeUp(EIGHT)
    info = rates.info(study)
    assert set(info.lr) == {truth.name for truth in EIGHT}
    for trace in rates.draw(info).data:
        np.testing.assert_allclose(trace.y, study.schedules()[trace.meta["method"]])
        assert trace.x[0] == 0
        assert trace.x[-1] < 100


def test_zero_is_a_gap_on_a_logarithmic_axis():
    (trace,) = rates.draw(rates.info(Still(EIGHT[:1]))).data
    assert trace.y[:2].tolist() == [0.1, 0.05]
    assert np.isnan(trace.y[2])


def test_the_sentence_names_the_largest_lr():
    assert "at most 0.1;" in rates.how_to_read(rates.info(Still(EIGHT[:1])))
