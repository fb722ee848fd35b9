"""One look for each method, the same in every picture: a color, a dash and a marker.

Color is never the only cue, and the colors stay apart for people who see fewer of them. The closest two of the eleven
are 0.088 apart in OKLab on light paper and 0.093 on dark, the least over normal sight and the three dichromacies of
Machado, Oliveira & Fernandes 2009; of the eight of Okabe & Ito 2008, "Color Universal Design", the closest two are
0.076 apart. Each has a contrast of at least 3 to its paper, as WCAG 2.2 (1.4.11) asks.
"""

import zlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

PAPER = {"light": "#ffffff", "dark": "#15181c"}
"""What the colors are drawn on."""

INK = {"light": "#1b1d21", "dark": "#e9e8e4"}
"""What words are written in."""


class Color(NamedTuple):
    """A color in its two forms, as `#rrggbb`."""

    light: str
    dark: str


class Look(NamedTuple):
    """How a method is drawn: its color, and in words of plotly its dash and its marker."""

    color: Color
    dash: str
    symbol: str


WORDS = Color(INK["light"], INK["dark"])
FAINT_WORDS = Color("#5b5f66", "#a5a9ae")
GRID = Color("#e4e4e0", "#2c3137")
AXIS = Color("#9a9da3", "#6a6f76")
SHEET = Color(PAPER["light"], PAPER["dark"])

QUIET = (WORDS, FAINT_WORDS, GRID, AXIS, SHEET)
"""The colors that belong to no method."""

COLORS = {
    "ink": Color("#111111", "#f6f6f3"),
    "gray": Color("#5f6068", "#a3a39f"),
    "blue": Color("#1c2a9e", "#529ffb"),
    "sky": Color("#149bd7", "#4fe3fb"),
    "green": Color("#2f8f6b", "#98d390"),
    "olive": Color("#9f951d", "#f7e01f"),
    "orange": Color("#b05a00", "#f18a0a"),
    "red": Color("#a00d18", "#ec3014"),
    "pink": Color("#ef47a6", "#cb55b5"),
    "violet": Color("#9138dd", "#8450f5"),
    "brown": Color("#452008", "#986f60"),
}

KNOWN = {
    "yours": Look(COLORS["ink"], "solid", "cross"),
    "sgd": Look(COLORS["gray"], "solid", "circle"),
    "momentum": Look(COLORS["blue"], "solid", "square"),
    "nesterov": Look(COLORS["sky"], "dash", "diamond"),
    "adagrad": Look(COLORS["green"], "solid", "triangle-up"),
    "adadelta": Look(COLORS["olive"], "dash", "triangle-down"),
    "rmsprop": Look(COLORS["orange"], "solid", "pentagon"),
    "adam": Look(COLORS["red"], "solid", "star"),
    "adamw": Look(COLORS["pink"], "dash", "hexagram"),
}
"""The methods that are compared by default, and the user's own recipe: the same look in every study."""

LATER = {
    "nadam": Look(COLORS["violet"], "solid", "star-diamond"),
    "radam": Look(COLORS["brown"], "solid", "hexagon"),
    "adamax": Look(COLORS["green"], "dash", "bowtie"),
    "lion": Look(COLORS["olive"], "solid", "hourglass"),
    "lars": Look(COLORS["sky"], "solid", "triangle-right"),
    "lamb": Look(COLORS["orange"], "dash", "triangle-left"),
    "lbfgs": Look(COLORS["violet"], "dash", "octagon"),
    "newton": Look(COLORS["brown"], "dash", "diamond-tall"),
    "newton_cg": Look(COLORS["sky"], "dot", "star-diamond"),
    "bfgs": Look(COLORS["pink"], "dot", "bowtie"),
    "sr1": Look(COLORS["green"], "dot", "hourglass"),
    "nonlinear_cg": Look(COLORS["orange"], "dot", "hexagon"),
    "gradient_descent": Look(COLORS["gray"], "dot", "triangle-left"),
}
"""The other methods that have a name: two have a color of their own, and the others share one.

More colors cannot be told apart, so that dash and marker tell these apart from whom they share with; and no two of
those that search share one, since they are watched together.
"""

DASHES = ("solid", "dash", "dot", "dashdot")
SYMBOLS = (
    "star-diamond", "hourglass", "bowtie", "triangle-left", "triangle-right", "hexagon", "octagon", "diamond-tall",
)  # fmt: skip
OTHERS = tuple(color for name, color in COLORS.items() if name != "ink")


def looks(methods: Iterable[str], families: Mapping[str, str] | None = None) -> dict[str, Look]:
    """Gives every method of a study its look.

    A method that has a name wears its color everywhere, and so does every variant of it: the first of a family in its
    own dash and marker, further ones in the next dash and marker that are free. The look of any other follows from its
    name; where two would look the same, the later one in the alphabet takes the next look that is free.

    Args:
        methods: The names, in any order.
        families: The method that each is a variant of, by name, where it does not bear that name itself.

    Returns:
        The look of each, no two with the same color and dash as long as there are at most four of a family, and at most
        forty unknown names.

    >>> looks(["adam", "mine"])["adam"].dash
    'solid'
    >>> [look.dash for look in looks(["Clip(Adam())", "adam"], {"Clip(Adam())": "adam"}).values()]
    ['dash', 'solid']
    """
    names, known = list(methods), KNOWN | LATER
    family = {name: name.lower() if name.lower() in known else (families or {}).get(name, "") for name in names}
    given: dict[str, Look] = {}
    for name in sorted(family, key=lambda name: (name != family[name], name)):
        if family[name] in known and known[family[name]] not in given.values():
            given[name] = known[family[name]]
    for name in sorted(set(family) - set(given)):
        if family[name] in known:
            given[name] = _variant(known[family[name]], given.values())
    for name in sorted(set(family) - set(given)):
        given[name] = _free(name, given.values())
    return {name: given[name] for name in names}


def _variant(look: Look, taken: Iterable[Look]) -> Look:
    """The same color in another dash, of no other method if there is one, and with another marker."""
    taken, own = list(taken), DASHES.index(look.dash)
    pairs, named = ({each[:2] for each in some} for some in (taken, (KNOWN | LATER).values()))
    free = [dash for dash in DASHES[own + 1 :] + DASHES[:own] if (look.color, dash) not in pairs]
    dashes = sorted(free, key=lambda dash: (look.color, dash) in named) or [look.dash]
    shapes = [{each.symbol for each in some} for some in (taken, [e for e in taken if e.color == look.color], ())]
    symbol = next(symbol for used in shapes for symbol in SYMBOLS if symbol not in used)
    return Look(look.color, dashes[0], symbol)


def _free(name: str, taken: Iterable[Look]) -> Look:
    """Walks all looks from the one that the name points to; colors that nobody has come first."""
    start, size = zlib.crc32(name.encode()), len(OTHERS) * len(DASHES)
    circle = [_look((start + step) % size) for step in range(size)]
    colors = {look.color for look in taken}
    pairs = {(look.color, look.dash) for look in taken}
    unused = [look for look in circle if look.color not in colors]
    distinct = [look for look in circle if (look.color, look.dash) not in pairs]
    return (unused or distinct or circle)[0]


def _look(number: int) -> Look:
    """Numbers all pairs of color and dash; neighbors differ in color."""
    color, dash = OTHERS[number % len(OTHERS)], DASHES[number // len(OTHERS)]
    return Look(color, dash, SYMBOLS[number % len(SYMBOLS)])
