import datetime
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from ravine.data import ledger
from ravine.errors import RavineError


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RAVINE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.usefixtures("home")
def test_reads_are_counted_by_the_data_whoever_reads():
    assert ledger.reads("wine") == []
    ledger.note("wine", "studies/one", 10)
    ledger.note("digits", "studies/one", 20)
    ledger.note("wine", "studies/two", 5)
    assert [(read.study, read.runs) for read in ledger.reads("wine")] == [("studies/one", 10), ("studies/two", 5)]
    assert [(read.study, read.runs) for read in ledger.reads("digits")] == [("studies/one", 20)]
    now = datetime.datetime.now(datetime.UTC)
    assert abs(datetime.datetime.fromisoformat(ledger.reads("wine")[0].time) - now) < datetime.timedelta(minutes=5)


def test_the_ledger_lives_where_ravine_home_says_else_with_the_user_s_data(home, monkeypatch):
    ledger.note("wine", "one", 1)
    assert [path.name for path in home.iterdir()] == ["ledger.sqlite"]
    monkeypatch.delenv("RAVINE_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "share"))
    assert ledger.path() == home / "share" / "ravine" / "ledger.sqlite"


def test_a_check_writes_no_read(home):
    ledger.check()
    assert ledger.reads("wine") == []
    assert (home / "ledger.sqlite").exists()


@pytest.mark.usefixtures("home")
def test_processes_write_side_by_side():
    program = "import sys; from ravine.data import ledger\nfor k in range(10): ledger.note('wine', sys.argv[1], k)"
    started = [subprocess.Popen([sys.executable, "-c", program, name]) for name in "ab"]
    assert [process.wait(60) for process in started] == [0, 0]
    found = ledger.reads("wine")
    for name in "ab":
        assert [read.runs for read in found if read.study == name] == list(range(10))


@pytest.mark.parametrize("act", [ledger.check, lambda: ledger.note("wine", "one", 1)])
def test_a_home_that_cannot_be_is_told_in_one_line(tmp_path, monkeypatch, act):
    (tmp_path / "file").touch()
    monkeypatch.setenv("RAVINE_HOME", str(tmp_path / "file"))
    with pytest.raises(RavineError, match=r"cannot use the ledger of test-set reads '.*'.*Set RAVINE_HOME") as caught:
        act()
    assert "\n" not in str(caught.value)
    assert ledger.reads("wine") == []


@pytest.mark.parametrize("act", [ledger.check, lambda: ledger.note("w", "one", 1), lambda: ledger.reads("w")])
def test_a_damaged_ledger_is_told_and_left_as_it_is(home, act):
    home.mkdir()
    (home / "ledger.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(RavineError, match="not a database"):
        act()
    assert (home / "ledger.sqlite").read_bytes() == b"no database at all" * 100


def test_a_ledger_that_another_holds_for_good_is_told(home, monkeypatch):
    ledger.note("wine", "one", 1)
    monkeypatch.setattr(ledger, "WAIT_SECONDS", 0.1)
    with closing(sqlite3.connect(home / "ledger.sqlite", isolation_level=None)) as other:
        other.execute("begin exclusive")
        with pytest.raises(RavineError, match="locked"):
            ledger.note("wine", "two", 1)
    assert len(ledger.reads("wine")) == 1
