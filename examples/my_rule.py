"""A rule of one's own, to start from.

    ravine compare digits --methods adam,examples/my_rule.py:SignMomentum

One text is enough: Ravine searches the field that says so, prints the equations, and runs it beside the others.
"""

from typing import Any

from ravine.rules.rule import Number, Rule, field, log, sign, zeros


class SignMomentum(Rule):
    """Steps by the sign of a mean of the gradient: `p <- p - lr sign(m)`."""

    lr: Number = field(1e-3, "step length", at_least=0, search=log(1e-4, 1e-1), searched=True)
    beta: Number = field(0.9, "memory of the mean gradient: about 1/(1-beta) steps", within="[0, 1)")

    state = {"m": zeros}

    def update(self, p: Any, g: Any, m: Any) -> Any:
        """Takes one step."""
        m = self.beta * m + (1 - self.beta) * g
        p = p - self.lr * sign(m)
        return p, m
