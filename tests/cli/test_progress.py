import io
import re

import pytest
from rich.console import Console

from ravine.cli import progress
from ravine.cli.progress import duration, shown
from ravine.study.compare import Progress


def moment(done, planned=1000, left=12.0, what="sgd search, fold 1: Finished [3] epochs [/bold]."):
    return Progress(done, planned, 5.0, left, what)


def test_a_log_gets_a_line_now_and_then(capsys, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with shown(Console(file=io.StringIO())) as tell:
        for second in range(40):
            now[0] = 100.0 + second
            tell(moment(25 * second, left=130.0 - second))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [" 38%, 1 min 55 s left", " 75%, 1 min 40 s left"]


def test_a_log_never_says_more_than_all(capsys, monkeypatch):
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.0)
    with shown(Console(file=io.StringIO())) as tell:
        tell(moment(1100))
        tell(moment(10, left=float("nan")))
    assert capsys.readouterr().err.splitlines() == ["100%, 12 s left", "  1%, ? left"]


def test_a_terminal_gets_a_bar_that_goes_away_and_takes_words_as_they_are():
    buffer = io.StringIO()
    with shown(Console(file=buffer, force_terminal=True, width=100, legacy_windows=False)) as tell:
        tell(moment(250))
    text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", buffer.getvalue())
    assert "25%" in text
    assert "12 s left" in text
    assert "sgd search, fold 1: Finished [3] epochs [/bold]." in text
    assert text.endswith("\r") or text.rstrip().endswith(".")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (90_000, "25 h 0 min"),
    ],
)
def test_durations(seconds, said):
    assert duration(seconds) == said
