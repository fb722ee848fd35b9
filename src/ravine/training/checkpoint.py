"""Checkpoints: written whole or not at all, and read without unpickling anything."""

import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

import torch

from ..errors import RavineError
from .loop import Training

COUNTERS = ("epoch", "batch", "steps", "evaluations")


def state_of(training: Training) -> dict[str, Any]:
    """Gathers everything that a run needs to go on to the last bit.

    Args:
        training: The training.

    Returns:
        Tensors, numbers and texts only.
    """
    counters = {name: getattr(training, name) for name in COUNTERS}
    return {
        **counters,
        "recipe": repr(training.recipe),
        "seed": training.seed,
        "loss_sum": training.loss_sum,
        "lr_factor": training.optimizer.lr_factor,
        "model": training.model.state_dict(),
        "optimizer": training.optimizer.state_dict(),
    }


def restore(training: Training, state: dict[str, Any]) -> None:
    """Puts a training back to where a checkpoint found it.

    Args:
        training: A training at its first step, of the same recipe and seed.
        state: What `state_of` gathered.

    Raises:
        RavineError: The checkpoint is of another recipe, seed or model.
    """
    for name, present in (("recipe", repr(training.recipe)), ("seed", training.seed)):
        if state[name] != present:
            raise RavineError(f"the checkpoint is of {name} {state[name]!r}, and this run has {present!r}.")
    try:
        training.model.load_state_dict(state["model"])
    except RuntimeError as error:
        raise RavineError(f"the checkpoint is of another model: {' '.join(str(error).split())}") from error
    training.optimizer.load_state_dict(state["optimizer"])
    training.optimizer.lr_factor = state["lr_factor"]
    training.loss_sum.copy_(state["loss_sum"])
    for name in COUNTERS:
        setattr(training, name, state[name])


def save(state: dict[str, Any], path: Path) -> None:
    """Writes a state so that a reader finds the old file or the new one, never a part.

    Args:
        state: Tensors, numbers and texts.
        path: The file.

    Raises:
        RavineError: The disk is full or the folder cannot be written; what stood there before still does.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
            Path(unfinished).replace(path)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
    except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError
        raise RavineError(f"cannot write {str(path)!r}: {error}. Nothing that was saved before is lost.") from error


def load(path: Path, device: torch.device) -> dict[str, Any]:
    """Reads a state.

    Args:
        path: The file.
        device: Where its tensors go.

    Returns:
        What `save` was given.

    Raises:
        RavineError: The file is not there, is damaged, or holds anything but tensors, numbers and texts.
    """
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise RavineError(f"there is no checkpoint {str(path)!r}.") from None
    except (OSError, RuntimeError, EOFError, KeyError, ValueError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RavineError(f"{str(path)!r} is not a checkpoint that can be read: {reason}") from error
