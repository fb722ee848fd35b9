"""Rules of somebody's own, each wrong in one way, and the words that must stand in the finding."""

import random
from typing import Any, ClassVar

from ravine.engines.symbols import Symbol
from ravine.rules.rule import Number, Rule, field, sqrt, zeros


class BranchOnElement(Rule):
    lr: Number = field(0.1, "step length", at_least=0)

    def update(self, p, g):
        if g > 0:
            return p - self.lr
        return p


class BranchOnCount(Rule):
    lr: Number = field(0.1, "step length", at_least=0)

    def update(self, p, g, t):
        return p - self.lr * g if t > 5 else p


class UnknownName(Rule):
    lr: Number = field(0.1, "step length", at_least=0)

    def update(self, p, g):
        return p - self.rate * g


class ForgottenSlot(Rule):
    lr: Number = field(0.1, "step length", at_least=0)
    state: ClassVar = {"m": zeros}

    def update(self, p, g, m):
        m = 0.9 * m + g
        return p - self.lr * m


class DividesByZero(Rule):
    lr: Number = field(0.1, "step length", at_least=0)
    state: ClassVar = {"v": zeros}

    def update(self, p, g, v):
        return p - self.lr * g / sqrt(v), 0.9 * v + 0.1 * g**2


class StandsStill(Rule):
    lr: Number = field(0.1, "step length", at_least=0)

    def update(self, p, g):  # noqa: ARG002
        return p


class Remembers(Rule):
    lr: Number = field(0.1, "step length", at_least=0)
    memory: ClassVar[list[int]] = []

    def update(self, p, g):
        self.memory.append(1)
        return p - self.lr * g / len(self.memory)


class Draws(Rule):
    lr: Number = field(0.1, "step length", at_least=0)

    def update(self, p, g):
        return p - self.lr * random.random() * g


class Undeclared(Rule):
    lr: float = 0.1

    def update(self, p, g):
        return p - self.lr * g


class Unchecked(Rule):
    lr: Number = field(0.1, "step length", at_least=0)

    def __post_init__(self):
        pass

    def update(self, p, g):
        return p - self.lr * g


class CheckedOtherwise(Rule):
    lr: Number = field(0.1, "step length", at_least=0)

    def __post_init__(self):
        if self.lr != 0.1:
            raise ZeroDivisionError

    def update(self, p, g):
        return p - self.lr * g


class SpoilsTheGradient(Rule):
    lr: Number = field(0.1, "step length", at_least=0)

    def update(self, p, g):
        return p - self.lr * g.mul_(2)


class SpeaksOtherwise(Rule):
    lr: Number = field(0.1, "step length", at_least=0)

    def __repr__(self):
        return "mine"

    def update(self, p, g):
        return p - self.lr * g


class TwoFaced(Rule):
    """One arithmetic for symbols, another for tensors, as a fault of a compiled engine would be."""

    lr: Number = field(0.1, "step length", at_least=0)

    def update(self, p, g):
        return p - self.lr * g * (1.001 if isinstance(g, Symbol) else 1.0)


class HidesNaN(Rule):
    """Lets no NaN through where it is compiled."""

    lr: Number = field(0.1, "step length", at_least=0)

    def update(self, p: Any, g):
        step = self.lr * g
        return p - ((step == step).pick(step, 0.0) if isinstance(g, Symbol) else step)


WRONG = [
    (BranchOnElement, "plain", ("plain",), ["TypeError (wrong.py, line 14)", "write where(condition, x, y)"]),
    (BranchOnCount, "plain", ("plain",), ["TypeError (wrong.py, line 23)", "write where(condition, x, y)"]),
    (
        UnknownName,
        "plain",
        ("plain",),
        ["(wrong.py, line 30)", "'rate'", "functions of ravine.rules.rule"],
    ),
    (ForgottenSlot, "plain", ("plain",), ["it must return p and its slots, p, m, got one value"]),
    (DividesByZero, "plain", ("plain",), ["228 of 228 elements are NaN or infinite", "divide(a, b)"]),
    (StandsStill, "plain", ("plain",), ["nothing moved in 100 steps", "return the new p first"]),
    (Remembers, "native", ("resume", "recompilation"), ["from step 37", "belongs in slots"]),
    (Draws, "native", ("resume", "recompilation"), ["from step 37", "normal(...)"]),
    (Undeclared, "plain", ("fields",), ["lr is not declared: write lr: Number = field(0.1,"]),
    (Unchecked, "plain", ("fields",), ["Unchecked(lr=-1.0) is taken", "Rule.__post_init__(self)"]),
    (CheckedOtherwise, "plain", ("fields",), ["raises ZeroDivisionError", "Rule.__post_init__(self)"]),
    (SpoilsTheGradient, "plain", ("p.grad",), ["step 0 by plain changed the gradient of parameter 0", "g = g + ..."]),
    (SpeaksOtherwise, "plain", ("text",), ["mine cannot be read back", "leave __repr__"]),
    (TwoFaced, "native", ("native",), ["p ends", "2 times is the most", 'engine="plain"']),
    (HidesNaN, "native", ("NaN",), ["makes 0 elements of p NaN by native, and 8 by plain"]),
]
"""A rule, the engine asked, the questions that it fails, and words of the first such finding."""
