"""Checkpoints: written whole or not at all, and read without unpickling anything."""

import os
import zipfile
from pathlib import Path
from typing import Any

import torch

from ..errors import RavineError
from .loop import Training

COUNTERS = ("epoch", "batch", "steps", "evaluations")
CLAIMS = ("recipe", "seed")
PARTS = (*COUNTERS, *CLAIMS, "losses", "model", "optimizer")
"""What `state_of` gathers."""


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
        "losses": torch.stack(training.losses) if training.losses else torch.empty(0),
        "model": training.model.state_dict(),
        "optimizer": training.optimizer.state_dict(),
    }


def restore(training: Training, state: dict[str, Any]) -> None:
    """Puts a training back to where a checkpoint found it.

    Args:
        training: A training at its first step, of the same recipe and seed.
        state: What `state_of` gathered.

    Raises:
        RavineError: The checkpoint is of another recipe, seed or model, or is none.
    """
    absent = [name for name in PARTS if name not in state]
    if absent:
        raise RavineError(f"this is no checkpoint of a run: it has no {' and no '.join(absent)}.")
    for name, present in (("recipe", repr(training.recipe)), ("seed", training.seed)):
        if state[name] != present:
            raise RavineError(f"the checkpoint is of {name} {state[name]!r}, and this run has {present!r}.")
    try:
        training.model.load_state_dict(state["model"])
    except RuntimeError as error:
        raise RavineError(f"the checkpoint is of another model: {' '.join(str(error).split())}") from error
    training.optimizer.load_state_dict(state["optimizer"])
    training.losses = list(state["losses"].to(training.device))
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
    unfinished = _unfinished(path, str(os.getpid()))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with unfinished.open("wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    except (OSError, RuntimeError) as error:
        reason = _reason(error)
        raise RavineError(f"cannot write {str(path)!r}: {reason}. What was saved before is safe.") from error


def _reason(error: BaseException) -> str:
    """Gives the system's own words: torch hides a full disk behind a RuntimeError about positions in a file."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, OSError) and below.strerror:
            return below.strerror
        below = below.__context__
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def remove_unfinished(path: Path) -> None:
    """Removes what killed writers left beside a file that nobody is writing now.

    Args:
        path: The file.
    """
    for left in path.parent.glob(_unfinished(path, "*").name):
        left.unlink(missing_ok=True)


def _unfinished(path: Path, writer: str) -> Path:
    return path.with_name(f".{path.name}.{writer}")


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
    if not path.is_file():
        raise RavineError(f"there is no file {str(path)!r}.")
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()  # torch.load itself would take flipped bits for weights
        state = None if damaged else torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # whatever bytes mean to a reader that did not expect them
        raise RavineError(
            f"{str(path)!r} cannot be read: it is damaged, or holds more than tensors, numbers and texts."
        ) from error
    if not isinstance(state, dict):
        raise RavineError(f"{str(path)!r} cannot be read: it is damaged, or no state of a model or a run.")
    return state
