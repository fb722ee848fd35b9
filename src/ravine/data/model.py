"""Building a task's network from a seed, and checking once that it fits the data."""

from typing import Any

from torch import Tensor, nn

from ..errors import RavineError
from .coding import Coding
from .losses import aligned
from .memory import Batch
from .pretrained import settled
from .randomness import seeded
from .task import Task


def build_model(task: Task, seed: int, **arguments: Any) -> nn.Module:
    """Builds a task's network; the same seed gives the same weights.

    Args:
        task: The task.
        seed: Where its weights come from; nobody else's random numbers move.
        **arguments: Values for what `task.model_arguments` leaves open as ranges, or sets otherwise.

    Returns:
        The network, on the CPU. A range without a value gives way to the factory's own default, or, where
        there is none, to its middle.

    Raises:
        RavineError: The factory fails, or gives no network.

    >>> import torch
    >>> task = Task(model=lambda width=3: nn.Linear(2, width), train=(torch.eye(2), torch.tensor([0, 1])))
    >>> build_model(task, seed=0), build_model(task, seed=0, width=5).out_features
    (Linear(in_features=2, out_features=3, bias=True), 5)
    """
    name = getattr(task.model, "__name__", type(task.model).__name__)
    given = {**settled(task.model, task.model_arguments), **arguments}
    try:
        with seeded(seed):
            model = task.model(**given)
    except RavineError:
        raise
    except Exception as error:  # a user's factory may raise anything
        told = ", ".join(f"{key}={value!r}" for key, value in given.items())
        raise RavineError(f"{name}({told}) could not build the network: {_first_line(error)}") from error
    if not isinstance(model, nn.Module):
        raise RavineError(f"{name} must return a torch.nn.Module, got a {type(model).__name__}.")
    return model


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__


def check_model(task: Task, model: nn.Module, batch: Batch) -> None:
    """Runs a network once on a batch, and tells in one sentence what doesn't fit.

    The network's mode and everybody's random numbers stay as they were; statistics of batch normalization
    don't move.

    Args:
        task: The task.
        model: Its network.
        batch: Some of its examples, on the network's device.

    Raises:
        RavineError: The network can't take the batch, or its outputs don't suit the loss.
    """
    name = type(model).__name__
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with seeded(0):
            loss, outputs, targets = task.compute(model, batch)
            if outputs is None and task.training_data.has_targets:
                outputs, targets = task.score(model, batch)
    except RavineError:
        raise
    except Exception as error:
        shapes = f"a batch of {_shapes(batch)}"
        if task.step is None:
            _check_outputs_alone(task, model, batch)
        raise RavineError(f"{name} and the loss can't take {shapes}: {_first_line(error)}") from error
    finally:
        for module, mode in modes.items():
            module.training = mode
    if outputs is not None:
        _check_outputs(task, name, outputs, targets)
    _check_loss(loss)


def _shapes(batch: Any) -> str:
    if isinstance(batch, dict):
        return ", ".join(f"{name} {_shapes(value)}" for name, value in batch.items())
    if isinstance(batch, tuple):
        return " and ".join(_shapes(value) for value in batch)
    return f"{list(batch.shape)} ({str(batch.dtype).removeprefix('torch.')})" if isinstance(batch, Tensor) else "?"


def _check_outputs_alone(task: Task, model: nn.Module, batch: Batch) -> None:
    """Looks at the outputs where the loss could not be worked out, for the shape is the likelier reason."""
    try:
        with seeded(0):
            outputs, targets = task.score(model, batch)
    except RavineError:
        raise
    except Exception:  # noqa: BLE001 - the caller tells this very error
        return
    _check_outputs(task, type(model).__name__, outputs, targets)


def _check_loss(loss: Any) -> None:
    if not isinstance(loss, Tensor) or loss.numel() != 1:
        got = f"the shape {list(loss.shape)}" if isinstance(loss, Tensor) else f"a {type(loss).__name__}"
        raise RavineError(f"the loss must be one number, the mean over the batch, got {got}.")
    if not loss.requires_grad:
        raise RavineError("the loss does not depend on the network's weights: was it detached, or made of numbers?")


def _check_outputs(task: Task, name: str, outputs: Any, targets: Any) -> None:
    if not isinstance(outputs, Tensor):
        raise RavineError(
            f"{name} must give one tensor, got a {type(outputs).__name__}: give a step that returns "
            "(loss, outputs, targets)."
        )
    if len(outputs) != len(targets) if outputs.dim() else True:
        raise RavineError(
            f"{name} must give one output for each of {len(targets)} examples, got the shape {list(outputs.shape)}."
        )
    if task.step is not None:
        return
    kind = task.used_loss.kind
    if kind == "classes":
        _check_classes(name, outputs, targets, task.training_data.coding)
    elif kind == "given":
        _check_broadcast(task, name, outputs, targets)
    else:
        aligned(outputs, targets)


def _check_classes(name: str, outputs: Tensor, targets: Tensor, coding: Coding) -> None:
    count = len(coding.classes) if coding.classes else int(targets.max()) + 1
    fits = outputs.dim() == targets.dim() + 1 and outputs.shape[1] >= count and outputs.shape[2:] == targets.shape[1:]
    if not fits:
        wanted = [len(targets), count, *targets.shape[1:]]
        advice = " (or use loss='binary_cross_entropy')" if count == 2 and outputs.numel() == len(targets) else ""
        raise RavineError(
            f"{name} gives outputs of shape {list(outputs.shape)}, but cross_entropy with {count} classes needs "
            f"{wanted}, one score for each class{advice}."
        )


def _check_broadcast(task: Task, name: str, outputs: Tensor, targets: Any) -> None:
    """Catches a user's loss that subtracts `[n]` from `[n, 1]` and so averages over all n x n pairs."""
    if not isinstance(targets, Tensor) or outputs.shape != (*targets.shape, 1) or len(targets) < 2:
        return
    try:
        outputs = outputs.detach()
        as_given, as_meant = (float(task.used_loss.mean(o, targets)) for o in (outputs, outputs.squeeze(-1)))
    except Exception:  # noqa: BLE001 - a loss that takes outputs apart by columns does not broadcast them
        return
    if abs(as_given - as_meant) > 1e-4 * max(abs(as_given), abs(as_meant)):
        raise RavineError(
            f"{name} gives outputs of shape {list(outputs.shape)} for targets of shape {list(targets.shape)}, and the "
            "loss compares each with all others: return outputs.squeeze(-1)."
        )
