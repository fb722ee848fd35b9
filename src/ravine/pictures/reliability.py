"""The reliability diagram: how often answers are right, against how sure the network is of them."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from ..diagnose.calibration import Reliability
from ..numbers import number
from .axes import axis, grid
from .canvas import caption, clipped, heading, line, plain, sheet
from .colors import AXIS, COLORS, Look, looks
from .legend import legend
from .scales import Floats

title = "Confidence beside accuracy"

ONE = Look(COLORS["blue"], "solid", "circle")
"""How a network is drawn that stands alone."""
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "pentagon", "star")

TOGETHER = 3
"""How many networks share one panel at most; more have one each."""
COLUMNS, PANEL, TOP = 4, 210, 58


class Bins(NamedTuple):
    """The bins of one network.

    Attributes:
        name: The network, or the recipe that trained it.
        confidence: The mean confidence in each bin.
        accuracy: The share of right answers.
        low: The low end of its interval.
        high: The high end.
        answers: How many there are.
        middle: The middle of each bin, between its edges.
        width: Its width.
        error: The expected calibration error.
        chance_high: What a calibrated network would show at most, in 95 % of cases.
        overconfidence: Mean confidence minus accuracy.
    """

    name: str
    confidence: Floats
    accuracy: Floats
    low: Floats
    high: Floats
    answers: np.ndarray
    middle: Floats
    width: Floats
    error: float
    chance_high: float
    overconfidence: float

    @property
    def seen(self) -> bool:
        """Whether the error is larger than chance would show."""
        return self.error > self.chance_high


def info(found: Reliability | Mapping[str, Reliability]) -> tuple[Bins, ...]:
    """Gathers the bins.

    Args:
        found: One network's reliability, or several by name.

    Returns:
        The bins of each.
    """
    several = found if isinstance(found, Mapping) else {"": found}
    return tuple(
        Bins(
            name, one.confidence, one.accuracy, one.accuracy_low, one.accuracy_high, one.count,
            (one.low + one.high) / 2, one.high - one.low, one.error, one.chance_high,
            one.overconfidence,
        )
        for name, one in several.items()
    )  # fmt: skip


def how_to_read(info: tuple[Bins, ...]) -> str:
    """Says how to read the picture."""
    errors = ", ".join(number(one.error, 3) + (f" for {one.name}" if one.name else "") for one in info)
    if len(info) > TOGETHER:
        named = ", ".join(one.name for one in info if one.seen)
        counts = "the larger a point, the more answers it stands for"
        said = f"error (ECE) {errors}; {f'more than chance would show for {named}' if named else 'all could be chance'}"
    else:
        counts = "beneath is how many answers each point stands for"
        said = f"error {errors}; up to {number(max(one.chance_high for one in info), 3)} would be chance"
    return (
        "Answers given with 80 % confidence should be right 80 % of the time: points below the dashed line are too "
        f"sure of themselves, points above it not sure enough; bars are 95 % intervals, and {counts}. Expected "
        f"calibration {said}."
    )


def draw(info: tuple[Bins, ...]) -> go.Figure:
    """Draws accuracy against confidence: of a few networks on one panel, of more on one each.

    Args:
        info: The bins of each network.

    Returns:
        The figure; where there are many panels, its `meta` says that a page may set them in fewer columns.
    """
    return _together(info) if len(info) <= TOGETHER else _apart(info)


def _together(info: tuple[Bins, ...]) -> go.Figure:
    figure = sheet(480)
    figure.add_trace(_diagonal())
    look = {info[0].name: ONE} if len(info) == 1 else looks(one.name for one in info)
    for place, one in enumerate(info):
        figure.add_trace(_points(one, look[one.name]._replace(symbol=SYMBOLS[place % len(SYMBOLS)])))
        figure.add_trace(_counts(one, look[one.name], place, len(info)))
    start = _start(info)
    figure.update_layout(
        title=heading("share of right answers"),
        showlegend=len(info) > 1,
        legend=legend(),
        barmode="overlay",
        xaxis=axis(anchor="y2", range=[start - 0.02, 1.02], tickformat=".0%") | {"title_text": "confidence"},
        yaxis=axis(showgrid=True, range=[start - 0.02, 1.02], domain=[0.34, 1], tickformat=".0%"),
        yaxis2=axis(showgrid=True, domain=[0, 0.2], anchor="x", rangemode="tozero", nticks=4),
        annotations=[caption("answers", yref="y2 domain")],
    )
    return figure


def _apart(info: tuple[Bins, ...]) -> go.Figure:
    figure = sheet(TOP + PANEL * math.ceil(len(info) / COLUMNS), meta={"panels": len(info)})
    look, start = looks(one.name for one in info), _start(info)
    room = 0.04 * (1 - start)  # a large point is cut by no edge
    reach: dict[str, Any] = {"range": [start - room, 1 + room], "nticks": 5, "tickformat": ".0%"}
    for position, one in enumerate(info, 1):
        ends = "" if position == 1 else str(position)
        here: dict[str, Any] = {"xaxis": f"x{ends}", "yaxis": f"y{ends}"}
        large = 6 + 10 * np.sqrt(one.answers / one.answers.sum())
        figure.add_trace(_diagonal(**here, meta={"method": one.name}))
        figure.add_trace(_points(one, look[one.name], size=large).update(cliponaxis=False, **here))
        across = axis(anchor=f"y{ends}", **reach)
        across["title"] |= {"text": "confidence", "standoff": 2}
        up = axis(anchor=f"x{ends}", showgrid=True, **reach, **({"matches": "y"} if ends else {}))
        figure.update_layout({f"xaxis{ends}": across, f"yaxis{ends}": up})
        doubt = f", too {'' if one.overconfidence > 0 else 'un'}sure" if one.seen else ""
        words = f"<b>{clipped(one.name, 12)}</b>  ECE {number(one.error, 3)}{doubt}"
        figure.add_annotation(caption(words, xref=f"x{ends} domain", yref=f"y{ends} domain", yshift=3))
    figure.update_layout(grid(len(info), COLUMNS))
    return figure.update_layout(showlegend=False, title=heading("share of right answers"), margin={"t": TOP})


def _start(info: tuple[Bins, ...]) -> float:
    """The low end of both axes, a round tenth below all that is drawn."""
    lowest = min(float(min(one.low.min(), one.confidence.min())) for one in info)
    return math.floor(10 * max(lowest - 0.01, 0.0)) / 10


def _diagonal(**more: Any) -> go.Scatter:
    style = {"color": AXIS.light, "dash": "dash", "width": 1.5}
    return go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line=style, hoverinfo="skip", showlegend=False, **more)


def _points(one: Bins, look: Look, size: Any = 9) -> go.Scatter:
    said = [
        [number(c, 1, share=True), number(a, 1, share=True), str(n)]
        for c, a, n in zip(one.confidence, one.accuracy, one.answers, strict=True)
    ]
    asked = "<b>%{fullData.name}</b><br>confidence %{customdata[0]} %: right %{customdata[1]} %, of %{customdata[2]}"
    bars = {
        "type": "data", "symmetric": False, "array": one.high - one.accuracy, "arrayminus": one.accuracy - one.low,
        "thickness": 1.5, "width": 0, "color": f"{look.color.light}99",
    }  # fmt: skip
    marker = {"color": look.color.light, "symbol": look.symbol, "size": size, "opacity": 1, "line": {"width": 0}}
    return line(
        look, one.name, one.confidence, one.accuracy, mode="lines+markers", marker=marker, error_y=bars,
        line={"color": f"{look.color.light}77", "dash": look.dash, "width": 1.5}, customdata=said,
        hovertemplate=f"{asked}<extra></extra>",
    )  # fmt: skip


def _counts(one: Bins, look: Look, place: int, of: int) -> go.Bar:
    """Bars as wide as their bins; those of several networks share the width."""
    width = 0.9 * one.width / of
    left = one.middle - 0.45 * one.width + width * place
    return go.Bar(
        x=left + width / 2, y=one.answers, width=width, yaxis="y2", showlegend=False, name=plain(one.name),
        marker={"color": look.color.light, "line": {"width": 0}}, legendgroup=plain(one.name),
        hovertemplate="%{y} answers<extra></extra>", meta={"method": one.name},
    )  # fmt: skip
