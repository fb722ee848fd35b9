"""The moves of a kernel: shifted products, and the borders and gaps of zeros that its gradients need."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

Sizes = tuple[int, ...]
"""One whole number for each dimension."""


class Moves(NamedTuple):
    """How a kernel moves over an input, for each dimension, and into how many groups the channels fall."""

    stride: Sizes
    padding: Sizes
    dilation: Sizes
    groups: int


def shifted_products(x: Tensor, w: Tensor, moves: Moves) -> Tensor:
    """Adds up, for every place k in the kernel, the input shifted by k times the weights at k.

    Args:
        x: Inputs, padded.
        w: Kernels.
        moves: How they move; padding is not looked at.

    Returns:
        Outputs without bias.
    """
    groups, sizes = moves.groups, w.shape[2:]
    x = x.reshape(len(x), groups, w.shape[1], *x.shape[2:])
    w = w.reshape(groups, len(w) // groups, *w.shape[1:])
    places = [
        (n - d * (K - 1) - 1) // s + 1
        for n, K, s, d in zip(x.shape[3:], sizes, moves.stride, moves.dilation, strict=True)
    ]
    y = x.new_zeros(len(x), groups, w.shape[1], *places)
    for k in itertools.product(*map(range, sizes)):
        seen = [
            slice(d * at, d * at + s * (count - 1) + 1, s)
            for at, count, s, d in zip(k, places, moves.stride, moves.dilation, strict=True)
        ]
        # For each group: [b, c, ...] times [f, c], summed over its channels c.
        y = y + torch.einsum("bgc...,gfc->bgf...", x[:, :, :, *seen], w[:, :, :, *k])
    return y.reshape(len(x), groups * w.shape[1], *places)


def exchanged(w: Tensor, groups: int) -> Tensor:
    """Lets inputs and outputs of the kernels trade places within each group: `[g f, c, ...]` to `[g c, f, ...]`.

    Args:
        w: The kernels.
        groups: The number of groups.

    Returns:
        The same numbers.
    """
    apart = w.reshape(groups, len(w) // groups, *w.shape[1:]).transpose(1, 2)
    return apart.reshape(groups * w.shape[1], len(w) // groups, *w.shape[2:])


def with_gaps(x: Tensor, stride: Sizes) -> Tensor:
    """Puts `stride - 1` zeros between neighbors.

    Args:
        x: Any maps, `[b, C, ...]`.
        stride: The distance of neighbors afterwards, for each dimension.

    Returns:
        Larger maps.

    >>> with_gaps(torch.tensor([[[1.0, 2.0, 3.0]]]), (2,)).tolist()
    [[[1.0, 0.0, 2.0, 0.0, 3.0]]]
    """
    if set(stride) == {1}:
        return x
    wide = x.new_zeros(*x.shape[:2], *(s * (n - 1) + 1 for n, s in zip(x.shape[2:], stride, strict=True)))
    wide[:, :, *(slice(None, None, s) for s in stride)] = x
    return wide


def padded(x: Tensor, before: Sequence[int], after: Sequence[int] | None = None) -> Tensor:
    """Puts zeros around maps; a negative number cuts off as many.

    Args:
        x: Any maps, `[b, C, ...]`.
        before: How many zeros come first, for each dimension.
        after: How many come last; the same where nothing is said.

    Returns:
        The maps with their borders.
    """
    pairs = zip(before, before if after is None else after, strict=True)
    return pad(x, [count for pair in reversed(list(pairs)) for count in pair])  # PyTorch begins at the last dimension
