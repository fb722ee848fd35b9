"""Tables as tasks: a small network for columns of numbers, standardized inside each fold."""

import dataclasses
import math
from typing import Any

from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from ..errors import RavineError
from .examples import InMemory, examples
from .task import Task, found_by


def table_mlp(inputs: int, outputs: int, width: int = 32, depth: int = 2, drop: float = 0.1) -> nn.Module:
    """Builds a multilayer perceptron for rows of numbers."""
    layers: list[nn.Module] = [nn.Flatten()]
    for size in [inputs] + [width] * (depth - 1):
        layers += [nn.Linear(size, width), nn.ReLU(), nn.Dropout(drop)]
    return nn.Sequential(*layers, nn.Linear(width, outputs))


def table_task(data: Any, *, target: str | None = None, kind: str | None = None, name: str, source: str) -> Task:
    """Makes a task of a table: which class a row has, or which number.

    A number is learned in round units: its center and scale, to one digit, are read off the whole table.
    That moves no R2, and tells the network of the test rows no more than that digit.

    Args:
        data: Anything that `examples` takes and holds in memory.
        target: The target's column, in these data or in new ones.
        kind: "classes" or "numbers"; None asks the target.
        name: The task's name.
        source: The text by which it is found.

    Returns:
        The task: cross entropy and accuracy for classes, squared error and R2 for numbers.

    Raises:
        RavineError: There is only one class.
    """
    train = examples(data, target, kind=kind, where=name)
    assert isinstance(train, InMemory)
    targets = train.targets
    assert targets is not None
    numbers = targets.is_floating_point()
    outputs = math.prod(targets.shape[1:]) if numbers else len(train.coding.classes or ())
    if not numbers and outputs < 2:
        raise RavineError(f"{name}: the target holds {train.coding.classes} alone: there is nothing to tell apart.")
    task = Task(
        model=table_mlp,
        model_arguments={"inputs": math.prod(train.inputs.shape[1:]), "outputs": outputs},
        train=in_round_units(train) if numbers else train,
        loss="squared_error" if numbers else "cross_entropy",
        preprocess=StandardScaler(),
        name=name,
        target=target,
    )
    return found_by(task, source)


def in_round_units(data: InMemory) -> InMemory:
    """Gives numeric targets as `(y - center) / scale`, with round numbers, and remembers both.

    Args:
        data: Examples with numeric targets.

    Returns:
        The same examples with targets of about zero mean and unit spread.
    """
    targets = data.targets
    assert targets is not None
    assert data.target is not None
    center, scale = round_units(targets)
    scaled = ((targets.double() - center) / scale).float()
    coding = dataclasses.replace(data.coding, center=center, scale=scale)
    return dataclasses.replace(data, columns={**data.columns, data.target: scaled}, coding=coding)


def round_units(targets: Tensor) -> tuple[float, float]:
    """Gives the spread of numbers to one digit, and their mean as a multiple of it.

    Args:
        targets: The numbers.

    Returns:
        The mean and the spread; a spread of 1 where nothing varies.

    >>> import torch
    >>> round_units(torch.tensor([75.0, 152.0, 229.0]))
    (160.0, 80.0)
    """
    values = targets.double()
    spread = float(values.std()) if values.numel() > 1 else 0.0
    scale = float(f"{spread:.0e}") if spread > 0 else 1.0
    return round(float(values.mean()) / scale) * scale, scale
