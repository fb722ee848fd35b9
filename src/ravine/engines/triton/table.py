"""The table that kernels step through, on the parameters' device: a row per tensor, a row per block of elements."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..layout import counter
from ..row import Row
from ..stages import kept
from ..trace import Program

BLOCK = 2048
"""Elements in a block: what is read per block is lost in it, and each of 256 threads has eight to work on."""

ROWS = 32
"""Rows in a program, a lane for each: one warp."""


@dataclass(frozen=True)
class Table:
    """What kernels read and write, beside the tensors themselves; see `source` for who does.

    There are as many rows as a multiple of `ROWS`: those at the end belong to no tensor and have no elements. What
    they would write goes to `scratch`.
    """

    counts: Tensor
    scalars: Tensor
    numbers: Tensor
    sizes: Tensor
    groups: Tensor
    fields: Tensor
    uniforms: Tensor
    partials: Tensor
    sums: Tensor
    firsts: Tensor
    blocks: Tensor
    arrays: Tensor
    scratch: Tensor


def make_table(rows: Sequence[Row], program: Program, groups: int, device: torch.device) -> Table:
    """Makes the table of some rows, all but its `fields` and `arrays` filled in.

    Args:
        rows: The rows.
        program: What is to be computed.
        groups: How many parameter groups there are.
        device: Where the parameters are.

    Returns:
        The table.
    """
    more = -len(rows) % ROWS
    scratch = torch.zeros((), dtype=torch.float64, device=device)
    sizes = np.array([*(row.whole for row in rows), *[0] * more], dtype=np.int64)
    firsts = np.array([0, *np.cumsum(-(-sizes // BLOCK))], dtype=np.int64)
    addresses = [scalar.data_ptr() for row in rows for scalar in row.slots(program.scalars)]

    def zeros(*shape: int) -> Tensor:
        return torch.zeros(shape, dtype=torch.float64, device=device)

    def words(values: Any) -> Tensor:
        return torch.tensor(values, dtype=torch.int64, device=device)

    return Table(
        counts=words([*map(counter, rows), *[0] * more]),
        scalars=words([*addresses, *[scratch.data_ptr()] * (more * len(program.scalars))]),
        numbers=words([*(row.number for row in rows), *[0] * more]),
        sizes=words(sizes),
        groups=words([*(row.group for row in rows), *[0] * more]),
        fields=zeros(groups, len(program.fields)),
        uniforms=zeros(len(sizes), len(kept(program))),
        partials=zeros(int(firsts[-1]), len(program.reductions)),
        sums=zeros(len(sizes), len(program.reductions)),
        firsts=words(firsts),
        blocks=words(_blocks(sizes, firsts)),
        arrays=words([0] * (len(rows) * (2 + len(program.elements)))),
        scratch=scratch,
    )


def _blocks(sizes: np.ndarray, firsts: np.ndarray) -> np.ndarray:
    """Gives each block its row, its first element, and the one after its last."""
    k = np.repeat(np.arange(len(sizes)), np.diff(firsts))
    begin = (np.arange(firsts[-1]) - firsts[k]) * BLOCK
    return np.stack([k, begin, np.minimum(begin + BLOCK, sizes[k])], axis=1)


def upload(target: Tensor, values: Any) -> None:
    """Writes numbers to a device without waiting for what it is doing.

    Args:
        target: A part of the table.
        values: What is to stand there.
    """
    new = torch.tensor(values, dtype=target.dtype).reshape(target.shape)
    # Pinned memory is not used again before the copy is over: PyTorch's allocator sees to that.
    target.copy_(new.pin_memory() if target.is_cuda else new, non_blocking=True)
