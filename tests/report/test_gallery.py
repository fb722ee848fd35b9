import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.pictures.canvas import clipped, plain
from ravine.report.gallery import dark, data, harmless, plates

from .cases import EIGHT, HOSTILE, YOURS, Size
from .study import MadeUp

ANYTHING = st.text(max_size=40)


@given(ANYTHING)
def test_no_text_in_the_data_means_anything_to_html(text):
    written = harmless(json.dumps({text: text}, ensure_ascii=False))
    assert not set(written) & set("<>&\u2028\u2029")
    assert json.loads(written) == {text: text}


@given(ANYTHING)
def test_plotly_is_given_no_markup(text):
    for written in (plain(text), clipped(text)):
        assert "<" not in written
        assert ">" not in written
    assert len(clipped("x" * len(text))) <= 16


def test_all_figures_come_through_as_they_were_drawn():
    drawn = plates(MadeUp((*EIGHT, YOURS, HOSTILE)))
    read = json.loads("".join(data(drawn)))
    assert list(read) == ["pairs", "curves", "tuning", "effort", "gap", "parts", "members", "reliability", "rates"]
    for key, plate in drawn.items():
        assert read[key] == {choice: json.loads(words) for choice, words in plate.figures.items()}
        sizes = [len(labels) for _, labels in plate.choices]
        counts = 1
        for size in sizes:
            counts *= size
        assert len(plate.figures) == counts


def test_every_picture_says_how_to_read_it_in_one_sentence():
    for key, plate in plates(MadeUp()).items():
        assert plate.how_to_read.endswith(".")
        if key in {"reliability", "parts", "members"}:  # which also say what is read there, and what is not
            continue
        assert plate.how_to_read[:-1].replace("1.5", "").count(". ") == 0


def test_every_color_of_a_figure_is_known_on_dark_paper():
    for plate in plates(MadeUp((*EIGHT, YOURS, HOSTILE))).values():
        for words in plate.figures.values():
            assert set(re.findall(r"#[0-9a-f]{6}", words)) <= set(dark())


@pytest.mark.parametrize(
    ("study", "keys"),
    [
        (MadeUp(EIGHT, Size(finished=False)), ["curves", "tuning", "effort", "rates"]),
        (MadeUp((YOURS,), Size(folds=1, seeds=1)), ["curves", "gap", "reliability", "rates"]),
        (MadeUp(EIGHT[:1], Size(settings=1, folds=1, seeds=1)), ["curves", "tuning", "gap", "reliability", "rates"]),
        (MadeUp((YOURS,), Size(folds=1, seeds=1, metric="r2", proper="squared_error")), ["curves", "gap", "rates"]),
    ],
)
def test_what_has_nothing_to_show_is_left_out(study, keys):
    assert list(plates(study)) == keys


def test_calibration_is_told_for_every_method():
    study = MadeUp(EIGHT[:2])
    said = plates(study)["reliability"].how_to_read
    for name, (confidence, right) in study.confidences().items():
        # Fifteen bins of equal width; a confidence on an edge belongs to the bin below it.
        bins = np.ceil(confidence * 15).astype(int)
        error = sum(abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins))
        assert f"{error:.3f} for {name}" in said


def test_a_point_of_calibration_stands_for_some_answers():
    figure = json.loads(plates(MadeUp(EIGHT[:2]))["reliability"].figures[""])
    counts = [int(said[2]) for trace in figure["data"] for said in trace.get("customdata", [])]
    assert min(counts) >= 15
    assert sum(counts) == 2 * 360
