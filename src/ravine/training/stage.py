"""The data of a run: what it is trained on and what it is judged on, preprocessed by the training part alone."""

from dataclasses import dataclass

import torch

from ..data.examples import Examples
from ..data.folds import folds, split_test
from ..data.metrics import Metric
from ..data.preprocessing import fitted
from ..data.scores import metric_of, proper_score
from ..data.task import Task

SPLIT_SEED = 0
"""The test set of a task is the same wherever it is split off, whatever the seed of a run or a study."""


@dataclass(frozen=True, eq=False)
class Stage:
    """What a run is trained on, and what it is judged on."""

    task: Task
    train: Examples
    judged: Examples
    sample: Examples
    """Some training examples, as many as are judged, on which the training error is followed by epoch."""
    metrics: tuple[Metric, Metric]
    """The task's metric and its proper score."""


def whole_stage(task: Task, device: torch.device, seed: int = 0) -> Stage:
    """Prepares all training data, judged on the test set.

    Args:
        task: The task.
        device: Where examples that are judged go.
        seed: Chooses the sample of training examples.

    Returns:
        The data.
    """
    return _stage(task, *split_test(task, SPLIT_SEED), device, seed)


def fold_stage(
    task: Task, device: torch.device, fold: int, *, count: int = 3, holdout: float | None = None, seed: int = 0
) -> Stage:
    """Prepares one fold of the training data; the test set stays unseen.

    Args:
        task: The task.
        device: Where examples that are judged go.
        fold: Which fold, from 0.
        count: How many folds there are.
        holdout: The share of one validation part, instead of folds.
        seed: Chooses the folds.

    Returns:
        The data.
    """
    train, _ = split_test(task, SPLIT_SEED)
    kept, left_out = folds(task, train, count, holdout=holdout, seed=seed)[fold]
    return _stage(task, train.subset(kept), train.subset(left_out), device, seed)


def _stage(task: Task, train: Examples, judged: Examples, device: torch.device, seed: int) -> Stage:
    transform = fitted(task.preprocess, train)
    train, judged = transform(train), transform(judged)
    some = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed))[: len(judged)]
    sample = train.subset(some.sort().values)
    return Stage(task, train, judged.to(device), sample.to(device), (metric_of(task), proper_score(task)))
