# ruff: noqa: ARG001 - these functions are methods of rules
"""Symbols: what can be compiled is remembered, and what cannot is refused on its line, with what to write instead."""

import math

import numpy as np
import pytest
import torch

from ravine.engines.symbols import Symbol
from ravine.engines.trace import symbolic, trace
from ravine.errors import RavineError
from ravine.rules import SGD, Muon, Rule
from ravine.rules.rule import norm, sqrt, zeros

BRANCH = (
    "asks a value for yes or no, and it may be no for one element and yes for the next: write where(condition, a, b)"
)
ELEMENTS = "makes a plain number of a value that differs from element to element or from step to step"


def refused(update, state=None):
    """The sentence about a rule with that `update`."""
    rule = type("Mine", (Rule,), {"state": state or {}, "update": update})
    with pytest.raises(RavineError) as refusal:
        trace(symbolic(rule()))
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def branching(self, p, g):
    return p - g if g > 0 else p


def counting(self, p, g, t):
    while t != 3:
        pass
    return p - g


def adding_up(self, p, g):
    return p - g.cumsum(0)


def by_torch(self, p, g):
    return p - torch.sort(g)


def by_numpy(self, p, g):
    return p - np.sqrt(g)


def by_math(self, p, g):
    return p - math.sqrt(g)


def first_element(self, p, g):
    return p - g[0]


def with_a_list(self, p, g):
    return p - [1.0] * g


REFUSED = [
    (branching, BRANCH, "return p - g if g > 0 else p"),
    (counting, BRANCH, "while t != 3:"),
    (adding_up, "calls .cumsum of a tensor, which is not known here", "return p - g.cumsum(0)"),
    (by_torch, "calls torch.sort, which is not known here", "return p - torch.sort(g)"),
    (by_numpy, "calls numpy.sqrt, which is not known here", "return p - np.sqrt(g)"),
    (by_math, ELEMENTS, "return p - math.sqrt(g)"),
    (first_element, "takes the part [0] of a tensor, and a loop sees one element at a time", "return p - g[0]"),
]


@pytest.mark.parametrize(("update", "does", "line"), REFUSED)
def test_the_line_is_quoted_with_what_it_does_and_what_to_write(update, does, line):
    told = refused(update)
    number = update.__code__.co_firstlineno + 1
    assert told.startswith(f"Mine.{update.__name__} (test_symbols.py, line {number}) `{line}` {does}")
    assert "where(condition, a, b)" in told or "write it with sqrt, exp, cos, sin, absolute, sign, maximum, " in told


def test_what_python_itself_refuses_is_told_as_well():
    told = refused(with_a_list)
    assert "test_symbols.py" in told or "can't multiply sequence" in told


def test_a_value_per_element_is_no_scalar_slot():
    from ravine.rules.rule import Start

    def update(self, p, g, s):
        return p, s + g

    told = refused(update, {"s": Start(0.0, scalar=True)})
    assert told == (
        "Mine.update gives a value per element for s, which is one number per tensor: take norm or mean of it, or let "
        "s start as zeros."
    )


def test_a_norm_of_one_number_is_refused():
    def update(self, p, g, t):
        return p - norm(t) * g

    assert refused(update) == "norm(t): it takes the elements of a tensor, got one number."


def test_a_matrix_rule_is_no_loop_and_says_so():
    with pytest.raises(RavineError, match=r"^the rule works on whole matrices, as torch's own products do best\.$"):
        trace(symbolic(Muon()))


def test_torchs_own_functions_are_taken_by_name():
    def mine(self, p, g):
        return p - torch.where(g > 0, torch.sqrt(torch.abs(g)), torch.clamp(g, min=-1.0))

    def same(self, p, g):
        return p - (g > 0).pick(sqrt(abs(g)), g.clamp(min=-1.0))

    programs = [trace(symbolic(type("Mine", (Rule,), {"update": update})())) for update in (mine, same)]
    told = [[(n.operation, n.detail) for n in program.nodes] for program in programs]
    assert told[0] == told[1]


def test_a_symbol_prints_what_it_stands_for():
    p, lr = Symbol("element", detail="p"), Symbol("field", detail="lr")
    assert repr(p - 2 * lr**2) == "subtract(p, multiply(2.0, multiply(lr, lr)))"
    assert repr(+p) == "p"
    assert not hasattr(p, "__deepcopy__")


def test_slots_that_only_come_and_go_are_kept():
    def update(self, p, g, before):
        return p - before, g

    program = trace(symbolic(type("Mine", (Rule,), {"state": {"before": zeros}, "update": update})()))
    assert program.outputs["before"].detail == "g"
    assert trace(symbolic(SGD())).elements == ()
