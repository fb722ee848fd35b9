"""The page on ensembles: its Python runs and prints what it says, and so does the example whose numbers it shows."""

import re
import runpy
from pathlib import Path

import pytest

from ..docs.pages import DOCS, blocks, numberless

PROGRAMS = [block for block in blocks("ensembles.md") if block.language == "python"]
EXAMPLE = DOCS.parent / "examples" / "ensemble.py"


def test_its_programs_print_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    assert len(PROGRAMS) == 3
    for block in PROGRAMS:
        exec(compile(block.code, "ensembles.md", "exec"), names)  # noqa: S102 - it is the page's own
        assert numberless(capsys.readouterr().out) == numberless(block.shown)
    assert [path.name for path in Path().iterdir()] == ["wine.pt"]


@pytest.mark.slow
def test_the_example_prints_what_it_says(capsys):
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    page = (DOCS / "ensembles.md").read_text()
    (shown,) = re.findall(r"`examples/ensemble.py` prints:\n\n```text\n(.*?)```", page, re.DOTALL)
    assert numberless(capsys.readouterr().out) == numberless(shown)
