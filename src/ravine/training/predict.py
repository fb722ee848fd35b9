"""`predict`: what a trained run says of new data."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..data.coding import decode
from ..data.examples import Examples, examples
from ..data.files import new_examples
from ..data.find import find
from ..data.folds import split_test
from ..data.preprocessing import fitted
from ..data.task import Task
from ..errors import RavineError
from .evaluate import BATCH
from .folder import fingerprint, load_model, read_card
from .stage import SPLIT_SEED


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model says of examples: its outputs, and the same in the words and units of the training data."""

    outputs: Tensor
    values: np.ndarray
    probabilities: np.ndarray | None
    """One column per class; None for numbers."""
    classes: tuple[Any, ...]

    def table(self) -> pd.DataFrame:
        """Gives the predictions as a table.

        Returns:
            A column "prediction", and for classes one with the probability of each.

        Raises:
            RavineError: The predictions are dense, and make no table.
        """
        if self.values.ndim != 1:
            raise RavineError("dense predictions make no table: take .values or .outputs.")
        columns: dict[str, Any] = {"prediction": self.values}
        if self.probabilities is not None:
            names = self.classes or range(self.probabilities.shape[1])
            columns |= {f"p({name})": self.probabilities[:, k] for k, name in enumerate(names)}
        return pd.DataFrame(columns)


def predict(folder: str | Path, data: Any, *, task: Task | None = None) -> Predictions:
    """Predicts new examples by a run that `train` kept.

    Args:
        folder: The run's folder.
        data: A data file (CSV, Parquet, NPZ), or anything that a task takes as data; targets may be missing.
        task: The task, where no text finds it again.

    Returns:
        The predictions.

    Raises:
        RavineError: The folder holds no finished run, or the data do not fit its task.
    """
    card = read_card(Path(folder))
    found = _task(card, folder) if task is None else task
    if fingerprint(found) != card["data"]:
        raise RavineError(f"the data of the task have changed since the run in {str(folder)!r} was trained.")
    model = load_model(Path(folder), found, card)
    new = read_new(found, data)
    train, _ = split_test(found, SPLIT_SEED)
    return predictions(found, _outputs(found, model, fitted(found.preprocess, train)(new)))


def read_new(task: Task, data: Any) -> Examples:
    """Reads new examples as the training data were read.

    Args:
        task: The task.
        data: A data file (CSV, Parquet, NPZ), or anything that a task takes as data; targets may be missing.

    Returns:
        The examples, not yet preprocessed.
    """
    path = Path(data) if isinstance(data, (str, Path)) else None
    if path is not None:
        return new_examples(task, path)
    return examples(data, task.target, like=task.training_data, where="new data")


def predictions(task: Task, outputs: Tensor) -> Predictions:
    """Tells outputs in the words and units of the training data.

    Args:
        task: The task.
        outputs: As its network gives them, or several networks as one.

    Returns:
        The predictions.
    """
    known, kind = task.training_data, task.used_loss.kind
    said = decode(outputs, kind, known.coding)
    one_each = said.ndim == 2 and said.shape[1] == 1 and known.targets is not None and known.targets.dim() == 1
    return Predictions(
        outputs, said[:, 0] if one_each else said, _probabilities(outputs, kind), known.coding.classes or ()
    )


def _task(card: dict[str, Any], folder: str | Path) -> Task:
    if not card["task"]:
        raise RavineError(
            f"the run in {str(folder)!r} is of a task that no text finds: give it, as in predict(..., task=task)."
        )
    return find(card["task"])


@torch.no_grad()
def _outputs(task: Task, model: torch.nn.Module, new: Examples) -> Tensor:
    return torch.cat([task.predict(model, batch) for batch in new.batches(torch.arange(len(new)).split(BATCH))])


def _probabilities(outputs: Tensor, kind: str) -> np.ndarray | None:
    if kind == "classes":
        return outputs.softmax(dim=1).numpy() if outputs.dim() == 2 else None
    if kind == "binary":
        second = outputs.flatten().sigmoid()
        return torch.stack([1 - second, second], dim=1).numpy()
    return None
