"""What runs predict, and what would be right without noise: classes or numbers, as errors are counted."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..data.examples import Examples
from ..data.losses import aligned
from ..data.measures import one_score_each
from ..data.task import Task
from ..errors import RavineError
from .sampled import SampledRun

Truth = Callable[[Any], Any]
"""Gives, for raw inputs as a batch holds them, the targets without noise, or the probability of each class."""


def tells_classes(task: Task, judged: Examples) -> bool:
    """Tells whether a task is about classes, whose errors are counted, or about numbers, whose errors are squared.

    Args:
        task: The task.
        judged: The examples that judge it.

    Returns:
        Whether it is about classes.

    Raises:
        RavineError: It has no targets, or several classes for each example.
    """
    targets, kind = judged.targets, task.used_loss.kind
    if targets is None:
        raise RavineError("bias and variance need targets, and the task has none.")
    classes = kind in {"classes", "binary"} or not targets.is_floating_point()
    if classes and (targets.dim() != 1 or not bool((targets == targets.round()).all())):
        raise RavineError(
            f"0-1 loss is taken apart for one class for each example, got targets of shape {list(targets.shape)}."
        )
    return classes


def predictions(run: SampledRun, classes: bool) -> NDArray[Any]:
    """Gives what a run predicts.

    Args:
        run: The run.
        classes: Whether its task is about classes.

    Returns:
        Classes from 0, `[n]`, or numbers in the targets' shape.
    """
    outputs, targets = torch.from_numpy(run.outputs), torch.from_numpy(run.targets)
    if not classes:
        return aligned(outputs, targets).double().numpy()
    if one_score_each(outputs, targets):
        return outputs.argmax(1).numpy()
    return (aligned(outputs, targets) > 0).long().numpy()


def without_noise(truth: Truth, judged: Examples, classes: bool) -> NDArray[Any]:
    """Asks for what is true without noise.

    Args:
        truth: The function that knows.
        judged: The examples that it is asked about.
        classes: Whether the task is about classes.

    Returns:
        The targets without noise, in their shape; or the probability of each class, `[n, C]`.

    Raises:
        RavineError: The examples are not in memory.
    """
    if not judged.in_memory:
        raise RavineError("truth is a function of inputs, so they must be in memory: give the data as arrays.")
    given = np.asarray(truth(judged.inputs), dtype=np.float64)
    if not classes:
        assert judged.targets is not None
        shape = tuple(judged.targets.shape)
        return given.reshape(shape) if given.size == judged.targets.numel() else given
    flat = given[:, 0] if given.ndim == 2 and given.shape[1] == 1 else given
    return np.stack([1 - flat, flat], axis=1) if flat.ndim == 1 else flat
