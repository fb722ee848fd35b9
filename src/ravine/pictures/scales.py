"""Axes on which near-perfect scores can still be told apart.

Between 98 % and 99 % of accuracy half of all errors vanish, and on a plain axis from 0 to 100 % nobody sees it. So a
score whose best value is 1 is placed by what it lacks to 1, on a logarithmic axis, and labeled with the score itself.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..numbers import MINUS, in_words, is_share

Floats = NDArray[np.float64]

STEPS = (1.0, 2.0, 5.0)
MOST_TICKS = 9


class Scale(NamedTuple):
    """Where a score stands on its axis: plainly, by its logarithm, or by the logarithm of what it lacks to 1.

    Attributes:
        kind: "linear", "log" or "shortfall".
        floor: The smallest size that the logarithm is taken of; a perfect score stands there.
        share: Whether ticks are labeled in percent.
        title: What is measured, and which way is better.
        perfect: Whether some score is perfect, so that the axis has a tick for it.
    """

    kind: str
    floor: float
    share: bool
    title: str
    perfect: bool = False

    def place(self, scores: ArrayLike) -> Floats:
        """Places scores on the axis.

        Args:
            scores: The scores; NaN stays NaN.

        Returns:
            Their positions, growing upward.
        """
        values = np.asarray(scores, dtype=np.float64)
        if self.kind == "linear":
            return values
        if self.kind == "log":
            return np.log10(np.maximum(values, self.floor))
        return -np.log10(np.maximum(1 - values, self.floor))

    def ticks(self, low: float, high: float) -> tuple[list[float], list[str]] | None:
        """Chooses round scores for the axis.

        Args:
            low: The lowest position that is shown.
            high: The highest.

        Returns:
            Positions and labels; None on a plain axis, which finds its own.

        >>> Scale("shortfall", 1e-3, True, "").ticks(1.0, 2.1)[1]
        ['99 %', '98 %', '95 %', '90 %']
        """
        if self.kind == "linear":
            return None
        top, bottom = (high, low) if self.kind == "log" else (-low, -high)
        sizes = _round_sizes(bottom, top)
        if abs(math.log10(self.floor) - bottom) < 0.2 and self.perfect:
            sizes = [0.0, *sizes]
        scores = sizes if self.kind == "log" else [1 - size for size in sizes]
        return [float(self.place(score)) for score in scores], [self._label(score) for score in scores]

    def _label(self, score: float) -> str:
        text = f"{100 * score:.4g} %" if self.share else f"{score:.4g}"
        return text.replace("-", MINUS)


def _round_sizes(bottom: float, top: float) -> list[float]:
    """Lists 1, 2, 5 times powers of ten between two powers of ten; fewer where they would crowd."""
    decades = range(math.floor(bottom), math.ceil(top) + 1)
    for steps in (STEPS, STEPS[:1]):
        sizes = [step * 10.0**decade for decade in decades for step in steps]
        inside = [size for size in sizes if bottom - 1e-9 <= math.log10(size) <= top + 1e-9]
        if len(inside) <= MOST_TICKS:
            break
    every = -(-len(inside) // MOST_TICKS)
    return inside[::every]


def scale(scores: ArrayLike, metric: str, higher_is_better: bool) -> Scale:
    """Chooses the axis for scores.

    Args:
        scores: All scores that are drawn; those that are not finite do not count.
        metric: The metric's name.
        higher_is_better: Its direction.

    Returns:
        By shortfall where higher is better and no score is above 1; by logarithm where lower is better and no score is
        negative; plain where that is not so, or where the scores differ by less than a factor of three.

    >>> scale([0.1, 0.985], "accuracy", True).kind, scale([30.0, 50.0], "squared error", False).kind
    ('shortfall', 'linear')
    """
    values = np.asarray(scores, dtype=np.float64)
    values = values[np.isfinite(values)]
    title = f"{in_words(metric)}, {'higher' if higher_is_better else 'lower'} is better"
    share = is_share(metric)
    sizes = 1 - values if higher_is_better else values
    positive = sizes[sizes > 0]
    perfect = bool((sizes == 0).any())
    if not len(positive) or (sizes < 0).any() or not (perfect or _spreads(positive)):
        return Scale("linear", 0.0, share, title)
    floor = float(positive.min()) * (0.5 if perfect else 1.0)
    return Scale("shortfall" if higher_is_better else "log", floor, share, title, perfect)


def _spreads(sizes: Floats) -> bool:
    return float(sizes.max()) > 3 * float(sizes.min())
