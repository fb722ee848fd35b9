"""Parts: frozen dataclasses whose fields know their meaning and bounds, and whose repr is their text.

Rules, schedules, ranges and recipes are parts. A part checks its fields when it is made, so that a
mistake is told where it was typed; and `repr(part)` is what a person would type to get it back.
"""

import dataclasses
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from .errors import RavineError

Number: TypeAlias = Any
"""A number, or what may stand in its place: a schedule, a range, a column of numbers, a symbol.

It is `Any` to a type checker because `update` does arithmetic with whatever stands there.
"""


@dataclass(frozen=True)
class Interval:
    """The numbers that a field may hold, read from a text such as `"[0, 1)"`.

    >>> Interval.read("[0, 1)")
    Interval(low=0.0, high=1.0, low_open=False, high_open=True)
    >>> 1.0 in Interval.read("[0, 1)")
    False
    >>> str(Interval.read("(0, inf)")), str(Interval.read("[0, 1)"))
    ('above 0', 'in [0, 1)')
    """

    low: float
    high: float
    low_open: bool
    high_open: bool

    @classmethod
    def read(cls, text: str) -> "Interval":
        """Reads an interval as mathematics writes it.

        Args:
            text: Such as `"[0, 1)"`, with `inf` where there is no bound.

        Returns:
            The interval.

        Raises:
            ValueError: It is not written so; only a field's author can see this.
        """
        match = re.fullmatch(r"([\[(])\s*(\S+)\s*,\s*(\S+)\s*([\])])", text)
        if match is None:
            raise ValueError(f"not an interval: {text!r}")
        opening, low, high, closing = match.groups()
        return cls(float(low), float(high), opening == "(", closing == ")")

    def __contains__(self, value: float) -> bool:
        above = value > self.low if self.low_open else value >= self.low
        below = value < self.high if self.high_open else value <= self.high
        return above and below

    def __str__(self) -> str:
        if self.high == math.inf:
            return f"{'above' if self.low_open else 'at least'} {self.low:g}"
        brackets = "(" if self.low_open else "[", ")" if self.high_open else "]"
        return f"in {brackets[0]}{self.low:g}, {self.high:g}{brackets[1]}"


@dataclass(frozen=True)
class Meaning:
    """What is known of a field beside its type: what it means, what it may hold, where it is searched."""

    text: str
    interval: Interval | None = None
    among: tuple[Any, ...] | None = None
    holds: tuple[type, ...] = ()
    whole: bool = False
    optional: bool = False
    search: Any = None
    searched: bool = False
    also: tuple[str, ...] = ()


def field(
    default: Any,
    meaning: str,
    *,
    at_least: float | None = None,
    within: str | None = None,
    search: Any = None,
    searched: bool = False,
    whole: bool = False,
    holds: Sequence[type] = (),
    also: Sequence[str] = (),
) -> Any:
    """Declares a numeric field of a part.

    Args:
        default: Its value where none is given; `...` where one must be given; None where it may be left out.
        meaning: What it does and in which unit, in a few words.
        at_least: Its smallest value, where that is the only bound.
        within: Its bounds as an interval, such as `"[0, 1)"`.
        search: The range in which it is searched where somebody asks for it.
        searched: Whether `ravine compare` searches that range by default.
        whole: Whether it is a whole number.
        holds: Kinds of part that may stand here too, beside schedules and ranges.
        also: What other texts call it, for finding it by those names.

    Returns:
        A dataclass field.
    """
    text = within if within is not None else "(-inf, inf)" if at_least is None else f"[{at_least}, inf)"
    known = Meaning(
        meaning,
        interval=Interval.read(text),
        holds=tuple(holds),
        whole=whole,
        optional=default is None,
        search=search,
        searched=searched,
        also=tuple(also),
    )
    return _declared(default, known)


def option(default: Any, among: Sequence[Any], meaning: str, *, also: Sequence[str] = ()) -> Any:
    """Declares a field that holds one of a few values, fixed when the part is made.

    Args:
        default: The value where none is given.
        among: The values it may hold.
        meaning: What it decides.
        also: What other texts call it.

    Returns:
        A dataclass field.
    """
    return _declared(default, Meaning(meaning, among=tuple(among), also=tuple(also)))


def flag(default: bool, meaning: str, *, also: Sequence[str] = ()) -> Any:
    """Declares a field that is true or false, fixed when the part is made.

    Args:
        default: The value where none is given.
        meaning: What it switches on.
        also: What other texts call it.

    Returns:
        A dataclass field.
    """
    return option(default, (True, False), meaning, also=also)


def inner(meaning: str, default: Any = ..., *, holds: Sequence[type] = ()) -> Any:
    """Declares a field that holds another part, or several.

    Args:
        meaning: What that part does here.
        default: The part where none is given; `...` where one must be given; None where it may be left out.
        holds: The kinds of part it may be, or a range of them; any where nothing is said.

    Returns:
        A dataclass field.
    """
    return _declared(default, Meaning(meaning, holds=tuple(holds), optional=default is None))


def _declared(default: Any, known: Meaning) -> Any:
    metadata = {"meaning": known}
    if default is ...:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, repr=False)
class Part:
    """A frozen dataclass that checks its fields and prints itself as it would be typed.

    A class that derives from it is made a frozen dataclass by that alone.
    """

    if TYPE_CHECKING:
        # A checker cannot see defaults that are given by position, as in field(1e-3, ...): it would miss arguments.
        def __init__(self, *by_position: Any, **by_name: Any) -> None: ...

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, repr=False)(cls)

    def __post_init__(self) -> None:
        for name, known in meanings(self).items():
            check(self, name, known, getattr(self, name))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(_arguments(self))})"


def meanings(part: Part | type[Part]) -> dict[str, Meaning]:
    """Gives what is known of each field of a part, by the field's name, in the order of definition.

    Args:
        part: A part or its class.

    Returns:
        The meaning of every field that was declared with one.
    """
    return {f.name: f.metadata["meaning"] for f in dataclasses.fields(part) if "meaning" in f.metadata}


def _arguments(part: Part) -> Iterator[str]:
    """Yields the arguments that differ from their defaults; those without a default come by position."""
    for f in dataclasses.fields(part):
        value = getattr(part, f.name)
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            yield text(value)
        elif f.default is dataclasses.MISSING or not _same(value, f.default):
            yield f"{f.name}={text(value)}"


def text(value: Any) -> str:
    """Gives what a person would type to get a value.

    Args:
        value: A part, a plain value, a class, or a tuple or mapping of them.

    Returns:
        Its `repr`, with classes by their name and NumPy's numbers as plain ones.

    >>> import numpy as np
    >>> text((np.float64(0.1), Interval))
    '(0.1, Interval)'
    """
    if isinstance(value, float):
        return float.__repr__(value)
    if isinstance(value, type):
        return value.__name__
    if type(value) is tuple:
        return f"({', '.join(map(text, value))}{',' if len(value) == 1 else ''})"
    if type(value) is dict:
        return f"{{{', '.join(f'{text(key)}: {text(below)}' for key, below in value.items())}}}"
    return repr(value)


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and value == default


def check(part: Part, name: str, known: Meaning, value: Any) -> None:
    """Refuses a value that a field may not hold.

    What stands for numbers (a schedule, a range) tells by `extremes()` which numbers it may become.

    Args:
        part: The part, for the error's sentence.
        name: The field's name.
        known: What the field may hold.
        value: What it was given.

    Raises:
        RavineError: The value, its bound, and what the field means.
    """
    for each in _possible(value, known.holds):
        if isinstance(each, known.holds) or (known.optional and each is None):
            continue
        if known.among is not None:
            _check_option(part, name, known, value, each)
        elif known.interval is not None:
            _check_number(part, name, known, value, each)
        elif known.holds:
            raise RavineError(_refused_part(part, name, known, value, each))


def _possible(value: Any, kinds: tuple[type, ...]) -> Iterator[Any]:
    """Yields what a value may become: itself, or what `extremes` tells, down to the given kinds of part."""
    if isinstance(value, (*kinds, type)) or not hasattr(value, "extremes"):
        yield value
    else:
        for each in value.extremes():
            yield from _possible(each, kinds)


def _check_option(part: Part, name: str, known: Meaning, value: Any, each: Any) -> None:
    assert known.among is not None
    if not any(_same(each, allowed) for allowed in known.among):
        names = " or ".join(text(allowed) for allowed in known.among)
        raise RavineError(f"{_typed(part, name, value)}: {name} must be {names}, got {text(each)}.")


def _refused_part(part: Part, name: str, known: Meaning, value: Any, each: Any) -> str:
    kinds = " or ".join(f"a {kind.__name__.lower()}" for kind in known.holds)
    advice = f" Write {text(each)}(...) for one of them." if isinstance(each, type) else ""
    return f"{_typed(part, name, value)}: {name} must be {kinds}, got {text(each)}.{advice}"


def _check_number(part: Part, name: str, known: Meaning, value: Any, number: Any) -> None:
    kind = "a whole number" if known.whole else "a number"
    if isinstance(number, bool) or not isinstance(number, int if known.whole else (int, float)):
        raise RavineError(
            f"{_typed(part, name, value)}: {name} must be {kind}, got {text(value)} ({name} is the {known.text})."
        )
    assert known.interval is not None
    if number not in known.interval:  # also refuses NaN, which no interval contains
        got = text(number) if number is value else f"{text(number)} from {text(value)}"
        raise RavineError(
            f"{_typed(part, name, value)}: {name} must be {known.interval}, got {got} ({name} is the {known.text})."
        )


def _typed(part: Part, name: str, value: Any) -> str:
    return f"{type(part).__name__}({name}={text(value)})"


def leaves(thing: Any, is_leaf: Callable[[Any], bool], path: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], Any]:
    """Finds what stands in the fields of a part, however deep, by where it stands.

    Args:
        thing: A part, a tuple or mapping of parts, or a plain value.
        is_leaf: Tells whether a value is one that is looked for; it is then not looked into.
        path: Where `thing` itself stands.

    Returns:
        Each leaf by its path: field names, positions in tuples, keys of mappings.
    """
    if is_leaf(thing):
        return {path: thing}
    found: dict[tuple[Any, ...], Any] = {}
    for key, value in _children(thing):
        found |= leaves(value, is_leaf, (*path, key))
    return found


def _children(thing: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(thing, Part):
        for f in dataclasses.fields(thing):
            yield f.name, getattr(thing, f.name)
    elif isinstance(thing, tuple):
        yield from enumerate(thing)
    elif isinstance(thing, Mapping):
        yield from thing.items()


def look_up(thing: Any, path: tuple[Any, ...]) -> Any:
    """Finds what stands at a place.

    Args:
        thing: A part, a tuple or mapping of parts.
        path: The place, as `leaves` tells it.

    Returns:
        The value there.
    """
    for key in path:
        thing = getattr(thing, key) if isinstance(thing, Part) else thing[key]
    return thing


def substitute(thing: Any, values: Mapping[tuple[Any, ...], Any]) -> Any:
    """Puts other values where `leaves` found some; everything else stays as it is.

    The new parts are not checked again: the values come from ranges and schedules that were checked, or
    are columns and symbols that no bound applies to.

    Args:
        thing: A part, a tuple or mapping of parts.
        values: The new values by path.

    Returns:
        A new thing of the same kind.

    >>> from ravine.rules import Adam
    >>> substitute(Adam(), {("lr",): 0.5})
    Adam(lr=0.5)
    """
    if not values:
        return thing
    if () in values:
        return values[()]
    below: dict[Any, dict[tuple[Any, ...], Any]] = {}
    for path, value in values.items():
        below.setdefault(path[0], {})[path[1:]] = value
    if isinstance(thing, Part):
        changed = {key: substitute(getattr(thing, key), deeper) for key, deeper in below.items()}
        new = object.__new__(type(thing))
        for name in _names(type(thing)):  # fields alone: what was worked out from the old ones stays behind
            new.__dict__[name] = changed[name] if name in changed else getattr(thing, name)
        return new
    new = dict(enumerate(thing)) if isinstance(thing, tuple) else dict(thing)
    new |= {key: substitute(new[key], deeper) for key, deeper in below.items()}
    return tuple(new.values()) if isinstance(thing, tuple) else new


@cache
def _names(part: type[Part]) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(part))
