"""What all pages have in common: one file that opens from disk, asks nothing of the network, runs no other script."""

import base64
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ravine.pictures.colors import PAPER

from .markers import symbol

HERE = Path(__file__).parent


def environment(folder: Path = HERE) -> Environment:
    """Sets up the templates of a page, which escape what they are given and know the head that all pages have.

    Args:
        folder: Where the page's own template lies.

    Returns:
        The templates, with `symbol` and `paper` known to all.
    """
    made = Environment(
        loader=FileSystemLoader([folder, HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"symbol": symbol, "paper": PAPER}
    return made


def style_of(*files: Path) -> Markup:
    """Joins style sheets.

    Args:
        *files: The sheets; a later one has the last word.

    Returns:
        Their text, to stand in the page.
    """
    return Markup("\n".join(file.read_text(encoding="utf-8") for file in files))


def guard(scripts: Iterable[str]) -> Markup:
    """Names scripts so that a browser runs them and no others, whatever stands in the page.

    Args:
        scripts: The scripts, to the letter.

    Returns:
        What `script-src` allows.

    >>> guard(["alert(1)"])
    Markup("'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='")
    """
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return Markup(" ".join(f"'sha256-{digest}'" for digest in digests))


def write_page(path: Path, text: str) -> Path:
    """Writes a page; a file that is there already is replaced in one step.

    Args:
        path: Where it is to lie.
        text: The page.

    Returns:
        The path.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8", newline="\n")
    return unfinished.replace(path)
