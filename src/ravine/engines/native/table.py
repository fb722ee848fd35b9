"""The table that a kernel steps through: a row per tensor, a row per block of elements, and the addresses of all."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NoReturn

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.graph import increment_version

from ...errors import RavineError
from ..row import Row, real
from ..stages import kept
from ..trace import Program
from .kernel import compiled
from .threads import PORTION, run

BLOCK = 1 << 15
"""Elements in a block: what is read per block is lost in it, and there are enough blocks to share out."""

Copies = list[tuple[Tensor, Tensor | None]]
"""What was copied for a kernel, and where it goes afterwards."""


class Native:
    """The native engine: one compiled kernel, and the table it steps through.

    What is in the table is written again only where it changed: another set of parameters has a gradient, a field
    moved, or something lies elsewhere in memory.
    """

    def __init__(self, program: Program, dtype: torch.dtype) -> None:
        self.program, self.dtype, self.fields = program, dtype, program.fields
        self.kernel = compiled(program, str(dtype).removeprefix("torch."))
        self.ordered = program.asks("normal")
        self.rows: Sequence[Row] = ()
        self.found: list[int] = []
        self.values: Sequence[Sequence[float]] = ()

    def step(self, rows: Sequence[Row], gradients: Sequence[Tensor], values: Sequence[Sequence[Any]]) -> None:
        """Takes one step in place.

        Args:
            rows: The parameters that have a gradient.
            gradients: Their gradients.
            values: For each group its `fields`.

        Raises:
            RavineError: A parameter has another size than its slots.
        """
        if rows != self.rows:
            self._lay_out(rows)
        now = [list(map(float, each)) for each in values]
        if now != self.values:
            self.hyperparameters[:] = np.array(now).reshape(len(now), -1)[self.groups]
            self.values = now
        copies: Copies = []
        found = self._find(gradients, copies)
        if found != self.found:
            self.arrays[:] = found
            self.found = found
        run(self.kernel, self.at, self.program.stages, self.portions, self.elements)
        for copy, original in copies:
            if original is not None:
                original.copy_(copy)
        increment_version([row.p for row in rows])

    def _find(self, gradients: Sequence[Tensor], copies: Copies) -> list[int]:
        """Finds where everything lies; sizes are checked at every step, since a kernel sees addresses alone."""
        found: list[int] = []
        for row, slots, direct, g in zip(self.rows, self.slots, self.direct, gradients, strict=True):
            p, stride = row.p, row.stride
            if direct and type(g) is Tensor and g.dtype is row.dtype and g.stride() == stride == p.stride():
                if not g.numel() == row.size == p.numel():
                    _refuse(row)
                found.append(p.data_ptr())
                found.append(g.data_ptr())
                for slot in slots:
                    found.append(slot.data_ptr())  # noqa: PERF401 - faster than a list of its own, and every step waits
            else:
                found += [tensor.data_ptr() for tensor in self._alike(row, g, slots, copies)]
        return found

    def _alike(self, row: Row, g: Tensor, slots: Sequence[Tensor], copies: Copies) -> list[Tensor]:
        """Brings the tensors of one row into one order and one dtype, by copies where they are not."""
        p, g = real(row.p), real(g.to_dense() if g.is_sparse else g)
        if any(tensor.shape != p.shape for tensor in (g, *slots)):
            _refuse(row)
        given: list[Tensor] = []
        for tensor in (p, g, *slots):
            if tensor.dtype is not self.dtype or not tensor.is_contiguous():
                copy = tensor.to(self.dtype, memory_format=torch.contiguous_format, copy=True)
                copies.append((copy, None if tensor is g else tensor))
                given.append(copy)
            else:
                given.append(tensor)
        copies.append((g, None))  # a dense copy of a sparse gradient lives as long as its address is used
        return given

    def _lay_out(self, rows: Sequence[Row]) -> None:
        """Writes what depends on which parameters step: sizes, blocks, counters, scalars."""
        sizes = np.array([row.whole for row in rows], dtype=np.int64)
        blocks = [(k, at, min(at + BLOCK, int(n))) for k, n in enumerate(sizes) for at in range(0, int(n), BLOCK)]
        program, tensors, whole = self.program, len(rows), np.int64
        self.rows, self.found, self.values = list(rows), [], ()
        self.slots = [[real(slot) for slot in row.slots(program.elements)] for row in rows]
        self.direct = [self._is_direct(row, slots) for row, slots in zip(rows, self.slots, strict=True)]
        self.groups = np.array([row.group for row in rows])
        self.hyperparameters = np.zeros((tensors, len(program.fields)))
        self.arrays = np.zeros(tensors * (2 + len(program.elements)), dtype=whole)
        self.elements, self.portions = int(sizes.sum()), _portions([end - begin for _, begin, end in blocks])
        self.columns: list[NDArray[Any]] = [
            np.array([_counter(row) for row in rows], dtype=whole),
            np.array([scalar.data_ptr() for row in rows for scalar in row.slots(program.scalars)], dtype=whole),
            np.array([row.number for row in rows], dtype=whole),
            sizes,
            self.hyperparameters,
            np.zeros((tensors, len(kept(program)))),
            np.zeros((len(blocks), len(program.reductions))),
            np.array([0, *accumulate(-(-int(n) // BLOCK) for n in sizes)], dtype=whole),
            self.arrays,
            np.array(blocks, dtype=whole),
        ]
        header = np.array([*(column.ctypes.data for column in self.columns), tensors], dtype=whole)
        self.columns.append(header)
        self.at = header.ctypes.data

    def _is_direct(self, row: Row, slots: Sequence[Tensor]) -> bool:
        """Tells whether parameter and slots lie in memory in one order without gaps, as almost all do."""
        p = row.p.detach()
        dense = p.is_contiguous() if self.ordered else torch.empty_like(p).stride() == row.stride
        alike = all(slot.dtype is row.dtype and slot.stride() == row.stride for slot in slots)
        return dense and alike and type(p) is Tensor and row.dtype is self.dtype


def _portions(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Joins blocks to portions for threads, small tensors many at a time."""
    portions, first, elements = [], 0, 0
    for last, size in enumerate(sizes, start=1):
        elements += size
        if elements >= PORTION or last == len(sizes):
            portions.append((first, last))
            first, elements = last, 0
    return portions


def _counter(row: Row) -> int:
    """Gives the address of a step count: negative for a float64, and 0 where nobody counts."""
    if row.count is None:
        return 0
    count = row.state[row.count]
    return -count.data_ptr() if count.dtype is torch.float64 else count.data_ptr()


def _refuse(row: Row) -> NoReturn:
    raise RavineError(
        f"parameter {row.number} has the shape {tuple(row.p.shape)} now, and its state was made for "
        f"{row.size} elements: make a new optimizer after resizing a parameter."
    )
