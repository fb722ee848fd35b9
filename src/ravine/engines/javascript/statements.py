"""Prints values of a traced program as JavaScript that reads as if it were written by hand.

A value that is used once stands where it is used, with the parentheses that it needs; one that is used again, or
would be long, gets a name.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ..trace import Node, needed
from .literals import Names, number

CHOICE, EQUALITY, ORDER, SUM, PRODUCT, POWER, SIGN, ATOM = range(8)
"""How tightly a term holds together, as JavaScript has it; nothing with a sign may be raised to a power."""

LONG = 100
"""Signs from which on a term gets a name."""


class Form(NamedTuple):
    """How an operation is written, how tightly that holds together, and how tightly what it takes must."""

    text: str
    level: int = ATOM
    takes: tuple[int, ...] = (CHOICE, CHOICE, CHOICE)


FORMS: Mapping[str, Form] = {
    "add": Form("{0} + {1}", SUM, (SUM, PRODUCT)),
    "subtract": Form("{0} - {1}", SUM, (SUM, PRODUCT)),
    "multiply": Form("{0} * {1}", PRODUCT, (PRODUCT, POWER)),
    "divide": Form("{0} / {1}", PRODUCT, (PRODUCT, POWER)),
    "power": Form("{0} ** {1}", POWER, (ATOM, POWER)),
    "negative": Form("-{0}", SIGN, (ATOM,)),
    "absolute": Form("Math.abs({0})"),
    "sqrt": Form("Math.sqrt({0})"),
    "exp": Form("Math.exp({0})"),
    "log": Form("Math.log({0})"),
    "cos": Form("Math.cos({0})"),
    "sin": Form("Math.sin({0})"),
    "sign": Form("({0} > 0) - ({0} < 0)", SUM, (SUM,)),
    "maximum": Form("Math.max({0}, {1})"),
    "minimum": Form("Math.min({0}, {1})"),
    "where": Form("{0} ? {1} : {2}", CHOICE, (EQUALITY, EQUALITY, EQUALITY)),
    "greater": Form("{0} > {1}", ORDER, (SUM, SUM)),
    "at_least": Form("{0} >= {1}", ORDER, (SUM, SUM)),
    "equal": Form("{0} == {1}", EQUALITY, (SUM, SUM)),
    "unequal": Form("{0} != {1}", EQUALITY, (SUM, SUM)),
}
"""How each operation is written. `sign` is 0 of NaN, as in PyTorch; 1 ** NaN is NaN, where PyTorch has 1."""


class Term(NamedTuple):
    """A piece of JavaScript, and how tightly it holds together."""

    text: str
    level: int

    def within(self, level: int) -> str:
        """Writes it where only what holds together so tightly may stand."""
        return self.text if self.level >= level else f"({self.text})"


def declare(
    roots: Iterable[tuple[Node, str | None]],
    known: dict[Node, str],
    names: Names,
    letter: str,
    inline: Collection[Node] = (),
) -> list[str]:
    """Prints what works out some values from others, and gives each of them a name.

    Args:
        roots: The values wanted, each with what it should be called, if anything.
        known: What values that are there already are called, every input among them; takes what the new ones are
            called. A number is called by itself.
        names: The names of the function.
        letter: What the names of other new values begin with.
        inline: Values wanted that need no name, if nothing else is worked out from them: they are "called" by what
            works them out.

    Returns:
        One line per value that got a name.
    """
    wanted = dict(roots)
    found = list(needed(list(wanted), given=list(known)))
    uses = Counter(arg for node in found for arg in node.args for _ in range(1 + (node.operation == "sign")))
    lines: list[str] = []
    terms: dict[Node, Term] = {}
    for node in found:
        term, often = _term(node, terms, known), uses[node] > (node not in wanted)
        named = often or (node not in inline if node in wanted else len(term.text) > LONG)
        if named and node.operation != "number":
            wish = wanted.get(node)
            known[node] = names.next(letter) if wish is None else names.own(wish)
            lines.append(f"const {known[node]} = {term.text};")
        else:
            terms[node] = term
            known |= {node: term.text} if node in wanted else {}
    return lines


def _term(node: Node, terms: Mapping[Node, Term], known: Mapping[Node, str]) -> Term:
    if node.operation == "number":
        return _whole(number(node.detail))
    form = FORMS[node.operation]
    args = [terms[arg] if arg in terms else _whole(known[arg]) for arg in node.args]
    if node.operation == "add" and args[1].text.startswith("-") and args[1].level >= PRODUCT:
        return Term(f"{args[0].within(SUM)} - {args[1].text[1:]}", SUM)  # the same, to the last bit
    return Term(
        form.text.format(*(arg.within(least) for arg, least in zip(args, form.takes, strict=False))), form.level
    )


def _whole(text: str) -> Term:
    """Takes a name or a number for a term."""
    return Term(text, SIGN if text.startswith("-") else ATOM)
