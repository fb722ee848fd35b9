"""The verdict on a terminal: its sentences, and as much of the leaderboard as the window has room for."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..report.reported import Reported, remembering
from ..report.rows import Leaderboard, Row, leaderboard

ASCII = str.maketrans({"–": "-", "−": "-", "±": "+-", "…": "...", "²": "2", "’": "'"})
"""What stands for our signs where a terminal knows only ASCII."""

BETWEEN = 2
"""The room between two columns, in characters."""

LONGEST = 28
"""How much room a name or a setting gets, in characters."""


class Column(NamedTuple):
    """A column of the leaderboard: its heading, what it says of a row, and whether it holds numbers."""

    heading: str
    cell: Callable[[Row], str]
    numeric: bool = True


def columns(board: Leaderboard) -> list[Column]:
    """Lists what the terminal can show, in the order in which it is given up last.

    Args:
        board: The leaderboard.

    Returns:
        The columns; the first two are always shown.
    """
    score = Column(
        f"test {board.metric}{board.percent.replace(' ', ', ')}", lambda row: f"{row.score} ({row.interval})"
    )
    validated = Column("cross-validation*", lambda row: row.cv)
    after = [
        Column("P(best)", lambda row: row.p_best),
        Column(f"test {board.proper}", lambda row: f"{row.proper} ({row.proper_interval})"),
        Column("defaults", lambda row: row.default),
        validated,
        Column("gap", lambda row: row.gap),
        Column(f"epochs to {board.target}", lambda row: row.epochs),
        Column("tuning", lambda row: row.cost),
    ]
    name, setting = Column("method", lambda row: row.method, False), Column("tuned", lambda row: row.setting, False)
    return [name, score, *after[:3], setting, *after[3:]] if board.tested else [name, validated, setting, after[-1]]


def fitting(offered: Sequence[Column], rows: Sequence[Row], width: int | None) -> list[Column]:
    """Chooses the columns that a window has room for.

    Args:
        offered: The columns, the most wanted first.
        rows: The rows.
        width: Characters in a line; None where a line may be of any length.

    Returns:
        The first two, and of the others those that fit side by side.
    """
    chosen, used = list(offered[:2]), sum(_width(column, rows) + BETWEEN for column in offered[:2])
    for column in offered[2:]:
        needed = _width(column, rows) + BETWEEN
        if width is None or used + needed <= width + BETWEEN:
            chosen.append(column)
            used += needed
    return chosen


def _width(column: Column, rows: Sequence[Row]) -> int:
    widest = max(map(cell_len, [column.heading, *(column.cell(row) for row in rows)]))
    return widest if column.numeric else min(widest, LONGEST)


def print_leaderboard(study: Reported, console: Console) -> None:
    """Prints the verdict in two sentences, the leaderboard, and what to be careful about.

    Args:
        study: The study, finished or not.
        console: Where to; what is no terminal gets plain lines, however long.
    """
    study = remembering(study)
    board = leaderboard(study)
    sentences = list(study.sentences())
    if not study.finished:
        _say(console, "So far; this study is not finished.", "yellow")
    for sentence in sentences[:2]:
        _say(console, sentence, "bold")
    if board.rows:
        _show(console, board)
    chosen = fitting(columns(board), board.rows, _room(console))
    if board.rows and any(column.heading.endswith("*") for column in chosen):
        _say(console, "* optimistic: the setting was chosen by it.", "dim")
    troubles = [f"{row.method}: {row.trouble}." for row in board.rows if row.trouble]
    for sentence in [*sentences[2:], *troubles, *study.warnings()]:
        _say(console, sentence, "")


def _room(console: Console) -> int | None:
    return console.width if console.is_terminal else None


def _show(console: Console, board: Leaderboard) -> None:
    room = _room(console)
    chosen = fitting(columns(board), board.rows, room)
    widths = [_width(column, board.rows) for column in chosen]
    if room is not None:  # a very narrow window shortens names, never numbers
        widths[0] = max(1, min(widths[0], room - BETWEEN - widths[1]))
    lines = None if room is None else box.SIMPLE_HEAD
    apart = BETWEEN - (lines is not None)  # the lines have a space of their own between columns
    table = Table(box=lines, pad_edge=False, padding=(0, apart, 0, 0), header_style="dim", show_edge=False)
    for column, width in zip(chosen, widths, strict=True):
        side = "right" if column.numeric else "left"
        table.add_column(_text(console, column.heading), justify=side, no_wrap=True, width=width)
    for place, row in enumerate(board.rows):
        table.add_row(*(_text(console, column.cell(row)) for column in chosen), style="" if place else "bold")
    wide = console if room is not None else Console(file=console.file, width=sum(widths) + BETWEEN * len(widths))
    wide.print(table)


def _say(console: Console, sentence: str, style: str) -> None:
    console.print(_text(console, sentence), style=style, soft_wrap=_room(console) is None)


def _text(console: Console, words: str) -> Text:
    """Words as they are: nothing in them is taken for markup, and nothing breaks a terminal of few letters."""
    if not console.encoding.lower().startswith("utf"):
        words = words.translate(ASCII).encode(console.encoding, "replace").decode(console.encoding)
    return Text(words)
