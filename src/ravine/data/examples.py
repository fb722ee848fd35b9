"""The door for data: whatever a user has becomes `Examples` here, or is refused with a sentence."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, Subset, TensorDataset

from ..errors import RavineError, nearest
from .arrays import as_tensor, check_finite, plain_array
from .coding import Coding, encode_targets, find_target, listed
from .dataset import FromDataset, wrap
from .frames import read_frame
from .memory import Batch, Examples, InMemory

__all__ = ["Batch", "Examples", "FromDataset", "InMemory", "examples"]


def examples(
    data: Any,
    target: str | None = None,
    *,
    kind: str | None = None,
    groups: Any = None,
    like: Examples | None = None,
    where: str = "data",
    missing: bool = False,
) -> Examples:
    """Takes data of any common kind as examples.

    Tensors, NumPy arrays, sparse matrices and pandas objects as `(inputs, target)`; one DataFrame or one
    dict of arrays with the target in it; a scikit-learn bunch; a `TensorDataset`; any other map-style
    `Dataset`, whose examples are read only when needed. A `RavineError` tells where lengths differ, where
    a value is missing or no number, and that the target isn't there.

    Args:
        data: The data.
        target: The column or key that is the target; else the first of "target", "y", "label", "labels".
        kind: What the loss wants of the target: "classes", "binary", "numbers", "given"; None asks the data.
        groups: One label for each example, or the name of the column that holds them (may be missing with `like`).
        like: Earlier examples; labels, text columns and units are read as they were there, and the
            target may be missing.
        where: What the data are, for error sentences.
        missing: Whether NaN may stay in the inputs, because preprocessing fills it in.

    Returns:
        The examples, held as tensors unless they come from a `Dataset`.

    >>> data = examples((np.array([[1.0], [2.0], [3.0]]), np.array(["no", "yes", "no"])))
    >>> data.batch(data.targets)
    (tensor([[1.],
            [2.],
            [1.]]), tensor([0, 1, 0]))
    """
    if isinstance(data, Examples):
        return data if groups is None else _grouped(data, groups, where)
    columns, target, as_dict = _columns(data, target, where, like is not None)
    if columns is None:
        return wrap(data, target, _labels(groups, len(data), where), where)
    columns, groups = _without_groups(columns, groups, where, like is not None)
    coding = like.coding if like is not None else Coding()
    tensors: dict[str, Tensor] = {}
    for name, values in columns.items():
        place = f"{where}: {'inputs' if name == 'inputs' else repr(name) if as_dict else name}"
        if name == target:
            tensors[name], classes = encode_targets(values, kind, place, coding)
            coding = dataclasses.replace(coding, classes=classes)
            check_finite(tensors[name], place)
        else:
            tensors[name], coding = _read(values, name, place, coding, missing)
    length = _check_lengths(tensors, where)
    if like is not None and isinstance(like, InMemory):
        _check_shapes(tensors, like, target, where)
    return InMemory(tensors, target, as_dict, coding, _labels(groups, length, where))


def _is_frame(data: Any) -> bool:
    return hasattr(data, "columns") and hasattr(data, "iloc")


def _is_array(data: Any) -> bool:
    return isinstance(data, (Tensor, np.ndarray)) or hasattr(data, "iloc") or hasattr(data, "toarray")


def _columns(
    data: Any, target: str | None, where: str, optional: bool
) -> tuple[dict[str, Any] | None, str | None, bool]:
    """Takes the data apart: arrays by name, the target's name, whether batches are dicts; None for a `Dataset`."""
    _refuse(data, where)
    parts = _tensor_dataset(data)
    if parts is not None:
        return *_named(parts), False
    if isinstance(data, dict) and hasattr(data, "data") and hasattr(data, "target"):  # scikit-learn's Bunch
        return {"inputs": data["data"], "target": data["target"]}, "target", False
    if isinstance(data, Mapping):
        target = find_target(data, target, where, optional)
        return {str(name): data[name] for name in sorted(data, key=lambda name: name == target)}, target, True
    if _is_frame(data):
        return *_frame(data, target, where, optional), False
    if isinstance(data, (tuple, list)) and data and all(_is_array(part) or _nested(data, part) for part in data):
        if len(data) == 2 and isinstance(data[0], Mapping):
            name = target or "target"
            return {**data[0], name: data[1]}, name, True
        return *_named(data), False
    if _is_array(data):
        return {"inputs": data}, None, False
    if hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        return None, target, False
    raise RavineError(f"{where} must be arrays, a table or a Dataset, got a {type(data).__name__}.")


def _nested(data: Any, part: Any) -> bool:
    """Tells a tuple of plain lists, which are columns, and of a dict of inputs, from a list of examples."""
    return isinstance(data, tuple) and (isinstance(part, list) or (isinstance(part, Mapping) and part is data[0]))


def _refuse(data: Any, where: str) -> None:
    if isinstance(data, DataLoader):
        raise RavineError(f"{where} is a DataLoader: give its `.dataset`; Ravine chooses the batches.")
    if isinstance(data, IterableDataset):
        raise RavineError(f"{where} is an IterableDataset: folds need examples by number, so give a map-style Dataset.")
    if isinstance(data, (str, bytes)) or hasattr(data, "__fspath__"):
        raise RavineError(f"{where} is the text {str(data)!r}: read the file first, as in pandas.read_csv({data!r}).")


def _tensor_dataset(data: Any) -> tuple[Tensor, ...] | None:
    if isinstance(data, TensorDataset):
        return data.tensors
    if isinstance(data, Subset):
        parts = _tensor_dataset(data.dataset)
        return None if parts is None else tuple(part[list(data.indices)] for part in parts)
    return None


def _named(parts: Any) -> tuple[dict[str, Any], str | None]:
    """Names the members of a tuple: the last of two or more is the target."""
    if len(parts) == 1:
        return {"inputs": parts[0]}, None
    if len(parts) == 2:
        return {"inputs": parts[0], "target": parts[1]}, "target"
    inputs = {f"inputs {place}": part for place, part in enumerate(parts[:-1], start=1)}
    return {**inputs, "target": parts[-1]}, "target"


def _frame(frame: Any, target: str | None, where: str, optional: bool) -> tuple[dict[str, Any], str | None]:
    found = find_target(frame.columns, target, where, optional)
    if found is None:
        if optional:
            return {"inputs": frame}, None
        names = listed([str(name) for name in frame.columns])
        raise RavineError(f"{where}: say which column is the target, as in target='...': {names}.")
    name = next(name for name in frame.columns if str(name) == found)
    return {"inputs": frame.drop(columns=[name]), "target": frame[name]}, "target"


def _without_groups(columns: dict[str, Any], groups: Any, where: str, optional: bool) -> tuple[dict[str, Any], Any]:
    """Takes the column of groups out of the inputs: a patient's number is no symptom."""
    if not isinstance(groups, str):
        return columns, groups
    inputs: Any = columns.get("inputs")
    if _is_frame(inputs) and groups in inputs:
        return {**columns, "inputs": inputs.drop(columns=[groups])}, inputs[groups]
    if groups in columns:
        return {name: values for name, values in columns.items() if name != groups}, columns[groups]
    if optional:
        return columns, None
    raise RavineError(f"{where} has no column {groups!r} to take the groups from.{nearest(groups, columns)}")


def _grouped(data: Examples, groups: Any, where: str) -> Examples:
    labels = _labels(groups, len(data), where)
    assert isinstance(data, (InMemory, FromDataset))
    return dataclasses.replace(data, groups=labels)


def _labels(groups: Any, length: int, where: str) -> np.ndarray | None:
    if groups is None:
        return None
    labels = plain_array(groups, f"{where}: groups").reshape(-1)
    if len(labels) != length:
        raise RavineError(f"{where}: groups has {len(labels)} labels for {length} examples: give one for each.")
    return np.unique(labels.astype(str), return_inverse=True)[1]


def _read(values: Any, name: str, place: str, coding: Coding, missing: bool) -> tuple[Tensor, Coding]:
    if name == "inputs" and _is_frame(values):
        matrix, read = read_frame(values, place, coding.columns, missing)
        return matrix, dataclasses.replace(coding, columns=read)
    tensor = as_tensor(values, place)
    if not missing:
        check_finite(tensor, place)
    return tensor, coding


def _check_lengths(tensors: dict[str, Tensor], where: str) -> int:
    lengths = {name: len(values) for name, values in tensors.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise RavineError(f"{where} must have one row of each for every example, got rows: {told}.")
    length = next(iter(lengths.values()), 0)
    if length == 0:
        raise RavineError(f"{where} is empty: give at least a few examples.")
    return length


def _check_shapes(tensors: dict[str, Tensor], like: InMemory, target: str | None, where: str) -> None:
    for name, known in like.columns.items():
        if name == like.target:
            continue
        if name not in tensors:
            raise RavineError(f"{where} has no {name!r}, which the training data have.{nearest(name, tensors)}")
        if tensors[name].shape[1:] != known.shape[1:]:
            raise RavineError(
                f"{where}: {name} has the shape {list(tensors[name].shape[1:])} for each example, "
                f"the training data {list(known.shape[1:])}."
            )
    for name in tensors:
        if name not in like.columns and name != target:
            raise RavineError(f"{where} has {name!r}, which the training data don't have: leave it out.")
