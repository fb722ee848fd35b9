"""A run's folder: what the run is, its weights and its checkpoint; for one run, and one process at a time."""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from torch import nn

from ..data.pretrained import digest_of
from ..data.task import Task
from ..errors import RavineError
from ..fields import text
from ..recipe import NAMES
from ..text import read
from .checkpoint import load, remove_unfinished
from .network import predictor

CARD, WEIGHTS, CHECKPOINT, LOCK = "run.json", "model.pt", "checkpoint.pt", ".lock"
"""The files of a folder: what the run is, the weights that predict, where to go on, and who is at it."""

CLAIMS = ("task", "data", "recipe", "seed", "arguments", "until", "metric")
"""What a card says of a run from its start."""


def fingerprint(task: Task) -> str:
    """Gives a text that is the same for the same data, those of the task's own test set included.

    Args:
        task: The task.

    Returns:
        One fingerprint, or two.
    """
    sets = [task.training_data] if task.test_data is None else [task.training_data, task.test_data]
    return " ".join([*(each.fingerprint() for each in sets), digest_of(task.model)]).strip()


@contextmanager
def claimed(folder: Path | None, card: Mapping[str, Any]) -> Iterator[None]:
    """Takes a folder for a run, or finds the same run in it; until the end no other process may.

    Args:
        folder: The folder; None for a run that keeps nothing.
        card: What the run is.

    Yields:
        Nothing.

    Raises:
        RavineError: The folder holds another run, or another process is at it, or it cannot be written.
    """
    if folder is None:
        yield
        return
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise RavineError(f"another process trains in {str(folder)!r}: let it end, or choose another --out.") from None
    except OSError as error:
        raise RavineError(_unwritable(folder, error)) from error
    try:
        _check_same(folder, card)
        for name in (CARD, WEIGHTS, CHECKPOINT):
            remove_unfinished(folder / name)
        yield
    finally:
        lock.release()


def _check_same(folder: Path, card: Mapping[str, Any]) -> None:
    if not (folder / CARD).exists():
        write_card(folder, card)
        return
    known = read_card(folder)
    if not any((folder / name).exists() for name in (WEIGHTS, CHECKPOINT)):
        write_card(folder, card)  # that run never came to keep anything
        return
    changed = [_difference(name, known[name], card[name]) for name in CLAIMS if known[name] != card[name]]
    if changed:
        raise RavineError(f"{str(folder)!r} holds another run: {'; '.join(changed)}. Choose another --out.")


def _difference(name: str, before: Any, now: Any) -> str:
    return "the data were others" if name == "data" else f"{name} was {before!r}, now {now!r}"


def write_card(folder: Path, card: Mapping[str, Any]) -> None:
    """Writes what a run is, and how it ended.

    Args:
        folder: The run's folder.
        card: Texts and numbers; a number that is none is written as null.

    Raises:
        RavineError: The folder cannot be written.
    """
    unfinished = folder / f".{CARD}.unfinished"
    try:
        unfinished.write_text(json.dumps(_plain(card), indent=1))
        unfinished.replace(folder / CARD)
    except OSError as error:
        raise RavineError(_unwritable(folder, error)) from error


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(below) for name, below in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _unwritable(folder: Path, error: OSError) -> str:
    return f"cannot write to {str(folder)!r}: {error.strerror or error}. Choose another --out."


def read_card(folder: Path) -> dict[str, Any]:
    """Reads what a run's folder says of it.

    Args:
        folder: The folder.

    Returns:
        Task, recipe, seed, arguments and, where it has ended, the result.

    Raises:
        RavineError: It is no run's folder.
    """
    try:
        card = json.loads((folder / CARD).read_text())
    except FileNotFoundError:
        raise RavineError(
            f"there is no run in {str(folder)!r}: 'ravine train TASK --recipe ... --out {folder}' makes one."
        ) from None
    except (OSError, ValueError) as error:
        raise RavineError(f"{str(folder / CARD)!r} cannot be read: {error}.") from error
    if not isinstance(card, dict) or any(name not in card for name in CLAIMS):
        raise RavineError(f"{str(folder / CARD)!r} is not what 'ravine train' writes: it does not say what the run is.")
    return card


def arguments_text(arguments: Mapping[str, Any]) -> str:
    """Writes the arguments of a model factory so that they can be read back.

    Args:
        arguments: The arguments by name.

    Returns:
        Their text.

    Raises:
        RavineError: One of them is no number, text, or tuple of such.
    """
    for name, value in arguments.items():
        try:
            same = read(text(value), {}) == value
        except RavineError:
            same = False
        if not same:
            raise RavineError(f"arguments: {name}={value!r} cannot be kept in a folder: give a number, text or tuple.")
    return text(dict(arguments))


def load_model(folder: Path, task: Task, card: Mapping[str, Any]) -> nn.Module:
    """Builds a run's network with the weights that predict.

    Args:
        folder: The run's folder.
        task: Its task.
        card: What the folder says of it.

    Returns:
        The network, in evaluation mode, on the CPU.

    Raises:
        RavineError: The run has not ended, or its weights do not fit.
    """
    if not (folder / WEIGHTS).exists():
        raise RavineError(f"the run in {str(folder)!r} has not ended: the same 'ravine train' command goes on with it.")
    layers, arguments = read(card.get("layers", "()"), NAMES), read(card["arguments"], {})
    try:
        return predictor(task, layers, card["seed"], arguments, load(folder / WEIGHTS, torch.device("cpu")))
    except RuntimeError as error:
        raise RavineError(
            f"the weights in {str(folder)!r} are of another model: {' '.join(str(error).split())}"
        ) from error
