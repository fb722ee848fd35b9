"""How much tuning a method needs: its score against its learning rate, one panel for each method."""

import math
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from ..numbers import in_words, number, short, unit
from .axes import axis, decades, grid, scaled
from .canvas import caption, clipped, heading, line, plain, sheet
from .colors import WORDS, Look, looks
from .scales import Floats, Scale, scale
from .settings import Settings, settings
from .source import Source

title = "How much tuning each method needs"

COLUMNS = 4
"""How many panels stand side by side where there is room."""

PANEL = 210
"""The height of one row of panels, in pixels."""

TOP = 58
"""The room above them."""

EDGE = 0.1
"""How far beyond all scores a setting that diverged stands, as a share of the axis."""


class Panel(NamedTuple):
    """One method: where it was tried along one searched field.

    Attributes:
        method: The method.
        field: The searched field, lr where that is searched.
        scale: "log", "near_one" (1 minus the value on a logarithmic axis) or "linear".
        low: The low end of the range.
        high: The high end.
        x: The value of the field at each setting.
        found: The settings and their scores.
        near: How many settings are near the best one.
    """

    method: str
    field: str
    scale: str
    low: float
    high: float
    x: Floats
    found: Settings
    near: int


class Tuning(NamedTuple):
    """All panels, and what is measured on them."""

    metric: str
    higher_is_better: bool
    panels: tuple[Panel, ...]


def info(source: Source) -> Tuning:
    """Gathers score against learning rate, or against the first searched number where lr is not searched.

    Args:
        source: The study.

    Returns:
        One panel for each method that searched a number.
    """
    table = source.table()
    search = table[table["stage"] == "search"]
    panels = []
    for method, found in settings(source).items():
        runs = search[search["method"] == method]
        for name, _, kind, low, high in sorted(source.searched.get(method, ()), key=lambda field: field[0] != "lr"):
            if isinstance(low, (int, float)) and isinstance(high, (int, float)):
                x = runs.groupby("setting")[name].first().loc[found.number].to_numpy(dtype=np.float64)
                near = near_best(found, source.higher_is_better)
                panels.append(Panel(method, name, kind, float(low), float(high), x, found, near))
                break
    return Tuning(in_words(source.metric_name), source.higher_is_better, tuple(panels))


NEAR = 1.5
"""How many times the best one's error a setting near it may have."""


def near_best(found: Settings, higher_is_better: bool) -> int:
    """Counts the settings that come near the best one: with at most one and a half times its error.

    The error is what a score lacks to 1 where higher is better, and the score itself where lower is.

    Args:
        found: The settings of one method.
        higher_is_better: The direction of the score.

    Returns:
        How many settings are near the best; the best itself counts.
    """
    error = 1 - found.mean if higher_is_better else found.mean
    error = error[~found.diverged & np.isfinite(error)]
    return int((error <= error.min() + (NEAR - 1) * abs(error.min())).sum()) if len(error) else 0


def how_to_read(info: Tuning) -> str:
    """Says how to read the picture."""
    best = "high" if info.higher_is_better else "low"
    return (
        f"One panel a method, one mark a setting tried: a {best}, wide row of marks forgives a wrong lr, a narrow one "
        "has to be tuned; filled marks were trained to the end, open ones stopped by halving, the ringed one was "
        "chosen, a × at the edge diverged, and near the best means at most one and a half times its error."
    )


def draw(info: Tuning) -> go.Figure:
    """Draws one panel for each method, all with the same vertical axis.

    Args:
        info: The panels.

    Returns:
        The figure; its `meta` says that a page may set the panels in fewer columns.
    """
    rows = math.ceil(max(len(info.panels), 1) / COLUMNS)
    figure = sheet(TOP + PANEL * rows, meta={"panels": len(info.panels)})
    seen = [values[~panel.found.diverged] for panel in info.panels for values in panel.found[2:5]]
    places = scale(np.concatenate(seen) if seen else [], info.metric, info.higher_is_better)
    low, high = _ends([places.place(values) for values in seen])
    bad = low - EDGE * (high - low) if info.higher_is_better else high + EDGE * (high - low)
    reach = [low, high, *([bad] if any(panel.found.diverged.any() for panel in info.panels) else [])]
    vertical = scaled(places, min(reach), max(reach))
    look = looks(panel.method for panel in info.panels)
    for position, panel in enumerate(info.panels, 1):
        ends = "" if position == 1 else str(position)
        figure.add_traces(_marks(panel, look[panel.method], places, bad, ends))
        figure.update_layout(_axes(panel, ends, vertical))
        figure.add_annotation(_name(panel, ends))
    figure.update_layout(grid(len(info.panels), COLUMNS))
    return figure.update_layout(showlegend=False, title=heading(plain(places.title)), margin={"t": TOP})


def _ends(heights: list[Floats]) -> tuple[float, float]:
    known = np.concatenate([values[np.isfinite(values)] for values in heights]) if heights else np.array([])
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)


def _marks(panel: Panel, look: Look, places: Scale, bad: float, ends: str) -> list[go.Scatter]:
    """The range over folds as a thin line, the settings as marks, and a ring round the chosen one."""
    found = panel.found
    x = _along(panel, panel.x)
    y = np.where(found.diverged, bad, places.place(found.mean))
    shapes = np.where(found.diverged, "x-thin-open", np.where(found.finished, look.symbol, f"{look.symbol}-open"))
    said = [
        [short(value), "diverged" if lost else _score(score, places.share)]
        for value, score, lost in zip(panel.x, found.mean, found.diverged, strict=True)
    ]
    here = {"xaxis": f"x{ends}", "yaxis": f"y{ends}", "cliponaxis": False}
    asked = f"{plain(panel.field)} %{{customdata[0]}}<br>%{{customdata[1]}}<extra></extra>"
    spans_x, spans_y = _spans(x, places.place(found.low), places.place(found.high), ~found.diverged)
    thin = {"color": f"{look.color.light}66", "width": 3}
    ring = {"symbol": "circle-open", "size": 18, "color": WORDS.light, "line": {"width": 1.5}}
    marker = {"color": look.color.light, "symbol": shapes, "size": 9, "line": {"width": 1.5, "color": look.color.light}}
    chosen = found.chosen
    return [
        line(look, panel.method, spans_x, spans_y, line=thin, hoverinfo="skip", **here),
        line(look, panel.method, x[chosen], y[chosen], mode="markers", marker=ring, hoverinfo="skip", **here),
        line(look, panel.method, x, y, mode="markers", marker=marker, customdata=said, hovertemplate=asked, **here),
    ]


def _score(value: float, share: bool) -> str:
    return number(value, 2 if share else 4, share=share) + unit(share)


def _along(panel: Panel, values: Any) -> Floats:
    """Places values of the field: by 1 minus the value where they are near 1."""
    values = np.asarray(values, dtype=np.float64)
    return 1 - values if panel.scale == "near_one" else values


def _spans(x: Floats, low: Floats, high: Floats, drawn: np.ndarray) -> tuple[list[Any], list[Any]]:
    """Upright lines as one broken line; a gap is None."""
    rows = [(a, b, c) for a, b, c, d in zip(x, low, high, drawn, strict=True) if d]
    return [v for a, _, _ in rows for v in (a, a, None)], [v for _, b, c in rows for v in (b, c, None)]


def _axes(panel: Panel, ends: str, vertical: dict[str, Any]) -> dict[str, Any]:
    low, high = sorted(_along(panel, [panel.low, panel.high]))
    name = plain(f"1 − {panel.field}" if panel.scale == "near_one" else panel.field)
    if panel.scale == "linear" or low <= 0:
        room = 0.06 * (high - low)
        across = axis(range=[low - room, high + room], nticks=5)
    else:
        room = 0.06 * math.log10(high / low)
        reach = [math.log10(low) - room, math.log10(high) + room]
        across = decades(*(reach[::-1] if panel.scale == "near_one" else reach))
    across |= {"anchor": f"y{ends}", "title": {"text": name, "standoff": 2, "font": {"size": 13}}}
    up = axis(showgrid=True, anchor=f"x{ends}", **vertical, **({"matches": "y"} if ends else {}))
    return {f"xaxis{ends}": across, f"yaxis{ends}": up}


def _name(panel: Panel, ends: str) -> dict[str, Any]:
    words = f"<b>{clipped(panel.method, 12)}</b>  {panel.near} of {len(panel.found.number)} near its best"
    return caption(words, xref=f"x{ends} domain", yref=f"y{ends} domain", yshift=3)
