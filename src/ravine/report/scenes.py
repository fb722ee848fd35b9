"""The gallery: one self-contained page that tells, scene by scene, how methods move, with the numbers that prove it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from ravine.errors import RavineError
from ravine.numbers import short
from ravine.pictures import scenes as pictures
from ravine.pictures.colors import COLORS, QUIET
from ravine.watch.scenes import SCENES, Exhibit

from .standalone import HERE, environment, style_of, write_page

NAME = "index.html"

Told = Callable[[int, int, str], object]
"""Is called before each scene is made, with its number from 0, how many there are, and its key."""


class Shown(NamedTuple):
    """A scene as the page has it."""

    exhibit: Exhibit
    marks: tuple[pictures.Mark, ...]
    panels: tuple[tuple[str, Markup], ...]


def write(folder: Path, progress: Told | None = None) -> Path:
    """Makes every scene anew and writes the page of all; one that is there already is replaced in one step.

    Args:
        folder: Where it is to lie; it is made where there is none.
        progress: Is called before each scene.

    Returns:
        The page, `index.html` in the folder.

    Raises:
        RavineError: There can be no such folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RavineError(f"--gallery {str(folder)!r}: no folder can be made there ({error.strerror}).") from error
    made = []
    for position, (key, scene) in enumerate(SCENES.items()):
        if progress is not None:
            progress(position, len(SCENES), key)
        made.append(scene())
    return write_page(folder / NAME, html(made))


def html(exhibits: Sequence[Exhibit]) -> str:
    """Makes the page of some scenes.

    Args:
        exhibits: The scenes, in the order of their story.

    Returns:
        HTML with its style and its pictures inside, and no script.
    """
    templates = environment()
    templates.globals |= {"variable": pictures.variable}
    templates.filters |= {"short": short}
    return templates.get_template("scenes.html").render(
        scenes=[_shown(exhibit) for exhibit in exhibits],
        colors=[*COLORS.values(), *QUIET],
        style=style_of(HERE / "page.css", HERE / "scenes.css"),
    )


def _shown(exhibit: Exhibit) -> Shown:
    panels = tuple((drawn.title, Markup(drawn.svg)) for drawn in pictures.draw(exhibit))
    return Shown(exhibit, pictures.key(exhibit), panels)
