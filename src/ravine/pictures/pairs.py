"""Every method beside the leader: the difference in test score, with intervals that hold for all pairs at once."""

import math
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from ..numbers import MISSING, decimals, in_words, is_share, number, span
from .axes import axis
from .canvas import clipped, heading, line, plain, sheet
from .colors import AXIS, SHEET, Look, looks
from .source import Source

title = "Is the difference real?"

ROW = 34
"""The height of one method, in pixels."""

WORDS = {"better": "better", "worse": "worse", "equal": "equal for your purpose", "undecided": "undecided"}
"""Conclusions, as they are written."""

MIRRORED = {"better": "worse", "worse": "better"}


class Pair(NamedTuple):
    """What is known of a method beside another.

    Attributes:
        method: The method.
        other: The other.
        effect: The method's expected score minus the other's.
        low: The low end of its simultaneous interval.
        high: The high end.
        p_expected: The probability that the method's expected score is the better one.
        p_next: The probability that its next run is the better one.
        conclusion: "better", "worse", "equal" or "undecided", said of the method.
        settle: What would settle it, where it is undecided.
    """

    method: str
    other: str
    effect: float
    low: float
    high: float
    p_expected: float
    p_next: float
    conclusion: str
    settle: str

    def mirrored(self) -> "Pair":
        """Gives the same pair, said of the other method."""
        return Pair(
            self.other,
            self.method,
            -self.effect,
            -self.high,
            -self.low,
            1 - self.p_expected,
            1 - self.p_next,
            MIRRORED.get(self.conclusion, self.conclusion),
            self.settle,
        )


class Pairs(NamedTuple):
    """All pairs by one measure.

    Attributes:
        measure: What is measured.
        higher_is_better: Its direction.
        matters: The smallest difference that matters; 0 where none was named.
        methods: The methods, the best first.
        pairs: By method and other, both ways round.
    """

    measure: str
    higher_is_better: bool
    matters: float
    methods: tuple[str, ...]
    pairs: dict[tuple[str, str], Pair]


def info(source: Source, proper: bool = False) -> Pairs:
    """Gathers the verdict on every pair.

    Args:
        source: The study.
        proper: Whether by the proper score instead of the metric.

    Returns:
        The pairs, both ways round; none before the refits are done.
    """
    verdict = source.proper_verdict if proper else source.verdict
    known: dict[tuple[str, str], Pair] = {}
    for given in () if verdict is None else verdict.pairs:
        pair = Pair(*(getattr(given, name) for name in ("first", "second", *Pair._fields[2:])))
        known |= {(pair.method, pair.other): pair, (pair.other, pair.method): pair.mirrored()}
    named = {method for pair in known for method in pair}
    methods = tuple(method for method in source.summary()["method"] if method in named)
    higher = source.higher_is_better and not proper
    measure = source.proper_name if proper else source.metric_name
    matters = 0.0 if verdict is None else float(verdict.matters or 0.0)
    return Pairs(in_words(measure), higher, matters, methods, known)


def digits(info: Pairs) -> int:
    """Finds how many decimals the effects deserve: one more than scores, so that an end near 0 shows its side."""
    factor = 100 if is_share(info.measure) else 1
    return 1 + decimals(factor * (pair.high - pair.low) / 2 for pair in info.pairs.values())


def effect(info: Pairs, pair: Pair) -> tuple[str, str]:
    """Writes an effect and its interval.

    Args:
        info: All pairs.
        pair: One of them.

    Returns:
        The effect with its sign, and the interval; shares in percentage points.
    """
    share, places = is_share(info.measure), digits(info)
    return number(pair.effect, places, share=share, signed=True), span(pair.low, pair.high, places, share=share)


def how_to_read(info: Pairs) -> str:
    """Says how to read the picture."""
    matters = "; inside the gray zone a difference does not matter to you" if info.matters else ""
    leader = info.methods[0] if info.methods else "the leader"
    return (
        f"Each bar is the difference to {leader}, right is better; where it reaches across the upright line the data "
        f"cannot tell the two apart, and the bars hold for all pairs at once{matters}."
    )


def beside_leader(info: Pairs) -> list[Pair]:
    """Lists every other method beside the best one, in order."""
    return [info.pairs[method, info.methods[0]] for method in info.methods[1:]]


def draw(info: Pairs) -> go.Figure:
    """Draws every other method's difference to the leader.

    Args:
        info: The pairs.

    Returns:
        The figure; right is better whatever the direction of the measure.
    """
    rows = beside_leader(info)
    figure = sheet(104 + ROW * len(rows), shapes=_zones(info))
    factor = (100 if is_share(info.measure) else 1) * (1 if info.higher_is_better else -1)
    reach = window([factor * end for pair in rows for end in (pair.low, pair.high)])
    look = looks(info.methods)
    for height, pair in enumerate(rows):
        figure.add_traces(_row(info, pair, height, look[pair.method], factor, reach))
    return figure.update_layout(**_layout(info, rows, reach))


def _row(info: Pairs, pair: Pair, height: int, look: Look, factor: float, reach: list[float]) -> list[go.Scatter]:
    """The bar, the effect upon it, and an arrow where the bar goes on beyond the picture."""
    ends = sorted((factor * pair.low, factor * pair.high))
    color = look.color.light
    words = f"{' ('.join(effect(info, pair))})<br>{WORDS.get(pair.conclusion, pair.conclusion)}"
    bar = {"line": {"color": f"{color}88", "width": 5}, "hoverinfo": "skip"}
    beyond = [(reach[0], "triangle-left")] * (ends[0] < reach[0]) + [(reach[1], "triangle-right")] * (
        ends[1] > reach[1]
    )
    arrows = {"color": color, "symbol": [symbol for _, symbol in beyond], "size": 10}
    asked = {"customdata": [words], "hovertemplate": "<b>%{fullData.name}</b><br>%{customdata}<extra></extra>"}
    dot = {"color": color, "symbol": look.symbol, "size": 12, "line": {"color": SHEET.light, "width": 1}}
    traces = [
        line(look, pair.method, ends, [height, height], **bar),
        line(look, pair.method, [factor * pair.effect], [height], mode="markers", marker=dot, **asked),
    ]
    if beyond:
        places = [place for place, _ in beyond]
        style = {"mode": "markers", "marker": arrows, "hoverinfo": "skip", "cliponaxis": False}
        traces.append(line(look, pair.method, places, [height] * len(beyond), **style))
    return traces


def _layout(info: Pairs, rows: list[Pair], reach: list[float]) -> dict[str, Any]:
    leader = clipped(info.methods[0]) if info.methods else MISSING
    names = [clipped(pair.method) for pair in rows]
    heights = list(range(len(rows)))
    return {
        "showlegend": False,
        "xaxis": axis(showgrid=True, range=reach)
        | {"title_text": "percentage points" if is_share(info.measure) else ""},
        "yaxis": axis(range=[len(rows) - 0.4, -0.6], tickvals=heights, ticktext=names, ticks=""),
        "title": heading(f"{plain(info.measure)} beside <b>{leader}</b>: right is better"),
    }


def window(ends: list[float]) -> list[float]:
    """Chooses the axis by the typical bar, so that one that knows nothing does not squeeze all others.

    Args:
        ends: The ends of all bars, two by two.

    Returns:
        The ends of the axis; 0 is between them.

    >>> window([-1.0, 0.5, -2.0, 1.0, -500.0, 700.0])
    [-4.2, 4.2]
    """
    known = [end for end in ends if math.isfinite(end)]
    if not known:
        return [-1.0, 1.0]
    reach = 2 * float(np.nanmedian(np.max(np.abs(np.reshape(ends, (-1, 2))), axis=1)))
    low, high = max(min(known), -reach), min(max(known), reach)
    room = 0.025 * (high - low) or 1.0
    return [min(low, 0.0) - room, max(high, 0.0) + room]


def _zones(info: Pairs) -> list[dict[str, Any]]:
    """The upright line at no difference, and the zone of differences that do not matter."""
    half = info.matters * (100 if is_share(info.measure) else 1)
    upright = {"type": "line", "x0": 0, "x1": 0, "y0": 0, "y1": 1, "yref": "paper", "line": {"color": AXIS.light}}
    zone = {"type": "rect", "x0": -half, "x1": half, "y0": 0, "y1": 1, "yref": "paper", "line": {"width": 0}}
    zone |= {"fillcolor": f"{AXIS.light}33", "layer": "below"}
    return [zone, upright] if half else [upright]
