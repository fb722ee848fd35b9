"""Literals and names: what JavaScript reads as the same number, the same text, a name of its own."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

RESERVED = frozenset(
    word
    for line in (
        "arguments await break case catch class const continue debugger default delete do else enum eval export",
        "extends false finally for function if implements import in instanceof interface let new null package private",
        "protected public return static super switch this throw true try typeof undefined var void while with yield",
        "BigInt Float64Array Infinity Math NaN Number",
    )
    for word in line.split()
)
"""Words that are no names in JavaScript, and names that what is printed needs for itself."""


def number(value: float) -> str:
    """Writes a number, to its last bit.

    Args:
        value: It.

    Returns:
        JavaScript, as short as it can be.

    >>> number(2.0), number(1e-8), number(float("-inf")), number(-0.0)
    ('2', '1e-08', '-Infinity', '-0')
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(float(value)).removesuffix(".0")


def text(value: str) -> str:
    r"""Writes a text, which ends no script element of a page, whatever stands in it.

    Args:
        value: It.

    Returns:
        JavaScript.

    >>> print(text('</script> "quoted"'))
    "\u003c/script> \"quoted\""
    """
    return json.dumps(value).replace("<", "\\u003c")


def literal(value: Any) -> str:
    """Writes a value as JavaScript has it.

    Args:
        value: None, a truth value, a number, a text, or a sequence or mapping of such, the keys of it names.

    Returns:
        JavaScript, on one line.

    >>> print(literal({"low": 0.0, "high": None, "box": ((-1.0, 0.5),), "whole": False}))
    { low: 0, high: null, box: [[-1, 0.5]], whole: false }
    """
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key}: {literal(below)}' for key, below in value.items())} }}" if value else "{}"
    if isinstance(value, Sequence):
        return f"[{', '.join(map(literal, value))}]"
    return number(value)


class Names:
    """The names of one function, each given once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = {*RESERVED, *taken}

    def own(self, wanted: str) -> str:
        """Gives a name that is free.

        Args:
            wanted: What it should be called.

        Returns:
            That, with as many underscores behind it as it takes.

        >>> names = Names()
        >>> names.own("m"), names.own("m"), names.own("new")
        ('m', 'm_', 'new_')
        """
        while wanted in self.taken:
            wanted += "_"
        self.taken.add(wanted)
        return wanted

    def next(self, letter: str) -> str:
        """Gives the next name of a kind.

        Args:
            letter: What it begins with.

        Returns:
            That, with the first number that is free.

        >>> names = Names()
        >>> names.next("x"), names.next("x")
        ('x1', 'x2')
        """
        count = 1
        while f"{letter}{count}" in self.taken:
            count += 1
        return self.own(f"{letter}{count}")
