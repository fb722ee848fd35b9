"""Splitting a list that is typed as one argument."""

from ..errors import RavineError
from .writing import shortened


def read_list(text: str) -> tuple[str, ...]:
    """Splits a list at the commas that stand in no bracket and in no string.

    Args:
        text: Items with commas between them.

    Returns:
        The text of each item.

    Raises:
        RavineError: An item is empty, or a bracket or a string is not closed.

    >>> read_list("sgd, Adam(lr=log(1e-4,1e-1)), mine.py:MyRule")
    ('sgd', 'Adam(lr=log(1e-4,1e-1))', 'mine.py:MyRule')
    """
    commas = [-1, *_commas(text), len(text)]
    items = tuple(text[a + 1 : b].strip() for a, b in zip(commas, commas[1:], strict=False))
    if "" in items:
        raise RavineError(f"Cannot read {shortened(text)!r}: item {items.index('') + 1} of the list is empty.")
    return items


def _commas(text: str) -> list[int]:
    found: list[int] = []
    opened: list[int] = []
    i = 0
    while i < len(text):
        item = text[found[-1] + 1 if found else 0 : i]
        if text[i] in "'\"" and (opened or not item.strip()):  # elsewhere a quote is a letter of a path
            i = _end_of_string(text, i)
        elif text[i] in "([{":
            opened.append(i)
        elif text[i] in ")]}":
            _check_closing(text, i, opened.pop() if opened else None)
        elif text[i] == "," and not opened:
            found.append(i)
        i += 1
    if opened:
        raise _not_closed(text, opened[-1])
    return found


def _check_closing(text: str, i: int, opening: int | None) -> None:
    if opening is None:
        raise RavineError(f"Cannot read {shortened(text)!r}: {text[i]!r} at character {i + 1} closes nothing.")
    if text[opening] + text[i] not in ("()", "[]", "{}"):
        raise RavineError(
            f"Cannot read {shortened(text)!r}: {text[i]!r} at character {i + 1} closes {text[opening]!r} "
            f"at character {opening + 1}."
        )


def _end_of_string(text: str, begin: int) -> int:
    i = begin + 1
    while i < len(text) and text[i] != text[begin]:
        i += 2 if text[i] == "\\" else 1
    if i >= len(text):
        raise _not_closed(text, begin)
    return i


def _not_closed(text: str, i: int) -> RavineError:
    return RavineError(f"Cannot read {shortened(text)!r}: {text[i]!r} at character {i + 1} is not closed.")
