r"""Bias, variance and noise: what the mean error of several members is made of.

Members are networks trained alike on samples of the training data. On one example with target y their predictions
have a center (the mean, or for classes the most frequent label) and a spread. How far the center is from the best
possible prediction is the *bias*, the spread is the *variance*, and what even the best prediction misses is the
*noise*.

For squared loss, $E[(\hat y - y)^2] = (\bar y - f)^2 + E[(\hat y - \bar y)^2] + E[(y - f)^2]$, Geman, Bienenstock &
Doursat 1992, "Neural Networks and the Bias/Variance Dilemma". For 0-1 loss, $E[L] = c_1 N + B + c_2 V$, Domingos
2000, "A Unified Bias-Variance Decomposition and its Applications": there variance *lowers* the error where the center
is wrong, so beside the variance V stands what it does to the error, its effect $c_2 V$, and likewise for the noise.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import RavineError
from .decomposition import Decomposition, Floats, decomposed


def squared_loss(
    predictions: ArrayLike | Sequence[ArrayLike],
    targets: ArrayLike,
    truth: ArrayLike | None = None,
    *,
    unbiased: bool = True,
    seed: int = 0,
) -> Decomposition:
    """Decomposes squared error.

    Args:
        predictions: Of each member for each test example, `[members, n]` or `[members, n, ...]`.
        targets: What was measured, `[n]` or `[n, ...]`.
        truth: The targets without noise, in the same shape; None where nobody knows.
        unbiased: Whether the mean of few members is corrected for its own spread: `variance` divides by members - 1,
            and a share of it, `variance / members`, leaves the bias. Their sum stays the same.
        seed: Of the resamples behind the standard errors.

    Returns:
        The decomposition; dense targets count by their mean.

    Raises:
        RavineError: Members, targets and truth do not fit one another.

    >>> squared_loss([[1.0, 2.0], [3.0, 2.0]], [2.0, 1.0], unbiased=False).each["bias"].tolist()
    [0.0, 1.0]
    """
    y = np.asarray(targets, dtype=np.float64)
    said = _members(predictions, y.shape).astype(np.float64)
    known = truth is not None
    f = _like("truth", truth, y.shape).astype(np.float64) if known else y
    # From the truth, else sums of squares would cancel; the last axis is 1 where an example has one number.
    away = (said - f).reshape(len(said), len(y), -1)
    short_of = (y - f).reshape(len(y), -1)
    count = len(said)

    def terms(weights: Floats) -> Floats:
        mean, square = (np.tensordot(weights, each, 1) / count for each in (away, away**2))
        spread = np.maximum(square - mean**2, 0.0) * (count / (count - 1) if unbiased else 1.0)
        bias = mean**2 - (spread / count if unbiased else 0.0)
        cross = -2 * mean * short_of
        noise = short_of**2
        error = square + cross + noise
        rows = error, bias, spread, noise, spread, noise, error - bias - spread - noise
        return np.stack([row.mean(axis=1) for row in rows])

    return decomposed("squared_error", terms, count, known, seed)


def zero_one_loss(
    predictions: ArrayLike | Sequence[ArrayLike],
    targets: ArrayLike,
    probabilities: ArrayLike | None = None,
    *,
    seed: int = 0,
) -> Decomposition:
    """Decomposes the share of wrong labels.

    Args:
        predictions: The label that each member gives each test example, `[members, n]`; of any type, or, with
            probabilities, classes from 0.
        targets: The labels that were measured, `[n]`.
        probabilities: The true probability of each class on each example, `[n, C]`; None where nobody knows.
        seed: Of the resamples behind the standard errors.

    Returns:
        The decomposition. Of labels that are equally frequent the first counts as the center.

    Raises:
        RavineError: Members, targets and probabilities do not fit one another.

    >>> whole = zero_one_loss([[0, 1], [0, 1], [1, 0]], [0, 0])
    >>> whole.each["bias"].tolist(), whole.each["variance_effect"].round(2).tolist()
    ([0.0, 1.0], [0.33, -0.33])
    """
    y = np.asarray(targets)
    said = _members(predictions, y.shape)
    if y.ndim != 1:
        raise RavineError(f"zero_one_loss(...): targets must be one label for each example, [n], got {y.shape}.")
    if probabilities is None:
        _check_labels(said, y)
        labels, codes = np.unique(np.concatenate([y[None], said]), return_inverse=True)
        codes = codes.reshape(-1, len(y))
        true, said = codes[0], codes[1:]
        best = np.eye(len(labels))[true]
    else:
        best = _probabilities(probabilities, len(y), np.concatenate([y[None], said]))
        true = y
    optimal, rows, count = best.argmax(axis=1), np.arange(len(y)), len(said)
    chosen = np.eye(best.shape[1], dtype=np.float32)[said].reshape(count, -1)

    def terms(weights: Floats) -> Floats:
        shares = (weights @ chosen).reshape(best.shape) / count
        main = shares.argmax(axis=1)
        bias, wrong = (main != optimal).astype(np.float64), 1 - shares[rows, optimal]
        expected, measured = 1 - (best * shares).sum(axis=1), 1 - shares[rows, true]
        variance, noise = 1 - shares[rows, main], 1 - best[rows, optimal]
        return np.stack([measured, bias, variance, noise, wrong - bias, expected - wrong, measured - expected])

    return decomposed("error", terms, count, probabilities is not None, seed)


def _members(predictions: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """Stacks the members' predictions, and refuses members that were not asked about the same examples."""
    members = [np.asarray(one) for one in predictions]
    if len(members) < 2:
        raise RavineError(f"a decomposition needs at least 2 members, got {len(members)}.")
    for place, one in enumerate(members):
        if one.shape != shape:
            raise RavineError(
                f"member {place} gives predictions of shape {one.shape} for targets of shape {shape}: every member "
                "must give one for each target."
            )
    return np.stack(members)


def _like(name: str, given: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    array = np.asarray(given)
    if array.shape != shape:
        raise RavineError(f"{name} must have the targets' shape {shape}, got {array.shape}.")
    return array


def _check_labels(said: NDArray[Any], true: NDArray[Any]) -> None:
    """Refuses a member of other classes: it would count as always wrong without a word."""
    for place, one in enumerate(said):
        others = np.concatenate([true, *np.delete(said, place, axis=0)])
        if not np.isin(one, others).any():
            first = one.flat[0]
            raise RavineError(
                f"member {place} gives labels such as {first.item()!r}, which neither the targets nor any other member "
                "has: all members must tell the same classes apart."
            )


def _probabilities(given: Any, count: int, labels: NDArray[Any]) -> Floats:
    p = np.asarray(given, dtype=np.float64)
    if p.ndim != 2 or len(p) != count or (p < 0).any() or not np.allclose(p.sum(axis=1), 1, atol=1e-6):
        raise RavineError(
            f"probabilities must be [{count}, C], at least 0, and sum to 1 for each example, got {p.shape}."
        )
    whole = labels.dtype.kind in "iu" and labels.min() >= 0 and labels.max() < p.shape[1]
    if not whole:
        raise RavineError(f"with probabilities of {p.shape[1]} classes, labels must be 0 to {p.shape[1] - 1}.")
    return p
