"""The page on surfaces and problems: its Python prints what it says, to the last digit shown."""

import re

from ravine.functions import SURFACES

from .pages import DOCS, blocks


def test_its_programs_print_what_it_says(capsys):
    names: dict = {}
    programs = list(blocks("functions.md"))
    assert sum(bool(block.shown) for block in programs) == len(programs) == 9
    for block in programs:
        exec(compile(block.code, "functions.md", "exec"), names)  # noqa: S102 - it is the page's own
        assert capsys.readouterr().out == block.shown


def test_its_table_says_of_every_surface_what_it_shows():
    rows = re.findall(r"^\| (`.*?) \|", (DOCS / "functions.md").read_text(), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(SURFACES)
