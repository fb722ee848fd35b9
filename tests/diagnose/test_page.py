"""The page on what the error is made of: its Python runs, and prints what it says."""

import pytest

from ..docs.pages import blocks, numberless


@pytest.mark.slow
def test_its_programs_print_what_it_says(capsys):
    names: dict = {}
    programs = [block for block in blocks("generalization.md") if block.language == "python"]
    assert sum(bool(block.shown) for block in programs) >= 8
    for block in programs:
        exec(compile(block.code, "generalization.md", "exec"), names)  # noqa: S102 - it is the page's own
        assert numberless(capsys.readouterr().out) == numberless(block.shown)
