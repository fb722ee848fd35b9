"""Lines of JavaScript, one inside the other."""

from collections.abc import Iterable


def block(head: str, lines: Iterable[str], end: str) -> list[str]:
    """Puts lines into a block.

    Args:
        head: What begins it.
        lines: What stands in it.
        end: What ends it.

    Returns:
        All lines.

    >>> block("{", ["let x;"], "}")
    ['{', '  let x;', '}']
    """
    return [head, *indented(lines), end]


def indented(lines: Iterable[str]) -> list[str]:
    """Moves lines in, and leaves empty ones empty.

    Args:
        lines: Lines.

    Returns:
        Them, two spaces further in.
    """
    return [f"  {line}" if line else line for line in lines]
