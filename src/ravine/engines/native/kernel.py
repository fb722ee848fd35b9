"""Compiles a printed program, once for all models, and keeps what was compiled for processes to come."""

import hashlib
import linecache
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import platformdirs

from ..trace import Program
from .source import SHARE, print_source


@dataclass(frozen=True)
class Kernel:
    """A compiled function: by its address for other compiled code, and to be called from Python.

    Neither holds Python's lock while it runs.
    """

    address: int
    call: Callable[..., None]


def compiled(program: Program, dtype: str) -> Kernel:
    """Compiles a program for one dtype, or finds it compiled.

    Args:
        program: What to compute.
        dtype: What the parameters, gradients and slots hold.

    Returns:
        Its `run(table, part, first, last)`.
    """
    return _compiled(print_source(program, dtype), f"step_{dtype}")


def share() -> Kernel:
    """Gives what every thread does in a pass that several share: `share(task)`, see `pieces`.

    Returns:
        The function.
    """
    return _compiled(SHARE, "share")


@cache
def _compiled(source: str, purpose: str) -> Kernel:
    name = f"ravine_{purpose}_{hashlib.sha256((source + _pieces()).encode()).hexdigest()[:20]}"
    file, kept = _written(name, source)
    # The text is run from memory; the file is what Numba keeps its compiled form beside, and what tracebacks show.
    module = sys.modules[name] = ModuleType(name)  # what Numba loads asks for the module that it came from
    module.__dict__.update(__file__=file, CACHE=kept)
    if not kept:
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    # Printed above from a traced graph; nothing that was typed gets here but names that Python took for names.
    exec(compile(source, file, "exec"), module.__dict__)  # noqa: S102
    compiled = module.__dict__["run"]
    return Kernel(compiled.address, compiled.ctypes)


@cache
def _pieces() -> str:
    """What every kernel has in it: where that changes, what was compiled before does not count."""
    return "".join(file.read_text() for file in sorted(Path(__file__).parent.glob("*.py")))


def folder() -> Path:
    """Tells where compiled kernels are kept: in the user's cache, or in `RAVINE_CACHE`.

    Returns:
        The folder, which may not be there yet.
    """
    return Path(os.environ.get("RAVINE_CACHE") or platformdirs.user_cache_dir("ravine")) / "kernels"


def _written(name: str, source: str) -> tuple[str, bool]:
    """Writes a module where its compiled form can be kept beside it, unless it is there."""
    file = folder() / f"{name}.py"
    try:
        if not file.exists() or file.read_text() != source:
            file.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=file.parent, suffix=".tmp", delete=False) as new:
                new.write(source)
            Path(new.name).replace(file)  # whole or not at all: other processes may be looking
        with tempfile.TemporaryFile(dir=file.parent):
            return str(file), True
    except OSError as error:
        _say_once(str(folder()), error.strerror or str(error))
        return f"<{name}>", False


@cache
def _say_once(place: str, why: str) -> None:
    warnings.warn(
        f"compiled kernels cannot be kept in {place} ({why}), so every process compiles its own, about a second per "
        "rule: set RAVINE_CACHE to a folder that can be written.",
        stacklevel=2,
    )
