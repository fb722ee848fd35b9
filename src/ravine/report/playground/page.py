"""The playground: one page in which the rules themselves move, to be picked, dragged, tuned, played and stepped.

Everything that moves is printed from the rules and the surfaces by the JavaScript engine. What the page adds is how a
course is followed and how lr is tuned; it does both as `ravine.watch` does, with the same numbers.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from ...engines.javascript import NOISE, print_rule, print_surface
from ...engines.javascript.lines import indented
from ...engines.javascript.literals import literal
from ...engines.latex import mathml
from ...functions import SURFACES, Surface
from ...part import look_up, meanings
from ...pictures import colors
from ...pictures.colors import PAPER, looks
from ...pictures.trajectories import DEEPEST, LEVELS, MOST_MARKS
from ...pictures.trajectories_axis import FEW_DECADES, FLOOR
from ...ranges import log, near_one
from ...rules import LAMB, LARS, METHODS, SAM, SGD, Nesterov, Rule, field_names
from ...watch import ground, tuning
from ...watch.method import WIDE
from ..markers import SYMBOLS
from ..mathml import only_mathematics
from ..standalone import environment, guard, style_of, write_page
from .formula import formula

HERE = Path(__file__).parent

SCRIPTS = (
    "courses", "tuning", "drawing", "map", "chart", "step", "link", "setting", "frames", "controls", "time", "handle",
    "sliders", "page",
)  # fmt: skip
"""The page's own scripts, `*.js` here, in the order in which each needs the ones before it."""

FIRST = ("sgd", "momentum", "nesterov", "adam")
"""Who is ticked when the page opens: each shows something that the one before it lacks."""

VELOCITY: Mapping[str, tuple[str, int]] = {
    **dict.fromkeys(("momentum", "nesterov"), ("v", -1)),
    "look-ahead nesterov": ("v", 1),
    **dict.fromkeys(("adam", "adamw", "adamax", "nadam", "radam", "lion"), ("m", -1)),
}
"""The slot that remembers where a method was going, and its sign: -1 where it remembers gradients, +1 steps."""

DASHES = {"solid": (), "dash": (7, 4), "dot": (2, 3), "dashdot": (8, 3, 2, 3)}
"""Plotly's dashes, in pixels."""


class Slider(NamedTuple):
    """What moves a field of a rule.

    Attributes:
        field: The field's name.
        meaning: What it is.
        kind: "lr"; "near_one" or "log" for another field that has a slider; "box" for one that is only typed.
        low: The lowest place of the slider, in powers of ten.
        high: The highest.
    """

    field: str
    meaning: str
    kind: str
    low: float = 0.0
    high: float = 0.0


def write(path: Path) -> Path:
    """Writes the playground; a file that is there already is replaced in one step.

    Args:
        path: Where the file is to lie.

    Returns:
        The path.
    """
    return write_page(path, html())


def html() -> str:
    """Makes the playground's page.

    Returns:
        HTML with its style, its scripts, its rules and its surfaces inside; it asks nothing of the network.
    """
    shown = methods()
    scripts = [_printed(shown), *((HERE / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)]
    script = "\n".join(scripts)
    return environment(HERE).get_template("page.html").render(
        surfaces=surfaces(),
        methods=shown,
        looks=looks(shown),
        sliders={name: list(sliders(rule)) for name, rule in shown.items()},
        equations={name: Markup(only_mathematics(mathml(rule))) for name, rule in shown.items()},
        formulas={name: formula(each) for name, each in surfaces().items()},
        story=story,
        settings=tuning.COARSE + tuning.FINE,
        starts=tuning.STARTS,
        style=style_of(HERE.parent / "page.css", HERE / "page.css"),
        script=Markup(script),
        allowed=guard([script]),
    )  # fmt: skip


def methods() -> dict[str, Rule]:
    """Gives the methods of the page.

    Returns:
        The rules at their defaults, by name, and two whose gradients are taken elsewhere. LARS and LAMB are not among
        them: their steps are as long as p is, so that where a surface has its origin would decide.
    """
    alone = {name: kind() for name, kind in METHODS.items() if kind not in (LARS, LAMB)}
    return {**alone, "look-ahead nesterov": Nesterov(form="look-ahead"), "sam": SAM(SGD())}


def surfaces() -> dict[str, Surface]:
    """Gives the surfaces of the page.

    Returns:
        Every surface of two coordinates that comes with Ravine, by name.
    """
    return {name: known for name, known in SURFACES.items() if known.dimensions == 2}


def story(surface: Surface) -> str:
    """Says what a surface is like.

    Args:
        surface: The surface.

    Returns:
        The first sentence of its class, without the formula, which the page draws.

    >>> story(SURFACES["ravine"])
    'Steep one way and shallow the other.'
    """
    first = (type(surface).__doc__ or surface.title).strip().splitlines()[0]
    return re.sub(r":? *`[^`]*`", "", first)


def sliders(rule: Rule) -> Iterator[Slider]:
    """Lists what moves the fields of a rule.

    Args:
        rule: The rule.

    Yields:
        One slider for each of its fields, those that are only typed last.
    """
    found = [_slider(rule, name, path) for name, path in field_names(rule).items()]
    yield from sorted(found, key=lambda slider: slider.kind == "box")


def _slider(rule: Rule, name: str, path: tuple[Any, ...]) -> Slider:
    known = meanings(look_up(rule, path[:-1]))[path[-1]]
    search = known.search
    if path[-1] == "lr":
        return Slider(name, known.text, "lr", -2, 2)
    if isinstance(search, near_one):  # from 0 on, which is without any memory
        return Slider(name, known.text, "near_one", 0, 4 if search.high > 0.999 else 3)
    if isinstance(search, log) and path[-1] == "radius":
        return Slider(name, known.text, "log", *map(float, np.log10(search.extremes())))
    return Slider(name, known.text, "box")


def _printed(shown: Mapping[str, Rule]) -> str:
    """Prints what moves, and the numbers by which a course is followed, tuned and drawn."""
    look = looks(shown)
    lines = ['"use strict";', "const METHODS = ["]
    for name, rule in shown.items():
        slot, sign = VELOCITY.get(name, (None, 0))
        known = {
            "name": name,
            "color": look[name].color._asdict(),
            "dash": DASHES[look[name].dash],
            "mark": outline(look[name].symbol),
            "velocity": slot and {"slot": slot, "sign": sign},
        }
        rows = [*(f"{key}: {literal(value)}," for key, value in known.items()), f"rule: {print_rule(rule)},"]
        lines += indented(["{", *indented("\n".join(rows).splitlines()), "},"])
    lines += ["];", "const SURFACES = ["]
    lines += [line for each in surfaces().values() for line in indented(f"{print_surface(each)},".splitlines())]
    lines += ["];", f"const KNOWN = {literal(_numbers())};", NOISE]
    return "\n".join(lines)


def _numbers() -> dict[str, Any]:
    """Gathers the numbers that the page shares with `ravine.watch` and the pictures."""
    around = np.random.default_rng(0).uniform(-tuning.AROUND, tuning.AROUND, (tuning.STARTS - 1, 2))
    quiet = {"ink": colors.WORDS, "faint": colors.FAINT_WORDS, "grid": colors.GRID, "axis": colors.AXIS}
    return {
        "first": FIRST,
        "far": ground.FAR,
        "astray": ground.ASTRAY,
        "grid": ground.GRID,
        "lr": WIDE.extremes(),
        "coarse": tuning.COARSE,
        "fine": tuning.FINE,
        "around": around.tolist(),
        "tiny": tuning.TINY,
        "last": tuning.LAST,
        "levels": LEVELS,
        "deepest": DEEPEST,
        "floor": FLOOR,
        "fewDecades": FEW_DECADES,
        "mostMarks": MOST_MARKS,
        "marks": {"minima": outline("star"), "saddles": outline("diamond"), "maxima": outline("triangle-up")},
        "quiet": {name: color._asdict() for name, color in quiet.items()},
        "paper": PAPER,
    }


def outline(mark: str) -> str:
    """Gives a marker as the path that a canvas draws.

    Args:
        mark: The marker, in words of plotly.

    Returns:
        A path of SVG around 0, 0.

    >>> outline("circle"), outline("square"), outline("diamond")
    ('M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z', 'M-4.5-4.5h9v9h-9Z', 'M0-6.5 6.5 0 0 6.5-6.5 0Z')
    """
    numbers = dict(re.findall(r'(\w+)="([^"]*)"', SYMBOLS[mark]))
    if "d" in numbers:
        return numbers["d"]
    if "r" in numbers:
        r = float(numbers["r"])
        return f"M{-r:g} 0a{r:g} {r:g} 0 1 0 {2 * r:g} 0a{r:g} {r:g} 0 1 0{-2 * r:g} 0Z"
    return f"M{numbers['x']}{numbers['y']}h{numbers['width']}v{numbers['height']}h-{numbers['width']}Z"
