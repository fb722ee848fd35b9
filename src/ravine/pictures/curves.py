"""Learning curves: how the tuned setting of each method went through training, with lr beneath."""

from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from ..numbers import in_words, is_share, number, short, unit
from .axes import axis, decades, scaled
from .canvas import band, caption, heading, line, plain, sheet
from .colors import Look, looks
from .scales import Floats, Scale, scale
from .settings import chosen_settings
from .source import Frame, Source

title = "How they learned"

LR_DECADES = 1.2
"""How far lr is drawn below the smallest of the largest; under cosine it ends near zero."""


class Curve(NamedTuple):
    """One method's curve over the epochs that every fold reached.

    Attributes:
        method: The method.
        epoch: 1, 2, ...
        evaluations: Gradient evaluations so far, mean over folds.
        mean: The measure, mean over folds.
        low: The lowest over folds.
        high: The highest over folds.
        lr: lr at the end of each epoch.
        changes: Which epochs lr turns or jumps in, as positions in the arrays.
    """

    method: str
    epoch: Floats
    evaluations: Floats
    mean: Floats
    low: Floats
    high: Floats
    lr: Floats
    changes: np.ndarray


class Curves(NamedTuple):
    """The curves of all methods by one measure.

    Attributes:
        measure: What is drawn, in words.
        higher_is_better: Its direction.
        folds: How many folds stand behind a band.
        curves: One curve for each method.
    """

    measure: str
    higher_is_better: bool
    folds: int
    curves: tuple[Curve, ...]


def measures(source: Source) -> dict[str, tuple[str, bool]]:
    """Lists what learning curves can show.

    Args:
        source: The study.

    Returns:
        Column of the study's curves -> its name and whether higher is better.
    """
    return {
        "score": (in_words(source.metric_name), source.higher_is_better),
        "proper": (in_words(source.proper_name), False),
        "train_loss": ("training loss", False),
    }


def info(source: Source, column: str = "score") -> Curves:
    """Gathers the learning curves of each method's chosen setting over the folds of the search.

    Args:
        source: The study.
        column: "score" or "proper", both on each fold's validation part, or "train_loss".

    Returns:
        Means and extremes over the folds.
    """
    measure, higher = measures(source)[column]
    rows = source.curves()
    rows = rows[(rows["stage"] == "search") & (rows["fold"] >= 0)]
    curves = []
    for method, setting in chosen_settings(source).items():
        mine = rows[(rows["method"] == method) & (rows["setting"] == setting)].dropna(subset=[column])
        if len(mine):
            curves.append(_curve(method, mine, column))
    return Curves(measure, higher, int(rows["fold"].nunique()), tuple(curves))


def _curve(method: str, rows: Frame, column: str) -> Curve:
    by = rows.groupby("epoch")
    everywhere = by["fold"].nunique() == rows["fold"].nunique()
    values = by[column].agg(["mean", "min", "max"])[everywhere]
    beside = by[["evaluations", "lr"]].mean()[everywhere]
    lr = beside["lr"].to_numpy(dtype=np.float64)
    columns = (values.index, beside["evaluations"], values["mean"], values["min"], values["max"])
    epoch, evaluations, mean, low, high = (column.to_numpy(dtype=np.float64) for column in columns)
    return Curve(method, epoch, evaluations, mean, low, high, lr, turns(lr))


def turns(lr: Floats) -> np.ndarray:
    """Finds where lr leaves a level or turns round; a steady fall, such as cosine's, has no such place.

    Args:
        lr: lr at the end of each epoch.

    Returns:
        Positions of the epochs whose lr moves otherwise than the epoch before.

    >>> turns(np.array([1.0, 1.0, 0.1, 0.1, 0.01])).tolist()
    [2, 4]
    >>> turns(np.array([1.0, 0.9, 0.7, 0.3])).tolist()
    []
    """
    way = np.sign(np.diff(lr))
    turned = (way[1:] != way[:-1]) & (way[1:] != 0)
    return np.flatnonzero(turned) + 2


def how_to_read(info: Curves) -> str:
    """Says how to read the picture."""
    best = "higher" if info.higher_is_better else "lower"
    bands = f"; bands reach from the worst to the best of {info.folds} folds" if info.folds > 1 else ""
    return (
        f"Each line is one method at its tuned setting, {best} is better{bands}; small upright marks show where lr "
        "turns or jumps, and beneath is lr itself."
    )


def draw(info: Curves, by: str = "epoch") -> go.Figure:
    """Draws the learning curves.

    Args:
        info: The curves.
        by: "epoch" or "evaluations".

    Returns:
        The figure: the measure above, lr beneath, on one horizontal axis.
    """
    edges = [edge for curve in info.curves for edge in (curve.low, curve.high)]
    ends = np.concatenate(edges) if edges else np.array([0.0, 1.0])
    places = scale(ends, info.measure, info.higher_is_better)
    figure = sheet(520)
    look = looks(curve.method for curve in info.curves)
    for curve in info.curves:
        x = curve.epoch if by == "epoch" else curve.evaluations
        if info.folds > 1:
            figure.add_trace(band(look[curve.method], curve.method, list(x), *_edges(curve, places)))
        figure.add_traces(_lines(curve, x, look[curve.method], places, is_share(info.measure)))
    low, high = np.nanmin(places.place(ends)), np.nanmax(places.place(ends))
    figure.update_layout(**_layout(info, by, scaled(places, float(low), float(high)), places.title))
    return figure


def _edges(curve: Curve, places: Scale) -> tuple[list[float], list[float]]:
    return list(places.place(curve.low)), list(places.place(curve.high))


def _lines(curve: Curve, x: Floats, look: Look, places: Scale, share: bool) -> list[go.Scatter]:
    """The curve itself, marks where lr turns, and lr beneath."""
    digits = 2 if share else 4
    rows = zip(curve.epoch, curve.mean, curve.lr, strict=True)
    words = [[f"{epoch:.0f}", number(mean, digits, share=share) + unit(share), short(lr)] for epoch, mean, lr in rows]
    y = places.place(curve.mean)
    asked = "<b>%{fullData.name}</b><br>epoch %{customdata[0]}: %{customdata[1]}<br>lr %{customdata[2]}<extra></extra>"
    ticks = {"symbol": "line-ns-open", "size": 14, "color": look.color.light, "line": {"width": 2}}
    beneath = {"mode": "lines", "showlegend": False, "yaxis": "y2", "hoverinfo": "skip"}
    at = curve.changes
    marks = {"mode": "markers", "marker": ticks, "showlegend": False, "hoverinfo": "skip"}
    return [
        line(look, curve.method, x, y, customdata=words, hovertemplate=asked),
        *([line(look, curve.method, x[at], y[at], **marks)] if len(at) else []),
        line(look, curve.method, x, np.where(curve.lr > 0, curve.lr, np.nan), **beneath),
    ]


def _layout(info: Curves, by: str, vertical: dict[str, Any], words: str) -> dict[str, Any]:
    largest = [float(np.log10(curve.lr.max())) for curve in info.curves if (curve.lr > 0).any()] or [0.0]
    beneath = decades(min(largest) - LR_DECADES, max(largest) + 0.1, domain=[0, 0.2], anchor="x")
    return {
        "title": heading(plain(words)),
        "yaxis": axis(showgrid=True, domain=[0.32, 1], **vertical),
        "yaxis2": beneath,
        "xaxis": axis(anchor="y2") | {"title_text": "epoch" if by == "epoch" else "gradient evaluations"},
        "annotations": [caption("lr", yref="y2 domain")],
    }
