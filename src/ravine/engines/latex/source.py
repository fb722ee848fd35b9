"""Reads a rule's `update` as equations, statement by statement, from its syntax tree."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any

from ...part import meanings
from ...rules import ByDepth, Muon, Rule, Split, Wrapper
from ...rules.arguments import arguments
from . import terms
from .decisions import UnwritableError, decided
from .letters import is_word, letter
from .terms import COMPARISONS, FUNCTIONS, ONE, OPERATORS, ZERO, Term

Letters = Mapping[tuple[str, ...], str]
"""The letter of every numeric field, by its place in the rule."""

WHOSE = {"hidden": "hidden matrices", "matrices": "matrices"}
"""Whom the first rule of a Split is for."""


def gradient_points(rule: Rule, letters: Letters) -> list[Term]:
    """Writes the points at which a rule takes its gradients.

    Args:
        rule: The rule.
        letters: The letters of the whole.

    Returns:
        `p` for most rules; where a first gradient decides the point of a second, both points.

    Raises:
        UnwritableError: It does what no equation shows.
    """
    first = _wanted(rule, letters, (), None)
    return [first, _wanted(rule, letters, (), _variable("g"))] if rule.gradients_per_step() == 2 else [first]


def _wanted(rule: Any, letters: Letters, path: tuple[str, ...], g: Term | None) -> Term:
    if not isinstance(rule, Rule):
        raise UnwritableError(f"which rule it wraps is still to be found in {rule!r}.")
    page, point = Page(rule, path, letters, []), _variable("p")
    if isinstance(rule, Wrapper) and not isinstance(rule, Split):  # neither rule of a Split looks ahead
        told = None if g is None else page.value("first_gradient", [g])
        point = _wanted(rule.rule, letters, (*path, "rule"), told)
    if rule.gradient_at is None or not rule.looks_ahead() or (g is None and "g" in Rule.gradient_asks(rule)):
        return point
    known = {"g": g}
    others = arguments(type(rule), "gradient_at")[2:]
    return page.value("gradient_at", [point, *(known.get(name) or _variable(name) for name in others)])


def point_ahead(rule: Rule, letters: Letters, path: tuple[str, ...] = ()) -> Term:
    """Writes the point that a rule looks ahead to, without what wrappers add to it for the gradient.

    Args:
        rule: The rule.
        letters: The letters of the whole.
        path: Where the rule stands in it.

    Returns:
        `p` for most rules.
    """
    while isinstance(rule, Wrapper) and not isinstance(rule, Split):
        rule, path = rule.rule, (*path, "rule")
    return _variable("p") if isinstance(rule, Split) else _wanted(rule, letters, path, None)


def _variable(name: str, written: str | None = None) -> Term:
    return Term(written or letter(name), names=frozenset({name}))


def _whose(where: str | tuple[int, ...]) -> str:
    if isinstance(where, str):
        return WHOSE[where]
    return f"parameter{'s' * (len(where) > 1)} {', '.join(map(str, where))}" if where else "no parameter"


def _innermost(rule: Rule) -> str:
    while isinstance(rule, Wrapper) and not isinstance(rule, Split):
        rule = rule.rule
    return type(rule).__name__


def _parsed(function: Callable[..., Any]) -> ast.FunctionDef:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError):
        raise UnwritableError("the source of its update is not kept; write the rule into a file.") from None
    if not isinstance(tree, ast.FunctionDef):
        raise UnwritableError(f"`{ast.unparse(tree)}` is no function that def makes.")
    return tree


class Page:
    """The equations of a function as they are read: what is written, and what still waits to be put in its place.

    Args:
        rule: The rule whose fields decide its ifs.
        path: Where the rule stands in the whole, for its letters.
        letters: The letters of all fields of the whole.
        lines: The equations so far; new ones are appended.
    """

    def __init__(self, rule: Rule, path: tuple[str, ...], letters: Letters, lines: list[str]) -> None:
        self.rule, self.path, self.letters, self.lines = rule, path, letters, lines
        self.bound: dict[str, Term] = {}  # variables that stand for a term instead of being written out
        self.symbols: dict[str, str] = {}  # p and g, whatever the author calls them
        self.kept: list[str] = []  # variables that outlive the step, so that their changes are always written
        self.known: dict[str, Any] = {}  # what the function sees around it
        self.loads: list[tuple[int, str]] = []  # where each variable is used
        self.line = 0

    def update(self, owner: type[Rule] | None = None) -> None:
        """Writes all equations of an `update`.

        Args:
            owner: Whose it is, if it is borrowed from another rule.

        Raises:
            UnwritableError: It does what no equation shows.
        """
        if isinstance(self.rule, Split):
            self._both(self.rule)
            return
        if isinstance(self.rule, ByDepth):
            self._at_depth()
        tree = self._open((owner or type(self.rule)).update)  # pyright: ignore[reportAttributeAccessIssue] - all have it
        first, second = [argument.arg for argument in tree.args.args][1:3]
        self.symbols = {first: "p", second: "g"}
        self.kept = [first, second, *self.rule.state]
        if isinstance(self.rule, Wrapper):
            self.bound["point"] = point_ahead(self.rule, self.letters, self.path)
        if self._run(tree.body) is None:
            raise UnwritableError("its update returns nothing.")

    def _at_depth(self) -> None:
        """Writes what every lr inside a ByDepth is in a layer."""
        factor = self.letters[*self.path, "factor"]
        for path, written in self.letters.items():
            if path[: len(self.path)] == self.path and path[-1] == "lr":
                self.lines.append(rf"\text{{at depth }} \ell \text{{, }} {written} = {factor}^{{\ell}} \, {written}_0")

    def _both(self, rule: Split) -> None:
        """Writes the equations of either rule of a Split, and for which parameters they are."""
        for name, whose in (("rule", _whose(rule.where)), ("others", "all others")):
            inside = getattr(rule, name)
            if not isinstance(inside, Rule):
                raise UnwritableError(f"which rule it gives them is still to be found in {inside!r}.")
            self.lines.append(rf"\text{{for {whose}, }} \operatorname{{{_innermost(inside)}}}:")
            Page(inside, (*self.path, name), self.letters, self.lines).update()

    def value(self, function: str | Callable[..., Any], arguments: Sequence[Term]) -> Term:
        """Writes what a function gives, with every variable in it put in its place.

        Args:
            function: The function, or the name of the rule's method or property.
            arguments: What it is called with, `self` aside.

        Returns:
            Its value.

        Raises:
            UnwritableError: It does what no equation shows.
        """
        own = getattr(type(self.rule), function, None) if isinstance(function, str) else function
        if own is None:
            raise UnwritableError(f"it has no field and no method {function}.")
        page = Page(self.rule, self.path, self.letters, self.lines)
        tree = page._open(own.fget if isinstance(own, property) else own)
        names = [argument.arg for argument in tree.args.args if argument.arg != "self"]
        if len(names) != len(arguments):
            raise UnwritableError(f"{tree.name} is called with other arguments than its own.")
        page.bound = dict(zip(names, arguments, strict=True))
        value = page._run(tree.body, only_value=True)
        if value is None:
            raise UnwritableError(f"{tree.name} returns nothing.")
        return value

    def _open(self, function: Any) -> ast.FunctionDef:
        if not isinstance(function, FunctionType):
            raise UnwritableError(f"{function!r} is no function whose source could be read.")
        tree = _parsed(function)
        self.known = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
        uses = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
        self.loads = [(node.lineno, node.id) for node in uses]
        return tree

    # Statements

    def _run(self, statements: Sequence[ast.stmt], only_value: bool = False) -> Term | None:
        """Runs statements up to a return, and gives what is returned."""
        for statement in statements:
            self.line = statement.end_lineno or 0
            match statement:
                case ast.If():
                    chosen = statement.body if decided(self.rule, statement.test) else statement.orelse
                    value = self._run(chosen, only_value)
                    if value is not None:
                        return value
                case ast.Return(value=ast.expr() as value):
                    return self._term(value) if only_value else self._give(value)
                case ast.Pass() | ast.Expr(value=ast.Constant()):
                    pass
                case _:
                    self._put(self._assigned(statement), only_value)
        return None

    def _assigned(self, statement: ast.stmt) -> dict[str, Term]:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                return {name: self._term(value)}
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                return {name: self._term(value)}
            case ast.AugAssign(target=ast.Name(id=name), op=operation, value=value):
                return {name: self._operation(operation, self._name(name), self._term(value))}
            case ast.Assign(targets=[ast.Tuple()], value=ast.Call() as call) if self._borrowed(call):
                return {}
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                names = [target.id for target in targets if isinstance(target, ast.Name)]
                if len(names) == len(targets) == len(values):
                    return dict(zip(names, map(self._term, values), strict=True))
            case _:
                pass
        raise UnwritableError(f"no equation says `{ast.unparse(statement).splitlines()[0]}`.")

    def _give(self, value: ast.expr) -> Term:
        """Writes what `update` returns: p and the slots."""
        if not (isinstance(value, ast.Call) and self._borrowed(value)):
            given = value.elts if isinstance(value, ast.Tuple) else [value]
            there = zip([self.kept[0], *self.rule.state], given, strict=False)
            self._put({name: self._term(node) for name, node in there if ast.unparse(node) != "None"})
        return self._name(self.kept[0])

    def _put(self, assigned: dict[str, Term], only_value: bool = False) -> None:
        """Assigns all at once: each term is written before a variable in it changes."""
        pending = dict(assigned)
        for name, term in assigned.items():
            if only_value or (name not in self.kept and (is_word(name) or term.is_letter() or term.number is not None)):
                self.bound[name] = pending.pop(name)
            elif term == self._name(name):
                del pending[name]
        while pending:
            ready = [n for n in pending if not any(n in term.names for m, term in pending.items() if m != n)]
            if not ready:
                raise UnwritableError(f"{' and '.join(pending)} change places.")
            self._write(ready[0], pending.pop(ready[0]))

    def _write(self, name: str, term: Term) -> None:
        self._settle(name)
        self.bound.pop(name, None)
        self.lines.append(rf"{self._name(name).text} \leftarrow {term.text}")

    def _settle(self, changing: str) -> None:
        """Writes out whatever stands for a term in which a variable is about to change, if it is used later."""
        for name, term in list(self.bound.items()):
            if changing in term.names and name != changing:
                del self.bound[name]
                if any(used == name and line > self.line for line, used in self.loads):
                    self._write(name, term)

    # Expressions

    def _term(self, node: ast.expr) -> Term:
        match node:
            case ast.Constant(value=int() | float() as value):
                return terms.number(value)
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                return self._field(name)
            case ast.BinOp(left=left, op=operation, right=right):
                return self._operation(operation, self._term(left), self._term(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return terms.negative(self._term(operand))
            case ast.Compare(left=left, ops=[comparison], comparators=[right]) if type(comparison) in COMPARISONS:
                return COMPARISONS[type(comparison)](self._term(left), self._term(right))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._term(body if decided(self.rule, test) else orelse)
            case ast.Call(keywords=[]):
                return self._call(node)
            case _:
                raise UnwritableError(f"no equation says `{ast.unparse(node)}`.")

    def _name(self, name: str) -> Term:
        return self.bound.get(name) or _variable(name, self.symbols.get(name))

    def _operation(self, operation: ast.operator, left: Term, right: Term) -> Term:
        if type(operation) not in OPERATORS:
            raise UnwritableError(f"no equation says {type(operation).__name__}.")
        return OPERATORS[type(operation)](left, right)

    def _field(self, name: str) -> Term:
        if name not in meanings(self.rule):
            return self._wrapped_lr() if name == "lr" and isinstance(self.rule, Wrapper) else self.value(name, [])
        value = getattr(self.rule, name)
        if value is None or isinstance(value, (str, bool)):
            raise UnwritableError(f"{name}={value!r} stands where a number is needed.")
        if isinstance(value, (int, float)) and value == 0 and name != "lr":
            return ZERO
        return Term(self.letters[*self.path, name])

    def _wrapped_lr(self) -> Term:
        rule, path = self.rule, self.path
        while isinstance(rule, Wrapper):
            rule, path = rule.rule, (*path, "rule")
        return Term(self.letters[*path, "lr"]) if (*path, "lr") in self.letters else ONE

    def _newton_schulz(self, x: Term) -> Term:
        """Writes the result of Newton-Schulz steps, and in a line of its own what they are."""
        assert isinstance(self.rule, Muon)
        steps, eps = self._field("steps"), self._field("eps")
        self.lines.append(terms.iteration(steps, self.rule.coefficients, eps))
        return terms.newton_schulz(x, steps)

    def _call(self, node: ast.Call) -> Term:
        if isinstance(self.rule, Muon) and isinstance(node.func, ast.Name) and node.func.id == "newton_schulz":
            return self._newton_schulz(self._term(node.args[0]))
        arguments = [self._term(argument) for argument in node.args]
        match node.func:
            case ast.Name(id="inner") if isinstance(self.rule, Wrapper):
                return self._step_inside(*arguments)
            case ast.Name(id=name):
                return self._applied(name, arguments)
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                return self.value(name, arguments)
            case ast.Attribute(value=ast.Name(id="torch" | "math"), attr=name):
                return self._applied(name, arguments)
            case ast.Attribute(value=value, attr=name):
                return self._applied(name, [self._term(value), *arguments])
            case _:
                raise UnwritableError(f"no equation says `{ast.unparse(node)}`.")

    def _applied(self, name: str, arguments: list[Term]) -> Term:
        known = self.known.get(name)
        if isinstance(known, FunctionType) and not known.__module__.startswith("ravine.rules."):
            return self.value(known, arguments)  # of the author's own making
        if name not in FUNCTIONS:
            raise UnwritableError(f"no equation says {name}(...).")
        try:
            inspect.signature(FUNCTIONS[name]).bind(*arguments)
        except TypeError:
            raise UnwritableError(f"no equation says {name}(...) of {len(arguments)} arguments.") from None
        return FUNCTIONS[name](*arguments)

    def _step_inside(self, p: Term, g: Term) -> Term:
        """Takes in the equations of the wrapped rule."""
        assert isinstance(self.rule, Wrapper)
        self._put(dict(zip(self.kept, (p, g), strict=False)))
        self._settle(self.kept[0])
        Page(self.rule.rule, (*self.path, "rule"), self.letters, self.lines).update()
        return self._name(self.kept[0])

    def _borrowed(self, call: ast.Call) -> bool:
        """Takes in the equations of `Other.update(self, p, g, ...)`, if that is what is called."""
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=other), attr="update")):
                owner = self.known.get(other)
                if isinstance(owner, type) and issubclass(owner, Rule):
                    Page(self.rule, self.path, self.letters, self.lines).update(owner)
                    return True
            case _:
                pass
        return False
