import io
import re

import pandas as pd
import pytest
from rich.cells import cell_len
from rich.console import Console

from ravine.cli.leaderboard import columns, fitting, print_leaderboard
from ravine.report.rows import leaderboard

from ..report.cases import EIGHT, HOSTILE, YOURS, Size
from ..report.study import MadeUp

MARKUP = HOSTILE._replace(name="[red]mine[/red]")
STUDY = MadeUp((*EIGHT, YOURS, HOSTILE, MARKUP))
BOARD = leaderboard(STUDY)


def printed(study: MadeUp, width: int | None = None, encoding: str = "utf-8") -> str:
    """What a terminal of a width, or a file, is sent."""
    buffer = io.BytesIO()
    file = io.TextIOWrapper(buffer, encoding=encoding, newline="")
    print_leaderboard(study, Console(file=file, width=width, force_terminal=width is not None, legacy_windows=False))
    file.flush()
    return re.sub(r"\x1b\[[\d;]*m", "", buffer.getvalue().decode(encoding))


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 132, 200])
def test_no_line_is_wider_than_the_terminal(width):
    lines = printed(STUDY, width).splitlines()
    assert max(map(cell_len, lines)) <= width
    rows = [line for line in lines if re.match(r"\S+ .*\d\.\d \(\d", line)]
    assert len(rows) == len(BOARD.rows)  # no row is broken over two lines


@pytest.mark.parametrize("width", [40, 80, 200])
def test_numbers_are_never_cut(width):
    text = printed(STUDY, width)
    for row in BOARD.rows:
        assert f"{row.score} ({row.interval})" in text


def test_a_wider_terminal_shows_more():
    shown = [len(fitting(columns(BOARD), BOARD.rows, width)) for width in (20, 60, 80, 100, 132, 200)]
    assert shown == sorted(shown)
    assert (shown[0], shown[-1]) == (2, len(columns(BOARD)))


def test_a_file_gets_every_column_without_color_or_cuts():
    text = printed(STUDY)
    assert "\x1b" not in text
    assert "…" not in text
    lines = text.splitlines()
    heading = next(line for line in lines if line.startswith("method"))
    for column in columns(BOARD):
        assert column.heading in heading
    for row in BOARD.rows:
        (line,) = [line for line in lines if line.startswith(f"{row.method} ") and row.interval in line]
        for column in columns(BOARD):
            assert column.cell(row) in line


def test_the_verdict_comes_first_and_the_cautions_last():
    lines = printed(STUDY).splitlines()
    first, second, *caveats = STUDY.sentences()
    assert lines[:2] == [first, second]
    assert lines[-len(STUDY.warnings()) :] == STUDY.warnings()
    assert all(caveat in lines for caveat in caveats)
    assert f"{HOSTILE.name}: 1 of 5 refits diverged." in lines


def test_names_are_no_markup():
    assert "[red]mine[/red]" in printed(STUDY)
    assert "[red]mine[/red]" in printed(STUDY, 120)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
@pytest.mark.parametrize("width", [None, 80])
def test_a_terminal_of_few_letters_is_not_broken(encoding, width):
    text = printed(MadeUp((EIGHT[0]._replace(name="größe ∇"), *EIGHT)), width, encoding)
    assert "(97." in text
    assert "–" not in text


def test_an_unfinished_study_says_so_first():
    lines = printed(MadeUp(EIGHT, Size(finished=False))).splitlines()
    assert lines[0] == "So far; this study is not finished."
    assert any("cross-validation*" in line for line in lines)
    assert not any("test accuracy" in line for line in lines)
    assert any(line.startswith("* optimistic") for line in lines)


def test_a_study_without_any_run_prints_its_sentence():
    class Empty(MadeUp):
        def table(self):
            return pd.DataFrame([])

        curves = summary = table

        def sentences(self):
            return ["No run has ended yet."]

        def warnings(self):
            return []

    text = printed(Empty(size=Size(finished=False)))
    assert text.splitlines() == ["So far; this study is not finished.", "No run has ended yet."]
