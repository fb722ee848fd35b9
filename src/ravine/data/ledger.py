"""The ledger of test-set reads: how often the test data of a task were looked at, by whichever study.

Every look at a test set makes the best of what was looked at seem better than it is. The ledger goes by the
fingerprint of the data, so that a new study on old data cannot forget the earlier looks.
"""

import datetime
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from ..errors import RavineError

SCHEMA = "create table if not exists reads (data text, study text, time text, runs integer)"
WAIT_SECONDS = 30.0
"""How long another process may hold the ledger."""


@dataclass(frozen=True)
class Read:
    """One time that a study read the test scores of some of its runs."""

    study: str
    time: str
    runs: int


def path() -> Path:
    """Tells where the ledger is kept: in the user's data folder, or in `RAVINE_HOME`.

    Returns:
        The file.
    """
    return Path(os.environ.get("RAVINE_HOME") or platformdirs.user_data_dir("ravine")) / "ledger.sqlite"


def note(data: str, study: str, runs: int) -> None:
    """Writes down that the test set was read.

    Args:
        data: The fingerprint of the test data.
        study: Who reads.
        runs: How many runs are scored on it.
    """
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    with _opened() as database, database:
        database.execute("insert into reads values (?, ?, ?, ?)", (data, study, now, runs))


def check() -> None:
    """Makes sure that the ledger can be written, before anything is read that must stand in it."""
    with _opened() as database, database:
        database.execute("delete from reads where false")  # takes the right to write, and changes nothing


@contextmanager
def _opened() -> Iterator[sqlite3.Connection]:
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path(), timeout=WAIT_SECONDS)) as database:
            database.execute(SCHEMA)
            yield database
    except (OSError, sqlite3.DatabaseError) as error:
        raise RavineError(
            f"cannot use the ledger of test-set reads {str(path())!r}: {error}. "
            "Set RAVINE_HOME to a folder that can be written."
        ) from error


def reads(data: str) -> list[Read]:
    """Reads the ledger.

    Args:
        data: The fingerprint of the test data.

    Returns:
        Every read of these data, oldest first.
    """
    if not path().exists():
        return []
    with _opened() as database:
        rows = database.execute("select study, time, runs from reads where data = ? order by rowid", (data,))
        return [Read(*row) for row in rows]
