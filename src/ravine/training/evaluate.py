"""What a model's outputs are on examples, in evaluation mode, and how they score."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..data.examples import Examples
from ..data.metrics import Metric
from ..data.task import Task

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


def finite(tensors: Iterator[Tensor]) -> bool:
    """Tells whether every number of some tensors is finite.

    Args:
        tensors: The tensors.

    Returns:
        Whether none of them holds an infinity or NaN.
    """
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors)
