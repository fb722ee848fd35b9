"""Prints a traced program as kernels in the language of Triton, over a table of addresses, for any model.

For each stage (see `stages`) there are two. `rows_n` has a lane per tensor and works out in double what no element
enters, at first counting the step; `blocks_n` has a program per block of elements, which sums them up or, at last,
moves parameters and slots in place.
"""

from collections.abc import Iterator

from ..printing import statements
from ..stages import Stage, name_of
from ..trace import LOGICAL, REDUCTIONS, Node, Program

COMPUTED = {"float32": "tl.float32", "float64": "tl.float64", "bfloat16": "tl.float32", "float16": "tl.float32"}
"""What an element of a dtype is computed in."""

STORED = {"float32": "tl.float32", "float64": "tl.float64", "bfloat16": "tl.uint16", "float16": "tl.float16"}
"""What stands in memory."""

FORMS = {
    "number": "tl.full((), {0}, real)",
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "power": "power({0}, {1})",
    "negative": "{0} * -1.0",
    "absolute": "tl.abs({0})",
    "sqrt": "tl.sqrt({0})",
    "exp": "exponential({0})",
    "log": "tl.log({0})",
    "cos": "tl.cos({0})",
    "sin": "tl.sin({0})",
    "sign": "tl.where({0} > 0, 1.0, tl.where({0} < 0, -1.0, 0.0)).to(real)",
    "maximum": "tl.where(({0} > {1}) | ({0} != {0}), {0}, {1})",
    "minimum": "tl.where(({0} < {1}) | ({0} != {0}), {0}, {1})",
    "where": "tl.where({0}, {1}, {2})",
    "greater": "{0} > {1}",
    "at_least": "{0} >= {1}",
    "equal": "{0} == {1}",
    "unequal": "{0} != {1}",
    "normal": "normal(key({0}, {1}, {2}), i).to(real)",
}

SINGLE = {"divide": "tl.div_rn({0}, {1})", "sqrt": "tl.sqrt_rn({0})"}
"""What Triton would else round less well in float32 than torch does."""

DOUBLE = {**FORMS, "number": "tl.full((), {0}, tl.float64)", "sign": FORMS["sign"].replace("real", "tl.float64")}

HEAD = '''"""{rule}, for {dtype}: printed from the rule's `update`, and compiled once for all models."""

import triton
import triton.language as tl

from ravine.engines.triton.noise import key, normal
from ravine.engines.triton.pieces import count, exponential, narrowed, over_all, power, widened

inf, nan = tl.constexpr(float("inf")), tl.constexpr(float("nan"))
stored, real = tl.constexpr({stored}), tl.constexpr({real})
'''


def print_source(program: Program, dtype: str) -> str:
    """Prints the module of one program for one dtype.

    Args:
        program: What to compute.
        dtype: What the parameters, gradients and slots hold.

    Returns:
        Python's text of a module with the kernels `rows_0`, `blocks_0`, `rows_1` and so on.
    """
    head = HEAD.format(rule=program.rule, dtype=dtype, stored=STORED[dtype], real=COMPUTED[dtype])
    parts = [_Printed(Stage(program, stage), dtype) for stage in range(program.stages + 1)]
    return "\n".join([head, *(text for part in parts for text in (part.rows(), part.blocks()))])


class _Printed:
    """One stage: a kernel over the rows and one over the blocks."""

    def __init__(self, stage: Stage, dtype: str) -> None:
        self.stage, self.program, self.dtype = stage, stage.program, dtype
        self.forms = FORMS | SINGLE if COMPUTED[dtype] == "tl.float32" else FORMS
        self.columns = [node for node in stage.operands if node.operation != "element"]

    def rows(self) -> str:
        """Prints what is worked out per tensor before the blocks of this stage."""
        stage = self.stage
        known: dict[Node, str] = {}
        within = ["t = count(tl.load(counts + k))"] if stage.number == 0 else []
        for node in stage.given:
            known[node], line = self._given(node)
            within += line
        printed, names = statements(stage.ripe, known, DOUBLE, "u")
        stores = [f"tl.store(uniforms + {self._cell(node)}, {names[node]}.to(tl.float64))" for node in stage.ripe]
        slots = [f"tl.store({self._scalar(k)}, {_late(node, names)})" for k, node in stage.due]
        arguments = "counts, scalars, numbers, sizes, groups, fields, uniforms, sums, ROWS: tl.constexpr"
        lanes = "k = tl.program_id(0) * ROWS + tl.arange(0, ROWS)"
        return _function(f"rows_{stage.number}({arguments})", [lanes, *within, *printed, *stores, *slots])

    def _given(self, node: Node) -> tuple[str, list[str]]:
        """Names what the rows of this stage start from, and prints how it is found."""
        stage = self.stage
        if node.operation in REDUCTIONS and node.stage == stage.number:
            name = f"r{stage.place(node)}"
            return name, [f"{name} = {self._reduced(node)}"]
        if stage.number:
            name = f"c{stage.column[node]}"
            return name, [f"{name} = {self._read(node)}"]
        if node.operation == "count":
            return "t", []
        found = {
            "field": lambda: f"fields + tl.load(groups + k) * {len(self.program.fields)} + {self._field(node)}",
            "scalar": lambda: self._scalar(self.program.scalars.index(node.detail)),
            "tensor": lambda: "numbers + k",
        }
        return name_of(node), [f"{name_of(node)} = tl.load({found[node.operation]()}).to(tl.float64)"]

    def _field(self, node: Node) -> int:
        return self.program.fields.index(node.detail)

    def _scalar(self, place: int) -> str:
        return f"tl.load(scalars + k * {len(self.program.scalars)} + {place}).to(tl.pointer_type(tl.float64))"

    def _cell(self, node: Node) -> str:
        return f"k * {len(self.stage.column)} + {self.stage.column[node]}"

    def _read(self, node: Node) -> str:
        return f"tl.load(uniforms + {self._cell(node)}){' != 0' if node.operation in LOGICAL else ''}"

    def _reduced(self, node: Node) -> str:
        columns, place = len(self.program.reductions), self.stage.place(node)
        if node.operation == "global_norm":
            return f"tl.full((ROWS,), tl.sqrt(over_all(sums, {columns}, {place}, ROWS)), tl.float64)"
        of_one = f"tl.load(sums + k * {columns} + {place})"
        return f"tl.sqrt({of_one})" if node.operation == "norm" else f"{of_one} / tl.load(sizes + k)"

    def blocks(self) -> str:
        """Prints the pass through the elements: twice, for what is whole can be read and written 16 bytes at a time."""
        stage = self.stage
        at = [f"at_{k}" for k in stage.touched]
        found = [f"at_{k} = tl.load(arrays + k * {len(stage.arrays)} + {k})" for k in stage.touched]
        values = [f"c{stage.column[node]} = {self._cast(node)}" for node in self.columns]
        body = [
            "b = tl.program_id(0).to(tl.int64)",
            "k, begin, end = tl.load(blocks + 3 * b), tl.load(blocks + 3 * b + 1), tl.load(blocks + 3 * b + 2)",
            *found,
            *values,
            "i = begin + tl.arange(0, BLOCK)",
            f"if (end - begin == BLOCK) & (({' | '.join(['0', *at])}) % 16 == 0):",
            *(f"    {line}" for line in self._elements(whole=True)),
            "else:",
            *(f"    {line}" for line in self._elements(whole=False)),
        ]
        arguments = "blocks, arrays, uniforms, partials, BLOCK: tl.constexpr"
        return _function(f"blocks_{stage.number}({arguments})", body)

    def _cast(self, node: Node) -> str:
        """Reads a value of the table, rounded once."""
        rounds = self.stage.is_computed(node) and node.operation not in LOGICAL
        return f"{self._read(node)}.to(real)" if rounds else self._read(node)

    def _elements(self, whole: bool) -> list[str]:
        """Prints what is done to the elements of a block, under names of its own."""
        stage, loads = self.stage, []
        known = {node: f"c{stage.column[node]}" for node in self.columns}
        for node in stage.operands:
            if node.operation == "element":
                known[node] = name_of(node) if whole else f"masked_{name_of(node)}"
                loads.append(f"{known[node]} = {self._loaded(stage.arrays.index(node.detail), whole)}")
        printed, names = statements(stage.roots, known, self.forms, "x" if whole else "y")
        ends = self._stores(names, whole) if stage.last else self._adds(names, whole)
        return [*loads, *printed, *ends] or ["pass"]

    def _loaded(self, k: int, whole: bool) -> str:
        text = f"tl.load({_pointers(k, whole)})"
        return f"widened({text})" if self.dtype == "bfloat16" else f"{text}.to(real)"

    def _stores(self, names: dict[Node, str], whole: bool) -> Iterator[str]:
        for k, node in self.stage.stores:
            value = f"narrowed({names[node]}.to(real))" if self.dtype == "bfloat16" else f"{names[node]}.to(stored)"
            yield f"tl.store({_pointers(k, whole, value)})"

    def _adds(self, names: dict[Node, str], whole: bool) -> Iterator[str]:
        for node in self.stage.sums:
            x = f"{names[node.args[0]]}.to(tl.float64)"
            x = x if node.operation == "mean" else f"{x} * {x}"
            place = f"partials + b * {len(self.program.reductions)} + {self.stage.place(node)}"
            yield f"tl.store({place}, tl.sum({x if whole else f'tl.where(i < end, {x}, 0.0)'}))"


def _pointers(k: int, whole: bool, value: str | None = None) -> str:
    pointers = f"at_{k}.to(tl.pointer_type(stored)) + i"
    given = [f"tl.multiple_of({pointers}, 16)"] if whole else [pointers]
    return ", ".join([*given, *([] if value is None else [value]), *([] if whole else ["mask=i < end"])])


def _late(node: Node, names: dict[Node, str]) -> str:
    return repr(node.detail) if node.operation == "number" else names[node]


def _function(signature: str, body: list[str]) -> str:
    lines = "\n".join(f"    {line}" for line in body)
    return f"\n@triton.jit\ndef {signature}:\n{lines}\n"
