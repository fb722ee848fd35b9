"""Where the tensors of many rows lie in memory, as compiled kernels want to know it."""

from collections.abc import Sequence
from operator import attrgetter
from typing import NoReturn

import torch
from torch import Tensor

from ..errors import RavineError
from .row import Row, real
from .trace import Program

Copies = list[tuple[Tensor, Tensor | None]]
"""What was copied for a kernel, and where it goes afterwards."""


_DTYPE = attrgetter("dtype")


class Layout:
    """Some rows that step together, and which of them a kernel can step where they lie.

    A kernel goes through parameter, gradient and slots in the order of memory. Where that is not the same in all of
    them, or one holds another dtype, it is given copies.
    """

    def __init__(self, rows: Sequence[Row], program: Program, dtype: torch.dtype) -> None:
        self.rows, self.program, self.dtype = list(rows), program, dtype
        for row in rows:
            _settle(row, program.scalars)
        self.slots = [[real(slot) for slot in row.slots(program.elements)] for row in rows]
        self.direct = [self._is_direct(row, slots) for row, slots in zip(rows, self.slots, strict=True)]
        self.params = [row.p for row in rows]
        self.tensors = [
            tensor for row, slots in zip(rows, self.slots, strict=True) for tensor in (row.p, row.p, *slots)
        ]
        self.width = 2 + len(program.elements)
        """For each row parameter, gradient and slots; in between steps the parameter stands in the gradient's place."""
        self.sizes, self.strides = [row.size for row in rows], [row.stride for row in rows]
        self.places: list[int] = []
        """Where the parameters lay when their sizes were last seen to be right."""

    def find(self, gradients: Sequence[Tensor], copies: Copies) -> list[int]:
        """Finds where everything lies; sizes are checked at every step, since a kernel sees addresses alone.

        Args:
            gradients: The gradient of each row.
            copies: Takes what was copied, and must live as long as the kernel works.

        Returns:
            For each row the addresses of parameter, gradient and slots.

        Raises:
            RavineError: A parameter has another size than its slots.
        """
        if all(self.direct) and self._are_like_parameters(gradients):
            found = self._addresses(gradients)
            places = found[:: self.width]
            if places == self.places or self._are_as_they_were():
                self.places = places
                return found
        found = []
        for row, slots, direct, g in zip(self.rows, self.slots, self.direct, gradients, strict=True):
            p, stride = row.p, row.stride
            if direct and type(g) is Tensor and g.dtype is row.dtype and g.stride() == stride == p.stride():
                if not g.numel() == row.size == p.numel():
                    refuse_resized(row)
                found.append(p.data_ptr())
                found.append(g.data_ptr())
                for slot in slots:
                    found.append(slot.data_ptr())
            else:
                found += [tensor.data_ptr() for tensor in self._alike(row, g, slots, copies)]
        return found

    def _are_like_parameters(self, gradients: Sequence[Tensor]) -> bool:
        """Tells whether gradients lie as parameters do; asked of all at once, since every step waits for it."""
        return (
            set(map(type, gradients)) == {Tensor}
            and set(map(_DTYPE, gradients)) == {self.dtype}
            and list(map(Tensor.stride, gradients)) == self.strides
            and list(map(Tensor.numel, gradients)) == self.sizes
        )

    def _are_as_they_were(self) -> bool:
        sizes, strides = map(Tensor.numel, self.params), map(Tensor.stride, self.params)
        return list(sizes) == self.sizes and list(strides) == self.strides

    def _addresses(self, gradients: Sequence[Tensor]) -> list[int]:
        self.tensors[1 :: self.width] = gradients
        found = list(map(Tensor.data_ptr, self.tensors))
        self.tensors[1 :: self.width] = self.params  # lets go of the gradients, which take as much memory
        return found

    def _alike(self, row: Row, g: Tensor, slots: Sequence[Tensor], copies: Copies) -> list[Tensor]:
        """Brings the tensors of one row into one order and one dtype, by copies where they are not."""
        p, g = real(row.p), real(g.to_dense() if g.is_sparse else g)
        if any(tensor.shape != p.shape for tensor in (g, *slots)):
            refuse_resized(row)
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

    def _is_direct(self, row: Row, slots: Sequence[Tensor]) -> bool:
        """Tells whether parameter and slots lie in memory in one order without gaps, as almost all do."""
        p, ordered = row.p.detach(), self.program.asks("normal")
        dense = p.is_contiguous() if ordered else torch.empty_like(p).stride() == row.stride
        alike = all(slot.dtype is row.dtype and slot.stride() == row.stride for slot in slots)
        return dense and alike and type(p) is Tensor and row.dtype is self.dtype


def _settle(row: Row, scalars: Sequence[str]) -> None:
    """Brings step count and scalar slots to the parameter's device and a dtype that kernels know.

    They are elsewhere in states of PyTorch's optimizers, which keep theirs on the processor in default precision.
    """
    counts = [] if row.count is None else [row.count]
    for key in [*counts, *(row.keys[name] for name in scalars)]:
        old = row.state[key]
        counted = key == row.count and old.dtype is not torch.float64
        row.state[key] = old.to(row.p.device, torch.float32 if counted else torch.float64)
    row.held = list(row.state.values())


def put_back(copies: Copies) -> None:
    """Writes what a kernel made of copies to where they came from.

    Args:
        copies: What `Layout.find` gave.
    """
    for copy, original in copies:
        if original is not None:
            original.copy_(copy)


def counter(row: Row) -> int:
    """Tells where the step count of a row lies.

    Args:
        row: The row.

    Returns:
        The address of a float32, minus the address of a float64, or 0 where nobody counts.
    """
    if row.count is None:
        return 0
    count = row.state[row.count]
    return -count.data_ptr() if count.dtype is torch.float64 else count.data_ptr()


def refuse_resized(row: Row) -> NoReturn:
    """Refuses a parameter that is no longer as large as its slots.

    Args:
        row: The parameter's row.

    Raises:
        RavineError: Always.
    """
    raise RavineError(
        f"parameter {row.number} has the shape {tuple(row.p.shape)} now, and its state was made for "
        f"{row.size} elements: make a new optimizer after resizing a parameter."
    )
