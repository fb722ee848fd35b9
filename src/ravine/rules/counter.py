"""Random numbers from a counter: each is a hash of where it belongs, so nothing has to be remembered.

(seed, t, tensor, element) decide a number. So a run that goes on from a checkpoint, a compiled kernel and many
runs at once all see the same noise, and the order in which tensors are visited changes nothing.

The hash is SplitMix64: Steele, Lea & Flood 2014, "Fast Splittable Pseudorandom Number Generators".
https://doi.org/10.1145/2660193.2660195 Two of its numbers make one normal number: Box & Muller 1958.
https://doi.org/10.1214/aoms/1177706645
"""

import math

import torch
from torch import Tensor

GOLDEN = 0x9E3779B97F4A7C15
"""2^64 divided by the golden ratio, made odd: the step between counters."""
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
"""The multipliers that mix the bits."""
WORD = 1 << 64


def mixed(z: int) -> int:
    """Mixes the bits of a 64-bit number, one to one.

    Args:
        z: A number from 0 to 2^64 - 1.

    Returns:
        Another.

    >>> hex(mixed(GOLDEN))  # the first number of SplitMix64 from seed 0
    '0xe220a8397b1dcdaf'
    """
    z = (z ^ (z >> 30)) * FIRST % WORD
    z = (z ^ (z >> 27)) * SECOND % WORD
    return z ^ (z >> 31)


def key(seed: int, t: int, tensor: int) -> int:
    """Gives the counter at which the numbers of one tensor at one step begin.

    Args:
        seed: Which sequence of numbers.
        t: The step count.
        tensor: The tensor's number.

    Returns:
        A 64-bit number.
    """
    z = 0
    for part in (seed, t, tensor):
        z = mixed((z + GOLDEN * (part + 1)) % WORD)
    return z


def uniform(start: int, index: Tensor) -> Tensor:
    """Hashes counters to numbers between 0 and 1.

    Args:
        start: The counter of index 0, from `key`.
        index: Whole numbers from 0 (int64).

    Returns:
        One of the 2^53 numbers (k + 1/2) / 2^53 for each (float64): never 0 and never 1.
    """
    z = index * _signed(GOLDEN) + _signed(start)  # int64 wraps around at 2^64, as the hash wants
    z = (z ^ _shifted(z, 30)) * _signed(FIRST)
    z = (z ^ _shifted(z, 27)) * _signed(SECOND)
    z = z ^ _shifted(z, 31)
    return (_shifted(z, 11).double() + 0.5) * 2.0**-53


def normal(x: Tensor, seed: int, t: int, tensor: int) -> Tensor:
    """Draws a standard normal number for every element of a tensor.

    Args:
        x: The tensor, whose shape, precision and device the numbers get.
        seed: Which sequence of numbers.
        t: The step count.
        tensor: The tensor's number.

    Returns:
        `sqrt(-2 log u1) cos(2 pi u2)`, worked out in float64.
    """
    start = key(int(seed), int(t), int(tensor))
    index = 2 * torch.arange(x.numel(), device=x.device)
    radius = torch.sqrt(-2 * torch.log(uniform(start, index)))
    z = radius * torch.cos(2 * math.pi * uniform(start, index + 1))
    return z.reshape(x.shape).to(x.dtype)


def _shifted(z: Tensor, bits: int) -> Tensor:
    # torch shifts copies of the sign in from the left; the hash wants zeros there.
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def _signed(z: int) -> int:
    """Reads a 64-bit number as int64 does."""
    return z - WORD if z >= WORD // 2 else z
