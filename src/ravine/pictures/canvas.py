"""The empty sheet that every picture starts from: quiet axes, words in plain ink, no box around anything.

All colors are written as `#rrggbb`, or with two more digits for opacity, and the light form of each stands in
`colors`; a page that is dark puts the dark form in its place.
"""

import html
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from numpy.typing import ArrayLike

from .axes import axis
from .colors import AXIS, FAINT_WORDS, SHEET, WORDS, Look

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
CLEAR = "rgba(0,0,0,0)"


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
