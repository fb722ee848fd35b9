from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.pictures import effort

from ..report.cases import EIGHT, HOSTILE, YOURS, Size
from ..report.study import MadeUp

SCORES = st.lists(st.floats(-100, 100), min_size=1, max_size=7)


@given(SCORES, st.booleans())
def test_the_expected_best_is_the_mean_over_all_subsets(values, higher):
    best = max if higher else min
    expected = [np.mean([best(some) for some in combinations(values, k)]) for k in range(1, len(values) + 1)]
    assert effort.expected_best(np.array(values), higher) == pytest.approx(expected, abs=1e-9)


@given(SCORES, st.booleans())
def test_trying_more_never_hurts(values, higher):
    gains = np.diff(effort.expected_best(np.array(values), higher)) * (1 if higher else -1)
    assert (gains >= -1e-9).all()


@pytest.mark.parametrize("higher", [True, False])
def test_each_line_begins_at_the_mean_and_ends_at_the_best_setting(higher):
    study = MadeUp((*EIGHT, YOURS, HOSTILE), Size(metric="accuracy" if higher else "error", higher=higher))
    table = study.table()
    lines = effort.info(study).best
    for truth in (*EIGHT, YOURS, HOSTILE):
        runs = table[(table.method == truth.name) & (table.stage == "search")]
        means = runs.groupby("setting").score.mean()
        lost = runs[runs.outcome == "diverged"].setting.unique()
        sound = means.drop(lost)
        means[lost] = sound.min() if higher else sound.max()
        assert lines[truth.name][0] == pytest.approx(means.mean())
        assert lines[truth.name][-1] == pytest.approx(sound.max() if higher else sound.min())


def test_a_method_whose_every_setting_diverged_has_no_line():
    hopeless = HOSTILE._replace(limit=0.0)
    assert effort.info(MadeUp((hopeless,), Size(finished=False))).best == {}


def test_the_drawing_has_one_point_for_each_setting():
    figure = effort.draw(effort.info(MadeUp(EIGHT)))
    assert [trace.x.tolist() for trace in figure.data] == [list(range(1, 9))] * 8
