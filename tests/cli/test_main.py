import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from ravine.cli.main import compare as compare_command
from ravine.cli.main import main
from ravine.cli.main import train as train_command
from ravine.study.compare import compare
from ravine.study.study import Study
from ravine.training.train import train

from ..study.small import study
from .mistakes import MISTAKES, misplaced

SMALL = ("--settings=2", "--folds=2", "--seeds=1", "--epochs=1")
"""So that a mistake which is not seen at the door costs little."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with files in which something is wrong, and a finished study."""
    folder = tmp_path_factory.mktemp("mistakes")
    misplaced(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAVINE_HOME", str(folder / "home"))
        study(folder / "kept", methods=("sgd",), settings=1, seeds=1, epochs=1)
    return folder


@pytest.fixture
def here(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    return folder


def refused(words: list[str], capsys) -> str:
    """Types a command that must be refused, and gives the one line that answers."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    said, printed = capsys.readouterr()[::-1]
    assert (ended.value.code, printed) == (2, "")
    assert said.startswith("ravine: ")
    assert said.count("\n") == 1
    assert said.endswith("\n")
    assert "Traceback" not in said
    return said


def completed(typed: str) -> list[str]:
    """A command's words, and what makes a study small in front of them, where they do not say otherwise."""
    command, *words = typed.split(" ")
    return [command, *(SMALL if command == "compare" else ()), *words]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("typed", "said"), [(typed, said) for typed, *said in MISTAKES])
def test_a_mistake_is_told_in_one_line(typed, said, capsys):
    words = completed(typed)
    before = {path: path.read_bytes() for path in Path().rglob("*.sqlite")}
    if words[0] != "compare" or "--out" in words:
        line = refused(words, capsys)
    else:
        line = refused([*words, "--out", "new"], capsys)
        assert not Path("new").exists()  # a mistake leaves nothing behind
        refused([*words, "--out", "kept"], capsys)
    for part in said:
        assert part in line
    assert {path: path.read_bytes() for path in Path().rglob("*.sqlite")} == before
    assert Path("file").read_text() == "mine"
    assert Path("good.csv").exists()
    assert Study.load("kept").finished


def test_forty_and_more():
    assert len({typed for typed, *_ in MISTAKES}) == len(MISTAKES) >= 100


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["compare", "good.csv:tarket"], "ravine: good.csv has no 'tarket'"),
        (["compare", "training.py", "--out", "new"], "a first run of 'sgd' broke off. Failed: KeyError: 'trained' ("),
        (["train", "wine", "--recipe", "Adam("], "ravine: Cannot read 'Adam('"),
    ],
)
def test_the_same_from_a_shell(here, words, said):
    command = [sys.executable, "-m", "ravine", *words]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (here / "new").exists()


def test_a_ledger_that_cannot_be_written_is_told_by_every_command_that_reads_a_test_set(here, monkeypatch, capsys):
    monkeypatch.setenv("RAVINE_HOME", str(here / "file"))
    for words in (["compare", "wine", *SMALL, "--out", "new"], ["train", "wine", "--recipe", "Adam()"]):
        assert "Set RAVINE_HOME to a folder that can be written" in refused(words, capsys)
    assert not (here / "new").exists()


def test_what_the_system_refuses_is_one_line(here, monkeypatch, capsys):
    (here / "runs").mkdir()
    (here / "runs" / "table.csv").mkdir()
    monkeypatch.chdir(here / "runs")
    with pytest.raises(SystemExit) as ended:
        main(["report", str(here / "kept" / ".." / "kept")])
    assert ended.value.code == 0
    capsys.readouterr()
    (here / "kept" / "report.html").unlink()
    (here / "kept" / "report.html").mkdir()  # as good as a disk that takes no more
    line = refused(["report", str(here / "kept")], capsys)
    assert "cannot write the report" in line
    assert "The study is safe" in line
    (here / "kept" / "report.html").rmdir()


def test_a_fault_of_ravine_s_own_is_not_hidden(monkeypatch):
    def fails(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("ravine.cli.methods.run_methods", fails)
    with pytest.raises(ZeroDivisionError):
        main(["methods"])


@pytest.mark.parametrize("words", [[], ["--help"], ["compare", "--help"], ["train", "--help"]])
def test_help_is_no_mistake(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    assert "Usage: ravine" in capsys.readouterr().out


def test_help_loads_no_torch():
    program = "import sys\nfrom ravine.cli import main\ntry: main(['--help'])\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "typer" in loaded
    assert loaded.isdisjoint({"torch", "numpy", "pandas", "scipy", "sklearn", "plotly", "loky"})


CODE_ONLY = {"executor", "before", "progress", "checkpoint_seconds"}
TYPED_OTHERWISE = {"methods", "matters", "arguments"}
"""Arguments that no command has, and those that it reads from text."""


@pytest.mark.parametrize(("function", "command"), [(compare, compare_command), (train, train_command)])
def test_a_command_has_the_words_and_the_defaults_of_its_function(function, command):
    mine, typed = inspect.signature(function).parameters, inspect.signature(command).parameters
    for name in set(mine) - CODE_ONLY - TYPED_OTHERWISE:
        default = mine[name].default
        assert name in typed
        assert default is inspect.Parameter.empty or typed[name].default == default
