"""Preprocessing fitted inside the fold: what it learns, it learns from the training part alone."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from sklearn.base import clone
from torch import Tensor

from ..errors import RavineError
from .arrays import check_finite
from .examples import Examples, InMemory

Transform = Callable[[Examples], Examples]


def fitted(preprocess: Any, train: Examples) -> Transform:
    """Fits a fresh copy of a scikit-learn transformer, or of one for each key of a dict batch.

    Inputs of more than two dimensions are flattened for it, and get their shape back where it keeps
    their number.

    Args:
        preprocess: A transformer, a dict of them by key of the batch, or None.
        train: The examples that it may learn from.

    Returns:
        A function from examples to transformed examples.

    >>> from sklearn.preprocessing import StandardScaler
    >>> train = InMemory({"inputs": torch.tensor([[1.0], [3.0]]), "target": torch.tensor([0, 1])}, "target")
    >>> fitted(StandardScaler(), train)(train).inputs.tolist()
    [[-1.0], [1.0]]
    """
    if preprocess is None:
        return lambda data: data
    data = _in_memory(train)
    targets = None if data.targets is None else data.targets.cpu().numpy()
    ready: dict[str, Any] = {name: clone(transformer) for name, transformer in _by_name(preprocess, data).items()}
    for name, transformer in ready.items():
        transformer.fit(_flat(data.columns[name]), targets)

    def transform(data: Examples) -> Examples:
        columns = dict(_in_memory(data).columns)
        for name, transformer in ready.items():
            columns[name] = _transformed(transformer, columns[name], name)
        return _in_memory(data).with_columns(columns, data.groups)

    return transform


def check_fills(preprocess: Any, data: Examples) -> None:
    """Tries preprocessing on all examples, so that a mistake is told before any run.

    Args:
        preprocess: As for `fitted`.
        data: The training examples.

    Raises:
        RavineError: It can't take them, or leaves NaN in the inputs.
    """
    try:
        fitted(preprocess, data)(data)
    except RavineError:
        raise
    except Exception as error:  # a transformer may raise anything
        reason = str(error).strip().splitlines()[0] if str(error).strip() else ""
        raise RavineError(f"preprocess can't take the train data: {type(error).__name__}: {reason}") from error
    assert isinstance(data, InMemory)
    untouched = set(data.columns) - set(_by_name(preprocess, data))
    for name in untouched:
        check_finite(data.columns[name], f"train data: {name}")


def _in_memory(data: Examples) -> InMemory:
    if not isinstance(data, InMemory):
        raise RavineError("preprocess needs data in memory: put it into the Dataset, or give the data as arrays.")
    return data


def _by_name(preprocess: Any, data: InMemory) -> dict[str, Any]:
    inputs = [name for name in data.columns if name != data.target]
    if isinstance(preprocess, Mapping):
        for name in preprocess:
            if name not in inputs:
                raise RavineError(f"preprocess has {name!r}, but the inputs are {', '.join(inputs)}.")
        return dict(preprocess)
    if len(inputs) > 1:
        raise RavineError(f"preprocess must be a dict by input, such as {{{inputs[0]!r}: StandardScaler()}}.")
    return {inputs[0]: preprocess}


def _flat(values: Tensor) -> np.ndarray:
    return values.cpu().numpy().reshape(len(values), -1).astype(np.float64)


def _transformed(transformer: Any, values: Tensor, name: str) -> Tensor:
    given: Any = transformer.transform(_flat(values))
    given = given.toarray() if hasattr(given, "toarray") else np.asarray(given)
    if given.shape[0] != len(values):
        raise RavineError(f"preprocess gives {given.shape[0]} rows for {len(values)} examples.")
    result = torch.from_numpy(np.ascontiguousarray(given, dtype=np.float32)).to(values.device)
    check_finite(result, f"{name} after preprocess")
    return result.reshape(values.shape) if result.numel() == values.numel() else result
