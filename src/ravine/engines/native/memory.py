# ruff: noqa: ARG001 - Numba tells a function its argument types by position, whether it looks at them or not
"""Reads and writes memory at an address, as compiled kernels do it: one instruction each.

Every array has a number, and the compiler is told that arrays of different numbers do not overlap: without that it
would have to read everything again after every write, and could not work on several elements at once.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_WORD, _SHORT, _HALF, _INT = ir.IntType(64), ir.IntType(16), ir.HalfType(), ir.IntType(32)
_FLOAT, _DOUBLE = ir.FloatType(), ir.DoubleType()

STORED = {
    "float32": (_FLOAT, types.float32),
    "float64": (_DOUBLE, types.float64),
    "float16": (_HALF, types.float32),
    "bfloat16": (_SHORT, types.float32),
    "int64": (_WORD, types.int64),
}
"""What stands in memory, and what a kernel computes with."""

MOST = 16
"""How many arrays of one kernel can be told apart."""


def array(dtype: str, number: int | None = None) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Makes the two functions by which a kernel reads and writes an array.

    Args:
        dtype: What stands in it.
        number: Which of the kernel's arrays it is; None for one that may overlap with others.

    Returns:
        `load(address, index)` and `store(address, index, value)`.
    """
    stored, computed = STORED[dtype]

    @intrinsic
    def load(_typing: Any, address: Any, index: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            instruction = builder.load(_pointer(builder, stored, args))
            _tell_apart(builder.module, instruction, number)
            return _widened(builder, instruction, dtype)

        return computed(types.int64, types.int64), generate

    @intrinsic
    def store(_typing: Any, address: Any, index: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            instruction = builder.store(_narrowed(builder, args[2], dtype), _pointer(builder, stored, args))
            _tell_apart(builder.module, instruction, number)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, computed), generate

    return load, store


def _pointer(builder: Any, stored: Any, args: Any) -> Any:
    return builder.gep(builder.inttoptr(args[0], stored.as_pointer()), [args[1]])


def _tell_apart(module: Any, instruction: Any, number: int | None) -> None:
    # LLVM's language reference, "noalias and alias.scope Metadata".
    if number is None:
        return
    domain = module.add_metadata(["ravine: the arrays of a step"])
    scopes = [module.add_metadata([f"array {k}", domain]) for k in range(MOST)]
    instruction.set_metadata("alias.scope", module.add_metadata([scopes[number]]))
    others = [scope for k, scope in enumerate(scopes) if k != number]
    instruction.set_metadata("noalias", module.add_metadata(others))


def _widened(builder: Any, value: Any, dtype: str) -> Any:
    if dtype == "float16":
        return builder.fpext(value, _FLOAT)
    if dtype == "bfloat16":  # the upper half of a float32
        return builder.bitcast(builder.shl(builder.zext(value, _INT), _INT(16)), _FLOAT)
    return value


def _narrowed(builder: Any, value: Any, dtype: str) -> Any:
    if dtype == "float16":
        return builder.fptrunc(value, _HALF)
    if dtype != "bfloat16":
        return value
    # To the nearest, ties to even; what is no number stays none, whatever the carry would make of it.
    bits = builder.bitcast(value, _INT)
    odd = builder.and_(builder.lshr(bits, _INT(16)), _INT(1))
    rounded = builder.add(bits, builder.add(odd, _INT(0x7FFF)))
    upper = builder.trunc(builder.lshr(rounded, _INT(16)), _SHORT)
    return builder.select(builder.fcmp_unordered("uno", value, value), _SHORT(0x7FC0), upper)


@intrinsic
def call(_typing: Any, function: Any, table: Any, part: Any, first: Any, last: Any) -> Any:
    """Calls a kernel by its address."""

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        kernel = ir.FunctionType(ir.VoidType(), [_WORD] * 4)
        builder.call(builder.inttoptr(args[0], kernel.as_pointer()), args[1:])
        return context.get_dummy_value()

    return types.void(*[types.int64] * 5), generate


@intrinsic
def take(_typing: Any, address: Any, count: Any) -> Any:
    """Adds to a number that several threads add to, and gives what it was before."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", builder.inttoptr(args[0], _WORD.as_pointer()), args[1], "monotonic")

    return types.int64(types.int64, types.int64), generate


@intrinsic
def pick(_typing: Any, condition: Any, x: Any, y: Any) -> Any:
    """Chooses between two values that are both there, without a branch."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.select(*args)

    return x(types.boolean, x, x), generate


@intrinsic
def add_in_any_order(_typing: Any, total: Any, x: Any) -> Any:
    """Adds to a sum that may be worked out in several parts at once, for this addition alone."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.fadd(*args, flags=("reassoc",))

    return types.float64(types.float64, types.float64), generate
