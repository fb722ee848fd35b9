"""Decisions: what an `if` in the source of a rule asks of the rule's own fields."""

import ast
from collections.abc import Callable
from typing import Any

from ...ranges import Range
from ...rules import Rule


class UnwritableError(Exception):
    """What a rule does that no equation shows."""


COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Is: lambda a, b: a is b,
    ast.IsNot: lambda a, b: a is not b,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}


def decided(rule: Rule, node: ast.expr) -> Any:
    """Works out the value of a test.

    Args:
        rule: The rule whose fields it asks about.
        node: The test.

    Returns:
        Its value.

    Raises:
        UnwritableError: It is known only while the rule runs.
    """
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Attribute(value=ast.Name(id="self"), attr=name) if not isinstance(getattr(rule, name), Range):
            return getattr(rule, name)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return [decided(rule, element) for element in elements]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not decided(rule, operand)
        case ast.BoolOp(op=operation, values=values):
            return (all if isinstance(operation, ast.And) else any)(decided(rule, value) for value in values)
        case ast.Compare(left=left, ops=[comparison], comparators=[right]):
            return COMPARISONS[type(comparison)](decided(rule, left), decided(rule, right))
        case _:
            raise UnwritableError(f"whether `{ast.unparse(node)}` is known only as it runs.")
