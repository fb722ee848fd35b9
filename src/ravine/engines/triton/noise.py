"""The random numbers of `rules.counter` in the language of Triton: the same hash, and the same normal numbers."""

import math

import triton
import triton.language as tl

from ...rules import counter

GOLDEN, FIRST, SECOND = (tl.constexpr(number) for number in (counter.GOLDEN, counter.FIRST, counter.SECOND))
TURN = tl.constexpr(2 * math.pi)


@triton.jit
def _mixed(z):
    z = (z ^ (z >> 30)) * FIRST
    z = (z ^ (z >> 27)) * SECOND
    return z ^ (z >> 31)


@triton.jit
def key(seed, t, tensor):
    """Gives the counter at which the numbers of one tensor at one step begin, as `counter.key` does."""
    z = _mixed((seed.to(tl.int64).to(tl.uint64) + 1) * GOLDEN)
    z = _mixed((t.to(tl.int64).to(tl.uint64) + 1) * GOLDEN + z)
    return _mixed((tensor.to(tl.int64).to(tl.uint64) + 1) * GOLDEN + z)


@triton.jit
def _uniform(start, index):
    z = _mixed(index.to(tl.uint64) * GOLDEN + start)
    return ((z >> 11).to(tl.int64).to(tl.float64) + 0.5) * 1.1102230246251565e-16


@triton.jit
def normal(start, element):
    """Draws the standard normal numbers of elements, as `counter.normal` does."""
    radius = tl.sqrt(tl.log(_uniform(start, 2 * element)) * -2.0)
    return radius * tl.cos(_uniform(start, 2 * element + 1) * TURN)
