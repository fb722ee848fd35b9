"""The stages of a program: what a kernel, in whatever language, reads, works out and leaves behind in each.

A stage is one pass through the rows of the table, one per tensor, where everything that no element enters is worked
out in double; and one through the elements, which sums them up, or in the last stage moves them.
"""

from collections.abc import Sequence
from functools import cached_property

from .printing import INPUTS
from .trace import REDUCTIONS, Node, Program, needed


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


class Stage:
    """One pass through the rows and one through the elements.

    >>> from ..rules import SGD, Clip
    >>> from .trace import symbolic, trace
    >>> program = trace(symbolic(Clip(SGD(), norm=1.0)))
    >>> [[node.operation for node in Stage(program, number).sums] for number in range(program.stages + 1)]
    [['global_norm'], []]
    """

    def __init__(self, program: Program, number: int) -> None:
        self.program, self.number, self.last = program, number, number == program.stages
        self.column = {node: k for k, node in enumerate(kept(program))}
        self.arrays = ["p", "g", *program.elements]
        self.sums = [n for n in program.reductions if n.stage == number + 1]
        """What its elements are summed up for."""

    @cached_property
    def ripe(self) -> list[Node]:
        """What its rows work out and keep."""
        return [node for node in self.column if node.stage == self.number]

    @cached_property
    def due(self) -> list[tuple[int, Node]]:
        """The scalar slots, by their place, that its rows write, and with what."""
        new = [self.program.outputs[slot] for slot in self.program.scalars]
        return [(k, node) for k, node in enumerate(new) if node.stage == self.number]

    @cached_property
    def given(self) -> list[Node]:
        """What its rows start from: the inputs, or what earlier stages kept and what was just summed up."""
        if self.number == 0:
            return [node for node in self.program.nodes if node.operation in INPUTS and not node.each]
        earlier = [node for node in self.column if node.stage < self.number]
        return earlier + [node for node in self.program.reductions if node.stage == self.number]

    @cached_property
    def roots(self) -> list[Node]:
        """What is worked out for every element."""
        if not self.last:
            return [node.args[0] for node in self.sums]
        return [self.program.outputs[name] for name in self.arrays if name != "g"]

    @cached_property
    def operands(self) -> list[Node]:
        """What elements are worked out from: values of the table, and elements of the arrays."""
        there = list(self.column)
        found = list(needed(self.roots, given=there))
        used = {id(arg) for node in found for arg in node.args} | {id(root) for root in self.roots}
        return [node for node in there if id(node) in used] + [node for node in found if node.operation == "element"]

    @cached_property
    def stores(self) -> list[tuple[int, Node]]:
        """The arrays, by their place, that its elements move, and to what; what stays as it is is left alone."""
        if not self.last:
            return []
        written = [(k, name, self.program.outputs[name]) for k, name in enumerate(self.arrays) if name != "g"]
        return [(k, node) for k, name, node in written if (node.operation, node.detail) != ("element", name)]

    @cached_property
    def touched(self) -> list[int]:
        """The places of the arrays that its elements are read from or written to."""
        read = [self.arrays.index(node.detail) for node in self.operands if node.operation == "element"]
        return sorted({*read, *(k for k, _ in self.stores)})

    def place(self, reduction: Node) -> int:
        """Finds the column of a sum.

        Args:
            reduction: What it is the sum of.

        Returns:
            Its place among all reductions.
        """
        return [id(node) for node in self.program.reductions].index(id(reduction))

    def is_computed(self, node: Node) -> bool:
        """Tells whether a value enters arithmetic; what only says where random numbers come from stays in double.

        Args:
            node: A value of the table.

        Returns:
            Whether anything but random numbers needs it.
        """
        return _enters(node, self.program.nodes) or any(node is new for new in self.program.outputs.values())


def name_of(node: Node) -> str:
    """Names an input.

    Args:
        node: The input.

    Returns:
        What it is called in what is printed.
    """
    return f"{node.operation}_{node.detail}"


def _enters(node: Node, nodes: Sequence[Node]) -> bool:
    return any(any(arg is node for arg in n.args) and n.operation != "normal" for n in nodes)
