"""Prints a traced program as Python that Numba compiles: one function over a table of addresses, for any model.

The table (see `table`) has a row per tensor and a row per block of elements. A step goes through the rows once per
stage, where everything that no element enters is worked out in double; and through the blocks once per stage, where
norms are summed up, and at last the parameters and their slots are moved in place.
"""

from collections.abc import Iterator, Sequence

from ..printing import INPUTS, statements
from ..trace import LOGICAL, REDUCTIONS, Node, Program, needed

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

from numba import float32, float64, int64, njit

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
    parts = [_Stage(program, stage) for stage in range(program.stages + 1)]
    bodies = [text for part in parts for text in (part.rows(), part.blocks())]
    return "\n".join([head + "\n".join(arrays), *bodies, _run(program.stages + 1)])


def kept(program: Program) -> list[Node]:
    """Lists what is worked out per tensor and kept in the table, since elements or a later stage need it.

    Args:
        program: The program.

    Returns:
        The values, in the order of their columns.
    """
    uniform = [n for n in program.nodes if not n.each and n.operation not in ("number", "element")]
    users = {id(arg) for n in program.nodes if n.each or n.operation in REDUCTIONS for arg in n.args}
    later = {id(arg) for n in program.nodes for arg in n.args if not n.each and arg.stage < n.stage}
    shown = {id(n) for n in program.outputs.values()}
    return [n for n in uniform if id(n) in users | later | shown]


class _Stage:
    """One pass through the rows and one through the blocks."""

    def __init__(self, program: Program, stage: int) -> None:
        self.program, self.stage, self.last = program, stage, stage == program.stages
        self.column = {node: k for k, node in enumerate(kept(program))}
        self.arrays = ["p", "g", *program.elements]
        self.sums = [n for n in program.reductions if n.stage == stage + 1]

    def rows(self) -> str:
        """Prints what is worked out per tensor before the blocks of this stage."""
        known, before, within = self._given()
        ripe = [node for node in self.column if node.stage == self.stage]
        printed, names = statements(ripe, known, {**FORMS, "number": "{0}"}, "u")
        stores = [f"put_double(uniforms, k * {len(self.column)} + {self.column[n]}, float64({names[n]}))" for n in ripe]
        slots = [
            f"put_double(word(scalars, k * {len(self.program.scalars)} + {k}), 0, float64({self._late(slot, names)}))"
            for k, slot in enumerate(self.program.scalars)
            if self._due(self.program.outputs[slot])
        ]
        body = [*within, *printed, *stores, *slots] or ["pass"]
        return _function(f"rows_{self.stage}(table)", [*_LOAD_ROWS, *before, *_loop("k", "0, tensors", body)])

    def _due(self, output: Node) -> bool:
        return output.stage == self.stage

    def _late(self, slot: str, names: dict[Node, str]) -> str:
        node = self.program.outputs[slot]
        return repr(node.detail) if node.operation == "number" else names[node]

    def _given(self) -> tuple[dict[Node, str], list[str], list[str]]:
        """Names what the rows of this stage find in the table, and prints how: once for all rows, and in each."""
        known: dict[Node, str] = {}
        before, within = [], []
        if self.stage == 0:
            inputs = [node for node in self.program.nodes if node.operation in INPUTS and not node.each]
            known = {node: "t" if node.operation == "count" else _name(node) for node in inputs}
            return known, [], ["t = count(word(counts, k))", *(line for node in inputs for line in self._input(node))]
        for node in self.column:
            if node.stage < self.stage:
                known[node] = f"c{self.column[node]}"
                within.append(f"{known[node]} = {self._read(node)}{' != 0' if node.operation in LOGICAL else ''}")
        for node in self.program.reductions:
            if node.stage == self.stage:
                known[node] = f"r{self._place(node)}"
                lines = before if node.operation == "global_norm" else within
                lines.append(f"{known[node]} = {self._reduced(node)}")
        return known, before, within

    def _read(self, node: Node) -> str:
        return f"double(uniforms, k * {len(self.column)} + {self.column[node]})"

    def _input(self, node: Node) -> list[str]:
        name = _name(node)
        if node.operation == "field":
            column = self.program.fields.index(node.detail)
            return [f"{name} = double(fields, k * {len(self.program.fields)} + {column})"]
        if node.operation == "scalar":
            column = self.program.scalars.index(node.detail)
            return [f"{name} = double(word(scalars, k * {len(self.program.scalars)} + {column}), 0)"]
        return [f"{name} = float64(word(numbers, k))"] if node.operation == "tensor" else []

    def _place(self, node: Node) -> int:
        return [id(n) for n in self.program.reductions].index(id(node))

    def _reduced(self, node: Node) -> str:
        sums = f"summed(partials, {len(self.program.reductions)}, {self._place(node)}, "
        if node.operation == "global_norm":
            return f"math.sqrt({sums}0, word(firsts, tensors)))"
        of_one = f"{sums}word(firsts, k), word(firsts, k + 1))"
        return f"math.sqrt({of_one})" if node.operation == "norm" else f"{of_one} / word(sizes, k)"

    def blocks(self) -> str:
        """Prints the pass through the elements."""
        roots = list(self.program.outputs.values()) if self.last else [n.args[0] for n in self.sums]
        known, head, loads = self._operands(roots)
        printed, names = statements(roots, known, FORMS, "x")
        inner = [*loads, *printed, *(self._stores(names) if self.last else self._adds(names))]
        starts = [] if self.last else [f"s{k} = 0.0" for k, _ in enumerate(self.sums)]
        ends = [
            f"put_double(partials, b * {len(self.program.reductions)} + {self._place(node)}, s{k})"
            for k, node in enumerate(self.sums)
        ]
        body = [*_LOAD_BLOCK, *head, *starts, *_loop("i", "begin, end", inner), *([] if self.last else ends)]
        return _function(f"blocks_{self.stage}(table, first, last)", [*_LOAD_BLOCKS, *_loop("b", "first, last", body)])

    def _operands(self, roots: Sequence[Node]) -> tuple[dict[Node, str], list[str], list[str]]:
        """Names what the elements are computed from: per tensor before the loop, per element inside it."""
        known: dict[Node, str] = {}
        head, loads = [], []
        given = {id(node) for node in self.column}
        for node in self._reached(roots, given):
            if id(node) in given:
                known[node] = f"c{self.column[node]}"
                value = self._read(node)
                cast = f"{value} != 0" if node.operation in LOGICAL else f"real({value})"
                head.append(f"{known[node]} = {cast if self._computed(node) else value}")
            elif node.operation == "element":
                k = self.arrays.index(node.detail)
                known[node] = _name(node)
                head.append(f"at_{k} = word(arrays, k * {len(self.arrays)} + {k})")
                loads.append(f"{known[node]} = load_{k}(at_{k}, i)")
        if self.last:
            there = {node.detail for node in known if node.operation == "element"}
            missing = [(k, name) for k, name in enumerate(self.arrays) if name != "g" and name not in there]
            head += [f"at_{k} = word(arrays, k * {len(self.arrays)} + {k})" for k, _ in missing]
        return known, head, loads

    def _computed(self, node: Node) -> bool:
        """Tells whether a value enters arithmetic; what only says where random numbers come from stays in double."""
        return any(any(arg is node for arg in n.args) and n.operation != "normal" for n in self.program.nodes) or any(
            node is output for output in self.program.outputs.values()
        )

    def _reached(self, roots: Sequence[Node], given: set[int]) -> Iterator[Node]:
        stop = [node for node in self.column if id(node) in given]
        found = list(needed(roots, given=stop))
        used = {id(arg) for node in found for arg in node.args} | {id(root) for root in roots}
        yield from (node for node in stop if id(node) in used)
        yield from found

    def _stores(self, names: dict[Node, str]) -> list[str]:
        written = [name for name in self.arrays if name != "g"]
        outputs = {name: self.program.outputs[name] for name in written}
        unchanged = {name for name, node in outputs.items() if node.operation == "element" and node.detail == name}
        return [
            f"store_{self.arrays.index(name)}(at_{self.arrays.index(name)}, i, real({names[node]}))"
            for name, node in outputs.items()
            if name not in unchanged
        ]

    def _adds(self, names: dict[Node, str]) -> list[str]:
        lines = []
        for k, node in enumerate(self.sums):
            x = f"float64({names[node.args[0]]})"
            lines.append(f"s{k} = add_in_any_order(s{k}, {x if node.operation == 'mean' else f'{x} * {x}'})")
        return lines


def _name(node: Node) -> str:
    return f"{node.operation}_{node.detail}"


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


def _run(stages: int) -> str:
    lines = []
    for stage in range(stages):
        lines += [f"if part == {2 * stage} or part < 0:", f"    rows_{stage}(table)"]
        lines += [f"if part == {2 * stage + 1} or part < 0:", f"    blocks_{stage}(table, first, last)"]
    signature = '"void(int64, int64, int64, int64)"'
    body = "\n".join(f"    {line}" for line in lines)
    return f"\n@njit({signature}, cache=CACHE, {OPTIONS})\ndef run(table, part, first, last):\n{body}\n"
