"""Arrays of any kind become tensors here, and what can't be a number is refused with its row and column."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import RavineError


def plain_array(values: Any, where: str) -> np.ndarray:
    """Gives what a tensor, a pandas column, a sparse matrix or a list holds as a NumPy array.

    Args:
        values: What the user gave.
        where: What it is, for error sentences.

    Returns:
        The array; texts and missing labels come as objects.

    Raises:
        RavineError: It is no array: rows differ in length, or it has no rows at all.
    """
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        values = (values.to_dense() if values.layout != torch.strided else values).resolve_conj().resolve_neg()
        array = (values.float() if values.dtype == torch.bfloat16 else values).numpy()
    elif hasattr(values, "dtypes") or type(values).__module__.startswith("pandas"):
        array = _from_pandas(values)
    elif hasattr(values, "toarray"):
        array = values.toarray()
    else:
        try:
            array = np.asarray(values)
        except ValueError:
            raise RavineError(f"{where} has rows of different lengths: pad them to one length first.") from None
    if array.ndim == 0:
        raise RavineError(f"{where} must hold one row for each example, got {_shown(values)}.")
    return array


def _shown(values: Any) -> str:
    text = repr(values)
    return text if len(text) <= 60 else f"a {type(values).__name__}"


def _from_pandas(values: Any) -> np.ndarray:
    """Gives nullable numbers as float64 with NaN for what is missing; pandas would make them objects."""
    kinds = values.dtypes if hasattr(values, "columns") else [values.dtype]
    numeric = all(getattr(kind, "kind", "O") in "iufb" for kind in kinds)
    if numeric and bool(np.any(np.asarray(values.isna()))):
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    if numeric and any(not isinstance(kind, np.dtype) for kind in kinds):
        return values.to_numpy(dtype=np.result_type(*[kind.numpy_dtype for kind in kinds]))
    return values.to_numpy()


def as_tensor(values: Any, where: str) -> Tensor:
    """Turns numbers into a tensor: fractions become float32; whole numbers, and true and false, keep their type.

    Args:
        values: A tensor, an array, a pandas object or nested lists; one row for each example.
        where: What it is, for error sentences.

    Returns:
        The tensor. A float32 array is shared, not copied.

    Raises:
        RavineError: The values are no real numbers.
    """
    if isinstance(values, Tensor) and values.layout == torch.strided and not values.is_complex() and values.dim():
        values = values.detach()
        return values.float() if values.dtype == torch.float64 else values
    array = plain_array(values, where)
    if array.dtype.kind not in "fiub":
        found = array.reshape(-1)[:1].tolist() or [str(array.dtype)]
        raise RavineError(f"{where} must hold numbers, got {found[0]!r}: turn texts and dates into numbers first.")
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):  # what is too large becomes inf, which is refused with its place
            array = array.astype(np.float32, copy=False)
    elif array.dtype.kind == "u" and array.dtype.itemsize > 1:
        array = array.astype(np.int64)
    array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def check_finite(values: Tensor, where: str, names: Sequence[str] | None = None) -> None:
    """Refuses NaN and infinity, naming the first place.

    Args:
        values: Numbers, one row for each example.
        where: What they are, for the error sentence.
        names: The names of the columns, where they have any.

    Raises:
        RavineError: With the row (from 0) and the column.

    >>> check_finite(torch.tensor([[1.0, 2.0], [3.0, float("nan")]]), "train data: inputs", ["age", "height"])
    Traceback (most recent call last):
    ravine.errors.RavineError: train data: inputs has nan in row 1, column 'height': fill it in, or leave it out.
    """
    if not values.is_floating_point() or bool(torch.isfinite(values).all()):
        return
    first = (~torch.isfinite(values)).nonzero()[0].tolist()
    place = f"row {first[0]}"
    if names is not None:
        place += f", column {names[first[1]]!r}"
    elif len(first) > 1:
        place += f", column {first[1]}" if len(first) == 2 else f", at {first[1:]}"
    found = float(values[tuple(first)])
    raise RavineError(f"{where} has {found} in {place}: fill it in, or leave it out.")
