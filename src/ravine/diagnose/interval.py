"""Intervals that say what they rest on, and the one for scores whose training sets overlap."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from ..errors import RavineError
from ..numbers import decimals, number


@dataclass(frozen=True)
class Interval:
    """An estimate with its uncertainty.

    >>> print(Interval(0.93, 0.908, 0.952, 0.95, "BCa bootstrap over 400 examples"))
    0.93 (95 %: 0.91 to 0.95)
    """

    value: float
    low: float
    high: float
    confidence: float
    basis: str
    """What kind of interval it is, and over what."""

    def __str__(self) -> str:
        # What is unsure shows three digits all the same: a reader compares it with others.
        digits = max(decimals([(self.high - self.low) / 2], most=6), decimals([0.01 * abs(self.value)], most=6) - 1)
        value, low, high = (number(each, digits) for each in (self.value, self.low, self.high))
        return f"{value} ({100 * self.confidence:g} %: {low} to {high})"


BOUNDS = {
    **dict.fromkeys(("accuracy", "error", "f1", "auc"), (0.0, 1.0)),
    **dict.fromkeys(("log_loss", "squared_error", "absolute_error", "rmse"), (0.0, math.inf)),
    "r2": (-math.inf, 1.0),
}
"""What metrics can be: a normal curve knows nothing of such bounds."""


def bounded(interval: Interval, metric: str) -> Interval:
    """Cuts an interval off where its metric ends.

    Args:
        interval: The interval.
        metric: The metric's name.

    Returns:
        The interval within the metric's bounds.

    >>> print(bounded(Interval(0.97, 0.92, 1.02, 0.95, "t over 5 folds"), "accuracy"))
    0.97 (95 %: 0.92 to 1.00)
    """
    least, most = BOUNDS.get(metric, (-math.inf, math.inf))
    return replace(interval, low=max(interval.low, least), high=min(interval.high, most))


def check_confidence(confidence: float, function: str) -> None:
    """Refuses what is no confidence.

    Args:
        confidence: What was given.
        function: Who was given it, for the error's sentence.

    Raises:
        RavineError: It is not in (0, 1).
    """
    if not 0 < confidence < 1:
        raise RavineError(f"{function}(confidence={confidence!r}): confidence must be in (0, 1), such as 0.95.")


def corrected(scores: ArrayLike, tested_to_trained: float, *, confidence: float = 0.95, over: str) -> Interval:
    r"""Gives the interval of a mean over runs whose training sets overlap, as those of folds do.

    $\bar x \pm t_{J-1} \sqrt{(1/J + n_2/n_1)\, s^2}$ with J scores of variance $s^2$, $n_1$ examples trained on and
    $n_2$ judged: the second term stands for what the scores share, which a plain t interval leaves out. Nadeau &
    Bengio 2003, "Inference for the Generalization Error", section 3; for repeated folds Bouckaert & Frank 2004.

    Args:
        scores: J of them, `[J]`, at least 2.
        tested_to_trained: n2 / n1.
        confidence: Of the interval.
        over: What the scores are of, such as "5 folds".

    Returns:
        The interval.

    >>> print(corrected([0.9, 0.92, 0.94], 0.5, over="3 folds"))
    0.92 (95 %: 0.84 to 1.00)
    """
    given = np.asarray(scores, dtype=np.float64)
    error = np.sqrt((1 / len(given) + tested_to_trained) * given.var(ddof=1))
    half = float(stdtrit(len(given) - 1, (1 + confidence) / 2) * error)
    mean = float(given.mean())
    basis = f"t over {over}, widened since their training examples overlap (Nadeau & Bengio 2003)"
    return Interval(mean, mean - half, mean + half, confidence, basis)
