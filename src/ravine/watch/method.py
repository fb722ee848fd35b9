"""The methods that are watched: rules, whose lr is tuned unless it is written, and minimizers, which search theirs."""

import ast
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import RavineError, nearest
from ..fields import text
from ..minimize import DESCENTS, Descent
from ..part import leaves
from ..ranges import Range, is_range, log
from ..recipe import NAMES, rules_of
from ..rules import METHODS, Rule, Wrapper, learning_rates
from ..text import read
from ..text.splitting import read_list

DEFAULT = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "lbfgs")
"""Who is watched where nobody is named: each shows something that the one before it lacks."""

WIDE = log(1e-8, 1e3)
"""Where lr is tuned: the slopes of surfaces differ by more than those of networks, so all methods get the same."""

Given = str | Rule | type[Rule] | Descent | type[Descent]
Path = tuple[Any, ...]


@dataclass(frozen=True)
class Method:
    """A way of moving.

    Attributes:
        name: What it is called in pictures and tables.
        part: The rule, or the descent with the search that it usually goes with.
        tuned: The places of lr that are tuned, and the range each of them is tuned in.
    """

    name: str
    part: Rule | Descent
    tuned: Mapping[Path, Range]

    @property
    def lr(self) -> Any:
        """The lr that was written; None where it is tuned, or where there is none."""
        rates = learning_rates(self.part) if isinstance(self.part, Rule) and not self.tuned else {}
        return next(iter(rates.values()), None)

    @property
    def scheduled(self) -> bool:
        """Whether its lr follows a schedule that was written, so that no one number tells it."""
        return self.lr is not None and not isinstance(self.lr, (int, float))

    @property
    def family(self) -> str:
        """The name of the method that this is one of, by which pictures know its color; its own if there is none.

        A wrapper counts as what it wraps.
        """
        part = self.part
        while isinstance(part, Wrapper):
            part = part.rule
        return next((name for name, kind in {**METHODS, **DESCENTS}.items() if type(part) is kind), self.name)


def read_methods(given: str | Sequence[Given] | None) -> tuple[Method, ...]:
    """Reads the methods to be watched.

    Args:
        given: Texts separated by commas, or a sequence of texts, rules, descents and classes of them: names such as
            `adam`, `Adam(lr=0.01)`, `newton`, `LBFGS(history=5)`, `mine.py:MyRule`, or `name = ` and one of these.

    Returns:
        The methods, each under a name of its own.

    Raises:
        RavineError: One cannot be read, or is named twice.

    >>> [method.name for method in read_methods("adam, newton, Adam(lr=0.01)")]
    ['adam', 'newton', 'Adam(lr=0.01)']
    """
    each = DEFAULT if given is None else read_list(given) if isinstance(given, str) else given
    methods = tuple(read_method(one) for one in each)
    if not methods:
        raise RavineError("--methods: name at least one, such as adam.")
    for k, method in enumerate(methods):
        if method.name in {other.name for other in methods[:k]}:
            raise RavineError(f"--methods: {method.name!r} is named twice; once is enough.")
    return methods


def read_method(given: Given) -> Method:
    """Reads one method.

    Args:
        given: A text, a rule, a descent, or a class of these.

    Returns:
        The method; its lr is tuned where a text does not write one, a class is named, or a range stands in its place.

    Raises:
        RavineError: It is none.
    """
    if not isinstance(given, str):
        name = given.__name__.lower() if isinstance(given, type) else text(given)
        return _made(name, given, written=not isinstance(given, type))
    name, sign, rest = given.partition("=")
    called = sign and "(" not in name and ":" not in name
    typed = rest.strip() if called else given.strip()
    return _made(" ".join(name.split()) if called else typed, _value(typed), _writes_lr(typed))


def _value(typed: str) -> Any:
    file, colon, rest = typed.partition(".py:")
    own = rules_of(f"{file}.py") if colon else {}
    kinds = {kind.__name__: kind for kind in DESCENTS.values()}
    names = {**NAMES, **kinds, **DESCENTS, **own}
    typed = rest if colon else typed
    if typed.isidentifier() and typed not in names:
        known = {**METHODS, **DESCENTS}
        raise RavineError(
            f"--methods {typed!r}: nothing is called so.{nearest(typed, known) or nearest(typed, names)} There are "
            f"{', '.join(known)}, and those of a file of your own, mine.py:MyRule."
        )
    return read(typed, names)


def _writes_lr(typed: str) -> bool:
    """Tells whether a text, which was read before, says what lr is."""
    tree = ast.parse(typed.partition(".py:")[2] or typed, mode="eval")
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    by_name = any(keyword.arg == "lr" for call in calls for keyword in call.keywords)
    return by_name or any(call.args and not _wraps(call) for call in calls)


def _wraps(call: ast.Call) -> bool:
    """Whether a call's first argument is no number but a rule."""
    return not isinstance(call.args[0], (ast.Constant, ast.UnaryOp))


def _made(name: str, value: Any, written: bool) -> Method:
    if isinstance(value, type) and issubclass(value, (Rule, Descent)):
        value, written = _at_defaults(value), False
    if isinstance(value, Descent):
        if value.needs == "residuals":
            raise RavineError(
                f"--methods {name}: it works on residuals, and a surface gives one number; newton is the nearest."
            )
        return Method(name, value, {})
    if not isinstance(value, Rule):
        raise RavineError(f"--methods {name} is no method: name one such as adam or lbfgs, or write Adam(lr=0.01).")
    rates = learning_rates(value)
    if not written:
        rates = dict.fromkeys(rates, WIDE)
    tuned = {path: range_ for path, range_ in rates.items() if is_range(range_)}
    for path, range_ in leaves(value, is_range).items():
        if path not in tuned:
            raise RavineError(f"--methods {name}: only lr is tuned here, so {path[-1]} cannot be {range_!r}.")
    return Method(name, value, tuned)


def _at_defaults(kind: type[Rule] | type[Descent]) -> Rule | Descent:
    missing = [f.name for f in dataclasses.fields(kind) if f.default is dataclasses.MISSING]
    if missing:
        inside = ["SGD()" if issubclass(kind, Wrapper) else f"{name}=..." for name in missing]
        raise RavineError(
            f"--methods {kind.__name__}: {' and '.join(missing)} must be given: "
            f"write {kind.__name__}({', '.join(inside)})."
        )
    return kind()
