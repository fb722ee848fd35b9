"""What `ravine check` prints, and the status that it ends with."""

import re
import sys
import time

import pytest

from ravine.cli.check import run_check
from ravine.cli.main import main

HEAD = """
from ravine.rules import Wrapper
from ravine.rules.rule import Number, Rule, field, log, sign, sqrt, zeros

"""
RIGHT = """
class Half(Rule):
    '''Half a step.'''

    lr: Number = field(0.1, "step length", at_least=0, search=log(0.01, 1.0), searched=True)

    def update(self, p, g):
        return p - self.lr / 2 * g
"""
WRONG = """
class Divides(Rule):
    lr: Number = field(0.1, "step length", at_least=0)

    def update(self, p, g):
        return p - self.lr * (g - g) / (g - g)
"""
WARNED = """
class Cumulates(Rule):
    lr: Number = field(0.1, "step length", at_least=0)
    beta: float = 0.5

    def update(self, p, g):
        return p - self.lr * g.cosh()
"""
AROUND = """
class Doubled(Wrapper):
    by: Number = field(2.0, "factor on the gradient", at_least=0)

    def update(self, p, g, inner):
        return inner(p, self.by * g)
"""


@pytest.fixture(autouse=True)
def _here(monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    for name, code in {"half": RIGHT, "divides": WRONG, "warned": WARNED, "both": RIGHT + AROUND}.items():
        (tmp_path / f"{name}.py").write_text(HEAD + code)


def printed(capsys, *words, status=0):
    with pytest.raises(SystemExit) as ended:
        main(["check", *words])
    shown = capsys.readouterr()
    assert ended.value.code == status, shown
    assert shown.err == ""  # no progress where nobody looks
    return shown.out


def test_of_a_right_rule_every_line_says_held(capsys):
    lines = printed(capsys, "half.py").splitlines()
    assert lines[0] == "Half() of half.py"
    rows = lines[1 : lines.index("")]
    assert [row.rstrip() for row in rows] == rows
    abouts = ["plain", "native", "triton", "dtypes", "resume", "recompilation", "fields", "p.grad", "text", "NaN"]
    assert [line[9:24].strip() for line in rows] == abouts
    assert {line[:9].strip() for line in rows if line[9:15] != "triton"} == {"held"}
    assert re.search(
        r"^held     plain          \d\.\de-\d\d from float64 after 100 steps$", "\n".join(rows), re.MULTILINE
    )
    assert "held     fields         3 wrong values refused by name: lr" in rows


def test_a_terminal_of_80_columns_breaks_what_is_longer_under_its_own_column(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    with pytest.raises(SystemExit):
        main(["check", "warned.py"])
    text = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    findings = text[: text.index("\n\n")].splitlines()[1:]
    assert max(map(len, findings)) <= 80
    assert [line for line in findings if line.startswith(" " * 24)]
    assert all(line[:24].isspace() or line[:9].strip() for line in findings)
    assert all(line[24:25].strip() for line in findings)


def test_it_ends_with_the_equations_and_what_to_type_next(capsys, monkeypatch):
    text = printed(capsys, "half.py:Half", "--engine", "plain")
    assert "\n  p \\leftarrow p - \\frac{\\alpha}{2} g\n" in text
    *_, told, command, given, made = text.splitlines()
    assert told == "All that ran held. Next:"
    assert command == "  ravine compare digits --methods adam,half.py:Half"
    monkeypatch.syspath_prepend(".")
    made_here: dict = {}
    # What a user would paste, word for word.
    exec(f"import ravine, torch\nmodel = torch.nn.Linear(2, 1)\n{given.strip()}\n{made.strip()}", made_here)  # noqa: S102
    assert repr(made_here["optimizer"].rule) == "Half()"


def test_a_rule_with_values_of_its_own_is_checked_with_them(capsys):
    text = printed(capsys, "both.py:Doubled(Half(lr=cosine(0.5)), by=3)", "--engine=plain")
    assert text.startswith("Doubled(Half(lr=cosine(0.5)), by=3) of both.py\n")
    assert text.endswith(
        "  ravine compare digits --methods adam,'both.py:Doubled(Half(lr=cosine(0.5)), by=3)'\n"
        "  from both import Half, Doubled\n"
        "  from ravine.schedules import cosine\n"
        "  optimizer = ravine.Optimizer(model.parameters(), Doubled(Half(lr=cosine(0.5)), by=3), steps=1000)\n"
    )


def test_what_does_not_hold_ends_with_one(capsys):
    text = printed(capsys, "divides.py", status=1)
    assert "\nfailed   plain          228 of 228 elements are NaN or infinite after 100 steps" in text
    assert text.endswith("\nNothing else was looked at: put this right first.\n")
    assert "Next" not in text
    text = printed(capsys, "warned.py", status=1)
    assert "\nwarning  native         Cumulates.update (warned.py, line 11)" in text
    assert "\nfailed   fields         beta is not declared: write beta: Number = field(0.5," in text
    assert text.endswith("\n1 of 10 did not hold.\n")


def test_a_warning_is_no_failure(capsys, tmp_path):
    (tmp_path / "warned.py").write_text(HEAD + WARNED.replace("    beta: float = 0.5\n", ""))
    assert "All that ran held, with 1 warning. Next:" in printed(capsys, "warned.py")
    assert "1 of 9 did not hold." in printed(capsys, "warned.py", "--engine", "native", status=1)


def test_a_terminal_is_told_what_is_being_looked_at(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    started = time.monotonic()
    assert run_check("half.py", "plain") == 0
    shown = capsys.readouterr()
    assert "..." in shown.err
    assert "..." not in shown.out
    assert time.monotonic() - started < 30
