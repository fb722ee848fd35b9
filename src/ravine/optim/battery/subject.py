"""A rule under the battery's eyes, and what is found of it."""

import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch

from ...errors import RavineError
from ...rules import Rule
from .recorded import STEPS, Walk

RAVINE = Path(__file__).parents[2]
"""Where the code is that no user wrote."""
WRITE = "write update with + - * / **, comparisons and the functions of ravine.rules.rule"
"""What to do about a rule that raises."""

Outcome = Literal["held", "failed", "warning", "not run"]


@dataclass(frozen=True)
class Finding:
    """What came of one question, and a sentence with its number; where it failed, with what to do."""

    outcome: Outcome
    said: str


@dataclass(eq=False)
class Subject:
    """A rule, what its text may name, and the engines that step it here, each with its device."""

    rule: Rule
    names: Mapping[str, Any]
    engines: dict[str, str] = field(default_factory=dict)
    walks: dict[str, Walk] = field(default_factory=dict)
    """The whole walk in float32 by each engine."""

    @cached_property
    def refusal(self) -> str | None:
        """What the rule says of parameters that are no matrices, where it moves matrices alone; None where it does not.

        An error that it raises for matrices too is passed on.
        """
        try:
            Walk(self.rule, "plain").to(1)
        except RavineError as refusal:
            Walk(self.rule, "plain", matrices=True).to(1)
            return str(refusal)
        return None

    def walk(self, engine: str, dtype: torch.dtype = torch.float32, wide: int = 1) -> Walk:
        """Sets out on a walk.

        Args:
            engine: Who executes the rule.
            dtype: What the parameters hold.
            wide: What one side of each parameter is multiplied by.

        Returns:
            The walk at its start.
        """
        device, matrices = self.engines.get(engine, "cpu"), self.refusal is not None
        return Walk(self.rule, engine, dtype, device=device, matrices=matrices, wide=wide)

    @cached_property
    def reference(self) -> Walk:
        """The whole walk in float64."""
        return self.walk("plain", torch.float64).to(STEPS)

    @property
    def by(self) -> str:
        """The engines in words."""
        return in_words(self.engines)


def in_words(names: Iterable[str]) -> str:
    """Joins names.

    Args:
        names: At least one.

    Returns:
        Such as "p, m and v".
    """
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def whole(rule: Rule) -> Iterator[Rule]:
    """Yields a rule and those that it wraps, however deep.

    Args:
        rule: The rule.

    Yields:
        Each, the outermost first.
    """
    yield rule
    for each in fields(rule):
        inside = getattr(rule, each.name)
        if isinstance(inside, Rule):
            yield from whole(inside)


def sentence(rule: Rule, error: Exception) -> str | None:
    """Says in one line what a rule's own code raised, and where.

    Args:
        rule: The rule.
        error: What came out of a step.

    Returns:
        The sentence; None where no line of a user's took part, and the fault is Ravine's.
    """
    written: set[str] = {type(each).update.__code__.co_filename for each in whole(rule) if hasattr(each, "update")}  # pyright: ignore[reportAttributeAccessIssue]
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [f for f in frames if f.filename in written and not Path(f.filename).is_relative_to(RAVINE)]
    if not theirs:
        return None
    said = " ".join(str(error).split()).removesuffix(".") or "no reason given"
    advice = "" if "write " in said else f": {WRITE}"
    return f"{type(error).__name__} ({Path(theirs[-1].filename).name}, line {theirs[-1].lineno}): {said}{advice}."
