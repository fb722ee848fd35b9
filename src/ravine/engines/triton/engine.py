"""The triton engine: kernels compiled once, and the table they step through."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import increment_version

from ...errors import RavineError
from ..layout import Copies, Layout, put_back
from ..row import Row, real
from ..trace import Program
from .kernel import compiled
from .launches import Launch, launches
from .table import Table, make_table, upload


class Triton:
    """The triton engine.

    What is in the table is written again only where it changed. Step counts stand on the device, where kernels count,
    so that nothing waits for anything. Where `capturable`, a step can be captured in a CUDA graph: each replay counts,
    and reads the fields as they stand in the table then, where `write` puts them.
    """

    def __init__(self, program: Program, dtype: torch.dtype, capturable: bool = False) -> None:
        self.program, self.dtype, self.fields, self.capturable = program, dtype, program.fields, capturable
        self.kernels = compiled(program, str(dtype).removeprefix("torch."))
        self.rows: Sequence[Row] = ()
        self.table: Table | None = None
        self.captured: list[Any] = []

    def step(self, rows: Sequence[Row], gradients: Sequence[Tensor], values: Sequence[Sequence[Any]]) -> None:
        """Takes one step in place.

        Args:
            rows: The parameters that have a gradient.
            gradients: Their gradients.
            values: For each group its `fields`.

        Raises:
            RavineError: A parameter has another size than its slots; or a step is captured that cannot be.
        """
        capturing = rows[0].p.is_cuda and torch.cuda.is_current_stream_capturing()
        if capturing:
            self._check_capture(rows)
        with torch.cuda.device_of(rows[0].p):  # where Triton launches
            if rows != self.rows:
                self._lay_out(rows, len(values))
            self.write(values, capturing)
            copies: Copies = []
            found = self.layout.find(gradients, copies)
            self.launch(self._captured(found) if capturing else self._present(found))
            put_back(copies)
        increment_version([row.p for row in rows])

    def launch(self, launches: Sequence[Launch]) -> None:
        """Takes a step by what stands on the device alone, as a replay does.

        Args:
            launches: What to run, in turn.
        """
        for kernel, grid, given, options in launches:
            kernel[grid](*given, **options)

    def write(self, values: Sequence[Sequence[Any]], capturing: bool = False) -> None:
        """Writes fields to the table, where they changed; before the first step there is none to write to.

        Args:
            values: For each group its `fields`; a tensor on the parameters' device is read there, at every step.
            capturing: Whether this is captured in a CUDA graph, so that it happens at each replay.

        Raises:
            RavineError: A number changed, and is to be written while a graph is captured.
        """
        if self.table is None:
            return
        fields = self.table.fields
        there = {
            (group, k): value
            for group, each in enumerate(values)
            for k, value in enumerate(each)
            if isinstance(value, Tensor) and value.device == fields.device
        }
        numbers = [
            [0.0 if (group, k) in there else float(value) for k, value in enumerate(each)]
            for group, each in enumerate(values)
        ]
        if numbers != self.numbers:
            if capturing:
                raise RavineError(
                    "a field changed since the last step, and a CUDA graph is captured now: take a step in between."
                )
            upload(fields, numbers)
            self.numbers = numbers
        for place, value in there.items():
            fields[place].copy_(value)

    def _lay_out(self, rows: Sequence[Row], groups: int) -> None:
        self.layout = Layout(rows, self.program, self.dtype)
        self.table = make_table(self.layout.rows, self.program, groups, real(rows[0].p).device)
        self.launches = launches(self.kernels, self.program, self.table, len(rows))
        self.rows, self.found, self.numbers, self.spare = self.layout.rows, [], None, None

    def _present(self, found: list[int]) -> Sequence[Launch]:
        """Writes where all tensors are now, and sees to memory for a capture, during which none can be had."""
        assert self.table is not None
        arrays = self.table.arrays
        if found != self.found:
            upload(arrays, found)
            self.found = found
        if self.capturable and arrays.is_cuda and self.spare is None:
            self.spare = torch.empty_like(arrays, device="cpu").pin_memory(), torch.empty_like(arrays)
        return self.launches

    def _captured(self, found: list[int]) -> Sequence[Launch]:
        """Writes where all tensors of a captured step are, to a place of its own that no other step changes."""
        assert self.table is not None
        assert self.spare is not None
        (host, arrays), self.spare = self.spare, None
        host.copy_(torch.tensor(found))
        arrays.copy_(host, non_blocking=True)
        table = replace(self.table, arrays=arrays)
        self.captured.append((host, table, self.rows))  # a replay reads and writes them as long as there is a graph
        return launches(self.kernels, self.program, table, len(self.rows))

    def _check_capture(self, rows: Sequence[Row]) -> None:
        """Refuses a capture for which something would have to be allocated or written while it goes on."""
        if not self.capturable:
            raise RavineError("a step is captured in a CUDA graph: make the optimizer with capturable=True.")
        if rows != self.rows or self.spare is None:
            raise RavineError(
                "a step is captured in a CUDA graph: before each capture take a step, with gradients for the same "
                "parameters, as PyTorch's warm-up does."
            )
