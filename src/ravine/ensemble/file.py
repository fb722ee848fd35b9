"""An ensemble as one file: tensors, numbers and texts, read without unpickling anything."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ..data.find import find
from ..data.task import Task
from ..errors import RavineError
from ..training.checkpoint import load, save
from ..training.folder import fingerprint
from .member import FIELDS, Member, labels_of, packed, unpacked

FORMAT = "ravine ensemble 1"
PARTS = ("task", "data", "labels", "members", "weights", "combine", "start", "spent", "notes")


def write_ensemble(
    path: Path, task: Task, members: Sequence[Member], labels: tuple[str, ...] | None, **rest: Any
) -> None:
    """Writes an ensemble; what stood at that place before stays until the new file is whole.

    Args:
        path: The file.
        task: The task.
        members: The members.
        labels: The task's classes.
        **rest: `weights`, `combine`, `start`, `spent`, `notes`.
    """
    weights = None if rest["weights"] is None else [float(weight) for weight in rest["weights"]]
    kept = {
        "format": FORMAT, "task": task.source or "", "data": fingerprint(task),
        "labels": None if labels is None else list(labels), "members": [packed(member) for member in members],
        **rest, "weights": weights, "start": torch.as_tensor(rest["start"], dtype=torch.float64),
        "notes": list(rest["notes"]),
    }  # fmt: skip
    save(kept, path)


def read_ensemble(path: Path, task: Task | None) -> tuple[Task, list[Member], dict[str, Any]]:
    """Reads an ensemble.

    Args:
        path: The file.
        task: Its task; None to find it by the text in the file.

    Returns:
        The task, the members, and `weights`, `combine`, `start`, `spent`, `notes` by name.

    Raises:
        RavineError: It is no file of an ensemble, or one of another task or other data.
    """
    kept = load(path, torch.device("cpu"))
    whole = kept.get("format") == FORMAT and all(name in kept for name in PARTS)
    if not whole or any(name not in member for member in kept["members"] for name in FIELDS):
        raise RavineError(f"{str(path)!r} is no ensemble: Ensemble.save writes one.")
    if task is None and not kept["task"]:
        raise RavineError(
            f"the ensemble in {str(path)!r} is of a task that no text finds: give it, as in Ensemble.load(path, task)."
        )
    found = find(kept["task"]) if task is None else task
    _check_task(path, kept, found)
    rest = {name: kept[name] for name in ("weights", "combine", "spent")}
    return found, list(map(unpacked, kept["members"])), rest | {"start": kept["start"], "notes": tuple(kept["notes"])}


def _check_task(path: Path, kept: dict[str, Any], task: Task) -> None:
    labels = labels_of(task)
    if kept["labels"] != (None if labels is None else list(labels)):
        raise RavineError(f"the ensemble in {str(path)!r} is of another task: its labels are others.")
    if kept["data"] != fingerprint(task):
        raise RavineError(f"the ensemble in {str(path)!r} is of another task, or the task's data have changed since.")
