"""Calibration: whether what a classifier holds to be 80 % sure is true 80 % of the time.

Naeini, Cooper & Hauskrecht 2015, "Obtaining Well Calibrated Probabilities Using Bayesian Binning"; Guo, Pleiss, Sun &
Weinberger 2017, "On Calibration of Modern Neural Networks", section 2.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest
from torch import Tensor

from ..data.measures import hits, one_score_each
from ..errors import RavineError
from ..numbers import number
from .interval import check_confidence

Floats = NDArray[np.float64]
RESAMPLES = 1000
"""How often answers are drawn from the stated confidences, to learn what a calibrated model would show."""


@dataclass(frozen=True, eq=False)
class Reliability:
    """Confidence beside accuracy, bin by bin; bins without examples are left out."""

    bins: str
    """"width", all as wide as the others, or "mass", all with about as many examples."""
    low: Floats
    high: Floats
    """The edges of each bin."""
    count: NDArray[np.int64]
    confidence: Floats
    """The mean confidence in each bin."""
    accuracy: Floats
    """The share of right answers in each bin,"""
    accuracy_low: Floats
    accuracy_high: Floats
    """and its Wilson interval."""
    error: float
    """The expected calibration error: the mean distance of accuracy from confidence, each bin by its count."""
    largest: float
    """The largest such distance of any bin."""
    chance: float
    """The error that a calibrated model with these confidences would show, in the mean,"""
    chance_high: float
    """and at most in 95 % of all cases: where `error` is below it, no miscalibration is seen."""

    @property
    def overconfidence(self) -> float:
        """Mean confidence minus accuracy: positive where the model believes itself too much."""
        return float(((self.confidence - self.accuracy) * self.count).sum() / self.count.sum())

    def sentence(self) -> str:
        """Gives the calibration in words.

        Returns:
            One sentence.
        """
        seen = self.error > self.chance_high
        way = "over" if self.overconfidence > 0 else "under"
        verdict = f"it is {way}confident" if seen else "no miscalibration is seen"
        error, usual, most = (number(each, 3) for each in (self.error, self.chance, self.chance_high))
        return (
            f"Expected calibration error {error} over {self.count.sum()} examples; a calibrated model would show "
            f"{usual}, and at most {most} in 95 % of cases: {verdict}."
        )


def reliability(
    confidence: ArrayLike,
    right: ArrayLike,
    *,
    bins: int = 15,
    by: str = "width",
    level: float = 0.95,
    seed: int = 0,
    least: int = 1,
) -> Reliability:
    r"""Compares stated confidences with how often they were right.

    $ECE = \sum_b \frac{n_b}{n} |acc_b - conf_b|$. It is never zero by chance, so beside it stands what a calibrated
    model would show: answers are drawn from the confidences themselves (Bröcker & Smith 2007, "Increasing the
    Reliability of Reliability Diagrams").

    Args:
        confidence: The stated probability of each answer, `[n]`, in [0, 1].
        right: Whether it was right, `[n]`.
        bins: How many bins, at least 1.
        by: "width", or "mass": edges at quantiles of the confidence.
        level: Of the intervals of each bin's accuracy.
        seed: Draws the answers of the calibrated model.
        least: How many answers each bin that is told shall hold, at least 1: neighbors with fewer are told as one. The
            errors, and what chance would show, are those of all `bins`.

    Returns:
        The bins and the error.

    Raises:
        RavineError: An argument is not as it must be.

    >>> reliability([0.9, 0.9, 0.9, 0.9], [True, True, True, False], bins=5).error.__round__(2)
    0.15
    """
    check_confidence(level, "reliability")
    p, true = np.asarray(confidence, dtype=np.float64), np.asarray(right).astype(bool)
    _check(p, true, bins, by, least)
    edges = np.linspace(0, 1, bins + 1) if by == "width" else np.quantile(p, np.linspace(0, 1, bins + 1))
    # As scikit-learn's calibration_curve: a confidence on an edge belongs to the bin below it.
    place = np.searchsorted(edges[1:-1], p)
    each = np.stack([np.bincount(place, minlength=bins), np.bincount(place[true], minlength=bins),
                     np.bincount(place, p, bins)])  # fmt: skip
    there = np.flatnonzero(each[0])
    away = np.abs(each[1] - each[2])[there]
    first = _joined(each[0], there, least)
    last = np.append(there[np.searchsorted(there, first[1:]) - 1], there[-1])
    count, hit, total = np.add.reduceat(each, first, axis=1)
    ends = [binomtest(int(k), int(n)).proportion_ci(level, "wilson") for k, n in zip(hit, count, strict=True)]
    chance = _chance(p, place, bins, seed)
    return Reliability(
        by, edges[first], edges[last + 1], count.astype(np.int64), total / count, hit / count,
        np.array([one.low for one in ends]), np.array([one.high for one in ends]),
        float(away.sum() / len(p)), float((away / each[0][there]).max()),
        float(chance.mean()), float(np.quantile(chance, 0.95)),
    )  # fmt: skip


def _joined(count: Floats, there: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    """Gives the first bin of each that is told, from the surest down: there most answers are, so bins stay narrow."""
    first, held = [], 0.0
    for place in reversed(there):
        held += count[place]
        if held >= least:
            first.append(place)
            held = 0.0
    if held or not first:  # too few are left below: the lowest bin takes them
        first = [*first[:-1], there[0]]
    return np.array(first[::-1])


def _chance(p: Floats, place: NDArray[np.int64], bins: int, seed: int) -> Floats:
    """Draws the expected calibration errors of a model whose confidences are true."""
    luck = np.random.default_rng(seed)
    stated = np.bincount(place, p, bins)
    errors = np.empty(RESAMPLES)
    for draw in range(RESAMPLES):
        errors[draw] = np.abs(np.bincount(place, luck.random(len(p)) < p, bins) - stated).sum() / len(p)
    return errors


def _check(p: Floats, right: NDArray[Any], bins: int, by: str, least: int) -> None:
    if p.ndim != 1 or p.shape != right.shape or not len(p):
        raise RavineError(f"reliability(confidence, right): both must be [n], got {p.shape} and {right.shape}.")
    if not ((p >= 0) & (p <= 1)).all():
        raise RavineError(
            f"reliability(confidence): confidences must be in [0, 1], got {p[~((p >= 0) & (p <= 1))][0]:g}: "
            "are they logits? reliability_of(outputs, targets) takes those."
        )
    for name, given in (("bins", bins), ("least", least)):
        if isinstance(given, bool) or not isinstance(given, int) or given < 1:
            raise RavineError(f"reliability({name}={given!r}): {name} must be a whole number of at least 1.")
    if by not in {"width", "mass"}:
        raise RavineError(f"reliability(by={by!r}): by must be 'width' or 'mass'.")


def confidences(outputs: Tensor, targets: Tensor) -> tuple[Floats, NDArray[np.bool_]]:
    """Gives how sure a classifier is of the class it names, and whether it is right.

    Args:
        outputs: Logits, `[n, C]` with a score for each class, or `[n]` with one for the second of two.
        targets: Classes, `[n]`.

    Returns:
        The largest probability of each example, `[n]`, and whether that class is the target.

    Raises:
        RavineError: The targets are no classes, or several for each example.

    >>> import torch
    >>> confidences(torch.tensor([[0.0, 3.0]]).log1p(), torch.tensor([0]))
    (array([0.8]), array([False]))
    """
    if targets.dim() != 1:
        raise RavineError(
            f"calibration is for one class for each example, [n], got targets of shape {list(targets.shape)}."
        )
    right = hits(outputs, targets).numpy() > 0.5
    if one_score_each(outputs, targets):
        return outputs.double().softmax(1).max(1).values.numpy(), right
    if not bool(((targets == 0) | (targets == 1)).all()):
        raise RavineError("calibration is for classes, and the targets are numbers.")
    return outputs.double().flatten().abs().sigmoid().numpy(), right


def reliability_of(
    outputs: Tensor, targets: Tensor, *, bins: int = 15, by: str = "width", level: float = 0.95, seed: int = 0
) -> Reliability:
    """Compares a classifier's confidence in the classes it names with how often it is right.

    Args:
        outputs: Logits, `[n, C]`, or `[n]` for the second of two classes.
        targets: Classes, `[n]`.
        bins: How many bins.
        by: "width" or "mass".
        level: Of the intervals of each bin's accuracy.
        seed: Draws the answers of the calibrated model that stands beside it.

    Returns:
        The bins and the expected calibration error.
    """
    return reliability(*confidences(outputs, targets), bins=bins, by=by, level=level, seed=seed)
