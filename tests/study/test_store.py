import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from ravine.errors import RavineError
from ravine.study.record import Record
from ravine.study.store import FORMAT, Store

RUN = Record(
    "sgd|tuned|0|-1|500|3",
    {"score": 0.1 + 0.2, "proper": float("nan"), "values": {"lr": 1e-4}, "sentence": "Überraschung: “so”"},
    [{"epoch": 1, "score": float("inf")}],
    {"score": np.array([1.0, np.nan, -0.0]), "proper": np.arange(3.0)},
)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "study")


def begun(store: Store) -> Store:
    store.set_facts({"options": {"task": "wine"}})
    return store


def test_a_run_comes_back_to_the_last_bit(store):
    store.add(RUN)
    found = Store(store.folder, create=False).runs()[RUN.key]
    assert found.record["score"].hex() == RUN.record["score"].hex()
    assert found.record["proper"] != found.record["proper"]
    assert found.record["sentence"] == RUN.record["sentence"]
    assert found.curve == RUN.curve
    assert {name: array.tobytes() for name, array in found.arrays.items()} == {
        name: array.tobytes() for name, array in RUN.arrays.items()
    }


def test_a_run_without_arrays_and_one_that_ends_again(store):
    store.add(Record("a", {"score": 1}, []))
    store.add(Record("a", {"score": 2}, []))
    assert {key: run.record for key, run in store.runs().items()} == {"a": {"score": 2}}
    assert store.runs()["a"].arrays == {}


def test_facts_are_written_all_or_none(store):
    store.set_facts({"one": [1, None], "two": {"x": 0.1}})
    with pytest.raises(TypeError):
        store.set_facts({"one": 2, "three": object()})
    assert (store.fact("one"), store.fact("two"), store.fact("three")) == ([1, None], {"x": 0.1}, None)


def test_a_study_that_has_not_begun_says_so(store):
    with pytest.raises(RavineError, match="has not begun: run 'ravine compare"):
        store.facts()


def test_where_there_is_no_study(tmp_path):
    with pytest.raises(RavineError, match=f"there is no study in '{tmp_path}/no'"):
        Store(tmp_path / "no", create=False)
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("folder", ["file", "file/below"])
def test_a_file_in_the_folder_s_place_is_told(tmp_path, folder):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RavineError, match=f"--out '{tmp_path}/{folder}' is a file, or inside one"):
        Store(tmp_path / folder)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_database_of_something_else_is_left_as_it_is(tmp_path):
    path = tmp_path / "study.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("create table songs (name text)")
    before = path.read_bytes()
    with pytest.raises(RavineError, match="is no study of Ravine's: choose another --out"):
        Store(tmp_path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"no database", bytes(range(256)) * 40])
def test_random_bytes_are_no_study(tmp_path, content):
    (tmp_path / "study.sqlite").write_bytes(content)
    with pytest.raises(RavineError, match="is damaged, or no study of Ravine's: .* Choose another --out"):
        Store(tmp_path)
    assert (tmp_path / "study.sqlite").read_bytes() == content


def test_a_damaged_page_is_told_when_it_is_read(store):
    for k in range(200):
        store.add(Record(f"run {k}", {"text": "x" * 200}, []))
    store.database.close()
    content = bytearray(store.path.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 64] = b"\xff" * 64
    store.path.write_bytes(content)
    with pytest.raises(RavineError, match="damaged"):
        Store(store.folder).runs()


@pytest.mark.parametrize(("column", "value"), [("record", "{"), ("curve", "x"), ("arrays", b"PK"), ("arrays", b"zip")])
def test_a_damaged_value_is_told_when_it_is_read(store, column, value):
    store.add(RUN)
    store.database.execute(f"update runs set {column} = ?", (value,))
    with pytest.raises(RavineError, match="damaged"):
        store.runs()


def test_another_format_is_refused(store):
    store.set_facts({"format": FORMAT + 1})
    with pytest.raises(RavineError, match=f"has format {FORMAT + 1} and this Ravine reads {FORMAT}"):
        Store(store.folder)


def test_a_full_disk_is_told_and_loses_nothing(store):
    store.add(RUN)
    (pages,) = store.database.execute("pragma page_count").fetchone()
    store.database.execute(f"pragma max_page_count = {pages}")  # as when no byte is left
    big = Record("big", {"text": "x" * 100_000}, [])
    with pytest.raises(RavineError, match="disk is full.*the runs kept before are safe"):
        store.add(big)
    store.database.execute("pragma max_page_count = 100000")
    assert list(Store(store.folder).runs()) == [RUN.key]
    store.add(big)
    assert sorted(store.runs()) == ["big", RUN.key]


def test_a_write_that_is_cut_off_never_happened(store):
    store.set_facts({"options": 1})

    def cut_off():
        with store.transaction():
            store.database.execute("delete from facts")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_off()
    assert store.fact("options") == 1


PROGRAM = """
import os, sys
from pathlib import Path
from ravine.study.record import Record
from ravine.study.store import Store
store = Store(Path(sys.argv[1]))
for k in range(10_000):
    store.add(Record(f"run {k:05}", {"text": "x" * 5000}, []))
    if k == 20:
        store.database.execute("begin immediate")
        store.database.execute("delete from runs")
        os.kill(os.getpid(), 9)
"""


def test_kill_9_in_the_middle_of_a_write_loses_that_write_alone(tmp_path):
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], check=False)
    assert done.returncode == -9
    assert list(Store(tmp_path).runs()) == [f"run {k:05}" for k in range(21)]


def test_one_holds_the_study_alone(store):
    begun(store)
    other = Store(store.folder)
    with store.alone():
        with pytest.raises(RavineError, match="another process is at work on the study in"), other.alone():
            raise AssertionError("two at once")
        assert store.path.exists()
    with other.alone():
        assert other.fact("options") == {"task": "wine"}


def test_a_study_that_never_began_leaves_nothing_behind(tmp_path):
    store = Store(tmp_path / "new")

    def mistaken():
        with store.alone():
            (store.folder / "checkpoints").mkdir()
            (store.folder / "checkpoints" / "a.pt").touch()
            (store.folder / "task.cloudpickle").touch()
            raise RavineError("a mistake at the door")

    with pytest.raises(RavineError, match="mistake"):
        mistaken()
    assert not store.folder.exists()


def test_what_else_is_in_the_folder_stays(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with Store(tmp_path).alone():
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_study_that_has_begun_stays_whatever_goes_wrong(store):
    with pytest.raises(RavineError), begun(store).alone():
        raise RavineError("later")
    assert Store(store.folder, create=False).facts()["options"] == {"task": "wine"}


def test_the_loser_of_a_race_for_a_vanished_study_is_told(tmp_path):
    one, other = Store(tmp_path / "new"), Store(tmp_path / "new")
    with one.alone():
        pass  # nothing began, so all is gone
    tmp_path.joinpath("new").mkdir()
    with pytest.raises(RavineError, match="another process"), other.alone():
        raise AssertionError("it would write into a file that nobody sees")


def test_the_file_is_plain_sqlite_and_json(store):
    store.add(RUN)
    with closing(sqlite3.connect(store.path)) as database:
        ((key, record),) = database.execute("select key, record from runs").fetchall()
    assert key == RUN.key
    assert json.loads(record)["values"] == {"lr": 1e-4}
    assert isinstance(store.folder, Path)
