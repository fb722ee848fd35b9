"""The report: one self-contained HTML file that opens from disk and asks nothing of the network."""

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from ravine.pictures import pairs, strip
from ravine.pictures.colors import PAPER, looks
from ravine.pictures.numbers import count, duration, probability
from ravine.pictures.source import Source

from .code import colored
from .gallery import dark, data, harmless, plates
from .markers import symbol
from .mathml import only_mathematics
from .rows import leaderboard

HERE = Path(__file__).parent


class Reported(Source, Protocol):
    """A study with its sentences: what the report reads beside the pictures' numbers."""

    def sentences(self) -> Sequence[str]:
        """The verdict in two sentences, then caveats."""
        ...

    def warnings(self) -> Sequence[str]:
        """What a reader should be warned of."""
        ...

    def protocol(self) -> Sequence[str]:
        """What was done, one sentence each."""
        ...

    def halving(self) -> Sequence[str]:
        """What halving cost."""
        ...

    def ledger(self) -> Sequence[Mapping[str, Any]]:
        """Every read of the test set."""
        ...

    def versions(self) -> Mapping[str, str]:
        """Names and versions of what it ran with."""
        ...

    def hardware(self) -> str:
        """What it ran on."""
        ...

    def equations(self) -> Mapping[str, str]:
        """MathML by method."""
        ...

    def train_this_way(self) -> Mapping[str, str]:
        """The winning recipe as "ravine", "pytorch" and "command"."""
        ...


def write(study: Reported, path: Path) -> Path:
    """Writes the report; a file that is there already is replaced in one step.

    Args:
        study: The study, finished or not.
        path: Where the file is to lie.

    Returns:
        The path.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(html(study), encoding="utf-8", newline="\n")
    unfinished.replace(path)
    return path


def html(study: Reported) -> str:
    """Makes the report's page.

    Args:
        study: The study, finished or not.

    Returns:
        HTML with its style, its scripts and its numbers inside.
    """
    study = remembering(study)
    drawn = plates(study)
    plotly, script = get_plotlyjs(), (HERE / "page.js").read_text(encoding="utf-8")
    board = leaderboard(study)
    return _environment().get_template("page.html").render(
        study=study,
        sentences=list(study.sentences()),
        facts=facts(study),
        board=board,
        strips=_strips(study),
        looks=looks(row.method for row in board.rows),
        verdicts=[info for info in (pairs.info(study), pairs.info(study, proper=True)) if info.pairs],
        plates=drawn,
        equations={name: Markup(only_mathematics(text)) for name, text in study.equations().items()},
        code=_code(study.train_this_way()),
        paper=PAPER,
        style=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        scripts=[Markup(plotly), Markup(script)],
        hashes=[_hash(plotly), _hash(script)],
        data=Markup("".join(data(drawn))),
        dark=Markup(harmless(json.dumps(dark()))),
    )  # fmt: skip


def remembering(study: Reported) -> Reported:
    """Asks a study each question once, so that all parts of a page show the same moment of it.

    Args:
        study: The study; others may still be at work on it.

    Returns:
        The same answers, remembered.
    """
    answers = {name: getattr(study, name) for name in dir(Reported) if not name.startswith("_")}
    answers |= {name: getattr(study, name) for name in Source.__annotations__}
    return cast(Reported, SimpleNamespace(**{k: cache(v) if callable(v) else v for k, v in answers.items()}))


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {"effect": pairs.effect, "words": pairs.WORDS, "symbol": symbol}
    environment.filters |= {"probability": probability}
    return environment


def _hash(script: str) -> str:
    """Names a script so that a browser runs it and no other, whatever stands in the page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


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
        (table["method"].nunique(), "methods"),
        (settings, "settings each, at most"),
        (search["fold"].nunique(), "folds"),
        (tuned["seed"].nunique(), "fresh seeds"),
        (len(table), "runs"),
    ]
    numbers = [(f"{number}", words) for number, words in known]
    numbers.append((count(table["evaluations"].sum()), "gradient evaluations"))
    return [*numbers, (duration(float(table["seconds"].sum())), "of training in all")]
