"""Scores as a reader compares them: one thin strip a method, all strips on one scale, drawn inside a table."""

import math
from typing import NamedTuple

import numpy as np

from ..numbers import decimals, in_words, is_share, number, unit
from .scales import Floats
from .source import Source

HEIGHT = 26
"""The height of a strip, in pixels."""


class Strip(NamedTuple):
    """Scores of all methods on one scale.

    Attributes:
        measure: What is measured.
        digits: How many decimals the scores deserve.
        methods: The methods, the best first.
        score: The test score of the tuned setting.
        low: The low end of its interval.
        high: The high end.
        default: The test score at textbook defaults; NaN where it is not known.
        seeds: The test score of every refit, one array for each method.
        window: Which scores the strips show; what lies beyond is marked at their edge.
    """

    measure: str
    digits: int
    methods: tuple[str, ...]
    score: Floats
    low: Floats
    high: Floats
    default: Floats
    seeds: tuple[Floats, ...]
    window: tuple[float, float]


def info(source: Source, proper: bool = False) -> Strip:
    """Gathers the test scores with their intervals.

    Args:
        source: The study.
        proper: Whether by the proper score, which has no column for textbook defaults, instead of the metric.

    Returns:
        The scores of all methods.
    """
    summary, table = source.summary(), source.table()
    prefix = "proper" if proper else "score"
    score, low, high = (
        summary[name].to_numpy(dtype=np.float64) for name in (prefix, f"{prefix}_low", f"{prefix}_high")
    )
    default = np.full(len(summary), np.nan) if proper else summary["default_score"].to_numpy(dtype=np.float64)
    tuned = table[table["stage"] == "tuned"]
    methods = tuple(summary["method"])
    seeds = tuple(tuned[tuned["method"] == method][prefix].to_numpy(dtype=np.float64) for method in methods)
    measure = source.proper_name if proper else source.metric_name
    # A loss has no natural step such as a tenth of a percent, so it keeps a digit more where it is in doubt.
    half = (high - low) / 2
    places = max(1, decimals(100 * half)) if is_share(measure) else decimals(half, two_below=3.55)
    return Strip(in_words(measure), places, methods, score, low, high, default, seeds, window(score, low, high))


def window(score: Floats, low: Floats, high: Floats) -> tuple[float, float]:
    """Chooses which scores the strips show: the typical interval decides, not the widest.

    Args:
        score: The scores.
        low: The low ends of their intervals.
        high: The high ends.

    Returns:
        The smallest and the largest score shown; 0 and 1 where nothing is known.

    >>> window(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, -90.0]), np.array([2.0, 3.0, 99.0]))
    (-1.0, 5.0)
    """
    known = np.isfinite(score) & np.isfinite(low) & np.isfinite(high)
    if not known.any():
        return 0.0, 1.0
    score, low, high = score[known], low[known], high[known]
    center = float(np.median(score))
    reach = 1.5 * float(np.median(np.maximum(high - center, center - low))) or 1.0
    return max(float(low.min()), center - reach), min(float(high.max()), center + reach)


def draw(info: Strip, row: int, width: int = 180) -> str:
    """Draws one method's strip.

    Args:
        info: All scores.
        row: Which method.
        width: The width of the strip, in pixels.

    Returns:
        An SVG without any text that a user chose; its colors are the page's.
    """
    score = float(info.score[row])
    if math.isnan(score):
        return ""
    middle = HEIGHT / 2
    low, high = (place(info, float(end[row]), width) for end in (info.low, info.high))
    seeds = [place(info, seed, width) for seed in _inside(info, row)]
    parts = [
        f'<line class="rail" x1="0" x2="{width}" y1="{middle}" y2="{middle}"/>',
        f'<line class="bar" x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}"/>',
        *(f'<circle class="seed" cx="{seed:.1f}" cy="{middle}" r="2.2"/>' for seed in seeds),
        *_default(info, row, width),
        f'<circle class="dot" cx="{place(info, score, width):.1f}" cy="{middle}" r="5"/>',
    ]
    return (
        f'<svg class="strip" viewBox="-6 0 {width + 12} {HEIGHT}" role="img" aria-label="{said(info, row)}">'
        f"{''.join(parts)}</svg>"
    )


def place(info: Strip, score: float, width: int) -> float:
    """Places a score on its strip.

    Args:
        info: All scores.
        score: The score.
        width: The width of the strip.

    Returns:
        The position, from 0 to the width; scores outside the window stand at its edge.
    """
    low, high = info.window
    share = (score - low) / (high - low) if high > low else 0.5
    return width * min(max(share, 0.0), 1.0)


def _inside(info: Strip, row: int) -> Floats:
    seeds = info.seeds[row]
    return seeds[(seeds >= info.window[0]) & (seeds <= info.window[1])]


def _default(info: Strip, row: int, width: int) -> list[str]:
    """An open circle, or an arrow at the edge where the score lies beyond."""
    score, middle = float(info.default[row]), HEIGHT / 2
    if math.isnan(score):
        return []
    low, high = info.window
    if low <= score <= high:
        return [f'<circle class="default" cx="{place(info, score, width):.1f}" cy="{middle}" r="4"/>']
    edge, tip = (0, -5) if score < low else (width, width + 5)
    return [f'<path class="default" d="M{edge} {middle - 4} L{tip} {middle} L{edge} {middle + 4} Z"/>']


def said(info: Strip, row: int) -> str:
    """Says what the strip shows.

    Args:
        info: All scores.
        row: Which method.

    Returns:
        The score and its interval, and the score at textbook defaults, as one phrase.
    """
    share = is_share(info.measure)
    score, low, high, default = (
        number(float(values[row]), info.digits, share=share) + unit(share)
        for values in (info.score, info.low, info.high, info.default)
    )
    beside = "" if math.isnan(info.default[row]) else f"; {default} at textbook defaults"
    return f"{score}, interval from {low} to {high}{beside}"


def ends(info: Strip) -> tuple[str, str]:
    """Writes which scores the strips reach from and to.

    Args:
        info: All scores.

    Returns:
        The two ends of the window.
    """
    low, high = (number(end, info.digits, share=is_share(info.measure)) for end in info.window)
    return low, high
