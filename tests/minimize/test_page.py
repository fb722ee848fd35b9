"""The page on minimizing: its Python prints what it says, to the last digit shown."""

from ..docs.pages import blocks


def test_its_programs_print_what_it_says(capsys):
    names: dict = {}
    programs = list(blocks("minimize.md"))
    assert sum(bool(block.shown) for block in programs) >= 7
    for block in programs:
        exec(compile(block.code, "minimize.md", "exec"), names)  # noqa: S102 - it is the page's own
        assert capsys.readouterr().out == block.shown
