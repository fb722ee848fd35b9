"""Reads LaTeX equations as numbers: an evaluator that knows nothing of how they were written."""

import math
import operator
import re
from collections.abc import Callable

TOKEN = re.compile(
    r"\\(?:begin|end)\{cases\}|\\text\{if \}|\\text\{otherwise\}|\\\\|&|[<>]|\\geq|\\leq|"
    r"\\(?:hat|bar|tilde) (?:\\[a-z]+|[a-zA-Z])(?:_\{[^}]*\}|_.)?'*"  # a letter with an accent
    r"|\\mathrm\{[^}]*\}(?:_\{[^}]*\}|_.)?'*|\\mathcal\{N\}|\\operatorname\{sign\}"
    r"|\\(?:frac|sqrt|max|min|left|right|cdot|nabla|lVert|rVert|lvert|rvert|,)(?![a-zA-Z])"
    r"|\\[a-zA-Z]+(?:_\{[^}]*\}|_.)?'*"  # a Greek letter
    r"|[a-zA-Z](?:_\{[^}]*\}|_.)?'*|\d+(?:\.\d+)?|[-+^(){},]|_\{\\text\{all\}\}"
)
COMPARISONS = {">": operator.gt, "<": operator.lt, r"\geq": operator.ge, r"\leq": operator.le}
ANGLES = {r"\cos": math.cos, r"\sin": math.sin}
BETWEEN = ("+", "-", ",", "&", r"\\", r"\text{if }", r"\end{cases}", *COMPARISONS)
CLOSING = {"(": ")", "{": "}", r"\lVert": r"\rVert", r"\lvert": r"\rvert"}


class Reader:
    """Evaluates one expression.

    Args:
        text: LaTeX.
        values: What each letter stands for; `\\nabla` for a function, `\\mathcal{N}` for the noise drawn.
    """

    def __init__(self, text: str, values: dict[str, float | Callable[[float], float]]) -> None:
        assert not re.sub(TOKEN, "", text).strip(), f"not read: {re.sub(TOKEN, '', text)!r}"
        self.tokens = [token for token in TOKEN.findall(text) if token not in (r"\left", r"\right", r"\,")]
        self.values = values

    def evaluate(self) -> float:
        value = self.sum()
        assert not self.tokens
        return value

    def take(self, *wanted: str) -> str:
        token = self.tokens.pop(0)
        assert not wanted or token in wanted, (token, wanted)
        return token

    def sees(self, *wanted: str) -> bool:
        return bool(self.tokens) and self.tokens[0] in wanted

    def sum(self) -> float:
        value = -self.product() if self.sees("-") and self.take() else self.product()
        while self.sees("+", "-"):
            value = value + self.product() if self.take() == "+" else value - self.product()
        return value

    def product(self) -> float:
        value = self.power()
        while self.tokens and not self.sees(*BETWEEN, *CLOSING.values()):
            if self.sees(r"\cdot"):
                self.take()
            value *= self.power()
        return value

    def power(self) -> float:
        base = self.factor()
        if not self.sees("^"):
            return base
        self.take()
        return base ** (self.inside() if self.sees("{") else self.factor())

    def inside(self) -> float:
        closing = CLOSING[self.take()]
        value = self.sum()
        self.take(closing)
        return value

    def arguments(self) -> list[float]:
        self.take("(")
        values = [self.sum()]
        while self.sees(","):
            self.take()
            values.append(self.sum())
        self.take(")")
        return values

    def fraction(self) -> float:
        return self.inside() / self.inside()

    def root(self) -> float:
        return math.sqrt(self.inside())

    def chosen(self) -> float:
        one = self.sum()
        self.take("&"), self.take(r"\text{if }")
        left, compare, right = self.sum(), COMPARISONS[self.take(*COMPARISONS)], self.sum()
        self.take(r"\\")
        other = self.sum()
        self.take("&"), self.take(r"\text{otherwise}"), self.take(r"\end{cases}")
        return one if compare(left, right) else other

    def factor(self) -> float:
        if self.sees("(", "{"):
            return self.inside()
        if self.sees(r"\lVert", r"\lvert"):
            value = abs(self.inside())
            if self.sees(r"_{\text{all}}"):
                self.take()
            return value
        token = self.take()
        compound = {r"\begin{cases}": self.chosen, r"\frac": self.fraction, r"\sqrt": self.root}.get(token)
        if compound is not None:
            return compound()
        if token in (r"\max", r"\min"):
            return (max if token == r"\max" else min)(self.arguments())
        if token in ANGLES:
            (value,) = self.arguments()
            return ANGLES[token](value)
        if token == r"\operatorname{sign}":
            (value,) = self.arguments()
            return math.copysign(1, value) if value else 0
        if token == r"\nabla":
            self.take("f")
            return self.values[token](*self.arguments())
        if token == r"\mathcal{N}":
            assert self.arguments() == [0, 1]
        return float(token) if token[0].isdigit() else self.values[token]


def assign(line: str, values: dict[str, float | Callable[[float], float]]) -> None:
    """Carries out one equation."""
    target, expression = line.split(r" \leftarrow ")
    values[target] = Reader(expression, values).evaluate()
