"""The page on watching: its Python runs and prints what it says, and its commands are ones that there are."""

import shlex

import pytest
from typer.testing import CliRunner

from ravine.cli.main import app

from .pages import blocks

BLOCKS = list(blocks("watch.md"))


def test_its_programs_print_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    programs = [block for block in BLOCKS if block.language == "python"]
    assert [bool(block.shown) for block in programs] == [True, False]
    for block in programs:
        exec(compile(block.code, "watch.md", "exec"), names)  # noqa: S102 - it is the page's own
        assert capsys.readouterr().out == block.shown
    assert (tmp_path / "ravine.png").stat().st_size > 10_000


COMMANDS = [
    line for block in BLOCKS if block.language == "console" for line in f"{block.code}\n{block.shown}".split("\n")
]


@pytest.mark.parametrize("line", [line.removeprefix("$ ") for line in COMMANDS if line])
def test_its_commands_are_read(line, monkeypatch):
    told = []
    monkeypatch.setattr("ravine.cli.watch.run_watch", lambda *given: told.append(given))
    done = CliRunner().invoke(app, shlex.split(line)[1:])
    assert done.exit_code == 0, done.output
    assert told
