# ruff: noqa: RUF012 - the table of slots of a rule is read once
"""Printed rules in a real browser: the very same steps as in float64 of the rule, fed the same gradients."""

import json
import math

import numpy as np
import pytest
import torch

from ravine.engines.javascript import NOISE, print_rule
from ravine.engines.plain import Parameter, step
from ravine.errors import RavineError
from ravine.part import meanings
from ravine.rules import RULES as REGISTRY
from ravine.rules import SGD, Adam, Clip, Momentum, Muon, Noise, Rule, Split, counter
from ravine.rules.rule import Start, copy_of_p, field, log, mean, norm, normal, where, zeros
from ravine.schedules import cosine

from ...rules.cases import begun, recorded
from ..cases import Squeeze
from .cases import RULES, Tab

STEPS = 200
START = torch.tensor([1.0, -0.5, 0.0, 2.0, 1e-3, -3.0], dtype=torch.float64)

WALK = """([rules, start, first, second]) => JSON.stringify(rules.map((number) => {
  const rule = RULES[number], path = [], points = [];
  const fields = Object.fromEntries(Object.entries(rule.fields).map(([name, known]) => [name, known.value]));
  const p = Float64Array.from(start), state = rule.start(p, fields);
  for (let t = 1; t <= first.length; t++) {
    points.push(rule.points.map((point) => [...point(p, first[t - 1], state, fields, t)]));
    rule.step(p, second[t - 1], state, fields, t);
    path.push([...p]);
  }
  const slots = Object.fromEntries(Object.entries(state).map(([name, x]) => [name, x.length ? [...x] : x]));
  return { path, points, slots };
}), (_, x) => Number.isFinite(x) || typeof x !== "number" ? x : String(x))"""


def gradients(steps=STEPS):
    """Two recorded sequences: of first gradients, which only say where the second is taken, and of second ones."""
    sequence = [g for g, _ in recorded([START, torch.zeros(())], steps)]
    return [g.flip(0) for g in sequence], sequence


def walked(tab, rules, first, second, start=START):
    """What becomes of some of the printed rules; as one text, since Playwright takes arrays number by number."""
    given = [rules, start.tolist(), [g.tolist() for g in first], [g.tolist() for g in second]]
    found = json.loads(tab.page.evaluate(WALK, given))
    arrays = ("path", "points")
    return [each | {name: np.array(each[name], dtype=float) for name in arrays} for each in found]


@pytest.fixture(scope="module")
def tab(browser):
    tab = Tab(browser)
    tab.load(RULES=[print_rule(rule) for rule in RULES])
    yield tab
    assert tab.heard == []
    tab.context.close()


@pytest.fixture(scope="module")
def walks(tab):
    return walked(tab, list(range(len(RULES))), *gradients())


def walk(rule):
    """The path, the points where gradients are wanted, and the slots at the end, by the plain engine."""
    state, path, points, p = begun(rule, START), [START], [], START.clone()
    alone = rule.for_tensor(0)
    for t, (first, second) in enumerate(zip(*gradients(), strict=True), start=1):
        asked = [None, first][: rule.gradients_per_step()]
        points.append([alone.gradient_point(p, state, t, g=g).tolist() for g in asked])
        (p,) = step(alone, [Parameter(0, p, second, state, t)])
        path.append(p)
    return torch.stack(path).numpy(), np.array(points), state


@pytest.mark.parametrize("number", range(len(RULES)), ids=[repr(rule) for rule in RULES])
def test_every_rule_takes_the_steps_that_it_takes_in_float64(walks, number):
    path, points, state = walk(RULES[number])
    size = np.abs(path - path[0]).max()
    found = walks[number]
    assert np.abs(found["path"] - path[1:]).max() <= 1e-12 * size
    assert np.abs(found["points"] - points).max() <= 1e-12 * size
    assert found["slots"].keys() == state.keys()
    for name, slot in state.items():
        np.testing.assert_allclose(found["slots"][name], slot.numpy(), rtol=1e-12, atol=1e-12 * float(slot.abs().max()))


def kinds(thing):
    """All rules in a rule, itself first."""
    return [
        thing,
        *(each for name in ("rule", "others") if hasattr(thing, name) for each in kinds(getattr(thing, name))),
    ]


def test_no_rule_and_no_form_of_one_is_left_out():
    met = [each for rule in RULES for each in kinds(rule.for_tensor(0))]
    assert {type(each).__name__ for each in met} == REGISTRY.keys() - {
        "Muon",
        "Split",
    }  # which one vector sees nothing of
    for kind in {type(each) for each in met}:
        for name, known in meanings(kind).items():
            if known.among is not None:
                assert {getattr(each, name) for each in met if type(each) is kind} == set(known.among), (kind, name)
            elif known.optional and name != "seed":
                assert {getattr(each, name) is None for each in met if type(each) is kind} == {True, False}


SPECIAL = [0.0, -0.0, 1.0, -2.5, math.inf, -math.inf, math.nan, 1e-300, 1e150, 1e-20]


def test_what_is_no_number_goes_where_it_goes_in_float64(tab):
    pairs = [(p, g) for p in SPECIAL for g in SPECIAL]
    start, odd = (torch.tensor(column, dtype=torch.float64) for column in zip(*pairs, strict=True))
    sequence = [torch.ones_like(start), odd, torch.ones_like(start)]
    ends = [each["path"][-1] for each in walked(tab, list(range(len(RULES))), sequence, sequence, start)]
    for rule, end in zip(RULES, ends, strict=True):
        alone, p, state = rule.for_tensor(0), start, begun(rule, start)
        for t, g in enumerate(sequence, start=1):
            (p,) = step(alone, [Parameter(0, p, g, state, t)])
        np.testing.assert_array_equal(np.isnan(end), p.isnan().numpy(), err_msg=repr(rule))
        np.testing.assert_array_equal(np.isinf(end), p.isinf().numpy(), err_msg=repr(rule))


class Odd(Rule):
    """Names that JavaScript keeps for itself, slots that change places, and whatever else a rule may do."""

    new: float = field(0.25, "what </script><script>alert(1)</script> means", at_least=0)
    state = {"var": copy_of_p, "i": zeros, "point": Start(2.0, scalar=True), "kept": Start("new"), "x1": zeros}

    def update(self, p, g, var, i, point, kept, x1, t):
        noise = normal(g, t * 3, t + 1, 0)
        p = p - self.new * (p + kept) * noise / (1 + mean(noise) ** 2) - 0.1 * where((g > i) == 1, (-g) ** 4 + x1, 0.0)
        return p, g, var, point * 0.5 + 1e-3 * norm(g + i), kept, x1 + 1


def test_names_and_slots_keep_apart_whatever_they_are_called(browser):
    tab, rules = Tab(browser), [Odd(), Squeeze()]
    tab.load(RULES=[print_rule(rule) for rule in rules])
    sequence, start = gradients(50)[1], START + 0.25
    for rule, found in zip(rules, walked(tab, [0, 1], sequence, sequence, start), strict=True):
        p, state = start, begun(rule, start)
        for t, g in enumerate(sequence, start=1):
            (p,) = step(rule, [Parameter(0, p, g, state, t)])
        assert p.isfinite().all()
        np.testing.assert_allclose(found["path"][-1], p.numpy(), rtol=1e-12, atol=1e-12)
        for name, slot in state.items():
            np.testing.assert_allclose(found["slots"][name], slot.numpy(), rtol=1e-12)
    assert tab.page.evaluate("RULES[0].fields.new.meaning") == "what </script><script>alert(1)</script> means"
    assert tab.heard == []
    tab.context.close()


def test_fields_come_with_what_a_slider_needs(tab):
    number = [repr(rule) for rule in RULES].index("Clip(SGD(lr=0.1), norm=1.0)")
    found = tab.page.evaluate(f"RULES[{number}]")
    assert (found["name"], found["text"], found["predicts"]) == ("Clip", "Clip(SGD(lr=0.1), norm=1.0)", None)
    assert found["fields"]["clip_norm"] == {
        "value": 1,
        "low": 0,
        "high": None,
        "lowOpen": False,
        "highOpen": True,
        "whole": False,
        "search": {"scale": "log", "low": 0.01, "high": 10},
        "meaning": "largest norm that the gradient keeps, in units of the gradient",
    }
    assert list(found["fields"]) == ["lr", "clip_norm"]


def test_other_numbers_come_in_at_every_step(browser):
    tab = Tab(browser)
    tab.load(RULES=[print_rule(Momentum(lr=1.0))])
    rate, sequence = cosine(0.1), gradients(20)[1]
    path = tab.page.evaluate(
        """([start, gradients, rates]) => {
          const p = Float64Array.from(start), state = RULES[0].start(p, {});
          gradients.forEach((g, k) => RULES[0].step(p, g, state, { lr: rates[k], momentum: 0.5 }, k + 1));
          return [...p];
        }""",
        [START.tolist(), [g.tolist() for g in sequence], [rate(k, 20) for k in range(20)]],
    )
    p, state = START, begun(Momentum(), START)
    for k, g in enumerate(sequence):
        p, state = Momentum(lr=rate(k, 20), momentum=0.5).step(p, g, state, k + 1)
    np.testing.assert_allclose(path, p.numpy(), rtol=1e-13)
    tab.context.close()


def test_it_is_an_expression_of_a_module_as_well(browser):
    tab = Tab(browser)
    rules = [print_rule(rule) for rule in (Adam(), Noise(SGD()))]
    tab.page.set_content(
        "<!doctype html><script type=module>"
        + "\n".join(f"window.rule{k} = ({rule}).name;" for k, rule in enumerate(rules))
        + "</script>"
    )
    assert tab.page.evaluate("[rule0, rule1]") == ["Adam", "Noise"]
    assert tab.heard == []
    tab.context.close()


def test_a_page_draws_the_numbers_of_the_counter(browser):
    tab = Tab(browser)
    tab.page.set_content(f"<!doctype html><script>{NOISE}</script>")
    for seed, t, tensor in ((0, 1, 0), (2**64 - 1, 10**6, 3), (12345, 2, 1)):
        start, drawn = tab.page.evaluate(
            f"(() => {{ const start = key({seed}n, {t}n, {tensor}n);"
            " return [String(start), Array.from({ length: 1000 }, (_, i) => normal(start, i))]; })()"
        )
        assert int(start) == counter.key(seed, t, tensor)
        truth = counter.normal(torch.zeros(1000, dtype=torch.float64), seed, t, tensor).numpy()
        np.testing.assert_allclose(drawn, truth, rtol=1e-14, atol=1e-15)
    tab.context.close()


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (Muon(), r"^the rule works on whole matrices, as torch's own products do best\.$"),
        (
            Split(Muon(), Adam()),
            r"^Split\(Muon\(\), Adam\(\)\): its first rule would move nothing: of 1 parameters, 0 ",
        ),
        (
            Clip(SGD(lr=cosine(0.1)), norm=1.0),
            r"^Clip\(.*\): lr holds no number, cosine\(0\.1\); give it one, and hand ",
        ),
        (Adam(beta1=log(0.1, 0.9)), r"^Adam\(.*\): beta1 holds no number, log\(0\.1, 0\.9\); give it one, and hand "),
    ],
    ids=repr,
)
def test_what_cannot_be_printed_is_refused_in_one_line(rule, told):
    with pytest.raises(RavineError, match=told):
        print_rule(rule)
