"""Makes kernels of a printed program, once for all models; Triton keeps what it compiled for processes to come."""

import hashlib
import linecache
from functools import cache
from types import ModuleType

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
    name = f"ravine_triton_{dtype}_{hashlib.sha256(source.encode()).hexdigest()[:20]}"
    file = f"<{name}>"
    module = ModuleType(name)
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)  # where Triton looks for it
    # Printed from a traced graph; nothing that was typed gets here but names that Python took for names.
    exec(compile(source, file, "exec"), module.__dict__)  # noqa: S102
    return module
