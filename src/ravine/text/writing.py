"""Writing things as a person would type them."""

import math
from typing import Any

from ..errors import RavineError
from ..fields import text as text_of
from ..part import Part, leaves


def write(thing: Any) -> str:
    """Writes a thing as a person would type it; `read` gives it back.

    Args:
        thing: A part, a number, a string, None, True or False, a class, or a tuple or dict of such.

    Returns:
        One line of text.

    Raises:
        RavineError: There is no text for it, as for a list, a tensor, or a number that is not finite.

    >>> from ravine.rules import Adam
    >>> write((Adam(lr=0.01), "stored", None))
    "(Adam(lr=0.01), 'stored', None)"
    """
    for path, value in leaves(thing, _is_plain).items():
        for each in (*path, value):
            if not _has_text(each):
                place = "".join(f" in {step!r}" for step in reversed(path))
                raise RavineError(f"{shortened(repr(each))}{place} has no text that could be read back.")
    return text_of(thing)


def shortened(text: str) -> str:
    """Makes one line of a text, the middle of a long one left out, for an error's sentence.

    Args:
        text: Any text.

    Returns:
        At most some hundred characters.

    >>> shortened("a" * 60 + "b" * 60)
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ... bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'
    """
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:60]} ... {line[-30:]}"


def _is_plain(value: Any) -> bool:
    return not isinstance(value, Part) and type(value) not in (tuple, dict)


def _has_text(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or type(value) in (str, int, bool) or isinstance(value, type)
