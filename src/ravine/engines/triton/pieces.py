"""What every kernel does with the table, whatever the rule, in the language of Triton."""

from typing import Any

import numpy as np
import triton
import triton.language as tl
from triton import knobs
from triton.language.extra import libdevice


def _power(x: Any, y: Any) -> Any:
    from triton.runtime.interpreter import TensorHandle  # not there for others

    x, y = tl.broadcast(x, y)
    return tl.tensor(TensorHandle(np.power(x.handle.data, y.handle.data), x.handle.dtype), x.type)


def _exponential(x: Any) -> Any:
    return tl.exp(x)


INTERPRETED = knobs.runtime.interpret
"""Triton's interpreter has no library of the device's, and NumPy's functions are as exact."""

power: Any = _power if INTERPRETED else libdevice.pow
exponential: Any = _exponential if INTERPRETED else libdevice.exp  # Triton's own is a fast one, of fewer digits


@triton.jit
def widened(bits):
    """Reads bfloat16, which is the upper half of a float32."""
    return (bits.to(tl.uint32) << 16).to(tl.float32, bitcast=True)


@triton.jit
def narrowed(x):
    """Rounds to bfloat16, to the nearest, ties to even, on all devices; what is no number stays none."""
    bits = x.to(tl.uint32, bitcast=True)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return tl.where(x == x, rounded, 0x7FC0).to(tl.uint16)


@triton.jit
def count(address):
    """Counts this step; a negative address is that of a float64, and 0 means that nobody counts."""
    single, double = address.to(tl.pointer_type(tl.float32)), (-address).to(tl.pointer_type(tl.float64))
    short = tl.load(single, mask=address > 0, other=0.0) + 1.0
    long = tl.load(double, mask=address < 0, other=0.0) + 1.0
    tl.store(single, short, mask=address > 0)
    tl.store(double, long, mask=address < 0)
    return tl.where(address > 0, short.to(tl.float64), tl.where(address < 0, long, 0.0))


@triton.jit
def add_up(partials, firsts, sums, COLUMNS: tl.constexpr, FIRST: tl.constexpr, LANES: tl.constexpr):
    """Adds up what the blocks of one tensor gave, always in the same order."""
    k, column = tl.program_id(0), FIRST + tl.program_id(1)
    first, last = tl.load(firsts + k), tl.load(firsts + k + 1)
    total = tl.full((LANES,), 0.0, tl.float64)
    for begin in range(first, last, LANES):
        b = begin + tl.arange(0, LANES)
        total += tl.load(partials + b * COLUMNS + column, mask=b < last, other=0.0)
    tl.store(sums + k * COLUMNS + column, tl.sum(total))


@triton.jit
def over_all(sums, COLUMNS: tl.constexpr, COLUMN: tl.constexpr, ROWS: tl.constexpr):
    """Adds up what all tensors gave, always in the same order."""
    total = tl.full((ROWS,), 0.0, tl.float64)
    for first in range(0, tl.num_programs(0) * ROWS, ROWS):
        total += tl.load(sums + (first + tl.arange(0, ROWS)) * COLUMNS + COLUMN)
    return tl.sum(total)
