"""Fields that know their meaning, their bounds and where they are searched, and refuse what breaks them."""

import dataclasses
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

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
    several: bool = False
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


def several(meaning: str, *, holds: Sequence[type]) -> Any:
    """Declares a field that holds any number of parts, in order; none where nothing is given.

    Args:
        meaning: What they do here.
        holds: The kinds of part they may be, or ranges of them.

    Returns:
        A dataclass field.
    """
    return _declared((), Meaning(meaning, holds=tuple(holds), several=True))


def _declared(default: Any, known: Meaning) -> Any:
    metadata = {"meaning": known}
    if default is ...:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


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


def same(value: Any, default: Any) -> bool:
    """Tells whether a value is a default, of the same type too: 1 is not True, and 1.0 is not 1."""
    return type(value) is type(default) and value == default


def check(part: Any, name: str, known: Meaning, value: Any) -> None:
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
        if known.several and isinstance(each, tuple):
            for one in each:
                check(part, name, replace(known, several=False), one)
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


def _check_option(part: Any, name: str, known: Meaning, value: Any, each: Any) -> None:
    assert known.among is not None
    if not any(same(each, allowed) for allowed in known.among):
        names = " or ".join(text(allowed) for allowed in known.among)
        raise RavineError(f"{_typed(part, name, value)}: {name} must be {names}, got {text(each)}.")


def _one(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _refused_part(part: Any, name: str, known: Meaning, value: Any, each: Any) -> str:
    kinds = " or ".join(_one(kind.__name__.lower()) for kind in known.holds)
    advice = f" Write {text(each)}(...) for one of them." if isinstance(each, type) else ""
    return f"{_typed(part, name, value)}: {name} must be {kinds}, got {text(each)}.{advice}"


def _check_number(part: Any, name: str, known: Meaning, value: Any, number: Any) -> None:
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


def _typed(part: Any, name: str, value: Any) -> str:
    return f"{type(part).__name__}({name}={text(value)})"
