"""The generalization gap: how much better a method does on what it was trained on."""

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from ..numbers import in_words, number, unit
from .axes import axis, scaled
from .canvas import clipped, heading, line, plain, sheet
from .colors import SHEET, Look, looks
from .scales import Floats, Scale, scale
from .source import Source

title = "Training beside test"

ROW = 34
"""The height of one method, in pixels."""


class Row(NamedTuple):
    """One method's refits at its tuned setting.

    Attributes:
        method: The method.
        train: Score on all training data, in evaluation mode, one for each seed.
        test: Score on the test set, one for each seed.
        gap: Mean test error minus mean training error; positive where training data come off better.
    """

    method: str
    train: Floats
    test: Floats
    gap: float


class Gap(NamedTuple):
    """The rows of all methods, the best on top, and what is measured."""

    measure: str
    higher_is_better: bool
    rows: tuple[Row, ...]


def info(source: Source, column: str = "score") -> Gap:
    """Gathers training and test scores of the refits.

    Args:
        source: The study.
        column: "score" for the metric, "proper" for the proper score.

    Returns:
        One row for each method that has a refit.
    """
    higher = source.higher_is_better and column == "score"
    table = source.table()
    tuned = table[table["stage"] == "tuned"]
    rows = []
    for method in source.summary()["method"]:
        mine = tuned[tuned["method"] == method].dropna(subset=[column, f"train_{column}"])
        test, train = (mine[name].to_numpy(dtype=np.float64) for name in (column, f"train_{column}"))
        if len(mine):
            rows.append(Row(method, train, test, float((train - test).mean()) * (1 if higher else -1)))
    measure = source.metric_name if column == "score" else source.proper_name
    return Gap(in_words(measure), higher, tuple(rows))


def how_to_read(info: Gap) -> str:
    """Says how to read the picture."""
    return (
        f"From the open mark, {info.measure} on the training data, to the filled one, on the test set: the longer the "
        "line, the more a method learned by heart; small dots are single seeds."
    )


def draw(info: Gap) -> go.Figure:
    """Draws one line for each method, from training to test.

    Args:
        info: The rows.

    Returns:
        The figure.
    """
    figure = sheet(90 + ROW * len(info.rows))
    ends = [array for row in info.rows for array in (row.train, row.test)]
    values = np.concatenate(ends) if ends else np.array([0.0, 1.0])
    places = scale(values, info.measure, info.higher_is_better)
    look = looks(row.method for row in info.rows)
    for height, row in enumerate(info.rows):
        figure.add_traces(_row(row, height, look[row.method], places))
    heights = places.place(values)
    figure.update_layout(
        showlegend=False,
        xaxis=axis(showgrid=True, **scaled(places, float(heights.min()), float(heights.max()))),
        yaxis=axis(
            range=[len(info.rows) - 0.4, -0.6],
            tickvals=list(range(len(info.rows))),
            ticktext=[clipped(row.method) for row in info.rows],
            ticks="",
        ),
        title=heading(plain(places.title)),
    )
    return figure


def _row(row: Row, height: int, look: Look, places: Scale) -> list[go.Scatter]:
    share = places.share
    ends = [row.train.mean(), row.test.mean()]
    said = [number(float(end), 2 if share else 4, share=share) + unit(share) for end in ends]
    marker = {
        "symbol": look.symbol,
        "size": 11,
        "color": [SHEET.light, look.color.light],
        "line": {"color": look.color.light, "width": 2},
    }
    asked = "<b>%{fullData.name}</b><br>%{customdata}<extra></extra>"
    said = [f"training {said[0]}", f"test {said[1]}"]
    dots = {"symbol": "circle", "size": 5, "color": f"{look.color.light}77"}
    single = np.r_[row.train, row.test]
    return [
        line(look, row.method, places.place(single), np.full(len(single), height), mode="markers", marker=dots,
             hoverinfo="skip"),
        line(look, row.method, places.place(ends), [height, height], mode="lines+markers", marker=marker,
             line={"color": look.color.light, "width": 2}, customdata=said, hovertemplate=asked),
    ]  # fmt: skip
