"""Traces a rule: calls its `update` with symbols and gives its arithmetic as a graph, ready to be printed.

The graph says of every value whether there is one per element or one per tensor. What no element enters is worked
out once per tensor, in double. What is summed over elements (a norm, a mean) has to be known before anything that
uses it, so that a step is one pass over the elements for each such stage, and a last one that moves the parameters.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..errors import RavineError
from ..part import substitute
from ..rules import Rule, field_names
from .symbols import Symbol

REDUCTIONS = ("norm", "mean", "global_norm")
"""Operations that take all elements of a tensor, or of all tensors, and give one number."""

LOGICAL = ("greater", "at_least", "equal", "unequal")
"""Operations that give yes or no."""


@dataclass(frozen=True, eq=False)
class Node:
    """One value of the graph; two nodes of one graph never say the same.

    `each` tells whether there is one value per element or one per tensor, and `stage` how many passes over the
    elements must be over before it can be known.
    """

    operation: str
    args: tuple["Node", ...]
    detail: Any
    each: bool
    stage: int


@dataclass(frozen=True, eq=False)
class Program:
    """What a step of a rule computes, value by value.

    `nodes` has every value after those it needs. `elements` are the slots with one value per element, `scalars` those
    with one per tensor, both in the rule's order, and `outputs` has the new parameter under "p" and every new slot.
    """

    rule: str
    nodes: tuple[Node, ...]
    fields: tuple[str, ...]
    elements: tuple[str, ...]
    scalars: tuple[str, ...]
    outputs: Mapping[str, Node]

    @cached_property
    def reductions(self) -> tuple[Node, ...]:
        """What is summed over elements, earlier stages first."""
        return tuple(sorted((n for n in self.nodes if n.operation in REDUCTIONS), key=lambda n: n.stage))

    @cached_property
    def stages(self) -> int:
        """How many passes over the elements come before the one that moves the parameters."""
        return max((node.stage for node in self.nodes), default=0)

    @cached_property
    def over_all(self) -> bool:
        """Whether one tensor's step depends on the elements of others."""
        return any(node.operation == "global_norm" for node in self.nodes)

    def asks(self, operation: str) -> bool:
        """Tells whether an operation, or an input of a kind such as "count", takes part.

        Args:
            operation: Its name.

        Returns:
            Whether any node is one.
        """
        return any(node.operation == operation for node in self.nodes)


def symbolic(rule: Rule) -> Rule:
    """Puts a symbol of its name into every numeric field of a rule.

    Args:
        rule: The rule.

    Returns:
        The rule as `trace` takes it.

    >>> from ravine.rules import SGD, Clip
    >>> symbolic(Clip(SGD(), norm=1.0))
    Clip(SGD(lr=lr), norm=clip_norm)
    """
    return substitute(rule, {path: Symbol("field", detail=name) for name, path in field_names(rule).items()})


def trace(rule: Rule) -> Program:
    """Reads off what a step of a rule computes.

    Args:
        rule: The rule, with symbols in its fields.

    Returns:
        The program.

    Raises:
        RavineError: Its `update` does what cannot be written as a loop over elements; the sentence names the line.

    >>> from ravine.rules import SGD
    >>> program = trace(symbolic(SGD()))
    >>> [node.operation for node in program.nodes], program.fields
    (['element', 'field', 'element', 'multiply', 'subtract'], ('lr',))
    """
    slots = rule.slots()
    state = {name: Symbol("scalar" if start.scalar else "element", detail=name) for name, start in slots.items()}
    p, g = Symbol("element", detail="p"), Symbol("element", detail="g")
    try:
        moved, new = rule.step(p, g, state, Symbol("count", detail="t"), Symbol("tensor", detail="tensor"))
    except RavineError:
        raise
    except Exception as error:
        raise RavineError(
            f"{type(rule).__name__}.update cannot be compiled: {type(error).__name__}: {error}."
        ) from error
    builder = _Builder()
    outputs = {name: builder.node(_as_symbol(rule, name, value)) for name, value in {"p": moved, **new}.items()}
    _check(rule, outputs, [name for name, start in slots.items() if start.scalar])
    return Program(
        rule=repr(rule),
        nodes=tuple(builder.known.values()),
        fields=tuple(node.detail for node in builder.known.values() if node.operation == "field"),
        elements=tuple(name for name, start in slots.items() if not start.scalar),
        scalars=tuple(name for name, start in slots.items() if start.scalar),
        outputs=outputs,
    )


def _as_symbol(rule: Rule, name: str, value: Any) -> Symbol:
    if isinstance(value, Symbol):
        return value
    if isinstance(value, (int, float)):
        return Symbol("number", detail=float(value))
    raise RavineError(f"{type(rule).__name__}.update gives a {type(value).__name__} for {name}, where a number goes.")


def _check(rule: Rule, outputs: Mapping[str, Node], scalars: Sequence[str]) -> None:
    for name in scalars:
        if outputs[name].each:
            raise RavineError(
                f"{type(rule).__name__}.update gives a value per element for {name}, which is one number per tensor: "
                f"take norm or mean of it, or let {name} start as zeros."
            )


class _Builder:
    """Makes nodes of symbols, each only once, with every value after those it needs."""

    def __init__(self) -> None:
        self.known: dict[Any, Node] = {}
        self.seen: dict[int, tuple[Symbol, Node]] = {}

    def node(self, symbol: Symbol) -> Node:
        # The symbol is kept beside its node: another one cannot get its address as long as it lives.
        if id(symbol) not in self.seen:
            self.seen[id(symbol)] = symbol, self._made(symbol)
        return self.seen[id(symbol)][1]

    def _made(self, symbol: Symbol) -> Node:
        operation, args = symbol.operation, [self.node(arg) for arg in symbol.args]
        if operation == "divide" and args[0].each and not args[1].each:
            # One division per tensor in double, and a product per element: processors take ten times as long to divide.
            return self._add("multiply", [args[0], self._add("divide", [self._number(1.0), args[1]])])
        if operation in REDUCTIONS and not args[0].each:
            raise RavineError(f"{operation}({symbol.args[0]!r}): it takes the elements of a tensor, got one number.")
        return self._add(operation, args, symbol.detail)

    def _number(self, value: float) -> Node:
        return self._add("number", [], value)

    def _add(self, operation: str, args: Sequence[Node], detail: Any = None) -> Node:
        order = sorted(args, key=id) if operation in ("add", "multiply") else args  # a + b is b + a, to the last bit
        key = (operation, repr(detail), *map(id, order))
        if key not in self.known:
            reduces = operation in REDUCTIONS
            each = operation in ("element", "normal") or (not reduces and any(arg.each for arg in args))
            stage = max((arg.stage for arg in args), default=0) + reduces
            self.known[key] = Node(operation, tuple(args), detail, each, stage)
        return self.known[key]


def needed(roots: Sequence[Node], given: Sequence[Node] = ()) -> Iterator[Node]:
    """Yields what must be worked out for some values, each after what it needs.

    Args:
        roots: The values wanted.
        given: Values that are there already.

    Yields:
        The nodes, inputs among them.
    """
    done = set(map(id, given))
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif id(node) not in done:
            done.add(id(node))
            stack.append((node, True))
            stack.extend((arg, False) for arg in reversed(node.args))
