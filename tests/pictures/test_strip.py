import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest

from ravine.pictures import strip

from ..report.cases import EIGHT, HOSTILE, Size
from ..report.study import MadeUp

STUDY = MadeUp((*EIGHT, HOSTILE))
INFO = strip.info(STUDY)


def drawn(info: strip.Strip, row: int, width: int = 180) -> ET.Element:
    return ET.fromstring(strip.draw(info, row, width))


def test_numbers_are_those_of_the_summary():
    summary = STUDY.summary()
    for name, values in {"score": INFO.score, "score_low": INFO.low, "default_score": INFO.default}.items():
        np.testing.assert_array_equal(values, summary[name])
    table = STUDY.table()
    for method, seeds in zip(INFO.methods, INFO.seeds, strict=True):
        tuned = table[(table.method == method) & (table.stage == "tuned")]
        np.testing.assert_array_equal(seeds, tuned.score)


def test_one_method_that_knows_nothing_does_not_squeeze_the_others():
    row = INFO.methods.index(HOSTILE.name)
    assert INFO.high[row] - INFO.low[row] > 5 * (INFO.window[1] - INFO.window[0])
    others = [place for place, name in enumerate(INFO.methods) if name != HOSTILE.name]
    assert INFO.window[0] <= np.median(INFO.low[others])
    assert INFO.window[1] >= np.median(INFO.high[others])


def test_a_better_score_stands_further_right():
    order = np.argsort(INFO.score)
    places = [strip.place(INFO, float(INFO.score[row]), 180) for row in order]
    assert all(one <= other for one, other in pairwise(places))
    assert all(0 <= place <= 180 for place in places)


@pytest.mark.parametrize("width", [180, 110])
def test_dot_and_bar_stand_where_the_numbers_say(width):
    row = INFO.methods.index("adam")
    low, high = INFO.window
    picture = drawn(INFO, row, width)
    dot = next(mark for mark in picture if mark.get("class") == "dot")
    bar = next(mark for mark in picture if mark.get("class") == "bar")
    assert float(dot.get("cx", "")) == pytest.approx(width * (INFO.score[row] - low) / (high - low), abs=0.06)
    assert float(bar.get("x1", "")) == pytest.approx(width * (INFO.low[row] - low) / (high - low), abs=0.06)
    assert sum(mark.get("class") == "seed" for mark in picture) == 5


def test_defaults_beyond_the_strip_become_an_arrow_at_its_edge():
    row = INFO.methods.index("sgd")
    assert INFO.default[row] < INFO.window[0]
    arrow = next(mark for mark in drawn(INFO, row) if mark.get("class") == "default")
    assert arrow.get("d", "").startswith("M0 ")


def test_a_strip_says_in_words_what_it_shows():
    row = INFO.methods.index("adam")
    label = drawn(INFO, row).get("aria-label", "")
    assert label.startswith(f"{100 * INFO.score[row]:.1f} %, interval from {100 * INFO.low[row]:.1f} % to ")
    assert label.endswith(f"{100 * INFO.default[row]:.1f} % at textbook defaults")


def test_nothing_known_is_nothing_drawn():
    info = strip.info(MadeUp(EIGHT, Size(finished=False)))
    assert strip.draw(info, 0) == ""
    assert info.window == (0.0, 1.0)


def test_scores_that_are_all_the_same_stand_in_the_middle():
    assert strip.place(INFO._replace(window=(0.5, 0.5)), 0.5, 100) == 50
