"""The table that a kernel steps through: a row per tensor, a row per block of elements, and the addresses of all."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.graph import increment_version

from ..layout import Copies, Layout, counter, put_back
from ..row import Row
from ..stages import kept
from ..trace import Program
from .kernel import compiled
from .threads import run

BLOCK = 1 << 15
"""Elements in a block: what is read per block is lost in it, and there are enough blocks to share out."""


class Native:
    """The native engine: one compiled kernel, and the table it steps through.

    What is in the table is written again only where it changed: another set of parameters has a gradient, a field
    moved, or something lies elsewhere in memory.
    """

    def __init__(self, program: Program, dtype: torch.dtype) -> None:
        self.program, self.dtype, self.fields = program, dtype, program.fields
        self.kernel = compiled(program, str(dtype).removeprefix("torch."))
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
        found = self.layout.find(gradients, copies)
        if found != self.found:
            self.arrays[:] = found
            self.found = found
        run(self.kernel, self.at, self.program.stages, self.blocks, self.elements)
        put_back(copies)
        increment_version([row.p for row in rows])

    def _lay_out(self, rows: Sequence[Row]) -> None:
        """Writes what depends on which parameters step: sizes, blocks, counters, scalars."""
        sizes = np.array([row.whole for row in rows], dtype=np.int64)
        blocks = [(k, at, min(at + BLOCK, int(n))) for k, n in enumerate(sizes) for at in range(0, int(n), BLOCK)]
        program, tensors, whole = self.program, len(rows), np.int64
        self.rows, self.found, self.values = list(rows), [], ()
        self.layout = Layout(rows, program, self.dtype)
        self.groups = np.array([row.group for row in rows])
        self.hyperparameters = np.zeros((tensors, len(program.fields)))
        self.arrays = np.zeros(tensors * (2 + len(program.elements)), dtype=whole)
        self.elements, self.blocks = int(sizes.sum()), len(blocks)
        self.columns: list[NDArray[Any]] = [
            np.array([counter(row) for row in rows], dtype=whole),
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
