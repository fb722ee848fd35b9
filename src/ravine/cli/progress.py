"""Progress of a long command: a bar on a terminal, a line now and then in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from ..study.compare import Progress as Moment

LOG_SECONDS = 15.0
"""Seconds between two lines of a log: enough to see that it lives, few enough to read."""


def duration(seconds: float) -> str:
    """Writes a time span.

    Args:
        seconds: Its length; NaN where it is not known.

    Returns:
        Such as "3 s", "2 min 10 s" or "1 h 5 min".

    >>> duration(0.1), duration(130), duration(3900), duration(float("nan"))
    ('1 s', '2 min 10 s', '1 h 5 min', '?')
    """
    if seconds != seconds:
        return "?"
    whole = max(1, round(seconds))  # less is not worth telling apart
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


@contextmanager
def shown(console: Console) -> Iterator[Callable[[Moment], None]]:
    """Shows progress while a study runs.

    Args:
        console: Where; standard error, so that what a command prints stays clean.

    Yields:
        The function that is told of every run that ends.
    """
    if not console.is_terminal:
        yield _log()
        return
    columns = (
        BarColumn(None),
        TaskProgressColumn(),
        TextColumn("{task.fields[left]} left"),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console, transient=True, expand=True) as bar:
        task = bar.add_task("", total=None, left="?")

        def tell(moment: Moment) -> None:
            bar.update(
                task,
                completed=moment.done,
                total=moment.planned,
                left=duration(moment.left),
                description=moment.what[:48],
            )

        yield tell


def _log() -> Callable[[Moment], None]:
    last = time.monotonic()

    def tell(moment: Moment) -> None:
        nonlocal last
        if time.monotonic() - last >= LOG_SECONDS:
            last = time.monotonic()
            share = min(1.0, moment.done / moment.planned)
            print(f"{share:4.0%}, {duration(moment.left)} left", file=sys.stderr, flush=True)

    return tell
