"""The bootstrap: intervals of any metric, and what bootstrap members tell of the error.

Efron & Tibshirani 1993, *An Introduction to the Bootstrap*, chapters 13 and 14; Efron & Tibshirani 1997,
"Improvements on Cross-Validation: The .632+ Bootstrap Method".
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy import stats
from torch import Tensor

from ..data.metrics import Metric, read_metric
from ..errors import RavineError
from .interval import Interval, check_confidence

METHODS = {"percentile": "percentile", "bca": "BCa"}
"""The kinds of interval, and what SciPy calls them."""
CELLS = 2**22
"""How many numbers of resamples are held at once."""


def bootstrap_interval(
    scores: ArrayLike | str | Metric,
    outputs: Tensor | None = None,
    targets: Tensor | None = None,
    *,
    method: str = "bca",
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Gives an interval of a mean of scores, or of any metric, over resampled examples.

    `bca` corrects the percentiles for bias and for a spread that moves with the value; where that is not defined, as
    where all resamples are alike, the plain percentiles stand there and `basis` says so. It speaks of new examples
    alone, not of another training.

    Args:
        scores: The score of each example, `[n]`, whose mean is judged; or a metric or its name, with outputs and
            targets.
        outputs: What a model gave, `[n, ...]`, for a metric.
        targets: What is true, `[n, ...]`, for a metric.
        method: "percentile" or "bca".
        confidence: Of the interval, in (0, 1).
        resamples: How many times the examples are drawn again, at least 100.
        seed: Draws them.

    Returns:
        The interval around the value on the examples as they are.

    Raises:
        RavineError: An argument is not as it must be.

    >>> print(bootstrap_interval([0.0] * 10 + [1.0] * 30, method="percentile"))
    0.75 (95 %: 0.60 to 0.88)
    """
    check_confidence(confidence, "bootstrap_interval")
    if method not in METHODS:
        raise RavineError(f"bootstrap_interval(method={method!r}): method must be 'percentile' or 'bca'.")
    if not isinstance(resamples, int) or resamples < 100:
        raise RavineError(
            f"bootstrap_interval(resamples={resamples!r}): resamples must be a whole number of at least 100; "
            "fewer say nothing of the tails."
        )
    statistic, count, vectorized = _statistic(scores, outputs, targets)
    if count < 2:
        raise RavineError(f"bootstrap_interval(...) needs at least 2 examples, got {count}.")
    low, high, used = _ends(statistic, count, vectorized, METHODS[method], confidence, resamples, seed)
    value = float(statistic(np.arange(count)))
    return Interval(value, low, high, confidence, f"{used} bootstrap over {count} examples")


def _statistic(scores: Any, outputs: Any, targets: Any) -> tuple[Callable[..., Any], int, bool]:
    """Gives the statistic as a function of examples' numbers, how many there are, and whether it takes many sets."""
    if isinstance(scores, (str, Metric)):
        metric = read_metric(scores)
        if outputs is None or targets is None or len(outputs) != len(targets):
            raise RavineError(f"bootstrap_interval({metric.name!r}, ...) needs outputs and as many targets.")

        def over(rows: Any) -> float:
            chosen = torch.from_numpy(np.asarray(rows).astype(np.int64))
            return metric.value(outputs[chosen], targets[chosen])

        return over, len(targets), False
    given = np.asarray(scores, dtype=np.float64)
    if given.ndim != 1 or not np.isfinite(given).all():
        raise RavineError(
            f"bootstrap_interval(scores): one finite score for each example, [n], is needed, got {given.shape}."
        )
    return lambda rows, axis=-1: given[np.asarray(rows).astype(np.int64)].mean(axis=axis), len(given), True


def _ends(
    statistic: Callable[..., Any],
    count: int,
    vectorized: bool,
    method: str,
    confidence: float,
    resamples: int,
    seed: int,
) -> tuple[float, float, str]:
    with warnings.catch_warnings(action="ignore", category=stats.DegenerateDataWarning):
        warnings.filterwarnings("ignore", "invalid value", RuntimeWarning)  # of the same degenerate data
        found = stats.bootstrap(
            (np.arange(count),), statistic, vectorized=vectorized, method=method, confidence_level=confidence,
            n_resamples=resamples, batch=max(1, CELLS // count), rng=np.random.default_rng(seed),
        )  # fmt: skip
    low, high = (float(end) for end in found.confidence_interval)
    if np.isfinite(low) and np.isfinite(high):
        return low, high, method
    tails = ((1 - confidence) / 2, (1 + confidence) / 2)
    low, high = (float(end) for end in np.quantile(found.bootstrap_distribution, tails))
    return low, high, f"percentile (resamples too much alike for {method})"


def out_of_bag_error(losses: ArrayLike, counts: ArrayLike) -> float:
    r"""Averages each example's loss under the members that were not trained on it.

    $\widehat{Err}^{(1)} = \frac 1 n \sum_i \frac{1}{|C^{-i}|} \sum_{b \in C^{-i}} L(y_i, \hat y_i^b)$, the
    leave-one-out bootstrap of Efron & Tibshirani 1997, equation 17. An example that every member knows is left out.

    Args:
        losses: The loss of each member on each training example, `[members, n]`.
        counts: How often each member's sample holds each example, `[members, n]`.

    Returns:
        The error; members saw 63 % of the examples each, so it is a little high.

    Raises:
        RavineError: The shapes differ, or no example is out of any sample.

    >>> out_of_bag_error([[0.0, 1.0], [1.0, 0.0]], [[2, 0], [0, 2]])
    1.0
    """
    loss, held = np.asarray(losses, dtype=np.float64), np.asarray(counts)
    if loss.ndim != 2 or loss.shape != held.shape:
        raise RavineError(
            f"out_of_bag_error(losses, counts): both must be [members, n], got {loss.shape} and {held.shape}."
        )
    out = held == 0
    judged = out.any(axis=0)
    if not judged.any():
        raise RavineError("out_of_bag_error(...): every member was trained on every example: give more members.")
    sums = np.where(out, loss, 0.0).sum(axis=0)[judged]
    return float((sums / out.sum(axis=0)[judged]).mean())


def error_632(training_error: float, out_of_bag: float) -> float:
    """Weighs the two errors by the share of the examples that a bootstrap sample holds.

    `0.368 training + 0.632 out-of-bag`: the first is low, the second high. Efron & Tibshirani 1997, equation 24. For
    what learns its training data by heart it is too low, which `error_632_plus` mends.

    Args:
        training_error: On the training examples, by the model trained on all of them.
        out_of_bag: As `out_of_bag_error` gives it.

    Returns:
        The estimate of the error on new examples.

    >>> error_632(0.0, 0.5)
    0.316
    """
    return 0.368 * training_error + 0.632 * out_of_bag


def error_632_plus(training_error: float, out_of_bag: float, no_information: float) -> float:
    r"""Weighs the out-of-bag error more the more was learned by heart.

    $w = 0.632 / (1 - 0.368 R)$ with the relative overfitting $R = (Err^{(1)} - \overline{err}) / (\gamma -
    \overline{err})$ kept in [0, 1]. Efron & Tibshirani 1997, equations 28 to 32.

    Args:
        training_error: On the training examples, by the model trained on all of them.
        out_of_bag: As `out_of_bag_error` gives it.
        no_information: The error if targets had nothing to do with inputs, as `no_information_error` gives it.

    Returns:
        The estimate of the error on new examples.

    >>> error_632_plus(0.0, 0.5, 0.5)        # as if it had learned by heart and nothing else
    0.5
    """
    kept = min(out_of_bag, no_information)
    overfits = kept > training_error and no_information > training_error
    share = (kept - training_error) / (no_information - training_error) if overfits else 0.0
    weight = 0.632 / (1 - 0.368 * share)
    return (1 - weight) * training_error + weight * kept


def no_information_error(targets: ArrayLike, predictions: ArrayLike) -> float:
    r"""Computes the error of predictions dealt out to the wrong examples: $\gamma = 1 - \sum_k p_k q_k$.

    Args:
        targets: Labels, `[n]`, of which class k has the share p_k.
        predictions: Labels, `[m]`, of which class k has the share q_k.

    Returns:
        The share of pairs, one of each, that differ.

    >>> no_information_error(["a", "b"], ["a", "a"])
    0.5
    """
    true, said = np.asarray(targets), np.asarray(predictions)
    classes, counts = np.unique(true, return_counts=True)
    shares = counts / len(true)
    return float(1 - sum(p * (said == k).mean() for k, p in zip(classes, shares, strict=True)))
