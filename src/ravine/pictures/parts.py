"""What the error of a study's refits is made of: what they miss together, and what they scatter."""

from typing import Any, NamedTuple

import plotly.graph_objects as go

from ..diagnose.decomposition import Decomposition, Term
from ..diagnose.refits import parts
from ..numbers import in_words, is_share, number, short, unit
from .answers import answers
from .axes import axis
from .canvas import clipped, heading, line, plain, sheet
from .colors import AXIS, FAINT_WORDS, SHEET, WORDS, Look, looks
from .source import Source

title = "What the error is made of"

ROW = 38
"""The height of one method, in pixels."""
THICK = 0.42
"""The thickness of a bar, as a share of that."""
UNDER = (0.31, 0.41)
"""How far under the middle of a row the lines of bias and variance stand."""


class Row(NamedTuple):
    """The error of one method's refits.

    Attributes:
        method: The method.
        error: The mean error of a refit.
        bias: What they miss together, and what no method could avoid.
        variance: What their scatter adds; negative where it helps.
        refits: How many there are.
    """

    method: str
    error: Term
    bias: Term
    variance: Term
    refits: int


class Parts(NamedTuple):
    """The rows of all methods by one loss, the best by cross-validation on top.

    Attributes:
        measure: The loss, in words.
        rows: The rows.
        missing: Methods of which fewer than two refits did not diverge.
    """

    measure: str
    rows: tuple[Row, ...]
    missing: tuple[str, ...]


def info(source: Source) -> tuple[Parts, ...]:
    """Parts the test error of every method's refits.

    Args:
        source: The study.

    Returns:
        The parts of the Brier score and of the share of wrong labels, or of the squared error; nothing where no
        outputs are kept, or only the user's loss knows what they mean.
    """
    targets, said = source.targets(), answers(source)
    found = {name: parts(each, targets, source.kind) for name, each in said.items() if len(each) > 1}
    missing = tuple(name for name in source.summary()["method"] if name not in found)
    measures = dict.fromkeys(measure for each in found.values() for measure in each)
    return tuple(
        Parts(in_words(measure), tuple(_row(name, each[measure]) for name, each in found.items()), missing)
        for measure in measures
    )


def _row(method: str, found: Decomposition) -> Row:
    return Row(method, found.error, found.bias, found.variance_effect, found.members)


def how_to_read(info: Parts) -> str:
    """Says how to read the picture."""
    missing = f" Too few refits of {', '.join(info.missing)} stayed finite to tell." if info.missing else ""
    return (
        "A bar up to its upright mark is the mean test error of a method's fresh seeds: full is bias, what they miss "
        "together (the noise of the data included), pale is variance, what they scatter and many of them together "
        "would spare. The seeds differ by initial weights, order and luck on the same training data; the scatter over "
        "other training samples is not in it (bias_variance measures both). Thin lines reach one standard error, of "
        "bias above, of variance beneath, and move together, since all methods meet the same examples; an open piece "
        f"is variance that takes error away, as scatter does where most seeds are wrong.{missing}"
    )


def draw(info: Parts) -> go.Figure:
    """Draws one bar for each method.

    Args:
        info: The rows.

    Returns:
        The figure.
    """
    figure = sheet(90 + ROW * len(info.rows))
    look, share = looks(row.method for row in info.rows), is_share(info.measure)
    for height, row in enumerate(info.rows):
        figure.add_traces(_traces(row, height, look[row.method], share))
    ends = [0.0, *(end for row in info.rows for place, reach in _lines(row) for end in (place, *reach))]
    room = 0.04 * (max(ends) - min(ends))
    figure.update_layout(
        title=heading(plain(f"{info.measure}, lower is better: full bias, pale variance")),
        showlegend=False,
        barmode="overlay",
        xaxis=axis(
            showgrid=True, range=[min(ends) - room * (min(ends) < 0), max(ends) + room], zeroline=True,
            zerolinecolor=AXIS.light, tickformat=".2~%" if share else "",
        ),
        yaxis=axis(
            range=[len(info.rows) - 0.4, -0.6], ticks="", tickvals=list(range(len(info.rows))),
            ticktext=[clipped(row.method) for row in info.rows],
        ),
    )  # fmt: skip
    return figure


def _traces(row: Row, height: int, look: Look, share: bool) -> list[Any]:
    color, taken = look.color.light, row.variance.value < 0
    pale = {"color": SHEET.light if taken else f"{color}55", "line": {"color": color, "width": 1.5 if taken else 0}}
    said = [f"{name} {_said(term, share)}" for name, term in zip(row._fields[1:4], row[1:4], strict=True)]
    asked = {
        "customdata": ["<br>".join(said)],
        "hovertemplate": f"<b>%{{fullData.name}}</b>, {row.refits} seeds<br>%{{customdata}}<extra></extra>",
    }
    bias = _bar(row, height, 0.0, row.bias.value, marker={"color": color, "line": {"width": 0}}, **asked)
    variance = _bar(row, height, row.bias.value, row.variance.value, marker=pale, **asked)
    thin = [
        line(look, row.method, reach, [height + under] * 2, line={"color": FAINT_WORDS.light, "width": 1},
             hoverinfo="skip")
        for (_, reach), under in zip(_lines(row), UNDER, strict=True)
    ]  # fmt: skip
    upright = {"symbol": "line-ns-open", "size": 24, "color": WORDS.light, "line": {"width": 1.5}}
    mark = line(look, row.method, [row.error.value], [height], mode="markers", marker=upright, **asked)
    return [bias, variance, *thin, mark]


def _lines(row: Row) -> list[tuple[float, tuple[float, float]]]:
    """Where bias ends, and variance, each with one standard error of its own about it; no error is below zero."""
    ends = (row.bias.value, row.bias.standard_error), (row.error.value, row.variance.standard_error)
    return [(place, (max(place - error, min(place, 0.0)), place + error)) for place, error in ends]


def _bar(row: Row, height: int, begin: float, length: float, **more: Any) -> go.Bar:
    return go.Bar(
        x=[length], base=[begin], y=[height], width=THICK, orientation="h", name=plain(row.method),
        meta={"method": row.method}, **more,
    )  # fmt: skip


def _said(term: Term, share: bool) -> str:
    if not share:
        return f"{short(term.value)} ± {short(term.standard_error)}"
    value, error = (number(each, 2, share=True) for each in term)
    return f"{value} ± {error}{unit(share)}"
