"""The generalization gap: how much larger the error is on examples that a run has not learned from, epoch by epoch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import RavineError
from ..training.run import Epoch

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GapByEpoch:
    """Scores on training and on judged examples after each epoch, in the mean over runs; `[epochs]` each."""

    epoch: NDArray[np.int64]
    train: Floats
    judged: Floats
    gap: Floats
    """Judged error minus training error, whichever way the score counts: positive where training data are easier."""
    low: Floats
    high: Floats
    """The smallest and the largest gap of any run."""
    best_epoch: int
    """After which the judged score was best in the mean: later epochs learned by heart, if anything."""


def gap_by_epoch(histories: Sequence[Sequence[Epoch]], *, higher_is_better: bool, proper: bool = False) -> GapByEpoch:
    """Follows the gap through training.

    Args:
        histories: Of one run, or of several that were trained alike, such as those of folds.
        higher_is_better: The metric's direction; a proper score is always better lower.
        proper: Whether to follow the proper score instead of the metric.

    Returns:
        The gap after each epoch that all runs reached.

    Raises:
        RavineError: The histories hold no scores on judged examples.

    >>> past = [Epoch(k, 0, 0.0, 0.1, train_proper=1 / k, proper=1 / k + 0.1 * k) for k in (1, 2, 3, 4)]
    >>> found = gap_by_epoch([past], higher_is_better=True, proper=True)
    >>> found.gap.round(2).tolist(), found.best_epoch
    ([0.1, 0.2, 0.3, 0.4], 3)
    """
    shortest = min((len(history) for history in histories), default=0)
    pairs = ("train_proper", "proper") if proper else ("train_score", "score")
    train, judged = (
        np.array([[getattr(epoch, name) for epoch in history[:shortest]] for history in histories]) for name in pairs
    )
    if shortest == 0 or np.isnan(judged).all():
        raise RavineError(
            "there are no scores on unseen examples to follow: train never looks at the test set between epochs; use "
            "the histories of ravine.cross_validate."
        )
    higher = higher_is_better and not proper
    gap = train - judged if higher else judged - train
    mean = judged.mean(axis=0)
    best = int(np.nanargmax(mean) if higher else np.nanargmin(mean)) + 1
    epochs = np.array([epoch.epoch for epoch in histories[0][:shortest]])
    return GapByEpoch(epochs, train.mean(axis=0), mean, gap.mean(axis=0), gap.min(axis=0), gap.max(axis=0), best)
