"""Examples that count more or less in the loss: their weights travel with them, and the loss multiplies by them."""

from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from ..data.examples import Batch, Examples, InMemory
from ..data.task import Task
from ..errors import RavineError

WEIGHT = "weight in boosting"
"""The name under which an example's weight stands beside its inputs."""


def weighted(task: Task, train: Examples, weights: Tensor) -> tuple[Task, InMemory]:
    r"""Gives examples weights, and a task whose loss heeds them.

    The loss of a batch of b examples is $\frac{1}{b} \sum_i w_i L_i$, with weights that have a mean of one over all
    examples, so that its mean over an epoch is the weighted loss.

    Args:
        task: The task.
        train: Its training examples, preprocessed.
        weights: Their weights, `[n]`, at least 0.

    Returns:
        The task with a loss that heeds weights, and the examples with theirs.

    Raises:
        RavineError: The examples are not in memory, or the task gives no loss for each of them.
    """
    if not isinstance(train, InMemory):
        raise RavineError("boosting by reweighting needs data in memory: use by='resampling' with a Dataset.")
    if task.step is not None:
        raise RavineError("the task's own step gives no loss for each example to weigh: use by='resampling'.")
    means = (weights / weights.mean()).float()
    inputs = {name: values for name, values in train.columns.items() if name != train.target}
    assert train.target is not None
    columns = {**inputs, WEIGHT: means, train.target: train.columns[train.target]}
    heavy = train.with_columns(columns, train.groups)
    loss = task.used_loss

    def step(model: nn.Module, batch: Batch) -> tuple[Tensor, Any, Any]:
        weight, rest = _parted(batch)
        outputs, targets = task.score(model, rest)
        return (weight * loss.each(outputs, targets)).mean(), outputs, targets

    return replace(task, train=heavy, test=None, groups=None, preprocess=None, step=step), heavy


def _parted(batch: Batch) -> tuple[Tensor, Batch]:
    """Takes the weights out of a batch: in a tuple they stand before the target."""
    if isinstance(batch, dict):
        return batch[WEIGHT], {name: values for name, values in batch.items() if name != WEIGHT}
    return batch[-2], (*batch[:-2], batch[-1])
