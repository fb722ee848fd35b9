"""The report's pictures, in order: each with its title, how to read it, its choices, and plotly's words for it."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from plotly.graph_objects import Figure

from ravine.diagnose.calibration import reliability as reliability_of
from ravine.pictures import curves, effort, gap, members, pairs, parts, rates, reliability, tuning
from ravine.pictures.colors import COLORS, QUIET
from ravine.pictures.source import Source


class Plate(NamedTuple):
    """One picture on the page.

    Attributes:
        key: Its name in the page's markup.
        title: What it shows.
        how_to_read: One sentence.
        choices: Groups of switches, each with its legend and its labels.
        figures: By the positions of the labels chosen: plotly's JSON.
    """

    key: str
    title: str
    how_to_read: str
    choices: tuple[tuple[str, tuple[str, ...]], ...]
    figures: dict[str, str]


LEAST = 15
"""How many answers a point of the reliability picture stands for, at least: the interval of fewer says nothing."""
AXES = {"by epoch": "epoch", "by evaluation": "evaluations"}


def plates(source: Source) -> dict[str, Plate]:
    """Draws all pictures of a study.

    Args:
        source: The study.

    Returns:
        The pictures that have something to show, by key.
    """
    ways = (_pairs, _curves, _tuning, _effort, _gap, _parts, _members, _reliability, _rates)
    drawn = [draw(source) for draw in ways]
    return {plate.key: plate for plate in drawn if plate is not None}


def dark() -> dict[str, str]:
    """Tells which color stands for which on dark paper.

    Returns:
        The dark form of every light color, as `#rrggbb`.
    """
    return {color.light: color.dark for color in (*COLORS.values(), *QUIET)}


def _words(figure: Figure) -> str:
    text = figure.to_json()
    assert text is not None
    return text


def _one(key: str, title: str, how_to_read: str, figure: Figure) -> Plate:
    return Plate(key, title, how_to_read, (), {"": _words(figure)})


def _curves(source: Source) -> Plate | None:
    infos = {column: curves.info(source, column) for column in curves.measures(source)}
    infos = {column: info for column, info in infos.items() if info.curves}
    if not infos:
        return None
    choices = (("measure", tuple(info.measure for info in infos.values())), ("horizontal axis", tuple(AXES)))
    figures = {
        f"{i},{j}": _words(curves.draw(info, by))
        for (i, info), (j, by) in product(enumerate(infos.values()), enumerate(AXES.values()))
    }
    return Plate("curves", curves.title, curves.how_to_read(next(iter(infos.values()))), choices, figures)


def _pairs(source: Source) -> Plate | None:
    infos = [info for info in (pairs.info(source), pairs.info(source, proper=True)) if info.pairs]
    return _measured("pairs", pairs.title, [(i.measure, pairs.how_to_read(i), pairs.draw(i)) for i in infos])


def _gap(source: Source) -> Plate | None:
    infos = [info for info in (gap.info(source), gap.info(source, "proper")) if info.rows]
    return _measured("gap", gap.title, [(i.measure, gap.how_to_read(i), gap.draw(i)) for i in infos])


def _parts(source: Source) -> Plate | None:
    return _measured(
        "parts", parts.title, [(i.measure, parts.how_to_read(i), parts.draw(i)) for i in parts.info(source)]
    )


def _members(source: Source) -> Plate | None:
    infos = members.info(source)
    return _measured("members", members.title, [(i.measure, members.how_to_read(i), members.draw(i)) for i in infos])


def _measured(key: str, title: str, drawn: list[tuple[str, str, Figure]]) -> Plate | None:
    """One picture by the metric and by the proper score, with a switch between them."""
    if not drawn:
        return None
    names = tuple(measure for measure, _, _ in drawn)
    figures = {str(position): _words(figure) for position, (_, _, figure) in enumerate(drawn)}
    return Plate(key, title, drawn[0][1], (("measure", names),), figures)


def _tuning(source: Source) -> Plate | None:
    info = tuning.info(source)
    return _one("tuning", tuning.title, tuning.how_to_read(info), tuning.draw(info)) if info.panels else None


def _effort(source: Source) -> Plate | None:
    info = effort.info(source)
    several = {method: best for method, best in info.best.items() if len(best) > 1}
    if not several:
        return None
    info = info._replace(best=several)
    return _one("effort", effort.title, effort.how_to_read(info), effort.draw(info))


def _reliability(source: Source) -> Plate | None:
    answers = source.confidences()
    methods = [name for name in source.summary()["method"] if name in answers]
    found = {name: reliability_of(*answers[name], least=LEAST) for name in methods}
    if not found:
        return None
    info = reliability.info(found)
    how = f"{reliability.how_to_read(info)} This is one fresh seed of each method."
    return _one("reliability", reliability.title, how, reliability.draw(info))


def _rates(source: Source) -> Plate | None:
    info = rates.info(source)
    return _one("rates", rates.title, rates.how_to_read(info), rates.draw(info)) if info.lr else None


def data(drawn: dict[str, Plate]) -> Iterator[str]:
    """Writes what the page's script reads.

    Args:
        drawn: The pictures.

    Yields:
        Pieces of one JSON object, harmless to HTML.
    """
    yield "{"
    for position, plate in enumerate(drawn.values()):
        figures = ",".join(f'"{key}":{words}' for key, words in plate.figures.items())
        yield harmless(f'{"," if position else ""}"{plate.key}":{{{figures}}}')
    yield "}"


def harmless(json: str) -> str:
    r"""Writes JSON so that no part of it means anything to HTML.

    Args:
        json: Valid JSON; the characters below stand in its strings only.

    Returns:
        JSON of the same value.

    >>> harmless('"</script>"')
    '"\\u003c/script\\u003e"'
    """
    for character in "<>&\u2028\u2029":
        json = json.replace(character, f"\\u{ord(character):04x}")
    return json
