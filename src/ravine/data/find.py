"""Finding a task by what was typed: a ready-made name, a data file, a task file, or `openml:name`."""

import dataclasses
import hashlib
import sys
import traceback
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import RavineError, nearest
from .files import SUFFIXES, file_task, openml_task
from .pretrained import read_pretrained
from .ready_made import READY_MADE
from .task import Task, found_by

LOADED = "ravine_task_"
"""What the names of modules begin with that are task files: no other process has them until it runs the file."""


def find(text: str) -> Task:
    """Finds a task by its text; the same text finds it again in another process.

    Args:
        text: `digits` or another ready-made name; `data.csv[:column]`, as Parquet or NPZ too;
            `my_task.py[:name]`; `openml:name[:version]`; any of them, in quotation marks, with the weights of another
            network, as in `pretrained('digits', 'weights.safetensors', replace_head=True)`.

    Returns:
        The task, whose `source` is a text that finds it from any folder.

    Raises:
        RavineError: Nothing is called so, or the task file raises.

    >>> find("digits").name
    'digits'
    >>> find("digit")
    Traceback (most recent call last):
    ravine.errors.RavineError: there is no task 'digit': name one of digits, wine, ... Did you mean 'digits'?
    """
    if text in READY_MADE:
        return READY_MADE[text]()
    if text.startswith("pretrained("):
        return read_pretrained(text, find)
    if text.startswith("openml:"):
        return openml_task(text.removeprefix("openml:"))
    path, name = _path(text)
    if path.suffix == ".py":
        return load(path, name)
    if path.suffix.lower() in SUFFIXES:
        return file_task(path, name)
    folder = path.parent if path.parent.is_dir() else Path()
    files = [str(folder / one.name) for one in folder.iterdir() if one.suffix in {".py", *SUFFIXES}]
    raise RavineError(
        f"there is no task {text!r}: name one of {', '.join(READY_MADE)}, a data file ({', '.join(SUFFIXES)}), "
        f"my_task.py, or openml:NAME.{nearest(text, [*READY_MADE, *files])}"
    )


def _path(text: str) -> tuple[Path, str | None]:
    """Parts a file from the name after its colon; a colon inside a file's own path stays there."""
    whole = Path(text).expanduser()
    head, colon, name = text.rpartition(":")
    if whole.exists() or not colon or Path(head).suffix.lower() not in {".py", *SUFFIXES}:
        return whole, None
    return Path(head).expanduser(), name


def load(path: Path, name: str | None = None) -> Task:
    """Runs a task file and takes the task out of it.

    Args:
        path: A Python file that makes a `Task`.
        name: What the task is called there, or a function that gives it; else `task`, or the only one.

    Returns:
        The task.

    Raises:
        RavineError: The file isn't there or raises, or there is no such task, or more than one.
    """
    if not path.is_file():
        near = nearest(path.name, [one.name for one in path.parent.glob("*.py")]) if path.parent.is_dir() else ""
        raise RavineError(f"there is no task file {str(path)!r}.{near}")
    module = run_file(path.resolve())
    tasks = {key: value for key, value in vars(module).items() if isinstance(value, Task)}
    if name is None:
        name = _only(path, tasks)
    task = tasks.get(name)
    if task is None:
        task = _made(path, module, name, tasks)
    source = task.source or f"{path.resolve()}:{name}"
    called = task.name or (path.stem if name == "task" else name)
    return found_by(dataclasses.replace(task, name=called), source)


def _only(path: Path, tasks: dict[str, Task]) -> str:
    if "task" in tasks or len(tasks) == 1:
        return "task" if "task" in tasks else next(iter(tasks))
    if not tasks:
        raise RavineError(f"{path.name} makes no task: let it say task = ravine.Task(model=..., train=...).")
    raise RavineError(f"{path.name} has the tasks {', '.join(tasks)}: write {path.name}:{next(iter(tasks))}.")


def _made(path: Path, module: ModuleType, name: str, tasks: dict[str, Task]) -> Task:
    given = getattr(module, name, None)
    if given is None:
        raise RavineError(f"{path.name} has no task {name!r}, only {', '.join(tasks) or 'none'}.{nearest(name, tasks)}")
    try:
        made = given() if callable(given) else given
    except Exception as error:  # a user's function may raise anything
        raise RavineError(_told(path.resolve(), error)) from error
    if not isinstance(made, Task):
        raise RavineError(f"{path.name}: {name} must be a Task, or a function that gives one, got {made!r}.")
    return made


def run_file(path: Path) -> ModuleType:
    """Runs a file as Python runs a script: its own folder comes first in the search for modules."""
    name = f"{LOADED}{path.stem}_{hashlib.blake2b(str(path).encode(), digest_size=4).hexdigest()}"
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses, pickle and `inspect.getsource` look for it
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a user's file may raise anything
        del sys.modules[name]
        raise RavineError(_told(path, error)) from error
    return module


def _told(path: Path, error: BaseException) -> str:
    """One line: the file, the last line of it that was reached, and the error."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    line: Any = lines[-1] if lines else None
    if isinstance(error, SyntaxError) and error.filename == str(path):
        line, reason = error.lineno, error.msg
    else:
        text = str(error).strip()
        reason = text.splitlines()[0] if text else "no reason given"
    kind = "" if isinstance(error, RavineError) else f"{type(error).__name__}: "
    return f"{path.name}, line {line}: {kind}{reason}" if line else f"{path.name}: {kind}{reason}"
