"""Which kernels a step runs, and with what."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from ..stages import Stage
from ..trace import Program
from .pieces import add_up
from .table import BLOCK, ROWS, Table

Launch = tuple[Any, tuple[int, ...], Sequence[Any], Mapping[str, Any]]
"""A kernel, how many programs of it run, its arguments, and what is fixed when it is compiled."""

LANES = 1024
"""How many blocks' sums are added at once."""

AS_WRITTEN = {"enable_fp_fusion": False}
"""A product and a sum are rounded each, as NumPy does; memory takes longer than either."""


def launches(kernels: ModuleType, program: Program, table: Table, tensors: int) -> list[Launch]:
    """Lists what a step runs.

    Args:
        kernels: The module of `source.print_source`.
        program: What it was printed from.
        table: What the kernels step through.
        tensors: How many rows belong to a tensor.

    Returns:
        The launches in their order.
    """
    blocks, rows = len(table.blocks), len(table.sizes)
    by_row = table.counts, table.scalars, table.numbers, table.sizes, table.groups, table.fields
    by_block = table.blocks, table.arrays, table.uniforms, table.partials
    found: list[Launch] = []
    for stage in (Stage(program, number) for number in range(program.stages + 1)):
        kernel = getattr(kernels, f"rows_{stage.number}")
        options = {"ROWS": ROWS, "num_warps": 1, **AS_WRITTEN}
        found.append((kernel, (rows // ROWS,), (*by_row, table.uniforms, table.sums), options))
        if blocks:
            kernel = getattr(kernels, f"blocks_{stage.number}")
            found.append((kernel, (blocks,), by_block, {"BLOCK": BLOCK, "num_warps": 8, **AS_WRITTEN}))
        if stage.sums:
            of = {"COLUMNS": len(program.reductions), "FIRST": stage.place(stage.sums[0])}
            given, grid = (table.partials, table.firsts, table.sums), (tensors, len(stage.sums))
            found.append((add_up, grid, given, {**of, "LANES": LANES, **AS_WRITTEN}))
    return found
