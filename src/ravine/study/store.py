"""The file that survives: one SQLite database per study, written by the parent process alone.

A run is one row, committed as soon as it has ended. What a `kill -9` interrupts is a transaction that never
happened.
"""

import contextlib
import json
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock

from ..errors import RavineError
from .record import Record, packed, unpacked

FORMAT = 1
"""Raised whenever an older Ravine could no longer read what is written."""
TABLES = (
    "create table if not exists facts (name text primary key, value text not null)",
    "create table if not exists runs (key text primary key, record text not null, curve text not null, arrays blob)",
)


class Store:
    """A study's file.

    Args:
        folder: The study's folder; it is made if it is not there.
        create: Whether to make the file where there is none.

    Raises:
        RavineError: The folder cannot be written, or the file is damaged or of something else.
    """

    def __init__(self, folder: Path, *, create: bool = True) -> None:
        self.folder = folder
        self.path = folder / "study.sqlite"
        if not create and not self.path.exists():
            raise RavineError(f"there is no study in {str(folder)!r}: 'ravine compare ... --out {folder}' makes one.")
        with self._told():
            folder.mkdir(parents=True, exist_ok=True)
            self.database = sqlite3.connect(self.path, isolation_level=None, timeout=30)
            self._begin()

    def _begin(self) -> None:
        """Makes the tables in an empty file; a file of something else is left as it is."""
        tables = {name for (name,) in self.database.execute("select name from sqlite_master where type = 'table'")}
        if not tables:
            with self.transaction():
                for table in TABLES:
                    self.database.execute(table)
                self.database.execute("insert or ignore into facts values ('format', ?)", (json.dumps(FORMAT),))
        elif not tables >= {"facts", "runs"}:
            raise RavineError(f"{str(self.path)!r} is no study of Ravine's: choose another --out.")
        elif (written := self.fact("format")) != FORMAT:
            raise RavineError(
                f"{str(self.path)!r} has format {written!r} and this Ravine reads {FORMAT}: choose another --out."
            )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turns what the disk or the database complains of into one sentence."""
        try:
            yield
        except RavineError:
            raise
        except (FileExistsError, NotADirectoryError) as error:
            raise RavineError(f"--out {str(self.folder)!r} is a file, or inside one: choose a folder.") from error
        except OSError as error:
            raise RavineError(
                f"cannot write to {str(self.folder)!r}: {error.strerror}. Choose another --out."
            ) from error
        except sqlite3.OperationalError as error:  # the disk, a lock, or the right to write; the file itself is sound
            raise RavineError(
                f"{str(self.path)!r} cannot be used: {error}. Free the disk or choose another --out; "
                "the runs kept before are safe."
            ) from error
        except (sqlite3.DatabaseError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise RavineError(
                f"{str(self.path)!r} is damaged, or no study of Ravine's: {error}. Choose another --out."
            ) from error

    def close(self) -> None:
        """Lets go of the file."""
        self.database.close()

    def fact(self, name: str) -> Any:
        """Reads a fact about the study.

        Args:
            name: Its name.

        Returns:
            Its value, or None where there is none.
        """
        with self._told():
            row = self.database.execute("select value from facts where name = ?", (name,)).fetchone()
            return None if row is None else json.loads(row[0])

    def facts(self) -> dict[str, Any]:
        """Reads all facts about the study.

        Returns:
            Their values by name.

        Raises:
            RavineError: The study was cut off before anything was known of it.
        """
        with self._told():
            rows = self.database.execute("select name, value from facts").fetchall()
            found = {name: json.loads(value) for name, value in rows}
        if "options" not in found:
            raise RavineError(
                f"the study in {str(self.folder)!r} has not begun: run 'ravine compare ... --out {self.folder}'."
            )
        return found

    def set_facts(self, facts: Mapping[str, Any]) -> None:
        """Writes facts about the study, all or none.

        Args:
            facts: Their values by name; anything that JSON holds.
        """
        rows = [(name, json.dumps(value)) for name, value in facts.items()]
        with self._told(), self.transaction():
            self.database.executemany("insert or replace into facts values (?, ?)", rows)

    def add(self, run: Record) -> None:
        """Keeps a run.

        Args:
            run: The run.
        """
        row = (run.key, json.dumps(run.record), json.dumps(run.curve), packed(run.arrays))
        with self._told(), self.transaction():
            self.database.execute("insert or replace into runs values (?, ?, ?, ?)", row)

    def runs(self) -> dict[str, Record]:
        """Reads all runs.

        Returns:
            The runs by key, in the order of their keys.
        """
        with self._told():
            rows = self.database.execute("select key, record, curve, arrays from runs order by key").fetchall()
            return {
                key: Record(key, json.loads(record), json.loads(curve), unpacked(blob))
                for key, record, curve, blob in rows
            }

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Makes everything inside happen together or not at all.

        Yields:
            Nothing.
        """
        self.database.execute("begin immediate")
        try:
            yield
        except BaseException:
            if self.database.in_transaction:
                self.database.execute("rollback")
            raise
        self.database.execute("commit")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Holds the study for this process; the system lets go of it when the process ends, however it ends.

        A study that has not begun when it is let go, since something at its door was wrong, leaves nothing behind.

        Yields:
            Nothing.

        Raises:
            RavineError: Another process is at work on it.
        """
        lock = filelock.FileLock(self.folder / "study.lock")
        with self._told():
            held = _acquired(lock)
        if not held or not self.path.exists():  # it may have vanished between our look and the lock
            raise RavineError(
                f"another process is at work on the study in {str(self.folder)!r}: "
                "wait for it, or choose another --out."
            )
        try:
            yield
        finally:
            with contextlib.suppress(RavineError):  # a disk that just told of its trouble must not tell twice
                if self.fact("options") is None and not self.runs():
                    self._vanish()
            lock.release()

    def _vanish(self) -> None:
        self.database.close()
        shutil.rmtree(self.folder / "checkpoints", ignore_errors=True)
        for name in ("study.sqlite", "study.sqlite-journal", "task.cloudpickle", "study.lock"):
            (self.folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # it may hold files of the user's own
            self.folder.rmdir()


def _acquired(lock: filelock.BaseFileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return False
    return True
