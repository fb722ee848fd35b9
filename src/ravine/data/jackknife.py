"""The jackknife: what each example adds to a metric that is no mean over examples.

Leaving example i out of n changes a metric from T to T(-i). The pseudo-value `n T - (n - 1) T(-i)` plays
the part of the example's own score: the mean of all is the metric, corrected for bias, and their spread
tells how sure it is. For a mean the pseudo-values are the scores themselves.

Tukey 1958, "Bias and confidence in not-quite large samples"; Busing, Meijer & van der Leeden 1999,
"Delete-m Jackknife for Unequal m", for blocks. https://doi.org/10.1023/A:1008800423698
"""

from collections.abc import Callable

import numpy as np
from scipy.stats import rankdata

BLOCKS = 200
"""Above so many examples a function that must be asked anew is asked once for each of so many blocks."""


def of_sums(parts: np.ndarray, finish: Callable[[np.ndarray, int], np.ndarray]) -> np.ndarray:
    """Computes pseudo-values of a metric that is a function of sums over examples; exact, at the cost of one pass.

    Args:
        parts: What each example adds to the sums, `[n, ...]`.
        finish: Turns sums `[m, ...]` over a number of examples into values of the metric, `[m]`.

    Returns:
        `[n]`. Where leaving an example out leaves the metric undefined, its pseudo-value is the metric.

    >>> of_sums(np.array([1.0, 4.0, 7.0]), lambda sums, count: sums / count)
    array([1., 4., 7.])
    """
    total, count = parts.sum(axis=0, keepdims=True), len(parts)
    whole = finish(total, count)
    if count == 1:
        return whole
    return combine(whole, finish(total - parts, count - 1), count)


def combine(whole: np.ndarray, without: np.ndarray, count: int) -> np.ndarray:
    """Computes `n T - (n - 1) T(-i)`.

    Args:
        whole: The metric over all examples, T.
        without: The metric without each, T(-i), `[n]`; NaN where it is undefined.
        count: n.

    Returns:
        `[n]`.
    """
    return np.where(np.isfinite(without), count * whole - (count - 1) * without, whole)


def area(scores: np.ndarray, positive: np.ndarray) -> tuple[float, np.ndarray]:
    """Computes the area under the receiver operating characteristic and its pseudo-values, from ranks.

    The area is the share of pairs, one example of each class, in which the positive one scores higher;
    a tie counts half. The mean of the pseudo-values is the area itself.

    Args:
        scores: `[n]`, higher for the positive class.
        positive: `[n]`, true for the positive class; some of each.

    Returns:
        The area, in [0, 1], and the pseudo-values, `[n]`.

    >>> area(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))[0]
    0.75
    """
    ranks = rankdata(scores)
    many, few = int(positive.sum()), int((~positive).sum())
    wins = np.empty(len(scores))  # pairs won by the positive one, of those that an example takes part in
    wins[positive] = ranks[positive] - rankdata(scores[positive])
    wins[~positive] = many - (ranks[~positive] - rankdata(scores[~positive]))
    total = wins[positive].sum()
    pairs = np.where(positive, (many - 1) * few, many * (few - 1))
    without = np.divide(total - wins, pairs, out=np.full(len(scores), np.nan), where=pairs > 0)
    whole = total / (many * few)
    return float(whole), combine(np.array(whole), without, len(scores))


def of_function(value: Callable[[np.ndarray], float], count: int, blocks: int = BLOCKS) -> np.ndarray:
    """Computes pseudo-values of any metric, leaving out one example, or one block of them, at a time.

    A block's pseudo-value `h T - (h - 1) T(-block)`, with h = n / size, stands for all its examples. It
    varies as a mean of them does, so its distance from the mean of all is stretched by the root of the
    size: the spread over examples, and every comparison of two runs, is then that of single examples.

    Args:
        value: Gives the metric over the examples with these numbers, `[m]`.
        count: How many examples there are, n.
        blocks: How many blocks at most; the same examples share one in every run.

    Returns:
        `[n]`, with the mean `T` corrected for bias.

    >>> heights = np.array([1.0, 4.0, 7.0])
    >>> of_function(lambda rows: heights[rows].mean(), 3)
    array([1., 4., 7.])
    """
    order = np.arange(count) if count <= blocks else np.random.default_rng(0).permutation(count)
    whole = value(np.arange(count))
    result = np.empty(count)
    for block in np.array_split(order, min(count, blocks)):
        rest = np.delete(np.arange(count), block)
        share = count / len(block)
        without = value(rest) if len(rest) else np.nan
        result[block] = share * whole - (share - 1) * without if np.isfinite(without) else whole
    mean = result.mean()
    return mean + np.sqrt(max(1.0, count / blocks)) * (result - mean)
