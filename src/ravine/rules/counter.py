"""Random numbers from a counter: each is a hash of where it belongs, so nothing has to be remembered.

(seed, t, tensor, element) decide a number. So a run that goes on from a checkpoint, a compiled kernel and many
runs at once all see the same noise, and the order in which tensors are visited changes nothing.

The hash is SplitMix64: Steele, Lea & Flood 2014, "Fast Splittable Pseudorandom Number Generators".
https://doi.org/10.1145/2660193.2660195 Two of its numbers make one normal number: Box & Muller 1958.
https://doi.org/10.1214/aoms/1177706645
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

GOLDEN = 0x9E3779B97F4A7C15
"""2^64 divided by the golden ratio, made odd: the step between counters."""
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
"""The multipliers that mix the bits."""
WORD = 1 << 64
BLOCK = 1 << 15
"""How many numbers a processor draws at once: what is worked out on the way stays in a core's cache."""


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
    return _hashed(index * _signed(GOLDEN) + _signed(start))  # int64 wraps around at 2^64, as the hash wants


def _hashed(z: Tensor) -> Tensor:
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
    return normals([x], [key(int(seed), int(t), int(tensor))])[0]


def normals(like: Sequence[Tensor], starts: Sequence[int]) -> list[Tensor]:
    """Draws for many tensors of one device at once what `normal` draws for each: small ones cost mostly calls.

    Args:
        like: The tensors, whose shapes and precisions the numbers get.
        starts: The counters at which their numbers begin, from `key`.

    Returns:
        A tensor of numbers for each.
    """
    sizes, device = [x.numel() for x in like], like[0].device
    first = torch.tensor([_signed(start) for start in starts], device=device)
    z = torch.cat([torch.arange(size, device=device) for size in sizes]) * _signed(2 * GOLDEN % WORD)
    z += first.repeat_interleave(torch.tensor(sizes, device=device), output_size=sum(sizes))
    drawn = torch.cat([_normal(part) for part in z.split(BLOCK if device.type == "cpu" else max(1, len(z)))])
    return [part.reshape(x.shape).to(x.dtype) for part, x in zip(drawn.split(sizes), like, strict=True)]


def _normal(z: Tensor) -> Tensor:
    return torch.sqrt(-2 * torch.log(_hashed(z))) * torch.cos(2 * math.pi * _hashed(z + _signed(GOLDEN)))


def _shifted(z: Tensor, bits: int) -> Tensor:
    # torch shifts copies of the sign in from the left; the hash wants zeros there.
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def _signed(z: int) -> int:
    """Reads a 64-bit number as int64 does."""
    return z - WORD if z >= WORD // 2 else z
