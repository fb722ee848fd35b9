"""What tuning buys: the best score against how many settings were tried."""

from math import comb
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from ..numbers import in_words, is_share, number, unit
from .axes import axis, scaled
from .canvas import heading, line, plain, sheet
from .colors import looks
from .scales import Floats, scale
from .settings import Settings, settings
from .source import Source

title = "What tuning buys"


class Effort(NamedTuple):
    """The best score to expect after trying some of the settings.

    Attributes:
        metric: What is measured.
        higher_is_better: Its direction.
        best: By method: the expected best score after 1, 2, ... settings.
    """

    metric: str
    higher_is_better: bool
    best: dict[str, Floats]


def info(source: Source) -> Effort:
    """Works out how good each method's best setting is after trying some of them.

    Args:
        source: The study.

    Returns:
        The expected best score of each method.
    """
    found = settings(source)
    best = {name: expected_best(scores(mine, source.higher_is_better), source.higher_is_better)
            for name, mine in found.items()}  # fmt: skip
    return Effort(
        in_words(source.metric_name), source.higher_is_better, {name: line for name, line in best.items() if len(line)}
    )


def scores(found: Settings, higher_is_better: bool) -> Floats:
    """Gives every setting a score: one that diverged counts as the worst that was seen.

    Args:
        found: The settings of a method.
        higher_is_better: The direction of the score.

    Returns:
        The scores; none where every setting diverged.
    """
    sound = ~found.diverged & np.isfinite(found.mean)
    if not sound.any():
        return np.array([])
    worst = found.mean[sound].min() if higher_is_better else found.mean[sound].max()
    return np.where(sound, found.mean, worst)


def expected_best(values: Floats, higher_is_better: bool = True) -> Floats:
    """Averages the best of k values over all ways to draw k of the n, exactly, for k = 1 ... n.

    With values in ascending order, `E[best of k] = sum_i C(i-1, k-1) / C(n, k) x_i`, as in Dodge et al. 2019, "Show
    Your Work", here without replacement. https://arxiv.org/abs/1909.03004

    Args:
        values: The scores of n settings.
        higher_is_better: Which of them is the best.

    Returns:
        n numbers that never get worse.

    >>> expected_best(np.array([1.0, 2.0, 3.0])).tolist()
    [2.0, 2.6666666666666665, 3.0]
    """
    n = len(values)
    ascending = np.sort(values) if higher_is_better else np.sort(values)[::-1]
    weights = [[comb(i, k - 1) / comb(n, k) for i in range(n)] for k in range(1, n + 1)]
    return np.array(weights).reshape(n, n) @ ascending


def how_to_read(info: Effort) -> str:
    """Says how to read the picture."""
    way = "higher" if info.higher_is_better else "lower"
    return (
        f"The best cross-validation score to expect after trying that many settings, averaged over every order; {way} "
        "is better, and a line that is flat from the start belongs to a method that hardly needs tuning."
    )


def draw(info: Effort) -> go.Figure:
    """Draws one line for each method.

    Args:
        info: The expected best scores.

    Returns:
        The figure.
    """
    values = np.concatenate(list(info.best.values())) if info.best else np.array([0.0, 1.0])
    places = scale(values, info.metric, info.higher_is_better)
    share = is_share(info.metric)
    figure = sheet(360)
    look = looks(info.best)
    asked = "<b>%{fullData.name}</b><br>best of %{x}: %{customdata}<extra></extra>"
    for method, best in info.best.items():
        said = [number(value, 2 if share else 4, share=share) + unit(share) for value in best]
        x = np.arange(1, len(best) + 1)
        style = {"mode": "lines+markers", "customdata": said, "hovertemplate": asked}
        figure.add_trace(line(look[method], method, x, places.place(best), **style))
    heights = places.place(values)
    most = max((len(best) for best in info.best.values()), default=1)
    figure.update_layout(
        title=heading(plain(f"best {places.title}, of the settings tried")),
        xaxis=axis(dtick=max(1, most // 8), range=[0.7, most + 0.3]) | {"title_text": "settings tried"},
        yaxis=axis(showgrid=True, **scaled(places, float(heights.min()), float(heights.max()))),
    )
    return figure
