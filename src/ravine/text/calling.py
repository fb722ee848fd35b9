"""Calling what a text names: arguments are held against the signature first, so that every mistake has its sentence."""

import difflib
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import RavineError
from ..fields import Meaning
from ..part import Part, meanings
from .writing import shortened

Given = Sequence[tuple[str | None, Any]]
"""Arguments in order, each with the name that it was typed with, or None."""


def call(target: Callable[..., Any], given: Given) -> Any:
    """Calls a part's class or a function with the arguments that were typed.

    Args:
        target: What to call; each of its arguments has a name.
        given: The arguments.

    Returns:
        What comes back.

    Raises:
        RavineError: An argument is unknown, given twice, missing or one too many, or is refused.

    >>> from ravine.schedules import cosine
    >>> call(cosine, [(None, 0.1), ("end", 0.01)])
    cosine(0.1, end=0.01)
    """
    title = getattr(target, "__name__", "this")
    by_name = _by_name(target, title, given)
    for each in inspect.signature(target).parameters.values():
        if each.default is inspect.Parameter.empty and each.name not in by_name:
            known = _meanings(target).get(each.name)
            raise RavineError(f"{title}(...): {each.name} is missing{f', the {known.text}' if known else ''}.")
    try:
        return target(**by_name)
    except RavineError:
        raise
    except Exception as error:  # a user's own class may raise anything, and its message is what helps
        reason = shortened(f"{type(error).__name__}: {error}")
        raise RavineError(f"{title}(...) could not be made: {reason}.") from error


def _by_name(target: Callable[..., Any], title: str, given: Given) -> dict[str, Any]:
    arguments = inspect.signature(target).parameters
    names = list(arguments)
    by_position = sum(each.kind is not inspect.Parameter.KEYWORD_ONLY for each in arguments.values())
    found: dict[str, Any] = {}
    for i, (name, value) in enumerate(given):
        if name is None and i >= by_position:
            raise RavineError(
                f"{title} takes at most {by_position} values by position, got {sum(key is None for key, _ in given)}. "
                f"Its fields: {', '.join(names)}."
            )
        name = names[i] if name is None else name
        if name not in names:
            raise RavineError(
                f"{title} has no field {name!r}.{_suggestion(name, target, names)} Its fields: {', '.join(names)}."
            )
        if name in found:
            raise RavineError(f"{title}(...): {name} is given twice, as {found[name]!r} and as {value!r}.")
        found[name] = value
    return found


def _suggestion(typed: str, target: Callable[..., Any], names: list[str]) -> str:
    """Asks whether a field was meant that looks alike or that other texts call so."""
    meant: dict[str, list[str]] = {}
    for name in names:
        known = _meanings(target).get(name)
        for word in (name, *(known.also if known else ())):
            meant.setdefault(word.lower(), []).append(name)
    close = difflib.get_close_matches(typed.lower(), meant, n=1, cutoff=0.6)
    return f" Did you mean {' or '.join(map(repr, meant[close[0]]))}?" if close else ""


def _meanings(target: Callable[..., Any]) -> dict[str, Meaning]:
    return meanings(target) if isinstance(target, type) and issubclass(target, Part) else {}
