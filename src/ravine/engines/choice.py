"""Who executes a rule: chosen by where the parameters are and what the rule asks for, and told with its reason."""

import importlib.util
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from ..errors import RavineError, nearest
from ..fields import text
from ..rules import Rule
from .plain import Plain
from .row import Row
from .symbols import NoLoop
from .trace import Program, trace

ENGINES = ("auto", "plain", "native", "triton")

COMPILED = {torch.float32, torch.float64, torch.bfloat16, torch.float16}
"""The dtypes that compiled engines know."""


class Engine(Protocol):
    """Takes steps of one rule."""

    fields: tuple[str, ...]
    """The fields it wants to be told, by the names of `field_names`."""

    def step(self, rows: Sequence[Row], gradients: Sequence[Tensor], values: Sequence[Sequence[Any]]) -> None:
        """Takes one step in place.

        Args:
            rows: The parameters that have a gradient.
            gradients: Their gradients.
            values: For each group its `fields`.
        """
        ...


@runtime_checkable
class Replayed(Protocol):
    """An engine whose steps can be captured in a CUDA graph."""

    def write(self, values: Sequence[Sequence[Any]]) -> None:
        """Puts numbers where a replay reads them.

        Args:
            values: For each group the engine's `fields`.
        """
        ...


@dataclass(frozen=True)
class Choice:
    """Which engine moves some parameters, and why."""

    engine: str
    why: str
    tensors: int
    elements: int

    def __str__(self) -> str:
        return f"{self.engine}, for {self.tensors} tensors with {self.elements:,} elements: {self.why}"


def check_engine(asked: Any) -> None:
    """Refuses the name of an engine that is not there.

    Args:
        asked: What was given.

    Raises:
        RavineError: It is none of `ENGINES`, or cannot run here.
    """
    if asked not in ENGINES:
        raise RavineError(
            f"engine={text(asked)}: it must be {', '.join(ENGINES[:-1])} or {ENGINES[-1]}."
            f"{nearest(str(asked), ENGINES)}"
        )
    missing = asked in MODULES and not _installed(MODULES[asked])
    if missing:
        raise RavineError(f"engine={asked!r} needs the package {MODULES[asked]}: pip install {MODULES[asked]}.")


MODULES = {"native": "numba", "triton": "triton"}
"""What an engine compiles with."""


@cache
def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def read_program(rule: Rule) -> Program | RavineError:
    """Traces a rule, or says why it cannot be.

    Args:
        rule: The rule, with symbols in its fields.

    Returns:
        The program, or the refusal.
    """
    try:
        return trace(rule)
    except RavineError as refusal:
        return refusal


def choose(
    asked: str, rule: Rule, program: Program | RavineError, params: Sequence[Tensor], capturable: bool = False
) -> tuple[Choice, Engine]:
    """Picks the engine that steps some parameters together.

    Args:
        asked: One of `ENGINES`.
        rule: Their rule, with symbols in its fields.
        program: What `read_program` gave for it.
        params: The parameters.
        capturable: Whether a step is to be captured in a CUDA graph.

    Returns:
        What was picked and why, and the engine.

    Raises:
        RavineError: The engine that was asked for cannot step them, or no step of theirs can be captured.
    """
    choice, engine = _choose(asked, rule, program, params, capturable)
    if capturable and choice.engine == "plain" and params[0].is_cuda:
        raise RavineError(
            f"capturable=True: the plain engine was picked ({choice.why}), which asks the GPU for step counts, and "
            "that cannot be captured in a CUDA graph."
        )
    return choice, engine


def _choose(
    asked: str, rule: Rule, program: Program | RavineError, params: Sequence[Tensor], capturable: bool
) -> tuple[Choice, Engine]:
    tensors, elements = len(params), sum(p.numel() for p in params)
    if asked == "plain":
        return Choice("plain", "asked for", tensors, elements), Plain(rule)
    wanted = asked if asked != "auto" else "triton" if params[0].device.type == "cuda" else "native"
    obstacle = _obstacle(wanted, program, params)
    if obstacle is None:
        assert isinstance(program, Program)
        why = "asked for" if asked != "auto" else f"compiled for {params[0].device.type} and {_dtype(params[0])}"
        return Choice(wanted, why, tensors, elements), _compiled(wanted, program, params, capturable)
    if asked != "auto":
        raise RavineError(f"engine={asked!r}: {obstacle}")
    if not _installed(MODULES[wanted]):
        _say_once(f"{obstacle} Until then the plain engine serves, and its steps take several times as long.")
    elif isinstance(program, RavineError) and not isinstance(program, NoLoop):
        _say_once(f"{program} Until then the plain engine serves, and its steps take several times as long.")
    return Choice("plain", obstacle, tensors, elements), Plain(rule)


def _obstacle(wanted: str, program: Program | RavineError, params: Sequence[Tensor]) -> str | None:
    """Gives the sentence why an engine cannot step some parameters."""
    if isinstance(program, RavineError):
        return str(program)
    if not _installed(MODULES[wanted]):
        return f"the package {MODULES[wanted]} is missing: pip install {MODULES[wanted]}."
    devices = sorted({str(p.device) for p in params})
    if len(devices) > 1:
        return f"a norm over all tensors has them on several devices, {' and '.join(devices)}."
    compiles = "cpu" if wanted == "native" or _interpreted() else "cuda"
    if params[0].device.type != compiles:
        return f"it compiles for {compiles}, and the parameters are on {devices[0]}."
    dtypes = sorted({_dtype(p) for p in params})
    if len(dtypes) > 1:
        return f"a norm over all tensors has them in several precisions, {' and '.join(dtypes)}."
    real = params[0].real.dtype if params[0].is_complex() else params[0].dtype
    if real not in COMPILED:
        return f"it does not know the dtype {dtypes[0]}."
    if program.reductions and any(hasattr(p, "to_local") for p in params):
        return "a norm of tensors that are spread over processes is taken over all of them, by torch."
    return None


def _dtype(p: Tensor) -> str:
    return str(p.dtype).removeprefix("torch.")


@cache
def _interpreted() -> bool:
    from triton import knobs

    return bool(knobs.runtime.interpret)


def _compiled(engine: str, program: Program, params: Sequence[Tensor], capturable: bool) -> Engine:
    # Loaded only when a step is about to be taken: compilers take a tenth of a second to import.
    dtype = params[0].real.dtype if params[0].is_complex() else params[0].dtype
    if engine == "native":
        from .native.table import Native

        return Native(program, dtype)
    from .triton import Triton

    return Triton(program, dtype, capturable)


@cache
def _say_once(sentence: str) -> None:
    warnings.warn(sentence, stacklevel=2)
