"""Prints a traced program as Python that Numba compiles: one function over a table of addresses, for any model.

The table (see `table`) has a row per tensor and a row per block of elements. A step goes through the rows once per
stage, where everything that no element enters is worked out in double; and through the blocks once per stage, where
norms are summed up, and at last the parameters and their slots are moved in place.
"""

from ..printing import statements
from ..stages import Stage, name_of
from ..trace import LOGICAL, REDUCTIONS, Node, Program

ARITHMETIC = {"float32": "float32", "float64": "float64", "bfloat16": "float32", "float16": "float32"}
"""What an element of a dtype is computed in."""

FORMS = {
    "number": "real({0})",
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "power": "{0} ** {1}",
    "negative": "-{0}",
    "absolute": "abs({0})",
    "sqrt": "math.sqrt({0})",
    "exp": "math.exp({0})",
    "log": "math.log({0})",
    "cos": "math.cos({0})",
    "sin": "math.sin({0})",
    "sign": "pick({0} > 0, real(1), pick({0} < 0, real(-1), real(0)))",
    "maximum": "pick(({0} > {1}) | ({0} != {0}), {0}, {1})",
    "minimum": "pick(({0} < {1}) | ({0} != {0}), {0}, {1})",
    "where": "pick({0}, {1}, {2})",
    "greater": "{0} > {1}",
    "at_least": "{0} >= {1}",
    "equal": "{0} == {1}",
    "unequal": "{0} != {1}",
    "normal": "real(normal(key(int64({0}), int64({1}), int64({2})), i))",
}

HEAD = '''"""{rule}, for {dtype}: printed from the rule's `update`, and compiled once for all models."""

import math

from numba import cfunc, float32, float64, int64, njit

from ravine.engines.native.memory import add_in_any_order, array, pick
from ravine.engines.native.noise import key, normal
from ravine.engines.native.pieces import count, double, put_double, summed, word

inf, nan = math.inf, math.nan
real = {real}
'''

OPTIONS = 'nogil=True, error_model="numpy"'
"""Errors as NumPy has them: 1 / 0 is infinite, as for tensors. No flag that assumes anything of NaN or infinity."""


def print_source(program: Program, dtype: str) -> str:
    """Prints the module of one program for one dtype.

    Args:
        program: What to compute.
        dtype: What the parameters, gradients and slots hold.

    Returns:
        Python's text of a module whose `run(table, part, first, last)` takes a step: part 0 works out the rows of
        stage 0, part 1 goes through the blocks `first` to `last` of stage 0, part 2 is the rows of stage 1, and so
        on; part -1 is all of them in turn.
    """
    head = HEAD.format(rule=program.rule, dtype=dtype, real=ARITHMETIC[dtype])
    arrays = [f'load_{k}, store_{k} = array("{dtype}", {k})' for k in range(2 + len(program.elements))]
    parts = [_Printed(Stage(program, stage)) for stage in range(program.stages + 1)]
    bodies = [text for part in parts for text in (part.rows(), part.blocks())]
    return "\n".join([head + "\n".join(arrays), *bodies, _run(program.stages + 1)])


class _Printed:
    """One stage: a pass through the rows and one through the blocks."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.program = stage, stage.program

    def rows(self) -> str:
        """Prints what is worked out per tensor before the blocks of this stage."""
        stage = self.stage
        known, before, within = self._given()
        printed, names = statements(stage.ripe, known, {**FORMS, "number": "{0}"}, "u")
        stores = [
            f"put_double(uniforms, k * {len(stage.column)} + {stage.column[n]}, float64({names[n]}))"
            for n in stage.ripe
        ]
        slots = [
            f"put_double(word(scalars, k * {len(self.program.scalars)} + {k}), 0, float64({_late(node, names)}))"
            for k, node in stage.due
        ]
        body = [*within, *printed, *stores, *slots] or ["pass"]
        return _function(f"rows_{stage.number}(table)", [*_LOAD_ROWS, *before, *_loop("k", "0, tensors", body)])

    def _given(self) -> tuple[dict[Node, str], list[str], list[str]]:
        """Names what the rows of this stage find in the table, and prints how: once for all rows, and in each."""
        stage = self.stage
        known: dict[Node, str] = {}
        before, within = [], ["t = count(word(counts, k))"] if stage.number == 0 else []
        for node in stage.given:
            if node.operation in REDUCTIONS and node.stage == stage.number:
                known[node] = f"r{stage.place(node)}"
                lines = before if node.operation == "global_norm" else within
                lines.append(f"{known[node]} = {self._reduced(node)}")
            elif stage.number:
                known[node] = f"c{stage.column[node]}"
                within.append(f"{known[node]} = {self._read(node)}{' != 0' if node.operation in LOGICAL else ''}")
            else:
                known[node] = "t" if node.operation == "count" else name_of(node)
                within += self._input(node)
        return known, before, within

    def _cell(self, node: Node) -> str:
        return f"k * {len(self.stage.column)} + {self.stage.column[node]}"

    def _read(self, node: Node) -> str:
        return f"double(uniforms, {self._cell(node)})"

    def _input(self, node: Node) -> list[str]:
        name = name_of(node)
        if node.operation == "field":
            column = self.program.fields.index(node.detail)
            return [f"{name} = double(fields, k * {len(self.program.fields)} + {column})"]
        if node.operation == "scalar":
            column = self.program.scalars.index(node.detail)
            return [f"{name} = double(word(scalars, k * {len(self.program.scalars)} + {column}), 0)"]
        return [f"{name} = float64(word(numbers, k))"] if node.operation == "tensor" else []

    def _reduced(self, node: Node) -> str:
        sums = f"summed(partials, {len(self.program.reductions)}, {self.stage.place(node)}, "
        if node.operation == "global_norm":
            return f"math.sqrt({sums}0, word(firsts, tensors)))"
        of_one = f"{sums}word(firsts, k), word(firsts, k + 1))"
        return f"math.sqrt({of_one})" if node.operation == "norm" else f"{of_one} / word(sizes, k)"

    def blocks(self) -> str:
        """Prints the pass through the elements."""
        stage = self.stage
        known, head, loads = self._operands()
        printed, names = statements(stage.roots, known, FORMS, "x")
        inner = [*loads, *printed, *(self._stores(names) if stage.last else self._adds(names))]
        starts = [f"s{k} = 0.0" for k, _ in enumerate(stage.sums)]
        ends = [
            f"put_double(partials, b * {len(self.program.reductions)} + {stage.place(node)}, s{k})"
            for k, node in enumerate(stage.sums)
        ]
        body = [*_LOAD_BLOCK, *head, *starts, *_loop("i", "begin, end", inner), *ends]
        signature = f"blocks_{stage.number}(table, first, last)"
        return _function(signature, [*_LOAD_BLOCKS, *_loop("b", "first, last", body)])

    def _operands(self) -> tuple[dict[Node, str], list[str], list[str]]:
        """Names what the elements are computed from: per tensor before the loop, per element inside it."""
        stage = self.stage
        known: dict[Node, str] = {}
        head = [f"at_{k} = word(arrays, k * {len(stage.arrays)} + {k})" for k in stage.touched]
        loads = []
        for node in stage.operands:
            if node.operation == "element":
                k, known[node] = stage.arrays.index(node.detail), name_of(node)
                loads.append(f"{known[node]} = load_{k}(at_{k}, i)")
            else:
                known[node] = f"c{stage.column[node]}"
                value = self._read(node)
                cast = f"{value} != 0" if node.operation in LOGICAL else f"real({value})"
                head.append(f"{known[node]} = {cast if stage.is_computed(node) else value}")
        return known, head, loads

    def _stores(self, names: dict[Node, str]) -> list[str]:
        return [f"store_{k}(at_{k}, i, real({names[node]}))" for k, node in self.stage.stores]

    def _adds(self, names: dict[Node, str]) -> list[str]:
        lines = []
        for k, node in enumerate(self.stage.sums):
            x = f"float64({names[node.args[0]]})"
            lines.append(f"s{k} = add_in_any_order(s{k}, {x if node.operation == 'mean' else f'{x} * {x}'})")
        return lines


def _late(node: Node, names: dict[Node, str]) -> str:
    return repr(node.detail) if node.operation == "number" else names[node]


_LOAD_ROWS = [
    "counts, scalars, numbers, sizes = word(table, 0), word(table, 1), word(table, 2), word(table, 3)",
    "fields, uniforms, partials, firsts = word(table, 4), word(table, 5), word(table, 6), word(table, 7)",
    "tensors = word(table, 10)",
]
_LOAD_BLOCKS = [
    "uniforms, partials, arrays, blocks = word(table, 5), word(table, 6), word(table, 8), word(table, 9)",
]
_LOAD_BLOCK = ["k, begin, end = word(blocks, 3 * b), word(blocks, 3 * b + 1), word(blocks, 3 * b + 2)"]


def _function(signature: str, body: list[str]) -> str:
    lines = "\n".join(f"    {line}" for line in body)
    return f"\n@njit({OPTIONS})\ndef {signature}:\n{lines}\n"


def _loop(variable: str, over: str, body: list[str]) -> list[str]:
    return [f"for {variable} in range({over}):", *(f"    {line}" for line in body)]


SHARE = '''"""What every thread does in a pass that several share."""

from numba import cfunc

from ravine.engines.native.pieces import take_blocks


@cfunc("void(int64)", cache=CACHE)
def run(task):
    take_blocks(task)
'''


def _run(stages: int) -> str:
    lines = []
    for stage in range(stages):
        lines += [f"if part == {2 * stage} or part < 0:", f"    rows_{stage}(table)"]
        lines += [f"if part == {2 * stage + 1} or part < 0:", f"    blocks_{stage}(table, first, last)"]
    signature = '"void(int64, int64, int64, int64)"'
    body = "\n".join(f"    {line}" for line in lines)
    return f"\n@cfunc({signature}, cache=CACHE)\ndef run(table, part, first, last):\n{body}\n"
