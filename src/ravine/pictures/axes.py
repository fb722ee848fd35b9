"""Axes that step back behind what is drawn: thin, gray, labeled with round numbers."""

import math
from typing import Any

from ..numbers import MINUS
from .colors import AXIS, GRID
from .scales import Scale

PANEL_GAP = 0.035
"""The room between two panels side by side, as a share of the sheet."""


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
