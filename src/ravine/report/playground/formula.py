"""The formula of a surface as the page draws it: in pieces, between which a narrow window may break the line."""

import re

from latex2mathml.converter import convert
from markupsafe import Markup

from ...functions import Surface
from ...pictures.trajectories import letters
from ..mathml import only_mathematics

BREAK = re.compile(r"(?:(?<=\))|(?<=\)\^\d)) (?=\()| (?=[+-] )|[{}()]")
"""Between two factors in parentheses, before a plus or a minus; and the brackets that tell what is inside others."""


def formula(surface: Surface) -> Markup:
    """Draws the formula of a surface, and behind it the numbers for the letters in it.

    Args:
        surface: The surface.

    Returns:
        One equation for each piece; pieces that belong together share a span.
    """
    span, between = Markup("<span>{}</span>"), Markup("<wbr>")
    drawn = between.join(span.format(between.join(map(_drawn, parts))) for parts in pieces(surface.formula))
    return Markup(", ").join([drawn, *map(_drawn, letters(surface))])


def pieces(formula: str) -> list[list[str]]:
    """Cuts a formula where a line may break: between its terms, and between factors in parentheses.

    Args:
        formula: The formula in LaTeX.

    Returns:
        Its terms and factors, each cut in turn between the factors inside it. One that begins with a plus or a minus
        has an empty group before it, so that this stays an operator between two terms.

    >>> pieces(r"(1 - x)^2 + 100 (y - x^2)^2")
    [['(1 - x)^2'], ['{} + 100 (y - x^2)^2']]
    >>> pieces(r"(1 + (x + y)^2 (2 - x)) (3 + e^{-2 (x + y)})")
    [['(1 + (x + y)^2', '(2 - x))'], ['(3 + e^{-2 (x + y)})']]
    """
    found, braces, parentheses, begun = [[""]], 0, 0, 0
    for match in BREAK.finditer(formula):
        braces += (match[0] == "{") - (match[0] == "}")
        parentheses += (match[0] == "(") - (match[0] == ")")
        is_factor = formula.startswith("(", match.end())
        if match[0] != " " or braces or (parentheses and not is_factor):
            continue
        found[-1][-1] += formula[begun : match.start()]
        begun, begin = match.end(), "" if is_factor else "{} "
        if parentheses:
            found[-1].append(begin)
        else:
            found.append([begin])
    found[-1][-1] += formula[begun:]
    return found


def _drawn(piece: str) -> Markup:
    return Markup(only_mathematics(convert(piece)))
