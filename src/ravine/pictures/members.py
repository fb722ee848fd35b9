"""What more networks bring: the score of ensembles against the forward passes that an example then costs."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from scipy.optimize import isotonic_regression

from ..diagnose.refits import more_networks, one_of_each
from ..numbers import in_words, is_share, number, unit
from .answers import answers, named_metrics
from .axes import axis, scaled
from .canvas import clipped, heading, line, plain, sheet
from .colors import SHEET, WORDS, Look, looks
from .scales import Floats, Scale, scale
from .source import Source

title = "What more networks bring"

TOP, BOTTOM = 40, 46
NAME = 19
"""The height of a name, in pixels."""
FAN = 0.09
"""How much of the width lies between the names and the first pass, where lines part to their scores."""
INK = Look(WORDS, "solid", "diamond")
EACH = "one of each"
HALO = ", ".join([f"0 0 3px {SHEET.light}"] * 4)
"""Keeps the lines behind a word apart from it."""
WORDS_OF = {"runs": "seeds: {}", "members": "networks of one seed: {}", "each": "methods: {}"}
COUNTS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500)
"""The passes that are labeled."""


class Line(NamedTuple):
    """Scores of ensembles of a kind.

    Attributes:
        method: The method; empty for one run of each.
        of: "runs", "members" of one run, or "each".
        passes: Forward passes that an example costs.
        scores: The scores.
    """

    method: str
    of: str
    passes: np.ndarray
    scores: Floats


class Members(NamedTuple):
    """All lines by one measure, in the order of cross-validation.

    Attributes:
        measure: What is measured.
        higher_is_better: Its direction.
        lines: The lines.
    """

    measure: str
    higher_is_better: bool
    lines: tuple[Line, ...]


def info(source: Source) -> tuple[Members, ...]:
    """Scores the ensembles that a study's refits make.

    Args:
        source: The study.

    Returns:
        The lines by the metric and by the proper score, where both have a name that tells what they are; nothing where
        no outputs are kept, or no line would have two points.
    """
    targets, said, metrics = source.targets(), answers(source), named_metrics(source)
    if targets is None or not said or not metrics:
        return ()
    cost = {name: known.get("networks", 1) for name, known in source.inference().items()}
    members = source.members()
    given = targets, source.kind, metrics
    found = {(name, "runs"): more_networks(each, *given, cost.get(name, 1)) for name, each in said.items()}
    found |= {(name, "members"): more_networks(members[name], *given) for name in said if name in members}
    found |= {("", "each"): one_of_each(said, *given, cost)} if len(said) > 1 else {}
    if max(len(each.passes) for each in found.values()) < 2:
        return ()
    return tuple(
        Members(in_words(metric.name), metric.higher_is_better, tuple(
            Line(name, of, each.passes, each.scores[:, place]) for (name, of), each in found.items()
        ))
        for place, metric in enumerate(metrics)
    )  # fmt: skip


def how_to_read(info: Members) -> str:
    """Says how to read the picture."""
    seeds = max(len(each.scores) for each in info.lines if each.of == "runs")
    first = (
        "What ensembles score on the test set against the forward passes that an example then costs: each line is the "
        f"mean over all ensembles of 1 to {seeds} of a method's fresh seeds"
    )
    parts = [first]
    if any(each.of == "members" for each in info.lines):
        parts.append("a broken line parts its first seed into the networks that it predicts by")
    if any(each.of == "each" for each in info.lines):
        parts.append(
            f'"{EACH}" takes one seed of each method, the best first by cross-validation, never by the test set'
        )
    return (
        f"{'; '.join(parts)}. No ensemble here cost further training: the networks were trained to judge the methods, "
        "and what an ensemble buys is paid at inference."
    )


def draw(info: Members) -> go.Figure:
    """Draws one line for each kind of ensemble; names stand at the left, each where its method's line begins.

    Args:
        info: The lines.

    Returns:
        The figure.
    """
    values = np.concatenate([each.scores for each in info.lines])
    places = scale(values, info.measure, info.higher_is_better)
    methods = list(dict.fromkeys(each.method for each in info.lines if each.method))
    height = max(420, TOP + BOTTOM + NAME * (len(methods) + 2))
    figure = sheet(height)
    vertical = scaled(places, *_ends(places.place(values)))
    if "tickformat" in vertical and places.share:
        vertical["tickformat"] = ".2~%"  # nearly equal methods differ by less than a percent
    begins = _begins(info, methods, places)
    labels = _spread(np.array(list(begins.values()))[:, 1], vertical["range"], NAME / (height - TOP - BOTTOM))
    most = max(float(each.passes[-1]) for each in info.lines)
    left, share = most**-FAN, is_share(info.measure)
    look = looks(methods)
    for (name, (x, y)), label in zip(begins.items(), labels, strict=True):
        thin = {"color": f"{look[name].color.light}88", "width": 1}
        figure.add_trace(line(look[name], name, [left, x], [label, y], line=thin, hoverinfo="skip", yaxis="y2"))
    for each in info.lines:
        figure.add_trace(_line(each, look.get(each.method, INK), places, share))
    figure.update_layout(
        title=heading(plain(places.title)),
        showlegend=False,
        margin={"t": TOP, "b": BOTTOM},
        xaxis=_across(left, most),
        yaxis=axis(showgrid=True, side="right", **vertical),
        yaxis2=axis(
            overlaying="y", matches="y", side="left", ticks="", showline=False, tickmode="array", tickvals=list(labels),
            ticktext=[clipped(name, 18) for name in begins],
        ),
    )  # fmt: skip
    return figure


def _ends(heights: Floats) -> tuple[float, float]:
    known = heights[np.isfinite(heights)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)


def _begins(info: Members, methods: Sequence[str], places: Scale) -> dict[str, tuple[float, float]]:
    """Where each method's leftmost point is: of the networks of one run, where it predicts by several."""
    found = {}
    for name in methods:
        mine = min((each for each in info.lines if each.method == name), key=lambda each: each.passes[0])
        found[name] = (float(mine.passes[0]), float(places.place(mine.scores[0])))
    return found


def _spread(heights: Floats, within: Sequence[float], share: float) -> Floats:
    """Moves names apart as little as it takes: the least squares of all moves, by isotonic regression."""
    gap = share * (within[1] - within[0])
    known = np.where(np.isfinite(heights), heights, within[0])
    order = np.argsort(known, kind="stable")
    steps = gap * np.arange(len(order))
    low, high = within[0] + gap / 2, within[1] - gap / 2
    moved = np.empty(len(order))
    moved[order] = np.clip(isotonic_regression(known[order] - steps).x, low, max(low, high - steps[-1])) + steps
    return moved


def _line(each: Line, look: Look, places: Scale, share: bool) -> go.Scatter:
    """A thin line with a dot for each size; the end of a method's seeds, and of one of each, has a mark."""
    count, heights = len(each.scores), places.place(each.scores)
    scores = [number(float(score), 2 if share else 4, share=share) + unit(share) for score in each.scores]
    said = [[WORDS_OF[each.of].format(k), score] for k, score in enumerate(scores, 1)]
    ends = each.of != "members"
    marker = {
        "color": look.color.light,
        "symbol": ["circle"] * (count - 1) + [look.symbol if ends else "circle"],
        "size": [4] * (count - 1) + [9 if ends else 4],
        "opacity": 1,
        "line": {"width": 0},
    }
    # A method's own dash would be mistaken for the broken line of its networks; name, color and mark tell it here.
    dash = "solid" if ends else "dash"
    style = {"color": look.color.light, "dash": dash, "width": 2.5 if look is INK else 1.5}
    asked = "<b>%{fullData.name}</b><br>%{customdata[0]}, passes: %{x}<br>%{customdata[1]}<extra></extra>"
    side = "top left" if heights[-1] >= heights[-2:][0] else "bottom left"  # off the line's own last piece
    words = {
        "mode": "lines+markers+text", "text": [""] * (count - 1) + [f"<b>{EACH}</b>"], "textposition": side,
        "textfont": {"color": WORDS.light, "size": 13, "shadow": HALO}, "cliponaxis": False,
    } if look is INK else {"mode": "lines+markers"}  # fmt: skip
    return line(
        look, each.method or EACH, each.passes, heights, marker=marker, line=style, customdata=said,
        hovertemplate=asked, **words,
    )  # fmt: skip


def _across(left: float, most: float) -> dict[str, Any]:
    """A logarithmic axis, since the tenth network brings less than the second."""
    counts = [*(count for count in COUNTS if 1.25 * count < most), round(most)]
    reach = [np.log10(left), np.log10(most) * (1 + FAN / 3)]
    words = {"title_text": "forward passes that an example costs"}
    return axis(type="log", range=reach, tickvals=counts, ticktext=[str(count) for count in counts]) | words
