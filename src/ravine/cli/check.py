"""What `ravine check` does: puts a user's own rule through the common battery and prints what held."""

import re
import shlex
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ..engines.choice import check_engine
from ..engines.latex import equations
from ..errors import RavineError
from ..fields import Meaning, text
from ..optim.battery import Finding, battery
from ..optim.groups import read_fields
from ..part import leaves, meanings
from ..recipe import NAMES, rules_of
from ..rules import RULES, Rule
from ..schedules import SCHEDULES, is_schedule
from ..text import read

STYLES = {"held": "green", "failed": "bold red", "warning": "yellow", "not run": "dim"}
INDENT = 24
"""Where the third column begins."""
NOTHING_COMPILED = ("native", "triton")
"""Engines whose package may be missing, which is then a finding and no mistake."""


def run_check(typed: str, engine: str) -> int:
    """Checks a rule of the user's own.

    Args:
        typed: `my_rule.py`, `my_rule.py:MyRule`, or `my_rule.py:MyRule(lr=0.1)`.
        engine: Which engine is checked beside the plain one; "auto" for all that run here.

    Returns:
        0 if all held, else 1.

    Raises:
        RavineError: There is no such file, engine or rule, or it cannot be made without being told more.
    """
    if engine not in NOTHING_COMPILED:
        check_engine(engine)
    found = _found(typed)
    read_fields(found.rule, 1, 1)  # a range in it is refused at the door
    console = Console(highlight=False)
    console.print(f"{found.rule!r} of {found.file}", markup=False, soft_wrap=True, style="bold")
    outcomes = _print_findings(console, found, engine)
    console.print("\nEquations")
    for line in equations(found.rule):
        console.print(f"  {line}", markup=False, soft_wrap=True)
    console.print()
    return _print_end(console, outcomes, found)


@dataclass(frozen=True)
class _Found:
    """A rule, its file, and all rules of that by name."""

    file: str
    rules: Mapping[str, type[Rule]]
    rule: Rule


def _found(typed: str) -> _Found:
    head, colon, rest = typed.partition(".py:")
    file = f"{head}.py" if colon else typed
    if not file.endswith(".py"):
        raise RavineError(f"check {typed!r}: name a Python file with a rule in it, such as my_rule.py:MyRule.")
    rules = rules_of(file)
    if not rest and len(rules) > 1:
        raise RavineError(f"{file} has the rules {', '.join(rules)}: write {file}:{next(iter(rules))}.")
    rule = read(rest or next(iter(rules)), {**NAMES, **rules})
    if isinstance(rule, type) and issubclass(rule, Rule):
        rule = _at_defaults(file, rule)
    if not isinstance(rule, Rule):
        raise RavineError(f"check {typed!r}: {text(rule)} is no rule; {file} has {', '.join(rules)}.")
    return _Found(file, rules, rule)


def _at_defaults(file: str, kind: type[Rule]) -> Rule:
    missing = {name: known for name, known in meanings(kind).items() if not hasattr(kind, name) and not known.optional}
    if not missing:
        return kind()
    example = f"{kind.__name__}({', '.join(_given(name, known) for name, known in missing.items())})"
    told = " and ".join(f"{name}, the {known.text}," for name, known in missing.items())
    raise RavineError(f"{kind.__name__}: {told} must be given, as in {shlex.quote(f'{file}:{example}')}.")


def _given(name: str, known: Meaning) -> str:
    if known.holds:
        return f"{name}=SGD()"
    low = known.interval.low if known.interval is not None else 0.0
    value = known.search.at(0.5) if known.search is not None else max(low, 0.0) or 0.1
    return f"{name}={value:.3g}"


def _print_findings(console: Console, found: _Found, engine: str) -> list[str]:
    """Prints every finding as it comes, with what is being looked at below on a terminal."""
    errors = Console(stderr=True)
    status = errors.status("") if errors.is_terminal else None
    room = console.width if console.is_terminal else None  # what is no terminal gets one line each, however long
    outcomes = []
    names = {**NAMES, **found.rules}
    with status or nullcontext():
        tell = status.update if status else lambda about: None  # noqa: ARG005
        for about, finding in battery(found.rule, names, engine, beginning=lambda about: tell(f"{about} ...")):
            console.print(_line(about, finding, room), soft_wrap=True)
            outcomes.append(finding.outcome)
    return outcomes


def _line(about: str, finding: Finding, room: int | None) -> Text:
    """Writes a finding in three columns; where there is only so much room, the last takes several lines."""
    said = [finding.said]
    if room is not None:
        said = textwrap.wrap(finding.said, max(20, room - INDENT), break_on_hyphens=False)
    whole = f"\n{' ' * INDENT}".join(said)
    return Text.assemble((f"{finding.outcome:<9}", STYLES[finding.outcome]), f"{about:<15}", whole)


def _print_end(console: Console, outcomes: list[str], found: _Found) -> int:
    failed, warned = outcomes.count("failed"), outcomes.count("warning")
    if outcomes == ["failed"]:
        console.print("Nothing else was looked at: put this right first.", style="bold red")
        return 1
    if failed:
        console.print(f"{failed} of {len(outcomes)} did not hold.", style="bold red")
        return 1
    aside = f", with {warned} warning{'s' * (warned > 1)}" if warned else ""
    console.print(f"All that ran held{aside}. Next:", style="bold")
    for line in (_comparison(found), *_program(found)):
        console.print(f"  {line}", markup=False, soft_wrap=True)
    return 0


def _comparison(found: _Found) -> str:
    rule, kind = found.rule, type(found.rule)
    name = kind.__name__ if rule == _default(kind) else repr(rule)
    return f"ravine compare digits --methods adam,{shlex.quote(f'{found.file}:{name}')}"


def _program(found: _Found) -> Iterator[str]:
    """Writes what a program has to say to make an optimizer of the rule."""
    words = set(re.findall(r"\b[A-Za-z_]\w*(?=\()", repr(found.rule)))
    homes = {Path(found.file).stem: found.rules, "ravine.rules": RULES, "ravine.schedules": SCHEDULES}
    for module, known in homes.items():
        named = [name for name in known if name in words]
        words -= set(named)
        if named:
            yield f"from {module} import {', '.join(named)}"
    length = ", steps=1000" if leaves(found.rule, is_schedule) else ""
    yield f"optimizer = ravine.Optimizer(model.parameters(), {found.rule!r}{length})"


def _default(kind: type[Rule]) -> Rule | None:
    try:
        return kind()
    except (TypeError, RavineError):
        return None
