"""The report: one self-contained HTML file that opens from disk and asks nothing of the network."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from ravine.numbers import count, duration, probability
from ravine.pictures import augmented, pairs, strip
from ravine.pictures.colors import looks
from ravine.pictures.source import Source

from .code import colored
from .gallery import dark, data, harmless, plates
from .mathml import only_mathematics
from .reported import Reported, remembering
from .rows import leaderboard, roles
from .standalone import HERE, environment, guard, style_of, write_page


def write(study: Reported, path: Path) -> Path:
    """Writes the report; a file that is there already is replaced in one step.

    Args:
        study: The study, finished or not.
        path: Where the file is to lie.

    Returns:
        The path.
    """
    return write_page(path, html(study))


def html(study: Reported) -> str:
    """Makes the report's page.

    Args:
        study: The study, finished or not.

    Returns:
        HTML with its style, its scripts and its numbers inside.
    """
    study = remembering(study)
    drawn = plates(study)
    scripts = [get_plotlyjs(), (HERE / "page.js").read_text(encoding="utf-8")]
    board = leaderboard(study)
    return _templates().get_template("page.html").render(
        study=study,
        sentences=list(study.sentences()),
        facts=facts(study),
        board=board,
        roles=roles(study),
        strips=_strips(study),
        looks=looks(row.method for row in board.rows),
        verdicts=[info for info in (pairs.info(study), pairs.info(study, proper=True)) if info.pairs],
        plates=drawn,
        images=augmented.info(study),
        equations={name: Markup(only_mathematics(text)) for name, text in study.equations().items()},
        code=_code(study.train_this_way()),
        style=style_of(HERE / "page.css"),
        scripts=[Markup(script) for script in scripts],
        allowed=guard(scripts),
        data=Markup("".join(data(drawn))),
        dark=Markup(harmless(json.dumps(dark()))),
    )  # fmt: skip


def _templates() -> Environment:
    found = environment()
    found.globals |= {"augmented": augmented, "effect": pairs.effect, "words": pairs.WORDS}
    found.filters |= {"probability": probability, "breakable": breakable}
    return found


def breakable(setting: str) -> Markup:
    """Lets a setting break after its signs of equality, where a line is too short for it.

    Args:
        setting: Text such as `weight_decay=0.001`.

    Returns:
        The text, escaped, with places to break.
    """
    return Markup("=<wbr>").join(setting.split("="))


def _strips(study: Reported) -> dict[str, Any]:
    """Draws both columns of strips, with the ends of their scales."""
    score, proper = strip.info(study), strip.info(study, proper=True)
    return {
        "score": {name: Markup(strip.draw(score, row)) for row, name in enumerate(score.methods)},
        "proper": {name: Markup(strip.draw(proper, row, 110)) for row, name in enumerate(proper.methods)},
        "score_ends": strip.ends(score),
        "proper_ends": strip.ends(proper),
    }


def _code(texts: Mapping[str, str]) -> list[tuple[str, str, Markup]]:
    names = {"ravine": "Ravine", "pytorch": "Plain PyTorch", "command": "Command line"}
    return [
        (key, names[key], colored(texts[key], "shell" if key == "command" else "python"))
        for key in names
        if texts.get(key)
    ]


def facts(study: Source) -> list[tuple[str, str]]:
    """Counts what stands behind the verdict.

    Args:
        study: The study.

    Returns:
        Numbers and what they count.
    """
    table = study.table()
    search, tuned = table[table["stage"] == "search"], table[table["stage"] == "tuned"]
    settings = search.groupby("method")["setting"].nunique().max() if len(search) else 0
    known = [
        (table["method"].nunique(), "method", "methods"),
        (settings, "setting of each, at most", "settings of each, at most"),
        (search["fold"].nunique(), "fold", "folds"),
        (tuned["seed"].nunique(), "fresh seed", "fresh seeds"),
        (len(table), "run", "runs"),
    ]
    numbers = [(f"{number}", one if number == 1 else many) for number, one, many in known]
    numbers.append((count(float(table["evaluations"].sum())), "gradient evaluations"))
    return [*numbers, (duration(float(table["seconds"].sum())), "of training in all")]
