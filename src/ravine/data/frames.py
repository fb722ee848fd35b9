"""Tables become tensors: a number stays a number, a text becomes one column for each of its values."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import RavineError, nearest
from .arrays import check_finite
from .coding import Column

MOST_CATEGORIES = 50
"""A text column with more values than this is rather a name or a comment, and would drown the others."""


def read_frame(
    frame: Any, where: str, columns: tuple[Column, ...] | None = None, missing: bool = False
) -> tuple[Tensor, tuple[Column, ...]]:
    """Turns a pandas DataFrame without its target into one matrix of inputs.

    The values of a text column are read off the whole table; no target enters, so nothing leaks.

    Args:
        frame: The table; columns of numbers, of true and false, and of text or categories.
        where: What it is, for error sentences.
        columns: The columns of earlier data, to read this table in the same way.
        missing: Whether missing numbers may stay, as NaN, because a later step fills them in.

    Returns:
        The float32 matrix, `[n, width]`, and the columns as they were read.

    Raises:
        RavineError: A column is missing, unknown, a date, or holds too many texts; a value is missing.
    """
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise RavineError(f"{where} has two columns named {twice!r}: rename one.")
    if columns is None:
        columns = tuple(_column(frame[name], str(name), where) for name in frame.columns)
    by_name = {str(name): frame[name] for name in frame.columns}
    _check_names(by_name, columns, where)
    blocks, names = [], []
    for column in columns:
        block = _block(by_name[column.name], column, where)
        blocks.append(block)
        names += [column.name] * block.shape[1]
    if not blocks:
        raise RavineError(f"{where} has no columns beside the target.")
    with np.errstate(over="ignore"):  # too large a number becomes inf, and is refused with its place
        matrix = torch.from_numpy(np.concatenate(blocks, axis=1).astype(np.float32))
    if not missing:
        check_finite(matrix, where, names)
    return matrix, columns


def _check_names(by_name: dict[str, Any], columns: tuple[Column, ...], where: str) -> None:
    known = [column.name for column in columns]
    for name in known:
        if name not in by_name:
            raise RavineError(f"{where} has no column {name!r}, which the training data have.{nearest(name, by_name)}")
    for name in by_name:
        if name not in known:
            raise RavineError(f"{where} has a column {name!r}, which the training data don't have: leave it out.")


def _is_numeric(series: Any) -> bool:
    return getattr(series.dtype, "kind", "O") in "iufb" and not hasattr(series.dtype, "categories")


def _column(series: Any, name: str, where: str) -> Column:
    if _is_numeric(series):
        return Column(name)
    if getattr(series.dtype, "kind", "O") in "mM":
        raise RavineError(f"{where}: column {name!r} holds dates: turn them into numbers, or leave them out.")
    values = sorted({str(value) for value in series.dropna()})
    if len(values) > MOST_CATEGORIES:
        raise RavineError(
            f"{where}: column {name!r} holds {len(values)} different texts, such as {values[0]!r}; "
            f"up to {MOST_CATEGORIES} are read as categories: leave the column out, or turn it into numbers."
        )
    return Column(name, tuple(values))


def _block(series: Any, column: Column, where: str) -> np.ndarray:
    if column.categories is None:
        if not _is_numeric(series):
            raise RavineError(f"{where}: column {column.name!r} must hold numbers, got {series.iloc[0]!r}.")
        return series.to_numpy(dtype=np.float64, na_value=np.nan)[:, None]
    if series.isna().any():
        row = int(np.flatnonzero(series.isna())[0])
        raise RavineError(f"{where} has nothing in row {row}, column {column.name!r}: fill it in, or leave it out.")
    texts = np.array([str(value) for value in series], dtype=object)
    unknown = sorted(set(texts) - set(column.categories))
    if unknown:
        raise RavineError(
            f"{where}: column {column.name!r} holds {unknown[0]!r}, which the training data don't have."
            + nearest(unknown[0], column.categories)
        )
    return (texts[:, None] == np.array(column.categories, dtype=object)[None, :]).astype(np.float64)
