"""The empty sheet that every picture starts from: quiet axes, words in plain ink, no box around anything.

All colors are written as `#rrggbb`, or with two more digits for opacity, and the light form of each stands here or in
`colors`; a page that is dark puts the dark form in its place.
"""

import html
import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from numpy.typing import ArrayLike

from ..numbers import MINUS
from .colors import INK, PAPER, Color, Look
from .scales import Scale

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
CLEAR = "rgba(0,0,0,0)"

WORDS = Color(INK["light"], INK["dark"])
FAINT_WORDS = Color("#5b5f66", "#a5a9ae")
GRID = Color("#e4e4e0", "#2c3137")
AXIS = Color("#9a9da3", "#6a6f76")
SHEET = Color(PAPER["light"], PAPER["dark"])

QUIET = (WORDS, FAINT_WORDS, GRID, AXIS, SHEET)
"""The colors that belong to no method."""


PANEL_GAP = 0.035
"""The room between two panels side by side, as a share of the sheet."""


def plain(text: str) -> str:
    """Writes text so that plotly, which reads a little HTML, shows it as it is.

    Args:
        text: Any text, also what a user typed.

    Returns:
        The text with its special characters as entities.

    >>> plain("<b>R&D</b>")
    '&lt;b&gt;R&amp;D&lt;/b&gt;'
    """
    return html.escape(text, quote=False)


def clipped(text: str, most: int = 16) -> str:
    """Writes a name where there is little room.

    Args:
        text: Any text, also what a user typed.
        most: How many characters there may be.

    Returns:
        The text, or its beginning and an ellipsis, safe for plotly.

    >>> clipped("Adam(lr=log(0.0001, 0.1))")
    'Adam(lr=log(0.0…'
    """
    return plain(text if len(text) <= most else f"{text[: most - 1]}…")


def sheet(height: int = 380, **layout: Any) -> go.Figure:
    """Makes an empty figure.

    Args:
        height: Its height in pixels; the width follows the page.
        layout: Whatever else plotly's layout should say.

    Returns:
        The figure.
    """
    figure = go.Figure()
    figure.update_layout(
        template="none",
        height=height,
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        font={"family": FONT, "size": 13, "color": FAINT_WORDS.light},
        margin={"l": 56, "r": 22, "t": 40, "b": 46},
        hovermode="closest",
        hoverlabel={"bgcolor": SHEET.light, "bordercolor": AXIS.light, "font": {"color": WORDS.light, "size": 13}},
        showlegend=True,
        modebar={"bgcolor": CLEAR, "color": AXIS.light, "activecolor": WORDS.light},
        **layout,
    )
    figure.update_xaxes(**axis())
    figure.update_yaxes(**axis(showgrid=True))
    return figure


def axis(**more: Any) -> dict[str, Any]:
    """Describes a quiet axis.

    Args:
        more: What this axis has beside that.

    Returns:
        Words of plotly.
    """
    return {
        "showgrid": False,
        "gridcolor": GRID.light,
        "zeroline": False,
        "linecolor": AXIS.light,
        "ticks": "outside",
        "tickcolor": AXIS.light,
        "ticklen": 4,
        "tickangle": 0,
        "title": {"standoff": 8, "font": {"size": 13}},
        "automargin": True,
    } | more


def decades(low: float, high: float, **more: Any) -> dict[str, Any]:
    """Describes a quiet axis whose scale is logarithmic, labeled 0.01, 0.1, 1.

    Args:
        low: The low end, as a power of ten.
        high: The high end.
        more: What this axis has beside that.

    Returns:
        Words of plotly.
    """
    powers = range(math.ceil(low), math.floor(high) + 1)
    words = [f"{10.0**power:g}" if -4 <= power <= 4 else f"1e{power}".replace("-", MINUS) for power in powers]
    return axis(type="log", range=[low, high], tickvals=[10.0**power for power in powers], ticktext=words) | more


def heading(text: str) -> dict[str, Any]:
    """Describes the words in the upper left corner of a picture, where a reader starts: what its main axis shows.

    Args:
        text: The words; what a user typed must have gone through `plain`.

    Returns:
        A title of plotly.
    """
    corner = {"x": 0, "y": 1, "xref": "container", "yref": "container", "xanchor": "left", "yanchor": "top"}
    return {"text": text, "font": {"size": 13, "color": FAINT_WORDS.light}, "pad": {"t": 4, "l": 2}} | corner


def caption(text: str, xref: str = "paper", yref: str = "paper", **more: Any) -> dict[str, Any]:
    """Describes words above the upper left corner of a panel.

    Args:
        text: The words; what a user typed must have gone through `plain`.
        xref: The horizontal reference, in words of plotly.
        yref: The vertical one.
        more: What these words have beside that.

    Returns:
        An annotation of plotly.
    """
    return {
        "text": text,
        "xref": xref,
        "yref": yref,
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "bottom",
        "yshift": 6,
        "showarrow": False,
        "align": "left",
        "font": {"size": 13, "color": FAINT_WORDS.light},
    } | more


def line(look: Look, name: str, x: ArrayLike, y: ArrayLike, **more: Any) -> go.Scatter:
    """Draws a method's line.

    Args:
        look: How the method is drawn.
        name: The method.
        x: Where the points stand.
        y: Their heights.
        more: What this line has beside that.

    Returns:
        A trace that says which method it belongs to.
    """
    drawn = {
        "mode": "lines",
        "line": {"color": look.color.light, "dash": look.dash, "width": 2},
        "marker": {"color": look.color.light, "symbol": look.symbol, "size": 8},
    }
    return go.Scatter(x=x, y=y, name=plain(name), legendgroup=plain(name), meta={"method": name}, **(drawn | more))


def band(look: Look, name: str, x: Sequence[float], low: Sequence[float], high: Sequence[float]) -> go.Scatter:
    """Draws a method's band.

    Args:
        look: How the method is drawn.
        name: The method.
        x: Where its edges are known.
        low: Its lower edge.
        high: Its upper edge.

    Returns:
        A trace without a line, not asked by the pointer.
    """
    return go.Scatter(
        x=[*x, *reversed(x)],
        y=[*high, *reversed(low)],
        fill="toself",
        fillcolor=f"{look.color.light}33",
        opacity=0.35,
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        legendgroup=plain(name),
        name=plain(name),
        meta={"method": name, "band": True},
    )


def scaled(scale: Scale, low: float, high: float) -> dict[str, Any]:
    """Describes an axis that shows scores on a scale.

    Args:
        scale: The scale.
        low: The lowest position shown.
        high: The highest.

    Returns:
        Words of plotly: the range with a little room, and the ticks.
    """
    room = 0.05 * (high - low) or 0.05 * abs(high) or 0.1
    words: dict[str, Any] = {"range": [low - room, high + room]}
    ticks = scale.ticks(low - room, high + room)
    if ticks is not None:
        return words | {"tickmode": "array", "tickvals": ticks[0], "ticktext": ticks[1]}
    return words | {"tickformat": ".0%" if scale.share else ""}


def grid(panels: int, columns: int) -> dict[str, Any]:
    """Divides the sheet among panels, row by row from the upper left.

    Args:
        panels: How many panels there are.
        columns: How many stand side by side.

    Returns:
        The domains of all axes, in words of plotly's layout.

    >>> grid(2, 2)["xaxis2"]["domain"]
    [0.5175, 1.0]
    """
    rows = math.ceil(max(panels, 1) / columns)
    gap_x, gap_y = PANEL_GAP * (columns > 1), 0.36 / rows
    width, height = (1 - gap_x * (columns - 1)) / columns, (1 - gap_y * (rows - 1)) / rows
    layout: dict[str, Any] = {}
    for position in range(panels):
        row, column = divmod(position, columns)
        left, top = column * (width + gap_x), 1 - row * (height + gap_y)
        suffix = "" if position == 0 else str(position + 1)
        layout[f"xaxis{suffix}"] = {"domain": [round(left, 4), round(left + width, 4)]}
        layout[f"yaxis{suffix}"] = {"domain": [round(max(top - height, 0), 4), round(top, 4)]}
        layout[f"yaxis{suffix}"] |= {"showticklabels": column == 0}
    return layout
