"""Terms: pieces of an equation that know when they need parentheses."""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from .letters import ACCENTS, braced

CASES, SUM, PRODUCT, ATOM = 0, 1, 2, 3
"""How tightly a term holds together: either of two, `a + b`, `a b`, and what can be raised to a power as it stands."""


@dataclass(frozen=True)
class Term:
    """A piece of an equation.

    `names` are the variables of `update` in it, `number` its value where it is a plain number.
    """

    text: str
    level: int = ATOM
    names: frozenset[str] = frozenset()
    number: float | None = None

    def is_letter(self) -> bool:
        """Tells whether it is nothing but a variable or a field."""
        return self.level == ATOM and self.number is None


def number(value: float) -> Term:
    r"""Writes a number.

    Args:
        value: It.

    Returns:
        Its term, with a power of ten where it is very small or large.

    >>> number(1).text, number(0.5).text, number(1e-6).text, number(2.5e-7).text
    ('1', '0.5', '10^{-6}', '2.5 \\cdot 10^{-7}')
    """
    if value < 0:
        return negative(number(-value))
    digits, _, power = f"{value:.12g}".partition("e")
    if not power:
        return Term(digits, number=value)
    ten = f"10^{{{int(power)}}}"
    return Term(ten if digits == "1" else rf"{digits} \cdot {ten}", PRODUCT, number=value)


ZERO, ONE = number(0), number(1)


def within(term: Term, level: int) -> str:
    """Writes a term where only one that holds together so tightly may stand."""
    return term.text if term.level >= level else parenthesized(term.text)


HIGH = (r"\frac", r"\sqrt", r"\begin{cases}")
"""What is higher than a line."""


def parenthesized(text: str) -> str:
    r"""Puts parentheses around, as high as what they hold.

    Args:
        text: LaTeX.

    Returns:
        LaTeX.

    >>> parenthesized("a + b"), parenthesized(r"\frac{a}{b}")
    ('(a + b)', '\\left(\\frac{a}{b}\\right)')
    """
    return rf"\left({text}\right)" if any(high in text for high in HIGH) else f"({text})"


def add(a: Term, b: Term) -> Term:
    """Writes `a + b`, leaving out zeros."""
    if a.number == 0 or b.number == 0:
        return b if a.number == 0 else a
    left, right = within(a, SUM), within(b, SUM)
    if right.startswith("-"):
        return Term(f"{left} - {right[1:]}", SUM, a.names | b.names)
    return Term(f"{left} + {right}", SUM, a.names | b.names)


def subtract(a: Term, b: Term) -> Term:
    """Writes `a - b`, leaving out zeros."""
    if b.number == 0:
        return a
    if a.number == 0:
        return negative(b)
    return Term(f"{within(a, SUM)} - {within(b, PRODUCT)}", SUM, a.names | b.names)


def negative(a: Term) -> Term:
    """Writes `-a`."""
    value = None if a.number is None else -a.number
    return ZERO if value == 0 else Term(f"-{within(a, PRODUCT)}", SUM, a.names, value)


def multiply(a: Term, b: Term) -> Term:
    """Writes `a b`, leaving out ones."""
    if a.number == 0 or b.number == 0:
        return ZERO
    if a.number == 1 or b.number == 1:
        return b if a.number == 1 else a
    left, right = within(a, PRODUCT), within(b, PRODUCT)
    words = right.startswith(r"\mathrm") or (left.endswith("}") and r"\mathrm" in left)
    apart = r" \cdot " if right[0].isdigit() else r" \, " if words else " "
    return Term(left + apart + right, PRODUCT, a.names | b.names)


def divide(a: Term, b: Term) -> Term:
    """Writes `a / b` as a fraction."""
    if a.number == 0 or b.number == 1:
        return a
    return Term(rf"\frac{{{a.text}}}{{{b.text}}}", PRODUCT, a.names | b.names)


def power(a: Term, b: Term) -> Term:
    """Writes `a` to the power of `b`."""
    if a.number == 0 or b.number == 1:
        return a
    base = within(a, ATOM)
    base = f"{{{base}}}" if base.startswith(tuple(rf"\{accent}" for accent in ACCENTS)) else base
    return Term(f"{base}^{braced(b.text)}", PRODUCT, a.names | b.names)


def call(name: str) -> Callable[..., Term]:
    """Makes a function whose name is written in front of its arguments."""

    def written(*arguments: Term) -> Term:
        names = frozenset[str]().union(*(argument.names for argument in arguments))
        return Term(name + parenthesized(", ".join(argument.text for argument in arguments)), PRODUCT, names)

    return written


def between(left: str, right: str) -> Callable[[Term], Term]:
    """Makes a function that is written around its argument."""

    def written(a: Term) -> Term:
        return ZERO if a.number == 0 else replace(a, text=f"{left}{a.text}{right}", level=PRODUCT, number=None)

    return written


def compare(sign: str) -> Callable[[Term, Term], Term]:
    """Makes a comparison, which is written between its two sides."""

    def written(a: Term, b: Term) -> Term:
        return Term(f"{a.text} {sign} {b.text}", CASES, a.names | b.names)

    return written


def where(condition: Term, x: Term, y: Term) -> Term:
    """Writes the choice between two terms."""
    if x == y:
        return x
    rows = rf"{x.text} & \text{{if }} {condition.text} \\ {y.text} & \text{{otherwise}}"
    return Term(rf"\begin{{cases}} {rows} \end{{cases}}", CASES, condition.names | x.names | y.names)


def newton_schulz(x: Term, steps: Term) -> Term:
    """Writes the matrix that so many Newton-Schulz steps give."""
    written = call(rf"\operatorname{{NS}}_{braced(steps.text)}")
    return replace(written(x), names=x.names | steps.names)


def iteration(steps: Term, coefficients: Sequence[float], eps: Term) -> str:
    """Writes what Newton-Schulz steps do to a matrix X.

    Args:
        steps: How many there are.
        coefficients: Those of the polynomial.
        eps: The floor under the norm.

    Returns:
        LaTeX.
    """
    x, square = Term("X"), Term(r"X X^{\top}", PRODUCT)
    length = FUNCTIONS["norm"](x)
    start = divide(x, length if eps.number == 0 else FUNCTIONS["maximum"](length, eps))
    step = ZERO
    for a, matrix in zip(coefficients, (x, multiply(square, x), Term(r"(X X^{\top})^2 X", PRODUCT)), strict=True):
        step = (subtract if a < 0 else add)(step, multiply(number(abs(a)), matrix))
    return (
        rf"\operatorname{{NS}}_{braced(steps.text)} : \; X \leftarrow {start.text} \text{{ and then }} {steps.text} "
        rf"\text{{ times }} X \leftarrow {step.text}"
    )


def clamp(x: Term, low: Term, high: Term) -> Term:
    """Writes a term between two bounds."""
    return ZERO if low.number == high.number == 0 else call(r"\min")(call(r"\max")(x, low), high)


FUNCTIONS: dict[str, Callable[..., Term]] = {
    "sqrt": between(r"\sqrt{", "}"),
    "absolute": between(r"\lvert ", r" \rvert"),
    "abs": between(r"\lvert ", r" \rvert"),
    "norm": between(r"\lVert ", r" \rVert"),
    "global_norm": between(r"\lVert ", r" \rVert_{\text{all}}"),
    "mean": call(r"\operatorname{mean}"),
    "rows": call(r"\operatorname{rows}"),
    "columns": call(r"\operatorname{columns}"),
    "where": where,
    "sign": call(r"\operatorname{sign}"),
    "maximum": call(r"\max"),
    "minimum": call(r"\min"),
    "max": call(r"\max"),
    "min": call(r"\min"),
    "clamp": clamp,
    "divide": divide,
    "times": multiply,
    "exp": call(r"\exp"),
    "log": call(r"\log"),
    "cos": call(r"\cos"),
    "sin": call(r"\sin"),
    "tanh": call(r"\tanh"),
    "square": lambda a: power(a, number(2)),
    "normal": lambda *_: Term(r"\mathcal{N}(0, 1)", PRODUCT),
}
"""How the functions that `update` may call are written, by name."""

COMPARISONS: dict[type[ast.cmpop], Callable[[Term, Term], Term]] = {
    ast.Gt: compare(">"),
    ast.Lt: compare("<"),
    ast.GtE: compare(r"\geq"),
    ast.LtE: compare(r"\leq"),
}

OPERATORS: dict[type[ast.operator], Callable[[Term, Term], Term]] = {
    ast.Add: add,
    ast.Sub: subtract,
    ast.Mult: multiply,
    ast.Div: divide,
    ast.Pow: power,
}
