# ruff: noqa: ARG005 - these functions are methods of rules
"""The graph of a rule: each value once, what no element enters apart from the rest, and norms before what uses them."""

import pytest

from ravine.engines.printing import statements
from ravine.engines.stages import kept
from ravine.engines.trace import needed, symbolic, trace
from ravine.rules import LAMB, SGD, Adam, Average, Clip, Decay, Rule

from .cases import COMPILED


def program_of(update, **state):
    return trace(symbolic(type("Mine", (Rule,), {"state": state, "update": update})()))


def operations(program, each=None):
    return sorted(n.operation for n in program.nodes if each is None or n.each is each)


def test_a_value_is_worked_out_once_however_often_it_is_written():
    program = program_of(lambda self, p, g: p * (g * g + 1) - (1 + g**2) * p)
    assert operations(program) == ["add", "element", "element", "multiply", "multiply", "number", "subtract"]


def test_what_no_element_enters_is_apart_and_divides_once_per_tensor():
    program = trace(symbolic(Adam()))
    uniform = [n for n in program.nodes if not n.each]
    assert sorted(n.operation for n in uniform if n.operation == "power") == ["power", "power"]
    # 1 / (1 - beta1^t) and 1 / (1 - beta2^t); the only division per element is the one by the root.
    assert operations(program, each=True).count("divide") == 1
    assert operations(program, each=False).count("divide") == 2
    assert operations(program, each=True).count("sqrt") == 1


def test_norms_come_before_what_uses_them():
    assert (trace(symbolic(SGD())).stages, trace(symbolic(Clip(SGD(), norm=1.0))).stages) == (0, 1)
    clipped = trace(symbolic(Average(Clip(Decay(LAMB(), l2=0.1, through="gradient"), norm=1.0), decay=0.9)))
    assert sorted(node.operation for node in clipped.reductions) == ["global_norm", "norm", "norm"]
    assert clipped.stages == 2
    assert clipped.over_all
    assert not trace(symbolic(LAMB())).over_all


@pytest.mark.parametrize("rule", COMPILED, ids=repr)
def test_every_value_stands_after_what_it_needs(rule):
    program = trace(symbolic(rule.for_tensor(0)))
    place = {node: k for k, node in enumerate(program.nodes)}
    assert all(place[arg] < place[node] for node in program.nodes for arg in node.args)
    assert all(arg.stage <= node.stage for node in program.nodes for arg in node.args)
    assert {id(n) for n in needed(list(program.outputs.values()))} <= {id(n) for n in program.nodes}
    assert not any(node.each for node in kept(program))


def test_statements_stop_at_what_is_given():
    program = program_of(lambda self, p, g: p - (2 * g + 1) * g)
    inputs = {node: node.detail for node in program.nodes if node.operation == "element"}
    middle = next(node for node in program.nodes if node.operation == "add")
    forms = {name: f"{name}({{0}}, {{1}})" for name in ("add", "multiply", "subtract")} | {"number": "{0}"}
    assert statements([program.outputs["p"]], {**inputs, middle: "known"}, forms, "x")[0] == [
        "x0 = multiply(known, g)",
        "x1 = subtract(p, x0)",
    ]
