"""Intervals: of a mixture of two t, of all pairs at once, and of one method's expected score."""

import numpy as np
from scipy.special import ndtr, stdtr, stdtrit
from scipy.stats import studentized_range

from .crossed import Floats, Spread

OWN_DF = 1.0  # lent by the other methods to one method's seeds: they share their luck, so they know little more


def tail(distance: Floats, chance: Spread) -> Floats:
    """Two-sided probability that chance alone moves a contrast at least so far.

    Args:
        distance: How far, in units of the score.
        chance: Standard errors and how well they are known.

    Returns:
        The probability.

    >>> alone = Spread(np.array([[1.0], [0.0]]), np.ones((2, 1)), np.full((2, 1), 4.0))
    >>> tail(np.array([2.776]), alone).round(3)                          # a t table: 2.776 on 4
    array([0.05])
    """
    return (2 * chance.weight * stdtr(chance.freedom, -np.abs(distance) / chance.error)).sum(0)


def reach(level: float, chance: Spread) -> Floats:
    """The distance that chance alone exceeds, on either side together, with probability `level`; inverse of `tail`.

    It lies between those of the two components, and bisection finds it to 1e-9 of their gap.

    Args:
        level: The probability.
        chance: Standard errors and how well they are known.

    Returns:
        The distance, in units of the score.
    """
    ends = chance.error * stdtrit(chance.freedom, 1 - level / 2)
    low, high = ends.min(0), ends.max(0)
    for _ in range(30):
        middle = (low + high) / 2
        outside = tail(middle, chance) > level
        low, high = np.where(outside, middle, low), np.where(outside, high, middle)
    return (low + high) / 2


def pairwise_level(methods: int, confidence: float) -> float:
    r"""The level at which each pair is to be judged so that all hold at once with the given confidence.

    Tukey's: $2\Phi(-q/\sqrt 2)$ with q of the studentized range of as many means, their spread known. Each pair then
    meets it with its own standard error and Satterthwaite's degrees of freedom, as in Dunnett 1980, "Pairwise
    Multiple Comparisons in the Unequal Variance Case". Correlated means make it cautious (Hayter 1984), never bold.

    Args:
        methods: How many there are.
        confidence: That all intervals hold at once.

    Returns:
        The level for one pair.

    >>> pairwise_level(2, 0.95), round(pairwise_level(8, 0.95), 5)      # 28 pairs; Bonferroni would say 0.00179
    (0.05, 0.00244)
    """
    if methods == 2:
        return round(1 - confidence, 12)
    return float(2 * ndtr(-studentized_range.ppf(confidence, methods, np.inf) / np.sqrt(2)))
