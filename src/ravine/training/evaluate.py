"""What a model's outputs are on examples, in evaluation mode, and with averaged weights in place."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..data.examples import Examples
from ..data.metrics import Metric
from ..data.task import Task
from .loop import Training, seed_step
from .order import epoch_order

BATCH = 256
"""Examples at once: large enough to keep a core busy, small enough that a layer's outputs stay in its cache."""


@dataclass(frozen=True, eq=False)
class Outputs:
    """What a model says about examples, and what is true."""

    outputs: Tensor
    targets: Tensor


@torch.no_grad()
def outputs_of(task: Task, model: nn.Module, examples: Examples) -> Outputs:
    """Runs a model over examples in evaluation mode.

    Args:
        task: What it learns.
        model: The model; its mode is put back afterwards.
        examples: The examples, in their own order, on the model's device.

    Returns:
        Outputs and targets of all examples, on the CPU.
    """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        parts = [task.score(model, batch) for batch in examples.batches(torch.arange(len(examples)).split(BATCH))]
    finally:
        for module, mode in modes.items():
            module.training = mode
    outputs, targets = zip(*parts, strict=True)
    return Outputs(torch.cat(outputs).cpu(), torch.cat(targets).cpu())


def values(metrics: tuple[Metric, ...], said: Outputs) -> tuple[float, ...]:
    """Scores outputs by several metrics.

    Args:
        metrics: The metrics.
        said: Outputs and targets.

    Returns:
        One number per metric; NaN where outputs are not finite.
    """
    if not bool(torch.isfinite(said.outputs).all()):
        return (float("nan"),) * len(metrics)
    return tuple(metric.value(said.outputs, said.targets) for metric in metrics)


def scores_by_example(metrics: tuple[Metric, ...], said: Outputs) -> tuple[np.ndarray, ...]:
    """Scores every example by several metrics.

    Args:
        metrics: The metrics.
        said: Outputs and targets.

    Returns:
        One array per metric; its mean is the metric.
    """
    return tuple(metric.per_example(said.outputs, said.targets) for metric in metrics)


@contextmanager
def predicting(training: Training) -> Iterator[None]:
    """Puts the weights that predict in the model, with batch-norm statistics that fit them.

    Averaged weights have met no batch: the running means and variances that the model keeps belong to the raw
    weights, so they are estimated again over the training data.

    Args:
        training: The training; on leaving, its model is as it was.

    Yields:
        Nothing.
    """
    if training.recipe.rule.predicting_slot() is None:
        yield
        return
    norms = [m for m in training.model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    kept = [{name: buffer.clone() for name, buffer in norm.named_buffers()} for norm in norms]
    with training.optimizer.predicting():
        try:
            _estimate_statistics(training, [norm for norm in norms if norm.track_running_stats])
            yield
        finally:
            for norm, buffers in zip(norms, kept, strict=True):
                for name, buffer in norm.named_buffers():
                    buffer.copy_(buffers[name])


@torch.no_grad()
def _estimate_statistics(training: Training, norms: list[Any]) -> None:
    """Sets running means and variances to their plain averages over the training data."""
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    modes = {module: module.training for module in training.model.modules()}
    order = epoch_order(training.recipe, len(training.examples), training.seed, training.epoch)
    seed_step(order.seeds[0], training.device)
    training.model.train()
    try:
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a cumulative average over all batches, which torch's own update_bn takes too
        for batch in training.examples.batches(order.batches):
            training.task.compute(training.model, batch)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for module, mode in modes.items():
            module.training = mode


def finite(tensors: Iterator[Tensor]) -> bool:
    """Tells whether every number of some tensors is finite.

    Args:
        tensors: The tensors.

    Returns:
        Whether none of them holds an infinity or NaN.
    """
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors)
