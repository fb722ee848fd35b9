"""The page on rules of one's own: its Python runs, its commands run, and they print what it says."""

import shlex
import sys
from pathlib import Path

import pytest

from ravine.cli.main import main
from ravine.recipe import rules_of

from .pages import Block, blocks, numberless

BLOCKS = list(blocks("own_rule.md"))
FILES = {block.code.split("\n")[0][2:]: block.code for block in BLOCKS if block.code.startswith("# ")}
COMMANDS = [block for block in BLOCKS if block.language == "console"]
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "my_rule.py"


@pytest.fixture
def _here(tmp_path, monkeypatch):
    """A folder with the page's files, where its programs and commands run."""
    for name, code in FILES.items():
        (tmp_path / name).write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("RAVINE_HOME", str(tmp_path / "home"))
    yield
    for name in FILES:
        sys.modules.pop(name.removesuffix(".py"), None)


@pytest.mark.usefixtures("_here")
def test_its_programs_print_what_it_says(capsys):
    names: dict = {}
    programs = [block for block in BLOCKS if block.language == "python" and block.code not in FILES.values()]
    assert sum(bool(block.shown) for block in programs) >= 3
    for block in programs:
        exec(compile(block.code, "own_rule.md", "exec"), names)  # noqa: S102 - it is the page's own
        assert numberless(capsys.readouterr().out) == numberless(block.shown)


def typed(block: Block, capsys) -> list[str]:
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(block.code)[1:])
    assert ended.value.code == 0
    return capsys.readouterr().out.splitlines()


def here(line: str) -> bool:
    """Whether a line does not depend on what is installed."""
    return "triton" not in line


@pytest.mark.slow
@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block.code)
def test_its_commands_print_what_it_says(block, capsys):
    lines, shown = typed(block, capsys), block.shown.splitlines()
    assert len(shown) > 5
    if block.code.startswith("ravine check"):
        assert numberless("\n".join(filter(here, lines))) == numberless("\n".join(filter(here, shown)))
        return
    # Which of two close methods comes first is for the processor's rounding to say: the table is there, with both.
    (head,), (said,) = ([line.split() for line in text if line.startswith("method ")] for text in (lines, shown))
    assert head[:6] == said[:6]
    rows = [{line.split()[0] for line in text if line.startswith(("adam ", "my_rule.py:"))} for text in (lines, shown)]
    assert rows[0] >= {"adam", "my_rule.py:SignMomentum"} <= rows[1]


def test_its_rule_is_the_example():
    page = FILES["my_rule.py"].split("class ")[1]
    code = EXAMPLE.read_text().split("class ")[1]
    bare = code.replace(": Number, g: Number, m: Number) -> tuple[Number, Number]:", ", g, m):")
    assert bare.replace('        """Takes one step."""\n', "") == page
    assert [type(rule()).__name__ for rule in rules_of(str(EXAMPLE)).values()] == ["SignMomentum"]
    lines = [line for line in page.splitlines() if line.strip() and '"""' not in line]
    assert len(lines) <= 10


def test_what_it_says_update_may_use_is_there():
    from ravine.rules import rule

    text = (EXAMPLE.parents[1] / "docs" / "own_rule.md").read_text()
    table = text[text.index("| operators |") : text.index("All of them are in")]
    words = {word.split("(")[0] for word in table.split("`")[1::2] if word[0].isalpha()}
    assert words == {
        *("sqrt", "exp", "absolute", "sign", "maximum", "minimum", "clamp", "where", "if", "divide", "times"),
        *("norm", "mean", "global_norm", "normal"),
    }
    assert all(hasattr(rule, word) for word in words - {"if"})
