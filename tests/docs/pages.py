"""Reads a page of documentation: its Python, its commands, and what it says that they print."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One block of a page, and the text that is shown as its output, if any."""

    language: str
    code: str
    shown: str


def blocks(page: str) -> Iterator[Block]:
    """Yields the blocks of a page that do something, in order."""
    found = BLOCK.findall((DOCS / page).read_text())
    for (language, code), (following, text) in zip(found, [*found[1:], ("", "")], strict=True):
        if language == "console":
            command, _, shown = code.removeprefix("$ ").partition("\n")
            yield Block(language, command, shown)
        elif language == "python":
            yield Block(language, code, text if following == "text" else "")


def numberless(text: str) -> list[str]:
    """Gives lines with every measured number left open: rounding differs between processors."""
    return [" ".join(re.sub(r"\d+\.\d+(e-\d+)?", "#", line).split()) for line in text.splitlines()]
