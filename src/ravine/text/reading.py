"""Reading an expression by its syntax tree."""

import ast
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import RavineError, nearest
from ..schedules import Schedule
from .calling import call
from .writing import shortened

LONGEST, DEEPEST = 10_000, 100
"""How many characters a text may have, and how many things may stand inside each other."""

WHAT_IS_READ = "only numbers, strings, tuples, calls, .then(...) and * are read, and nothing is evaluated."

Names = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class _Source:
    text: str
    names: Names

    def refusal(self, node: ast.AST, why: str) -> RavineError:
        """Quotes what was typed for a node, and around it the whole text where that is more."""
        typed, all_of_it = shortened(ast.get_source_segment(self.text, node) or self.text), shortened(self.text)
        around = "" if typed == all_of_it else f" in {all_of_it!r}"
        return RavineError(f"Cannot read {typed!r}{around}: {why}")


def read(text: str, names: Names) -> Any:
    """Reads what `write` or a person wrote.

    Args:
        text: One expression. A list reads as a tuple, since things are frozen.
        names: What may be called, by name. A name that is not called gives what it stands for.

    Returns:
        What the text says.

    Raises:
        RavineError: The text says nothing, or something that is refused, or names nobody knows.

    >>> from ravine.rules import Adam
    >>> from ravine.schedules import cosine
    >>> read("Adam(lr=0.5 * cosine(1e-3))", {"Adam": Adam, "cosine": cosine})
    Adam(lr=0.5 * cosine(0.001))
    """
    text = text.strip()
    return _value(_parsed(text), _Source(text, names))


def _parsed(text: str) -> ast.expr:
    if not text:
        raise RavineError("Cannot read an empty text.")
    if len(text) > LONGEST:
        raise RavineError(f"Cannot read {shortened(text)!r}: it has {len(text)} characters, more than {LONGEST}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as the one on "1or 2", which is refused for what it is
            tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        place = f", at character {error.offset}" if error.offset and error.lineno == 1 else ""
        raise RavineError(f"Cannot read {shortened(text)!r}: {error.msg}{place}.") from None
    except (ValueError, RecursionError, MemoryError) as error:  # a null character; brackets without end
        raise RavineError(f"Cannot read {shortened(text)!r}: {error or 'it is too deep'}.") from None
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [below for node in level for below in ast.iter_child_nodes(node)]
        if not level:
            return tree
    raise RavineError(f"Cannot read {shortened(text)!r}: things stand inside each other more than {DEEPEST} deep.")


def _value(node: ast.expr, source: _Source) -> Any:
    match node:
        case ast.Constant():
            return _literal(node, source)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value) as number) if (
            not isinstance(value, bool)
        ):
            return -_literal(number, source)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return tuple(_value(each, source) for each in elements)
        case ast.Dict():
            return _dict(node, source)
        case ast.Name():
            return _named(node, source)
        case ast.Call():
            return _called(node, source)
        case ast.BinOp(op=ast.Mult()):
            return _product(node, source)
        case _:
            raise source.refusal(node, WHAT_IS_READ)


def _literal(node: ast.Constant, source: _Source) -> Any:
    value = node.value
    if value is not None and not isinstance(value, (bool, str, int, float)):
        raise source.refusal(node, WHAT_IS_READ)
    if isinstance(value, (int, float)) and not _is_finite(value):
        raise source.refusal(node, "numbers must be finite.")
    return value


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number beyond what floating point holds
        return False


def _dict(node: ast.Dict, source: _Source) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        name = () if key is None else _value(key, source)
        if key is None or not isinstance(name, (str, int, float)):
            raise source.refusal(key or node, "a key must be a string or a number.")
        if name in found:
            raise source.refusal(key, "this key is given twice.")
        found[name] = _value(value, source)
    return found


def _named(node: ast.Name, source: _Source) -> Any:
    if node.id in source.names:
        return source.names[node.id]
    if node.id.lower() in ("inf", "infinity", "nan"):
        raise source.refusal(node, "numbers must be finite.")
    raise source.refusal(node, f"nothing is called {node.id!r}.{nearest(node.id, source.names)}")


def _called(node: ast.Call, source: _Source) -> Any:
    target = _target(node.func, source)
    given: list[tuple[str | None, Any]] = []
    for each in node.args:
        if isinstance(each, ast.Starred):
            raise source.refusal(each, "arguments are written out one by one.")
        given.append((None, _value(each, source)))
    for keyword in node.keywords:
        if keyword.arg is None:
            raise source.refusal(keyword.value, "arguments are written out one by one.")
        given.append((keyword.arg, _value(keyword.value, source)))
    return call(target, given)


def _target(node: ast.expr, source: _Source) -> Callable[..., Any]:
    match node:
        case ast.Name():
            return _named(node, source)
        case ast.Attribute(value=before, attr="then"):
            schedule = _value(before, source)
            if isinstance(schedule, Schedule):
                return schedule.then
            raise source.refusal(before, "only a schedule can be followed by .then(...).")
        case _:
            raise source.refusal(node, "only a name such as Adam can be called, and only .then may follow a dot.")


def _product(node: ast.BinOp, source: _Source) -> Any:
    left, right = _value(node.left, source), _value(node.right, source)
    if isinstance(left, Schedule) or isinstance(right, Schedule):
        try:
            return left * right
        except TypeError:
            pass  # one of the two is neither a number nor a range nor a schedule, which is told below
    raise source.refusal(node, "* multiplies a schedule by a number, a range or another schedule.")
