"""The schedules: lr of each method's tuned setting over the whole of training."""

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from ..numbers import short
from .axes import axis, decades
from .canvas import heading, line, sheet
from .colors import looks
from .scales import Floats
from .source import Source

title = "The schedules"

DECADES = 1.5
"""How far lr is drawn below the smallest of the largest."""


class Rates(NamedTuple):
    """lr by method, at even steps from the beginning of training to its end."""

    lr: dict[str, Floats]


def info(source: Source) -> Rates:
    """Gathers the schedules.

    Args:
        source: The study.

    Returns:
        lr of each method over training.
    """
    return Rates({str(name): np.asarray(lr, dtype=np.float64) for name, lr in source.schedules().items() if len(lr)})


def how_to_read(info: Rates) -> str:
    """Says how to read the picture."""
    biggest = max((float(lr.max()) for lr in info.lr.values()), default=float("nan"))
    return (
        f"The lr of each tuned setting from the first step to the last, at most {short(biggest)}; the axis is "
        "logarithmic, so lines of the same shape differ by a factor alone."
    )


def draw(info: Rates) -> go.Figure:
    """Draws lr over training.

    Args:
        info: The schedules.

    Returns:
        The figure.
    """
    figure = sheet(320)
    look = looks(info.lr)
    for method, lr in info.lr.items():
        x = 100 * np.arange(len(lr)) / max(len(lr), 1)
        asked = "<b>%{fullData.name}</b><br>after %{x:.0f} % of training: lr %{y:.3g}<extra></extra>"
        figure.add_trace(line(look[method], method, x, np.where(lr > 0, lr, np.nan), hovertemplate=asked))
    largest = [float(np.log10(lr.max())) for lr in info.lr.values() if (lr > 0).any()] or [0.0]
    return figure.update_layout(
        title=heading("lr"),
        xaxis=axis(ticksuffix=" %", range=[0, 100.5]) | {"title_text": "share of training"},
        yaxis=decades(min(largest) - DECADES, max(largest) + 0.1, showgrid=True),
    )  # fmt: skip
