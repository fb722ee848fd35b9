"""Whole commands, as users type them: killed, interrupted, on a full disk, with workers that die."""

import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ravine.cli.main import main
from ravine.data import ledger
from ravine.study.study import Study

from ..processes import alive, descendants, gone
from ..study.small import WORDS, check_same, command, numbers, study, task_file

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "dict_regression.py"


def kept(folder: Path) -> int:
    """How many runs a study has kept."""
    if not (folder / "study.sqlite").exists():
        return 0
    # Not read-only: what a kill left half-written is rolled back by whoever looks first.
    with closing(sqlite3.connect(folder / "study.sqlite", timeout=30)) as database:
        tables = database.execute("select count(*) from sqlite_master where name = 'runs'").fetchone()[0]
        return database.execute("select count(*) from runs").fetchone()[0] if tables else 0


def wait(condition, process: subprocess.Popen, seconds: float = 120) -> None:
    """Waits until something holds, while a command is at work."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def typed(words, capsys) -> tuple[int, str, str]:
    """Types a command in this process; its exit code, and what it prints."""
    with pytest.raises(SystemExit) as ended:
        main(list(map(str, words)))
    said = capsys.readouterr()
    return ended.value.code, said.out, said.err


@pytest.mark.slow
def test_kill_9_at_any_moment_loses_no_number_and_leaves_no_worker(tmp_path):
    task, folder = task_file(tmp_path), tmp_path / "killed"
    words = ["compare", task, *WORDS, "--out", folder]
    luck = np.random.default_rng(0)
    for workers, runs in ((2, 0), (2, int(luck.integers(1, 12))), (1, int(luck.integers(13, 20)))):
        process = command(*words, "--workers", workers, SLOW="0.02")
        wait(lambda runs=runs: kept(folder) >= runs and (folder / "study.lock").exists(), process)
        time.sleep(luck.uniform(0, 0.2))
        family = descendants(process.pid)
        before = kept(folder)
        process.kill()
        process.communicate()
        assert gone(family, seconds=3)
        assert kept(folder) >= before >= runs
        if workers == 2 and runs:
            for checkpoint in (folder / "checkpoints").iterdir():
                checkpoint.unlink()
    process = command(*words, "--workers", 1)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert re.search(r"^Going on: \d+ runs of it ended before\.$", err, re.MULTILINE)
    assert f"Report: {folder}/report.html" in out
    check_same(Study.load(folder), study(tmp_path / "whole", str(task)))


@pytest.mark.slow
def test_ctrl_c_tells_what_is_known_so_far_and_the_same_command_goes_on(tmp_path, capsys):
    task, folder = task_file(tmp_path), tmp_path / "stopped"
    words = ["compare", task, *WORDS, "--seeds", 4, "--out", folder, "--workers", 2]
    process = command(*words, SLOW="0.015")
    wait(lambda: kept(folder) > 0, process)
    code, out, err = typed(words, capsys)
    assert (code, out) == (2, "")
    assert err.startswith(f"ravine: another process is at work on the study in '{folder}'")
    assert err.count("\n") == 1
    wait(lambda: kept(folder) >= 30, process)  # the search takes 20, and both methods have met the test set
    family = descendants(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "So far; this study is not finished." in out
    assert f"Report: {folder}/report.html" in out
    assert err.splitlines()[-1] == "Stopped. The same command goes on from here; no run that had ended is lost."
    assert "Traceback" not in err
    assert gone(family, seconds=3)
    stopped = Study.load(folder)
    assert 30 <= len(stopped.records) < 36
    assert not stopped.finished
    assert len(ledger.reads(stopped.facts["test_fingerprint"])) == 1  # a verdict so far is a look, too
    code, out, err = typed([*words, "--workers", 1], capsys)
    assert code == 0
    assert "not finished" not in out
    check_same(Study.load(folder), study(tmp_path / "whole", str(task), seeds=4))


@pytest.mark.slow
def test_ctrl_c_before_the_first_run_leaves_nothing_behind(tmp_path):
    task, folder = task_file(tmp_path), tmp_path / "stopped"
    process = command("compare", task, *WORDS, "--out", folder, "--workers", 1, SLOW="0.5")
    wait(lambda: (folder / "study.lock").exists() and len(descendants(process.pid)) > 0, process)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, "")
    assert err == "Stopped. The same command starts anew; no run had begun.\n"
    assert not folder.exists()


@pytest.mark.slow
def test_a_worker_that_dies_is_a_failed_run_with_a_sentence(tmp_path):
    task = task_file(tmp_path)
    words = ["--methods", "SGD(lr=0.1)", "--settings", 1, "--folds", 2, "--seeds", 2, "--epochs", 1]
    process = command("compare", task, *words, "--out", tmp_path / "dies", "--workers", 1, DIE="9:1")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    sentence = "Failed: its worker process died twice (SIGKILL(-9))."
    assert f"SGD(lr=0.1): 1 run of the search failed. {sentence}" in out
    found = Study.load(tmp_path / "dies")
    table = found.table()
    assert list(table[table.outcome == "failed"].seed) == [1]
    assert list(table[table.outcome == "failed"].sentence) == [sentence]
    well = study(tmp_path / "well", str(task), methods=("SGD(lr=0.1)",), settings=1, epochs=1)
    unharmed = numbers(found)[table.seed != 1].reset_index(drop=True)
    expected = numbers(well)[well.table().seed != 1].reset_index(drop=True)
    pd.testing.assert_frame_equal(unharmed, expected, check_exact=True)


@pytest.mark.slow
def test_a_full_disk_is_told_in_one_line_and_nothing_is_lost(tmp_path, capsys):
    folder = tmp_path / "full"
    words = ["compare", "wine", *WORDS, "--out", folder, "--workers", 1]

    def limited():  # no file may grow beyond this, as when the disk has no more room
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    done = subprocess.run(
        [sys.executable, "-m", "ravine", *map(str, words)],
        preexec_fn=limited, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    line = done.stderr.splitlines()[-1]
    assert line.startswith(f"ravine: '{folder}/study.sqlite' cannot be used: ")
    assert line.endswith("the runs kept before are safe.")
    assert "Traceback" not in done.stderr
    assert 0 < kept(folder) < 28
    code, _, err = typed(words, capsys)
    assert code == 0
    assert "Going on: " in err
    check_same(Study.load(folder), study(tmp_path / "whole"))


@pytest.mark.slow
def test_many_options_on_a_task_with_dict_batches(tmp_path, capfd):
    runs, loud = tmp_path / "runs.parquet", tmp_path / "loud.py"
    code = EXAMPLE.read_text().replace("return self.both", "print('a network that talks'); return self.both")
    loud.write_text(f"print('a file that talks')\n{code}")
    words = (
        "--methods sgd --recipe Adam(lr=0.003) --settings 2 --holdout 0.25 --search grid --no-halving --seeds 2 "
        "--epochs 1 --matters 0.3% --metric absolute_error --json --workers 1"
    )
    code, out, err = typed(["compare", loud, *words.split(), "--out", tmp_path / "s", "--export", runs], capfd)
    assert code == 0, err
    assert "a file that talks" in err
    assert "a network that talks" in err
    found, printed = Study.load(tmp_path / "s"), json.loads(out, parse_constant=pytest.fail)  # NaN is no JSON
    pd.testing.assert_frame_equal(pd.read_parquet(runs), found.table(), check_exact=True)
    assert (found.options.matters, found.options.search, found.options.halving) == (0.003, "grid", False)
    assert sorted(found.table().groupby("method").setting.nunique()) == [1, 3]  # two and the defaults
    assert (printed["metric"], printed["finished"]) == ("absolute_error", True)
    assert [row["method"] for row in printed["methods"]] == list(found.summary().method)
    assert printed["methods"][0]["score"] == found.summary().score[0]
    assert printed["verdict"] == found.sentences()
    assert set(printed["train_this_way"]) == {"ravine", "pytorch", "command"}
    assert printed["folder"] == str(tmp_path / "s")
    assert (tmp_path / "s" / "report.html").stat().st_size > 100_000


RULE = """
from ravine.rules.rule import Number, Rule, field, log


class Half(Rule):
    '''Half a step.'''

    lr: Number = field(0.1, "step length", at_least=0, search=log(0.01, 1.0), searched=True)

    def update(self, p, g):
        return p - self.lr / 2 * g
"""


@pytest.mark.slow
def test_a_table_a_rule_of_ones_own_and_a_budget(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(RULE)
    generator = np.random.default_rng(0)
    table = pd.DataFrame(generator.normal(size=(60, 3)), columns=["a", "b", "sold"])
    table.assign(kind=np.where(table.a > 0, "yes", "no")).to_csv("shop.csv", index=False)
    words = "--methods mine.py:Half,Adam(lr=log(1e-3,1e-1)) --settings 2 --folds 2 --seeds 2 --budget 2s --workers 1"
    code, out, err = typed(["compare", "shop.csv:kind", *words.split(), "--export", "runs.csv"], capsys)
    assert code == 0, err
    found = Study.load("studies/shop")
    exported = pd.read_csv("runs.csv")
    pd.testing.assert_frame_equal(exported, found.table(), check_dtype=False, rtol=1e-12)
    assert found.methods == ["mine.py:Half", "Adam(lr=log(1e-3,1e-1))"]
    assert f", {found.facts['epochs']} epoch" in err
    assert "Report: studies/shop/report.html" in out
    # The defaults of one searched field and of the other are both there, and the report is written anew.
    Path("studies/shop/report.html").unlink()
    assert typed(["report", "studies/shop"], capsys)[:2] == (0, "studies/shop/report.html\n")
    assert Path("studies/shop/report.html").exists()


def test_a_report_of_a_study_cut_off_before_its_first_run(tmp_path, capsys):
    class Cut(BaseException):
        pass

    def cut(_):
        raise Cut

    with pytest.raises(Cut):
        study(tmp_path / "s", before=cut)
    assert Study.load(tmp_path / "s").records == []
    code, out, err = typed(["report", tmp_path / "s"], capsys)
    assert (code, err) == (0, "")
    assert "There is no verdict yet" in Path(out.strip()).read_text()


def test_no_process_of_these_tests_is_left():
    assert not [pid for pid in descendants(os.getpid()) if alive(pid) and "ravine" in _command_line(pid)]


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_what_is_not_tuned_is_told_with_advice_that_can_be_followed(tmp_path):
    words = ["wine", "--methods", "SGD(lr=0.1),lbfgs", *WORDS[2:], "--out", tmp_path / "s", "--workers", 1]
    process = command("compare", *words)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "SGD(lr=0.1) holds no range, so nothing of it is tuned; write lr=log(1e-4, 1e-1), say." in err
    assert "lbfgs holds no range, so nothing of it is tuned." in err
