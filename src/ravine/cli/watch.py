"""What `ravine watch` prints and writes."""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..errors import RavineError, nearest
from ..numbers import MINUS, MISSING, short
from ..pictures import trajectories_film
from ..watch import Course, Scene, watch

ENDINGS = (".html", ".gif", ".mp4", ".png")
"""What a scene can be written as."""

COLUMNS = ("method", "lr", "value", "distance", "evaluations", "outcome")
LEFT = ("method", "outcome")
ASCII = str.maketrans({MINUS: "-", MISSING: "-"})
"""What stands for our signs where a terminal knows only ASCII."""


def run_watch(
    surface: str, methods: str | None, start: str | None, steps: int, lr: str, noise: float, seed: int, out: str | None
) -> None:
    """Follows methods on a surface, prints how they ended, and writes the picture.

    Args:
        surface: The surface's name or text.
        methods: The methods, separated by commas.
        start: Where they start, as two numbers with a comma between.
        steps: Gradient evaluations of each method.
        lr: "tuned", "same", or a number.
        noise: Standard deviation of the gradient's noise.
        seed: Decides noise and starts.
        out: The file; the surface's name with .html where None.

    Raises:
        SystemExit: 130 after Ctrl-C.
    """
    path = None if out is None else _file(out)
    why = f"--lr {lr!r}: must be tuned, same, or a number such as 0.01."
    rate = lr if lr in ("tuned", "same") else _number(lr, why)
    begin = None if start is None else _start(start)
    try:
        with _telling() as tell:
            scene = watch(surface, methods, start=begin, steps=steps, lr=rate, noise=noise, seed=seed, progress=tell)
        _print_scene(scene)
        path = path or Path(f"{scene.surface.name}.html")
        with _telling() as tell:
            tell(f"drawing {path}")
            _write(scene, path)
    except KeyboardInterrupt:
        print("Stopped. No picture was written.", file=sys.stderr)
        raise SystemExit(130) from None
    _say(f"Picture: {path}")


@contextmanager
def _telling() -> Iterator[Callable[[str], None]]:
    """Tells what is under way: on a terminal in a line that goes, elsewhere in a line each."""
    console = Console(highlight=False, stderr=True)
    with console.status("") as status:
        if console.is_terminal:
            yield lambda what: status.update(_text(console, what))
        else:
            yield lambda what: console.print(_text(console, what), style="dim", soft_wrap=True)


def _say(line: str) -> None:
    console = Console(highlight=False)
    console.print(_text(console, line), soft_wrap=True)


def run_gallery(folder: str) -> None:
    """Writes the story of all methods in scenes.

    Args:
        folder: Where the page is to lie.

    Raises:
        RavineError: No folder is named.
    """
    from ..report.scenes import write

    if not folder:
        raise RavineError("--gallery '': name a folder, such as story.")
    with _telling() as tell:
        page = write(Path(folder), lambda number, of, scene: tell(f"Scene {number + 1} of {of}: {scene}"))
    _say(f"Gallery: {page}")


def run_playground(file: str) -> None:
    """Writes the page on which everybody moves the methods.

    Args:
        file: Where it is to lie.
    """
    from ..report.playground import write

    _say(f"Playground: {write(_file(file, '--playground', ('.html',)))}")


def _file(out: str, option: str = "--out", endings: Sequence[str] = ENDINGS) -> Path:
    path, typed = Path(out), f"{option} {out!r}"
    if path.suffix not in endings:
        known = f"{', '.join(endings[:-1])} or {endings[-1]}" if len(endings) > 1 else endings[0]
        raise RavineError(f"{typed}: the file must end in {known}.{nearest(path.suffix, endings)}")
    if not path.parent.is_dir():
        raise RavineError(f"{typed}: there is no folder {str(path.parent)!r}; make it first.")
    if path.is_dir():
        raise RavineError(f"{typed}: that is a folder; name a file in it.")
    if path.suffix == ".mp4":
        trajectories_film.check_ffmpeg(path)
    return path


def _start(typed: str) -> tuple[float, ...]:
    why = f"--start {typed!r}: must be two numbers with a comma between, such as -1.2,1."
    return tuple(_number(part, why) for part in typed.split(","))


def _number(typed: str, why: str) -> float:
    try:
        return float(typed)
    except ValueError:
        raise RavineError(why) from None


def _write(scene: Scene, path: Path) -> None:
    try:
        if path.suffix != ".html":
            trajectories_film.save(scene, path)
        else:
            from ..report.watch_page import write_scene  # a page needs much more than a film does

            write_scene(scene, path)
    except OSError as error:
        raise RavineError(f"--out {str(path)!r}: it could not be written: {error.strerror or error}.") from error


def _print_scene(scene: Scene) -> None:
    console = Console(highlight=False)
    width = console.width if console.is_terminal else 1000  # what is no terminal gets one line each, however long
    console.print(_text(console, f"{scene.surface.title}: {scene.fairness}"), style="bold", soft_wrap=True)
    lines = box.SIMPLE_HEAD if console.is_terminal else None
    table = Table(box=lines, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for name in COLUMNS:
        left = name in LEFT
        table.add_column(name, justify="left" if left else "right", no_wrap=not left, overflow="fold")
    for course in scene.courses:
        table.add_row(*(_text(console, word) for word in _row(scene, course)))
    Console(file=console.file, width=width, highlight=False).print(table)
    for warning in scene.warnings:
        console.print(_text(console, warning), style="yellow", soft_wrap=True)


def _row(scene: Scene, course: Course) -> tuple[str, ...]:
    kind = "given" if not course.method.tuned else scene.lr if isinstance(scene.lr, str) else "for all"
    unknown = "scheduled" if course.method.scheduled else MISSING
    lr = unknown if course.lr is None else f"{short(course.lr)} {kind}"
    distance = MISSING if math.isnan(course.distance) else short(course.distance)
    spent = str(course.evaluations[-1])
    return course.method.name, lr, short(course.values[-1]), distance, spent, course.sentence


def _text(console: Console, words: str) -> Text:
    """Words as they are: nothing in them is taken for markup, and nothing breaks a terminal of few letters."""
    if not console.encoding.lower().startswith("utf"):
        words = words.translate(ASCII).encode(console.encoding, "replace").decode(console.encoding)
    return Text(words)
