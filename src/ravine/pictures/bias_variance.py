"""The trade-off: bias, variance and noise against the size of a network, the strength of a penalty, or any number."""

from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from ..diagnose.trade_off import TradeOff
from ..numbers import in_words, short
from .axes import axis
from .canvas import heading, line, plain, sheet
from .colors import AXIS, COLORS, Look
from .legend import legend
from .scales import Floats

title = "What the error is made of"

APART = 0.0035
"""How far the bars of two lines stand apart, as a share of the axis."""

LOOKS = {
    "error": Look(COLORS["ink"], "solid", "circle"),
    "bias": Look(COLORS["blue"], "solid", "square"),
    "variance_effect": Look(COLORS["orange"], "solid", "diamond"),
    "noise_effect": Look(COLORS["gray"], "dot", "triangle-up"),
}


class Line(NamedTuple):
    """One term at every value.

    Attributes:
        term: "error", "bias", "variance_effect" or "noise_effect".
        name: The term in words.
        value: The term.
        error: Its standard error.
    """

    term: str
    name: str
    value: Floats
    error: Floats


class Terms(NamedTuple):
    """The terms of the error against one field.

    Attributes:
        measure: The error, in words.
        field: What varies.
        values: Its values, as they are written.
        places: Where they stand on the horizontal axis.
        logarithmic: Whether that axis is.
        lines: The error first, then what it is made of.
        best: The place of the smallest error, among the values.
        members: How many members stand behind each value.
    """

    measure: str
    field: str
    values: tuple[str, ...]
    places: Floats
    logarithmic: bool
    lines: tuple[Line, ...]
    best: int
    members: int


def info(found: TradeOff) -> Terms:
    """Gathers the terms.

    Args:
        found: The trade-off.

    Returns:
        The terms that there are: noise only where it is known.
    """
    first = found.parts[0].parts
    counted = first.loss == "error"  # variance then lowers the error where most members are wrong
    names = {
        "error": "error",
        "bias": "bias" if first.noise_known else "bias with noise",
        "variance_effect": "variance, net" if counted else "variance",
    }
    if first.noise_known:
        names["noise_effect"] = "noise, net" if counted else "noise"
    lines = []
    for term, name in names.items():
        terms = found.terms(term)
        lines.append(Line(term, name, np.array([t.value for t in terms]), np.array([t.standard_error for t in terms])))
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in found.values)
    even = numbers and (found.logarithmic or not _crowded(found.values))
    places = np.array(found.values, dtype=float) if even else np.arange(len(found.values), dtype=float)
    written = tuple(short(value) if isinstance(value, float) else str(value) for value in found.values)
    logarithmic = even and found.logarithmic
    return Terms(
        in_words(first.loss), found.field, written, places, logarithmic, tuple(lines), found.best, first.members
    )


def _crowded(values: tuple[Any, ...]) -> bool:
    """Tells values that a plain axis would heap up at one end, as 0, 0.0001, 0.01 and 1."""
    steps = np.diff(np.sort(np.array(values, dtype=float)))
    return len(steps) > 1 and float(steps.max()) > 8 * float(steps.min())


def how_to_read(info: Terms) -> str:
    """Says how to read the picture."""
    parts = [one.name for one in info.lines[1:]]
    joined = f"{', '.join(parts[:-1])} and {parts[-1]}"
    net = ' "Net" is what a term does to the error: scatter helps where most members are wrong.'
    return (
        f"The error of {info.members} members (thick, a ring at its smallest) is the sum of {joined}, but for chance: "
        "bias is what the members miss together, variance what they scatter. Bars reach one standard error; along a "
        f"line they move together, since all values meet on the same examples.{net if 'net' in joined else ''}"
    )


def draw(info: Terms) -> go.Figure:
    """Draws one line for each term.

    Args:
        info: The terms.

    Returns:
        The figure.
    """
    figure = sheet(380)
    figure.add_trace(_ring(info))
    for place, one in reversed(list(enumerate(info.lines))):
        figure.add_trace(_line(one, info, APART * (place - (len(info.lines) - 1) / 2)))
    ends = np.concatenate([one.value + sign * one.error for one in info.lines for sign in (-1, 1)])
    low, high = min(0.0, float(np.nanmin(ends))), float(np.nanmax(ends))
    room = 0.06 * (high - low)
    figure.update_layout(
        title=heading(plain(f"{info.measure}, lower is better")),
        legend=legend(traceorder="reversed"),
        xaxis=_horizontal(info),
        yaxis=axis(
            showgrid=True, range=[low - room * (low < 0), high + room], zeroline=low < 0, zerolinecolor=AXIS.light
        ),
    )
    return figure


def _line(one: Line, info: Terms, aside: float) -> go.Scatter:
    look, thick = LOOKS[one.term], 3 if one.term == "error" else 2
    said = [f"{short(value)} ± {short(error)}" for value, error in zip(one.value, one.error, strict=True)]
    asked = f"<b>%{{fullData.name}}</b><br>{plain(info.field)} %{{text}}: %{{customdata}}<extra></extra>"
    bars = {"type": "data", "array": one.error, "thickness": 1.5, "width": 0, "color": f"{look.color.light}99"}
    style = {"color": look.color.light, "dash": look.dash, "width": thick}
    return line(
        look, one.name, _aside(info, aside), one.value, mode="lines+markers", line=style, error_y=bars,
        text=info.values, customdata=said, hovertemplate=asked,
    )  # fmt: skip


def _ring(info: Terms) -> go.Scatter:
    look, least = LOOKS["error"], info.lines[0]
    marker = {"symbol": "circle-open", "size": 18, "color": look.color.light, "line": {"width": 2}}
    at = [info.best]
    places = _aside(info, -APART * (len(info.lines) - 1) / 2)
    return line(look, "smallest error", places[at], least.value[at], mode="markers", marker=marker,
                showlegend=False, hoverinfo="skip")  # fmt: skip


def _aside(info: Terms, share: float) -> Floats:
    """Moves points a little aside, by a share of the axis, so that bars of several lines do not hide one another."""
    places = np.log10(info.places) if info.logarithmic else info.places
    moved = places + share * (places.max() - places.min())
    return 10**moved if info.logarithmic else moved


def _horizontal(info: Terms) -> dict[str, Any]:
    ticks = {"tickmode": "array", "tickvals": info.places, "ticktext": [plain(value) for value in info.values]}
    if info.logarithmic:
        low, high = np.log10(info.places.min()), np.log10(info.places.max())
        room = 0.04 * (high - low)
        return axis(type="log", range=[low - room, high + room], **ticks) | {"title_text": plain(info.field)}
    low, high = float(info.places.min()), float(info.places.max())
    room = 0.04 * (high - low)
    return axis(range=[low - room, high + room], **ticks) | {"title_text": plain(info.field)}
