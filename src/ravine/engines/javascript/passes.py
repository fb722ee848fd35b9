"""Prints a traced program as the body of a JavaScript function over one small vector.

Stage by stage (see `stages`): what no element enters is worked out once, in front; then a loop over the elements sums
them up for the norms of the next stage, or in the last stage moves them.
"""

from collections.abc import Iterator, Mapping

from ..printing import INPUTS
from ..stages import Stage
from ..trace import Node, Program
from .lines import block
from .literals import Names, number
from .statements import declare

ARGUMENTS = ("p", "g", "state", "fields", "t")
"""What every function takes: the point, the gradient, the slots, the numbers in the rule's fields, the step count."""

LOOP = "for (let i = 0; i < p.length; i++) {"


class Body:
    """The body of one function.

    Args:
        program: What it works out.
        names: The names of the function; takes those that are given here.
    """

    def __init__(self, program: Program, names: Names) -> None:
        self.program, self.names = program, names
        self.known: dict[Node, str] = {}
        """What every value that there is one of is called, or of every input that there is one of per element."""
        self.slots: dict[str, str] = {}
        """What the slots are called."""

    def lines(self, targets: Mapping[str, str]) -> Iterator[str]:
        """Prints it.

        Args:
            targets: What the loop over the elements writes, by the name of the output; slots go to themselves.

        Yields:
            Its lines.
        """
        program = self.program
        yield from self._inputs()
        for stage in (Stage(program, k) for k in range(program.stages + 1)):
            yield from self._uniform(stage)
            yield from self._moved(targets) if stage.last else self._summed(stage)
        for name in program.scalars:
            node = program.outputs[name]
            yield f"state.{name} = {number(node.detail) if node.operation == 'number' else self.known[node]};"

    def _inputs(self) -> Iterator[str]:
        """Names what comes from outside."""
        inputs = [node for node in self.program.nodes if node.operation in INPUTS]
        fields = {node: self.names.own(node.detail) for node in inputs if node.operation == "field"}
        if fields:
            yield f"const {{ {', '.join(_taken(node.detail, name) for node, name in fields.items())} }} = fields;"
        read = {node.detail for node in inputs if node.operation in ("element", "scalar")}
        wanted = [name for name in (*self.program.elements, *self.program.scalars) if name in read or self._moves(name)]
        self.slots = {name: self.names.own(name) for name in wanted}
        if wanted:
            yield f"const {{ {', '.join(_taken(*pair) for pair in self.slots.items())} }} = state;"
        arrays = {"p": "p", "g": "g", **self.slots}
        self.known |= fields
        for node in inputs:
            if node.operation == "element":
                self.known[node] = f"{arrays[node.detail]}[i]"
            elif node.operation == "scalar":
                self.known[node] = self.slots[node.detail]
            elif node.operation != "field":
                self.known[node] = "t" if node.operation == "count" else "0"  # there is one tensor, number 0

    def _moves(self, slot: str) -> bool:
        new = self.program.outputs.get(slot)
        return new is not None and slot in self.program.elements and (new.operation, new.detail) != ("element", slot)

    def _uniform(self, stage: Stage) -> Iterator[str]:
        """Works out what no element enters, and where random numbers begin."""
        ripe = [node for node in stage.ripe if stage.is_computed(node) or not _is_whole(node)]
        yield from declare([(node, None) for node in ripe if node not in self.known], self.known, self.names, "c")
        for node in self.program.nodes:
            if node.operation == "normal" and max(arg.stage for arg in node.args) == stage.number:
                start = self.names.next("noise")
                yield f"const {start} = key({', '.join(map(self._whole, node.args))});"
                self.known[node] = f"normal({start}, i)"

    def _whole(self, node: Node) -> str:
        """Writes a number that says where random numbers begin, to its last bit: a seed may have 64 of them."""
        if node.operation == "number":
            return f"{int(node.detail)}n"
        if node.operation == "tensor":
            return "0n"
        if _is_whole(node):
            return " + ".join(map(self._whole, node.args)) if node.args else f"BigInt({self.known[node]})"
        return f"BigInt(Math.trunc({self.known[node]}))"

    def _summed(self, stage: Stage) -> Iterator[str]:
        """Sums elements up for norms and means."""
        known = dict(self.known)
        sums = {node: self.names.next("sum") for node in stage.sums}
        inner = declare([(n.args[0], None) for n in sums if n.args[0] not in known], known, self.names, "x")
        for node, name in sums.items():
            x = known[node.args[0]]
            inner.append(f"{name} += {x if node.operation == 'mean' else f'{x} * {x}'};")
        yield f"let {', '.join(f'{name} = 0' for name in sums.values())};"
        yield from block(LOOP, inner, "}")
        for node, name in sums.items():
            self.known[node] = self.names.next("mean" if node.operation == "mean" else "norm")
            whole = f"{name} / p.length" if node.operation == "mean" else f"Math.sqrt({name})"
            yield f"const {self.known[node]} = {whole};"

    def _moved(self, targets: Mapping[str, str]) -> Iterator[str]:
        """Moves the elements, when all of what they move to is known."""
        known, outputs = dict(self.known), self.program.outputs
        new = [name for name in ("p", *self.program.elements) if name in targets or self._moves(name)]
        roots = [(outputs[name], f"{name}_new") for name in new if outputs[name] not in known]
        # What is written first may be worked out on the spot; all else before p, which it may need, has moved.
        inner = declare(roots, known, self.names, "x", inline=[outputs["p"]])
        stores = []
        for name in new:
            value = known[outputs[name]]
            if outputs[name].operation == "element":  # which the loop may be about to overwrite
                value = self.names.own(f"{name}_new")
                inner.append(f"const {value} = {known[outputs[name]]};")
            stores.append(f"{targets.get(name) or f'{self.slots[name]}[i]'} = {value};")
        yield from block(LOOP, [*inner, *stores], "}")


def _is_whole(node: Node) -> bool:
    return node.operation in ("number", *INPUTS) or (node.operation == "add" and all(map(_is_whole, node.args)))


def _taken(name: str, own: str) -> str:
    return name if name == own else f"{name}: {own}"
