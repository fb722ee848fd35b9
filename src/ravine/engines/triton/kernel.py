"""Makes kernels of a printed program, once for all models; Triton keeps what it compiled for processes to come."""

import atexit
import hashlib
import linecache
import shutil
import tempfile
import warnings
from functools import cache
from pathlib import Path
from types import ModuleType

from triton import knobs

from ..trace import Program
from .source import print_source


def compiled(program: Program, dtype: str) -> ModuleType:
    """Makes the kernels of a program for one dtype, or finds them made.

    Args:
        program: What to compute.
        dtype: What the parameters, gradients and slots hold.

    Returns:
        The module of `print_source`.
    """
    return _compiled(print_source(program, dtype), dtype)


@cache
def _compiled(source: str, dtype: str) -> ModuleType:
    if not knobs.runtime.interpret:
        make_room()
    name = f"ravine_triton_{dtype}_{hashlib.sha256(source.encode()).hexdigest()[:20]}"
    file = f"<{name}>"
    module = ModuleType(name)
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)  # where Triton looks for it
    # Printed from a traced graph; nothing that was typed gets here but names that Python took for names.
    exec(compile(source, file, "exec"), module.__dict__)  # noqa: S102
    return module


@cache
def make_room() -> None:
    """Sees to a folder where Triton can keep what it compiles, since it does not go on without one."""
    place = Path(knobs.cache.dir)
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            return
    except OSError as error:
        warnings.warn(
            f"compiled kernels cannot be kept in {place} ({error.strerror}), so every process compiles its own, some "
            "seconds per rule: set TRITON_CACHE_DIR to a folder that can be written.",
            stacklevel=2,
        )
    knobs.cache.dir = tempfile.mkdtemp(prefix="ravine-")
    atexit.register(shutil.rmtree, knobs.cache.dir, ignore_errors=True)
