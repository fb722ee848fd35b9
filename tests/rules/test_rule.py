"""What a person who writes a rule can rely on, and is told."""

# ruff: noqa: RUF012, ARG002 - rules are written here as people write them, some of them wrongly on purpose

import itertools
import re

import pytest
import torch

from ravine.engines.each import Each
from ravine.errors import RavineError
from ravine.ranges import choice, log
from ravine.rules import SGD, Adam, Average, Clip, Decay, Rule, Wrapper
from ravine.rules.rule import Number, Start, field, flag, inner, zeros


class Signed(Rule):
    """Steps by the sign of a mean, and remembers what a user may want to see."""

    lr: Number = field(0.5, "step length", at_least=0)
    long: bool = flag(False, "whether a second memory is kept")

    state = {"m": zeros, "n": zeros.when("long"), "count": Start(1.0, scalar=True), "lengths": Start("lr")}

    def update(self, p, g, m, n, count, lengths, t, tensor):
        m = 0.5 * m + g
        n = n + g if self.long else n
        return p - self.lr * m.sign() * (t + 10 * tensor), m, n, count + 1, lengths


def test_ten_lines_are_a_rule():
    p = torch.zeros(2)
    state = {name: slot.begin(p) for name, slot in Signed().slots().items()}
    assert {name: slot.tolist() for name, slot in state.items()} == {"m": [0, 0], "count": 1.0, "lengths": [0.5, 0.5]}
    p, state = Signed().step(p, torch.tensor([2.0, -3.0]), state, 2, tensor=1)
    assert p.tolist() == [-6.0, 6.0]
    assert {name: slot.tolist() for name, slot in state.items()} == {"m": [2, -3], "count": 2.0, "lengths": [0.5, 0.5]}
    assert list(Signed(long=True).slots()) == ["m", "n", "count", "lengths"]


def test_t_and_the_tensors_number_reach_the_innermost_rule():
    state = {name: slot.begin(torch.zeros(1)) for name, slot in Average(Clip(Signed(), norm=9.0)).slots().items()}
    p, _ = Average(Clip(Signed(), norm=9.0)).step(torch.zeros(1), torch.ones(1), state, 3, tensor=2)
    assert p.item() == -0.5 * 23


class Extra(Rule):
    """Takes its gradient on the far side of where a first one leads, the further the more steps and tensors."""

    lr: Number = field(0.5, "step length", at_least=0)
    state = {"v": zeros, "w": zeros.when("kept")}
    kept: bool = flag(False, "whether there is a second slot")

    def gradient_at(self, p, v, w, tensor, g, t):
        return p + v - self.lr * g + 10 * t + 100 * tensor

    def update(self, p, g, v, w):
        return p - self.lr * g, g, w


def test_a_rule_says_where_its_gradients_are_taken():
    rule, p, v = Clip(Extra(lr=0.5), norm=1.0), torch.tensor([1.0]), torch.tensor([0.25])
    assert rule.looks_ahead()
    assert rule.gradients_per_step() == 2
    assert rule.gradient_asks() == {"g", "t", "tensor"}
    assert rule.gradient_point(p, {"v": v}, 3, 2) is p
    assert rule.gradient_point(p, {"v": v}, 3, 2, g=torch.tensor([4.0])).item() == 1.25 - 2 + 30 + 200


def test_a_gradient_at_with_other_arguments_is_refused_where_it_is_written():
    with pytest.raises(RavineError, match=r"^Wrong\.gradient_at\(self, p, v\): its arguments must be self, p, m, as"):

        class Wrong(Signed):
            state = {"m": zeros}

            def gradient_at(self, p, v):
                return p + v

            def update(self, p, g, m):
                return p - g, m

    with pytest.raises(RavineError, match=r"its arguments must be self, p, as .* and then any of g, t, tensor\.$"):

        class Asks(Wrapper):
            def gradient_at(self, p, loss):
                return p + loss


def test_an_update_with_other_arguments_is_refused_where_it_is_written():
    with pytest.raises(RavineError, match=r"^Wrong\.update\(self, p, g, v\): its arguments must be self, p, g, m, as"):

        class Wrong(Rule):
            state = {"m": zeros}

            def update(self, p, g, v):
                return p, v

    with pytest.raises(RavineError, match=r"must be self, p, g, as .* any of t, tensor\.$"):

        class Curious(Rule):
            def update(self, p, g, loss):
                return p

    with pytest.raises(RavineError, match=r"must be self, p, g, inner, as .* any of t, tensor, point\.$"):

        class Hollow(Wrapper):
            def update(self, p, g):
                return p


@pytest.mark.parametrize(("slots", "got"), [(0, "one value"), (2, "3 values")])
def test_an_update_that_forgets_a_slot_is_told_so(slots, got):
    class Forgetful(Rule):
        state = {"m": zeros}

        def update(self, p, g, m):
            return (p, *[m] * slots) if slots else p - g

    sentence = f"Forgetful.update: it must return p and its slots, p, m, got {got}."
    with pytest.raises(RavineError, match=f"^{re.escape(sentence)}$"):
        Forgetful().step(torch.zeros(2), torch.zeros(2), {"m": torch.zeros(2)}, 1)


def test_a_rule_without_update_is_none():
    class Empty(Rule):
        pass

    with pytest.raises(RavineError, match=r"^Empty is no whole rule: it needs a method update\(self, p, g\)\.$"):
        Empty()


@pytest.mark.parametrize("wrapped", [3, "adam", Adam, None, choice((Adam(), 3))])
def test_only_rules_are_wrapped(wrapped):
    with pytest.raises(RavineError, match="rule must be a rule, got "):
        Decay(wrapped)


def test_a_wrapper_may_wrap_a_range_of_rules():
    either = Clip(choice((Adam(), SGD(lr=log(0.1, 1.0)))), norm=1.0)
    assert either.rule.at(0.0) == Adam()
    with pytest.raises(RavineError, match="Average inside already"):
        Average(choice((SGD(), Average(SGD()))))


def test_a_wrapper_of_ones_own_keeps_its_slots_apart():
    class Counted(Wrapper):
        """Halves the gradient and counts."""

        rule: Rule = inner("halved rule", holds=(Rule,))
        half: Number = field(0.5, "share that is left")
        state = {"m": Start(0.0, scalar=True)}

        def update(self, p, g, m, inner):
            return inner(p, self.half * g), m + 1

    rule = Counted(Adam(lr=0.1))
    assert list(rule.slots()) == ["counted_m", "m", "v"]
    assert rule.lr == 0.1
    state = {name: slot.begin(torch.zeros(2)) for name, slot in rule.slots().items()}
    _, state = rule.step(torch.zeros(2), torch.ones(2), state, 1)
    assert state["counted_m"] == 1
    assert torch.allclose(state["m"], torch.full((2,), 0.05))


def test_rules_are_values():
    assert Adam(lr=0.1) == Adam(lr=0.1) != Adam(lr=0.2)
    assert len({Clip(Adam(), norm=1.0), Clip(Adam(), norm=1.0)}) == 1
    with pytest.raises(AttributeError):
        Adam().lr = 0.1


def test_a_scalar_slot_in_float64_raises_no_precision():
    class Counting(Rule):
        state = {"v": zeros, "product": Start(1.0, scalar=True)}

        def update(self, p, g, v, product):
            product = product * 0.5
            v = v + product * g
            return p - v, v, product

    for rule, p in itertools.product((Counting(), Average(Counting())), (torch.tensor(1.0), torch.ones(2).bfloat16())):
        state = {name: slot.begin(p) for name, slot in rule.slots().items()}
        assert state["product"].dtype == torch.float64
        slots = {name: Each([slot, slot]) for name, slot in state.items()}
        together, many = rule.step(Each([p, p]), Each([p, p]), slots, 1)
        alone, one = rule.step(p, p, state, 1)
        for new, after in ((alone, one), (together.items[1], {name: slot.items[1] for name, slot in many.items()})):
            assert new.dtype == p.dtype
            assert {name: slot.dtype for name, slot in after.items()} == {n: s.dtype for n, s in state.items()}
            assert after["product"] == 0.5
