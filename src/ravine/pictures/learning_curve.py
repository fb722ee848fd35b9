"""The learning curve: the error on examples learned from and on others, against the size of the training set."""

import math
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from ..diagnose.learning_curve import LearningCurve
from ..numbers import in_words, is_share, number, unit
from .axes import axis, scaled
from .canvas import heading, line, plain, sheet
from .colors import AXIS, COLORS, SHEET, Look
from .legend import legend
from .scales import Floats, Scale, scale

title = "More data"

LEARNED = Look(COLORS["sky"], "dash", "circle")
OTHERS = Look(COLORS["blue"], "solid", "circle")

APART = 0.004
"""How far the bars of the two lines stand from where they belong, as a share of the axis."""


class Side(NamedTuple):
    """One side of the gap at every size.

    Attributes:
        name: On which examples.
        mean: The score, mean over seeds.
        low: The low end of its interval.
        high: The high end.
    """

    name: str
    mean: Floats
    low: Floats
    high: Floats


class Sizes(NamedTuple):
    """The two sides against the size of the training set.

    Attributes:
        measure: What is drawn, in words.
        higher_is_better: Its direction.
        sizes: How many examples were learned from.
        learned: On the examples learned from.
        others: On others.
        chance: What guessing scores; NaN where it is not known, or for the metric.
        floor: What the best possible predictor scores; NaN where it is not known, or for the metric.
        seeds: How many runs stand behind each point.
        verdict: Under- or over-fitting.
    """

    measure: str
    higher_is_better: bool
    sizes: np.ndarray
    learned: Side
    others: Side
    chance: float
    floor: float
    seeds: int
    verdict: str


def info(found: LearningCurve, column: str = "proper") -> Sizes:
    """Gathers both sides of the curve.

    Args:
        found: The curve.
        column: "proper" for the proper score, by which fitting is judged, or "score" for the metric.

    Returns:
        Means and intervals.
    """
    proper = column == "proper"
    measure = found.proper_name if proper else found.metric
    known = proper and found.floor is not None
    return Sizes(
        in_words(measure), found.higher_is_better and not proper, np.array(found.sizes),
        _side(found, f"train_{column}", "on examples learned from"), _side(found, column, "on other examples"),
        found.chance if proper else math.nan, float(found.floor or 0.0) if known else math.nan, found.seeds,
        found.fitting.name,
    )  # fmt: skip


def _side(found: LearningCurve, column: str, name: str) -> Side:
    points = [found.at(column, place) for place in range(len(found.sizes))]
    mean, low, high = (np.array([getattr(point, end) for point in points]) for end in ("value", "low", "high"))
    return Side(name, mean, low, high)


def how_to_read(info: Sizes) -> str:
    """Says how to read the picture."""
    level = "" if math.isnan(info.chance) else "; the dotted line is guessing"
    level += "" if math.isnan(info.floor) else ", the dashed one the best possible"
    return (
        "Lines far apart mean learning by heart, lines that meet far from the best possible a network too simple or "
        f"trained too briefly; where the solid line still falls at the right, more data would help{level}. Bars are "
        f"95 % intervals over {info.seeds} splits. The verdict here: {info.verdict}."
    ).replace("falls", "rises" if info.higher_is_better else "falls")


def draw(info: Sizes) -> go.Figure:
    """Draws both lines with their bars.

    Args:
        info: The curve.

    Returns:
        The figure.
    """
    levels = [level for level in (info.chance, info.floor) if math.isfinite(level)]
    means = np.r_[info.learned.mean, info.others.mean, levels]
    places = scale(means, info.measure, info.higher_is_better)
    places = places._replace(floor=places.floor / 10)  # for the low ends of bars
    figure = sheet(400)
    x = np.log2(info.sizes)
    for side, look, aside in ((info.learned, LEARNED, -APART), (info.others, OTHERS, APART)):
        figure.add_trace(_line(side, look, x + aside * (x[-1] - x[0]), places, info))
    heights = _shown(info, places.place(means), places)
    figure.update_layout(
        title=heading(plain(places.title)),
        legend=legend(),
        xaxis=axis(tickmode="array", tickvals=x, ticktext=[str(size) for size in info.sizes], range=_range(x))
        | {"title_text": "size of the training set"},
        yaxis=axis(showgrid=True, **scaled(places, float(np.nanmin(heights)), float(np.nanmax(heights)))),
        shapes=[_level(float(places.place(level)), dash) for level, dash in _levels(info)],
        annotations=[_word(float(places.place(level)), dash, x) for level, dash in _levels(info)],
    )
    return figure


def _range(x: Floats) -> list[float]:
    room = 0.05 * float(x[-1] - x[0])
    return [float(x[0]) - room, float(x[-1]) + room]


def _shown(info: Sizes, means: Floats, places: Scale) -> Floats:
    """Gives the heights to be seen: of all points, and of their bars as far as these leave the points apart."""
    ends = np.concatenate([places.place(end) for side in (info.learned, info.others) for end in (side.low, side.high)])
    low, high = float(np.nanmin(means)), float(np.nanmax(means))
    return np.r_[means, np.clip(ends, low - (high - low), high + (high - low))]


def _line(side: Side, look: Look, x: Floats, places: Scale, info: Sizes) -> go.Scatter:
    share = is_share(info.measure)
    said = [
        [str(size), number(mean, 2 if share else 4, share=share) + unit(share)]
        for size, mean in zip(info.sizes, side.mean, strict=True)
    ]
    fill = SHEET.light if look is LEARNED else look.color.light
    marker = {"symbol": "circle", "size": 9, "color": fill, "line": {"color": look.color.light, "width": 2}}
    y = places.place(side.mean)
    above, below = places.place(side.high) - y, y - places.place(side.low)
    bars = {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "thickness": 1.5, "width": 0}
    return line(
        look, side.name, x, y, mode="lines+markers", marker=marker, error_y=bars | {"color": f"{look.color.light}99"},
        customdata=said,
        hovertemplate="<b>%{fullData.name}</b><br>%{customdata[0]} examples: %{customdata[1]}<extra></extra>",
    )  # fmt: skip


def _levels(info: Sizes) -> list[tuple[float, str]]:
    return [(level, dash) for level, dash in ((info.chance, "dot"), (info.floor, "dash")) if math.isfinite(level)]


def _level(y: float, dash: str) -> dict[str, Any]:
    return {
        "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y,
        "line": {"color": AXIS.light, "dash": dash, "width": 1.5},
    }  # fmt: skip


def _word(y: float, dash: str, x: Floats) -> dict[str, Any]:
    left = float(x[0] + 0.02 * (x[-1] - x[0]))
    return {
        "text": "guessing" if dash == "dot" else "best possible", "x": left, "y": y, "showarrow": False,
        "xanchor": "left", "yanchor": "bottom", "font": {"size": 12},
    }  # fmt: skip
