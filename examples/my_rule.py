"""A rule of one's own, to start from; docs/own_rule.md goes through it.

    ravine check examples/my_rule.py
    ravine compare digits --methods adam,examples/my_rule.py:SignMomentum

One text is enough: Ravine compiles it, prints its equations, searches the field that says so, and runs it beside the
others.
"""

from ravine.rules.rule import Number, Rule, field, log, sign, zeros


class SignMomentum(Rule):
    """Steps by the sign of a mean of the gradient."""

    lr: Number = field(1e-3, "step length", at_least=0, search=log(1e-4, 1e-1), searched=True)
    beta: Number = field(0.9, "memory of the mean gradient", within="[0, 1)")
    state = {"m": zeros}

    def update(self, p: Number, g: Number, m: Number) -> tuple[Number, Number]:
        """Takes one step."""
        m = self.beta * m + (1 - self.beta) * g
        return p - self.lr * sign(m), m
