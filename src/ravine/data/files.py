"""Data files as tasks: CSV, Parquet and NPZ with a target column; and OpenML's data sets by name."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np

from ..errors import RavineError, nearest
from .coding import TARGET_NAMES, find_target, listed
from .examples import Examples, InMemory, examples
from .tables import table_task
from .task import Task

SUFFIXES = (".csv", ".tsv", ".parquet", ".npz")
"""The kinds of data files."""

MOST_CLASSES = 20
"""In a file, a target of whole numbers with more different values than this is a number, else a class.

A task file can say otherwise, by its loss."""


def read_file(path: Path) -> Any:
    """Reads a data file.

    Args:
        path: A CSV file with a head line (separated by commas, semicolons or tabs), a Parquet or an NPZ file.

    Returns:
        A pandas DataFrame, or for NPZ a dict of arrays.

    Raises:
        RavineError: It isn't there, is no such file, or has no columns.
    """
    if not path.is_file():
        near = nearest(path.name, [one.name for one in path.parent.glob("*")]) if path.parent.is_dir() else ""
        raise RavineError(f"there is no file {str(path)!r}.{near}")
    try:
        data = _read(path)
    except Exception as error:  # readers raise their own kinds, and each means that the file is not what it claims
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise RavineError(f"{path.name} can't be read as {path.suffix[1:].upper()}: {reason}") from error
    numbered = next((name for name in getattr(data, "columns", ()) if str(name).startswith("Unnamed:")), None)
    if numbered is not None:
        raise RavineError(
            f"{path.name} has a column without a name ({numbered!r}), most likely row numbers: "
            "write the file without them, as in to_csv(path, index=False)."
        )
    return data


def _read(path: Path) -> Any:
    import pandas  # here, since a task that comes from no table must not cost its import

    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)
    if path.suffix == ".parquet":
        return pandas.read_parquet(path)
    with path.open(encoding="utf-8-sig") as lines:
        head = lines.readline()
    return pandas.read_csv(path, sep=max(",;\t", key=head.count), encoding="utf-8-sig")


def file_task(path: Path, target: str | None = None) -> Task:
    """Makes a task of a data file.

    Args:
        path: The file.
        target: The target's column; else the first of "target", "y", "label", "labels".

    Returns:
        The task, on rows of numbers.

    Raises:
        RavineError: It has no such column, or an NPZ file holds more than one array of inputs.
    """
    data = read_file(path)
    names = [str(name) for name in (data if isinstance(data, Mapping) else data.columns)]
    chosen = find_target(names, target, path.name)
    if chosen is None:
        columns = listed(names)
        raise RavineError(f"{path.name} has no column {TARGET_NAMES[0]!r}: write {path.name}:COLUMN, one of {columns}.")
    values = data[chosen]
    if isinstance(data, Mapping):
        inputs = [name for name in names if name != chosen]
        if len(inputs) != 1:
            raise RavineError(f"{path.name} must hold one array of inputs beside {chosen!r}, got {inputs}.")
        data = (data[inputs[0]], values)
    source = f"{path.resolve()}:{chosen}"
    return table_task(data, target=chosen, kind=_kind(values), name=path.stem, source=source)


def _kind(values: Any) -> str | None:
    """Whole numbers are classes while they are few, with a decimal point or without."""
    if getattr(values.dtype, "kind", "O") not in "iuf":
        return None
    array = np.asarray(values, dtype=np.float64)
    whole = array.ndim == 1 and bool(np.all(array == np.round(array)))
    return "classes" if whole and len(np.unique(array)) <= MOST_CLASSES else "numbers"


def new_examples(task: Task, path: Path) -> Examples:
    """Reads a data file as new examples for a task: labels, text columns and units as in its training data.

    Args:
        task: The task.
        path: The file; the target may be missing.

    Returns:
        The examples, not yet preprocessed.

    Raises:
        RavineError: The file does not fit the task.
    """
    known, data = task.training_data, read_file(path)
    groups = task.groups if isinstance(task.groups, str) else None
    missing = task.preprocess is not None
    if isinstance(known, InMemory) and known.as_dict:
        data = data if isinstance(data, Mapping) else {name: data[name] for name in data.columns}
        return examples(data, known.target, groups=groups, like=known, where=path.name, missing=missing)
    if isinstance(data, Mapping):
        target = find_target(data, task.target, path.name, optional=True)
        inputs = [name for name in data if name != target]
        if len(inputs) != 1:
            raise RavineError(f"{path.name} must hold one array of inputs, got {inputs}.")
        data = data[inputs[0]] if target is None else (data[inputs[0]], data[target])
    return examples(data, task.target, groups=groups, like=known, where=path.name, missing=missing)


def openml_task(text: str) -> Task:
    """Makes a task of one of OpenML's data sets, fetched once and then kept by scikit-learn.

    Args:
        text: `name`, `name:version`, or the data set's number.

    Returns:
        The task, on rows of numbers; a nominal target is a class, a numeric one a number.

    Raises:
        RavineError: OpenML can't be reached, has no such data set, or the data set has no single target.
    """
    from sklearn.datasets import fetch_openml  # here, since other tasks must not cost its import

    name, _, version = text.partition(":")
    if not name or (version and not version.isdecimal()):
        raise RavineError(f"openml:{text} must be openml:NAME, openml:NAME:VERSION or openml:NUMBER.")
    which: dict[str, Any] = {"data_id": int(name)} if name.isdecimal() else {"name": name}
    if version and not name.isdecimal():
        which["version"] = int(version)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "A network error occurred")  # the last one is told below
            bunch: Any = fetch_openml(**which, n_retries=1)
    except URLError as error:  # before ValueError and OSError, which it is too
        raise RavineError(f"openml:{text} can't be fetched: {error}. Is there a network?") from error
    except (ValueError, KeyError, OSError) as error:
        raise RavineError(f"openml:{text}: {str(error).strip().splitlines()[0]}") from error
    targets = bunch.target
    if targets is None or getattr(targets, "ndim", 1) != 1:
        raise RavineError(f"openml:{text} has {len(bunch.target_names)} targets, and a task needs one.")
    nominal = hasattr(targets.dtype, "categories") or getattr(targets.dtype, "kind", "O") not in "iuf"
    kind = "classes" if nominal else "numbers"
    return table_task(
        (bunch.data, targets), target=bunch.target_names[0], kind=kind, name=name, source=f"openml:{text}"
    )
