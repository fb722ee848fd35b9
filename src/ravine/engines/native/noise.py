"""The random numbers of `rules.counter`, one at a time, for kernels: the same hash, and the same normal numbers."""

import math

from numba import float64, int64, njit, uint64

from ...rules.counter import FIRST, GOLDEN, SECOND

_GOLDEN, _FIRST, _SECOND = (uint64(number) for number in (GOLDEN, FIRST, SECOND))


@njit(nogil=True)
def _mixed(z):
    z = (z ^ (z >> uint64(30))) * _FIRST
    z = (z ^ (z >> uint64(27))) * _SECOND
    return z ^ (z >> uint64(31))


@njit(nogil=True)
def key(seed, t, tensor):
    """Gives the counter at which the numbers of one tensor at one step begin, as `counter.key` does."""
    z = _mixed(_GOLDEN * (uint64(seed) + uint64(1)))
    z = _mixed(z + _GOLDEN * (uint64(t) + uint64(1)))
    return _mixed(z + _GOLDEN * (uint64(tensor) + uint64(1)))


@njit(nogil=True)
def _uniform(start, index):
    z = _mixed(uint64(index) * _GOLDEN + start)
    return (float64(int64(z >> uint64(11))) + 0.5) * 2.0**-53


@njit(nogil=True)
def normal(start, element):
    """Draws the standard normal number of one element, as `counter.normal` does."""
    radius = math.sqrt(-2 * math.log(_uniform(start, 2 * element)))
    return radius * math.cos(2 * math.pi * _uniform(start, 2 * element + 1))
