"""The page on transfer: its Python runs and prints what it says, and so does its example."""

import re
import runpy
from pathlib import Path

import pytest

from ravine.data.find import find
from ravine.layers import LAYERS
from ravine.text import read

from .pages import DOCS, blocks, numberless

BLOCKS = list(blocks("transfer.md"))
FILES = {block.code.split("\n")[0][2:]: block.code for block in BLOCKS if block.code.startswith("# ")}
EXAMPLE = DOCS.parent / "examples" / "transfer_digits.py"


@pytest.fixture
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAVINE_HOME", str(tmp_path / "home"))


@pytest.mark.usefixtures("_here")
def test_its_programs_print_what_it_says(capsys):
    names: dict = {}
    programs = [block for block in BLOCKS if block.language == "python" and block.code not in FILES.values()]
    assert sum(bool(block.shown) for block in programs) == 2
    for block in programs:
        exec(compile(block.code, "transfer.md", "exec"), names)  # noqa: S102 - it is the page's own
        assert numberless(capsys.readouterr().out) == numberless(block.shown)
    for name, code in FILES.items():
        Path(name).write_text(code)
        assert [row.fate for row in find(name).model.report.rows].count("new") == 2


def test_its_table_has_parts_as_one_types_them():
    text = (DOCS / "transfer.md").read_text()
    typed = re.findall(r"^\| `((?:freeze|thaw)\(.*?\))` \|", text, re.MULTILINE)
    assert len(typed) == 5
    assert {type(read(each, LAYERS)).__name__ for each in typed} == {"freeze", "thaw"}


def cells(line: str) -> list[str]:
    """The parts of a line that no rounding on another processor changes: words, and the signs of whole intervals."""
    decided = re.sub(r"[+-]\d+\.\d+ \(([+-])\d+\.\d+ to ([+-])\d+\.\d+\)", r"\1\2", line)
    return re.sub(r"\d+\.\d+", "#", decided).split()


@pytest.mark.slow
@pytest.mark.usefixtures("_here")
def test_its_example_finds_what_it_says(capsys):
    (block,) = [block for block in BLOCKS if block.language == "console"]
    assert block.code == "python examples/transfer_digits.py"
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    out, shown = capsys.readouterr().out.splitlines(), block.shown.splitlines()
    assert [cells(line) for line in out] == [cells(line) for line in shown]
