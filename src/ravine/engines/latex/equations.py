"""What the equations of a rule are, as lines of LaTeX and as MathML for a page."""

import html
import re

from latex2mathml.converter import convert

from ...part import meanings
from ...rules import Rule, Split, Wrapper
from .decisions import UnwritableError
from .letters import letter
from .source import Page, gradient_points


def equations(rule: Rule) -> list[str]:
    r"""Writes what one step of a rule computes.

    Args:
        rule: The rule; its flags decide which of its lines apply, and its numbers are written as letters.

    Returns:
        One LaTeX line per assignment, in order; a single sentence where the source is not at hand or does what
        no equation shows.

    >>> from ravine.rules import Momentum
    >>> for line in equations(Momentum()):
    ...     print(line)
    g \leftarrow \nabla f(p)
    v \leftarrow \rho v + g
    p \leftarrow p - \alpha v
    """
    known = letters(rule)
    try:
        lines = [rf"g \leftarrow \nabla f({point.text})" for point in gradient_points(rule, known)]
        Page(rule, (), known, lines).update()
    except UnwritableError as reason:
        return [_sentence(f"{type(rule).__name__} has no equations to show: {reason}")]
    return [*lines, *_prediction(rule)]


def mathml(rule: Rule) -> str:
    """Writes the equations of a rule for a web page, which draws them without any script.

    Args:
        rule: The rule.

    Returns:
        One `<math>` block per line; a paragraph where there are no equations to show.
    """
    return "\n".join(_drawn(line) for line in equations(rule))


def _drawn(line: str) -> str:
    sentence = re.fullmatch(r"\\text\{([^{}]*)\}", line)
    return f"<p>{html.escape(sentence[1])}</p>" if sentence else convert(line, display="block")


def letters(rule: Rule) -> dict[tuple[str, ...], str]:
    r"""Gives every numeric field of a rule its letter, for a legend beside the equations.

    Args:
        rule: The rule.

    Returns:
        LaTeX by the field's place; a letter that is taken gets a prime.

    >>> from ravine.rules import SGD, Decay
    >>> letters(Decay(SGD(), l2=0.1))
    {('l1',): '\\lambda_1', ('l2',): '\\lambda_2', ('rule', 'lr'): '\\alpha'}
    """
    given: dict[tuple[str, ...], str] = {}
    for path, name in _fields(rule, ()):
        written = letter(name)
        while written in given.values():
            written += "'"
        given[path] = written
    return given


def _fields(rule: Rule, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    here = [
        ((*path, name), name)
        for name, known in meanings(rule).items()
        if known.interval is not None and getattr(rule, name) is not None
    ]
    for name in ("rule", "others"):  # the rules that a wrapper holds
        inside = getattr(rule, name, None)
        here += _fields(inside, (*path, name)) if isinstance(inside, Rule) else []
    return here


def _prediction(rule: Rule) -> list[str]:
    while isinstance(rule, Wrapper) and rule.predict_with is None:
        if isinstance(rule, Split):
            return list(dict.fromkeys([*_prediction(rule.rule), *_prediction(rule.others)]))
        rule = rule.rule
    return [] if rule.predict_with is None else [rf"\text{{predict with }} {letter(rule.predict_with)}"]


def _sentence(text: str) -> str:
    for special in "\\", "{", "}":
        text = text.replace(special, " ")
    return rf"\text{{{text}}}"
