"""Derivatives as symbols: what autograd says, also where there is no derivative."""

import math
import operator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ravine.engines.derivative import BACKWARD, FLAT, derivative
from ravine.engines.symbols import Symbol
from ravine.engines.trace import REDUCTIONS, needed
from ravine.errors import RavineError
from ravine.rules import arithmetic

X, Y = (Symbol("scalar", detail=name) for name in "xy")

TORCH = {
    "add": torch.add,
    "subtract": torch.sub,
    "multiply": torch.mul,
    "divide": torch.div,
    "negative": torch.neg,
    "power": torch.pow,
    "absolute": torch.abs,
    "sign": torch.sign,
    "sqrt": torch.sqrt,
    "exp": torch.exp,
    "log": torch.log,
    "cos": torch.cos,
    "sin": torch.sin,
    "maximum": arithmetic.maximum,
    "minimum": arithmetic.minimum,
    "where": torch.where,
    "greater": torch.gt,
    "at_least": torch.ge,
    "equal": torch.eq,
    "unequal": torch.ne,
}
"""What each operation is in PyTorch; of a plain number it takes the value, for a bound is not a variable there."""


def worked_out(symbol, given):
    """All values that a formula goes through, each operation taken by PyTorch; its own is the last."""
    values = {}
    for each in needed([symbol]):
        if each.operation == "number":
            values[id(each)] = torch.tensor(each.detail, dtype=torch.float64)
        elif each.operation == "scalar":
            values[id(each)] = given[each.detail]
        else:
            plain = each.operation in ("power", "maximum", "minimum") and any(
                a.operation != "number" for a in each.args
            )
            args = [a.detail if plain and a.operation == "number" else values[id(a)] for a in each.args]
            values[id(each)] = TORCH[each.operation](*args)
    return list(values.values())


def both(symbol, x, y):
    """The derivatives by autograd, and by formulas of their own, and the largest number that those go through."""
    leaves = {name: torch.tensor(at, dtype=torch.float64, requires_grad=True) for name, at in (("x", x), ("y", y))}
    value = worked_out(symbol, leaves)[-1]
    by_torch: Any = [0.0, 0.0]
    if value.requires_grad:
        by_torch = torch.autograd.grad(value, list(leaves.values()), allow_unused=True, materialize_grads=True)
    plain = {name: leaf.detach() for name, leaf in leaves.items()}
    ours = [list(map(float, worked_out(each, plain))) for each in derivative(symbol, [X, Y])]
    largest = max(abs(number) for each in ours for number in each if math.isfinite(number))
    return list(map(float, by_torch)), [each[-1] for each in ours], largest


ONE_OF = {name: getattr(Symbol, name) for name in ("abs", "sign", "sqrt", "exp", "log", "cos", "sin")}
TWO_OF = {each.__name__: each for each in (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow)}
TWO_OF |= {name: getattr(Symbol, name) for name in ("maximum", "minimum")}
COMPARED = {each.__name__: each for each in (operator.gt, operator.ge, operator.eq, operator.ne)}


def grown(below):
    """Formulas of formulas, the function first; a part may be there twice."""
    one = st.tuples(st.sampled_from([*ONE_OF, "neg"]), below)
    two = st.tuples(st.sampled_from(list(TWO_OF)), below, below)
    twice = st.builds(lambda name, x: (name, ("cos", x), x), st.sampled_from(list(TWO_OF)), below)
    powers = st.tuples(st.just("pow"), below, st.sampled_from([0, 0.5, 1, 2, 3, 4, -1, -1.5]))
    chosen = st.tuples(st.sampled_from(list(COMPARED)), below, below, below, below)
    return st.one_of(one, two, twice, powers, chosen)


def formula(text):
    """The symbol of a formula."""
    if not isinstance(text, tuple):
        return {"x": X, "y": Y}[text] if isinstance(text, str) else Symbol("number", detail=float(text))
    name, *parts = text
    if name == "pow" and not isinstance(parts[1], (tuple, str)):
        return formula(parts[0]) ** parts[1]
    parts = [formula(part) for part in parts]
    if name in COMPARED:
        return Symbol("where", COMPARED[name](*parts[:2]), *parts[2:])
    return {**ONE_OF, **TWO_OF, "neg": operator.neg}[name](*parts)


FORMULAS = st.recursive(st.sampled_from(["x", "y", 0.0, 1.0, 0.5, -2.0, 3.0]), grown, max_leaves=8)
POINTS = st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, 0.5, math.inf, math.nan]) | st.floats(-3, 3)


@settings(max_examples=500)
@given(FORMULAS, POINTS, POINTS)
@example(("abs", "x"), 0.0, 0.0)
@example(("maximum", "x", "y"), 1.0, 1.0)
@example(("minimum", "x", "y"), 1.0, 1.0)
@example(("maximum", "x", 0.0), 0.0, 0.0)
@example(("pow", "x", "y"), 0.0, 0.0)
@example(("pow", "x", "y"), 0.0, 2.0)
@example(("pow", "x", ("pow", 0.0, 1)), 0.0, 0.0)
@example(("gt", "x", 0.0, ("sqrt", "x"), "y"), -1.0, 2.0)
@example(("sqrt", "x"), 0.0, 0.0)
@example(("sign", ("sqrt", "x")), 0.0, 0.0)
def test_it_is_what_autograd_says(text, x, y):
    by_torch, ours, largest = both(formula(text), x, y)
    # The terms of a sum may cancel; what is left of them is rounding.
    np.testing.assert_allclose(ours, by_torch, rtol=1e-13, atol=1e-15 * largest)


def test_every_operation_on_elements_has_its_derivative():
    assert {*BACKWARD, *FLAT} == {*TORCH, "normal"}


def test_what_is_worked_out_once_is_differentiated_once():
    part = X
    for _ in range(60):
        part = part.sin() + part  # 2^60 paths lead back to x
    slope = derivative(part, [X])[0]
    assert len(list(needed([slope]))) < 60 * 8
    x = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    value = worked_out(part, {"x": x})[-1]
    assert float(worked_out(slope, {"x": x.detach()})[-1]) == pytest.approx(float(torch.autograd.grad(value, x)[0]))


def test_what_nothing_depends_on_has_no_slope():
    slopes = derivative(X + 1, [X, Y])
    assert [each.detail for each in slopes] == [1.0, 0.0]
    assert derivative(Symbol("number", detail=2.0), [X])[0].detail == 0


def test_only_what_leads_to_an_input_is_differentiated():
    slope = derivative(X * (Y.exp() ** Y), [X])[0]
    assert sorted(each.operation for each in needed([slope])) == ["exp", "power", "scalar"]


@pytest.mark.parametrize("name", REDUCTIONS)
def test_what_takes_all_elements_together_is_refused(name):
    p = Symbol("element", detail="p")
    with pytest.raises(RavineError, match=rf"^{name}\(p\) takes all elements of a tensor together, .*: differentiate"):
        derivative(getattr(p, name)() * 2, [p])
