"""Prints a rule as a JavaScript object that takes its steps."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from ...errors import RavineError
from ...fields import flag, inner
from ...part import look_up, meanings
from ...ranges import Range
from ...rules import Rule, field_names, placed
from ...rules.arithmetic import Start
from ..symbols import Symbol
from ..trace import Program, symbolic, trace
from .lines import block, indented
from .literals import Names, literal, number, text
from .noise import NAMES, NOISE
from .passes import ARGUMENTS, Body


def print_rule(rule: Rule) -> str:
    """Prints a rule as an expression in JavaScript, whose value is an object that takes the rule's steps.

    The object has `name`, `text` (what a person types to get the rule), `predicts` (the slot whose values predict in
    the parameters' place, or null), and

    - `fields`: of every numeric field its `value`, `meaning`, bounds (`low` and `high`, null where there is none;
      `lowOpen` and `highOpen`; `whole`), and `search`, the range for a slider: null, or `{ scale, low, high }` with the
      scale "log", "near_one", "uniform" or "integers" (see `ravine.ranges`);
    - `start(p, fields)`: the state before the first step, one Float64Array or number per slot;
    - `points`: functions `(p, g, state, fields, t)`, one per gradient that a step takes, each giving the point at
      which the rule wants it; `g` is the gradient before it;
    - `step(p, g, state, fields, t)`: moves `p` and `state` in place. `t` counts from 1.

    `p` is a Float64Array, taken for the one tensor that there is; `fields` has a number for every name, and may have
    other ones at every step. The text has no `<` but of loops, so that it may stand in a script element.

    Args:
        rule: The rule, its fields numbers.

    Returns:
        The expression.

    Raises:
        RavineError: A field holds no number; or the rule works on whole matrices, or does what no loop does.

    >>> from ravine.rules import Momentum
    >>> print(print_rule(Momentum(lr=0.1)).partition("points")[2])
    : [
        (p) => p,
      ],
      start(p, fields) {
        return { v: new Float64Array(p.length) };
      },
      step(p, g, state, fields, t) {
        const { lr, momentum } = fields;
        const { v } = state;
        for (let i = 0; i < p.length; i++) {
          const v_new = momentum * v[i] + g[i];
          p[i] = p[i] - lr * v_new;
          v[i] = v_new;
        }
      },
    }
    """
    alone = placed(rule, [torch.zeros(1)]).for_tensor(0)
    members = _Members(rule, alone)
    lines = ["{", *indented(members.lines()), "}"]
    if members.draws:
        lines = ["(() => {", *indented(NOISE.splitlines()), "", *indented(_returned(lines)), "})()"]
    return "\n".join(line if line.strip() else "" for line in lines)


class _Point(Rule):
    """The point of one of a rule's gradients, as `trace` takes it: a step to there, which leaves all slots alone."""

    rule: Rule = inner("rule that wants the gradient")
    second: bool = flag(False, "whether it is the second one, which the first decides")

    def slots(self) -> dict[str, Start]:
        return self.rule.slots()

    def step(self, p: Any, g: Any, state: Mapping[str, Any], t: Any, tensor: Any = 0) -> tuple[Any, dict[str, Any]]:
        return self.rule.gradient_point(p, state, t, tensor, g if self.second else None), dict(state)


class _Members:
    """What the object of a rule has."""

    def __init__(self, whole: Rule, alone: Rule) -> None:
        self.whole, self.rule = whole, symbolic(alone)
        self.fields = {name: _field(whole, name, alone, path) for name, path in field_names(alone).items()}
        self.points = [trace(_Point(self.rule, second)) for second in (False, True)[: alone.gradients_per_step()]]
        self.program = trace(self.rule)
        self.draws = any(program.asks("normal") for program in (*self.points, self.program))

    def lines(self) -> Iterator[str]:
        yield f"name: {text(type(self.whole).__name__)},"
        yield f"text: {text(repr(self.whole))},"
        yield f"predicts: {literal(self.rule.predicting_slot())},"
        yield from block("fields: {", [f"{name}: {literal(known)}," for name, known in self.fields.items()], "},")
        yield from block("points: [", [line for program in self.points for line in _point(program)], "],")
        slots = [f"{name}: {_begun(start)}" for name, start in self.rule.slots().items()]
        yield from block("start(p, fields) {", [f"return {{ {', '.join(slots)} }};" if slots else "return {};"], "},")
        body = Body(self.program, Names((*ARGUMENTS, *NAMES, "i"))).lines({"p": "p[i]"})
        yield from block(f"step({', '.join(ARGUMENTS)}) {{", body, "},")


def _field(whole: Rule, name: str, rule: Rule, path: tuple[Any, ...]) -> dict[str, Any]:
    """Tells what is known of a field."""
    known, value = meanings(look_up(rule, path[:-1]))[path[-1]], look_up(rule, path)
    if not isinstance(value, (int, float)):
        raise RavineError(
            f"{whole!r}: {name} holds no number, {value!r}; give it one, and hand step() another at each t."
        )
    interval = known.interval
    assert interval is not None  # field_names has no others
    return {
        "value": value,
        "low": interval.low if math.isfinite(interval.low) else None,
        "high": interval.high if math.isfinite(interval.high) else None,
        "lowOpen": interval.low_open,
        "highOpen": interval.high_open,
        "whole": known.whole,
        "search": _search(known.search),
        "meaning": known.text,
    }


def _search(search: Any) -> dict[str, Any] | None:
    """Tells where a field is searched, and on which scale."""
    if not isinstance(search, Range):
        return None
    low, high = search.extremes()
    return {"scale": type(search).__name__, "low": low, "high": high}


def _begun(start: Start) -> str:
    """Prints how a slot starts."""
    if isinstance(start.value, str):
        return "p.slice()"  # the name of a field was looked up before
    value: Any = start.value
    begun = f"fields.{value.detail}" if isinstance(value, Symbol) else number(value)
    if start.scalar:
        return begun
    return "new Float64Array(p.length)" if begun == "0" else f"new Float64Array(p.length).fill({begun})"


def _point(program: Program) -> list[str]:
    new = program.outputs["p"]
    if (new.operation, new.detail) == ("element", "p"):
        return ["(p) => p,"]
    names = Names((*ARGUMENTS, *NAMES, "i", "point"))
    body = [
        "const point = new Float64Array(p.length);",
        *Body(program, names).lines({"p": "point[i]"}),
        "return point;",
    ]
    return block(f"({', '.join(ARGUMENTS)}) => {{", body, "},")


def _returned(lines: list[str]) -> list[str]:
    return [f"return {lines[0]}", *lines[1:-1], f"{lines[-1]};"]
