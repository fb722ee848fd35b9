"""The gallery's scenes as drawings for a page: SVG whose colors the page decides, so that one serves light and dark."""

import io
import re
from typing import Any, NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, StrMethodFormatter

from ravine.watch.scenes import THEORY, Curves, Exhibit, Line, Map

from .colors import AXIS, COLORS, FAINT_WORDS, GRID, QUIET, SHEET, WORDS, Look, looks
from .trajectories_marks import DASHES, SIZES, SYMBOLS

WIDTH, HEIGHT, MAP_HEIGHT = 5.2, 3.9, 3.9
"""Inches of a panel; the page draws an inch 72 units wide."""

STYLE: Any = {"svg.fonttype": "none", "font.family": "sans-serif", "font.size": 12, "path.simplify_threshold": 0.3}
"""Words stay words, in the page's own letters."""

FINE, LEVELS, DEEPEST = 181, 16, 1e-5
"""Points of a map along each coordinate, its contours, and the lowest of them as a share of the highest."""

RIDGE, MOST = "#8296aa", 0.6
"""The highest ground is this color, so much of it: half-way between paper and ink on light and on dark."""

RESOLUTION = 180
"""Pixels per inch of the ground, which is the only part that is not drawn in lines."""

FEW_DECADES = 300
"""Up to which ratio of its ends a logarithmic axis has numbers between the powers of ten."""

FAINTEST = 0.5
"""How strongly, at least, a course is drawn that shares its color with calmer ones."""

BAND, PALE = 3.6, 0.55
"""How wide and how strong a measured line is where a thin one tells what theory says."""

FEW_DOTS = 90
"""Up to how many steps each is marked: beyond, dots hide the line."""


class Mark(NamedTuple):
    """Who is who: a name, how it is drawn, and its setting; `look` is None for what was known before."""

    name: str
    look: Look | None
    setting: str


class Drawn(NamedTuple):
    """A panel as SVG, and what it shows."""

    title: str
    svg: str


def names(exhibit: Exhibit) -> dict[str, Look]:
    """Gives everyone in a scene a look: that of the method which it is one of.

    Args:
        exhibit: The scene.

    Returns:
        The look of each by name.
    """
    each = [name for name, _ in exhibit.settings]
    return looks(each, {name: re.split(r"[ ,]", name)[0] for name in each} | dict(exhibit.families))


def key(exhibit: Exhibit) -> tuple[Mark, ...]:
    """Tells who is who in a scene.

    Args:
        exhibit: The scene.

    Returns:
        One entry for each method, and one for theory where it is drawn.
    """
    known = names(exhibit)
    marks = [Mark(name, known[name], setting) for name, setting in exhibit.settings]
    panels = [panel for panel in exhibit.panels if isinstance(panel, Curves)]
    if any(line.name == THEORY for panel in panels for line in panel.lines):
        marks.append(Mark(THEORY, None, "known beforehand"))
    return tuple(marks)


def draw(exhibit: Exhibit) -> tuple[Drawn, ...]:
    """Draws the panels of a scene.

    Args:
        exhibit: The scene.

    Returns:
        The panels, from left to right.
    """
    known = names(exhibit)
    return tuple(
        Drawn(panel.title, _svg(panel, known, f"{exhibit.key}-{position}"))
        for position, panel in enumerate(exhibit.panels)
    )


def _svg(panel: Curves | Map, known: dict[str, Look], name: str) -> str:
    with rc_context({**STYLE, "svg.hashsalt": name, "savefig.dpi": RESOLUTION}):
        figure = Figure((WIDTH, HEIGHT))
        axes = figure.add_axes((0.115, 0.125, 0.835, 0.855))
        if isinstance(panel, Map):
            _draw_map(axes, panel, known)
        else:
            _draw_curves(axes, panel, known)
        _quiet(axes)
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return _for_page(text.getvalue(), name)


def _for_page(svg: str, name: str) -> str:
    """Cuts out what only a file needs, lets the page choose the colors, and keeps names apart between panels."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<style[^>]*>.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true">', svg, count=1)
    svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", svg)
    for color in (*COLORS.values(), *QUIET):
        svg = svg.replace(color.light, f"var({variable(color.light)})")
    return re.sub(r"\s*\n\s*", "\n", svg).strip()


def variable(color: str) -> str:
    """Names the variable of the page's style that stands for a color.

    Args:
        color: Its light form, `#rrggbb`.

    Returns:
        The name.

    >>> variable("#5f6068")
    '--c5f6068'
    """
    return f"--c{color[1:]}"


def _draw_map(axes: Axes, panel: Map, known: dict[str, Look]) -> None:
    surface = panel.surface
    (left, right), (low, high) = panel.box or surface.box
    x, y = np.linspace(left, right, FINE), np.linspace(low, high, FINE)
    heights = surface(np.stack(np.meshgrid(x, y), -1))
    heights = heights - min([point.value for point in surface.minima], default=float(heights.min()))
    levels = _levels(heights)
    ramp = [(RIDGE, MOST * k / LEVELS) for k in range(LEVELS + 1)]
    ground = axes.contourf(x, y, heights, levels, colors=ramp, extend="both")
    lines = axes.contour(x, y, heights, levels, colors=[(RIDGE, 0.5)], linewidths=0.6)
    ground.set_rasterized(True)
    lines.set_rasterized(True)
    axes.set(xlim=(left, right), ylim=(low, high))
    for points, marker, size in ((surface.minima, "*", 15), (surface.saddles, "d", 9), (surface.maxima, "^", 9)):
        inside = [point.x for point in points if left <= point.x[0] <= right and low <= point.x[1] <= high]
        for place in inside:
            axes.plot(*place, marker=marker, markersize=size, color=SHEET.light, markeredgecolor=WORDS.light, zorder=6)
    middle, reach = np.array([left + right, low + high]) / 2, np.array([right - left, high - low]) * 3
    near = {n: np.clip(points[np.isfinite(points).all(1)], middle - reach, middle + reach) for n, points in panel.walks}
    for name, loud in _loudness(near, known):
        _walk(axes, near[name], known[name], panel.dotted and len(near[name]) <= FEW_DOTS, loud)
    for _, points in panel.walks[:1]:
        axes.plot(
            *points[0], "o", markersize=9, markeredgewidth=1.8, color="none", markeredgecolor=WORDS.light, zorder=8
        )


def _levels(heights: np.ndarray) -> np.ndarray:
    finite = heights[np.isfinite(heights)]
    high = float(finite.max())
    low = max(float(np.percentile(finite, 1.5)), DEEPEST * high)
    return np.geomspace(low, high, LEVELS + 1)[:-1]


def _loudness(walks: dict[str, np.ndarray], known: dict[str, Look]) -> list[tuple[str, float]]:
    """How strongly each is drawn: of those that share a color the longest way is the faintest, and lies lowest."""
    ways = {name: float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum()) for name, points in walks.items()}
    found = []
    for name in sorted(walks, key=lambda name: -ways[name]):
        rivals = sorted((other for other in walks if known[other].color == known[name].color), key=ways.__getitem__)
        found.append((name, 1 - (1 - FAINTEST) * rivals.index(name) / max(len(rivals) - 1, 1)))
    return found


def _walk(axes: Axes, points: np.ndarray, look: Look, dotted: bool, loud: float) -> None:
    color, symbol = look.color.light, SYMBOLS[look.symbol]
    drawn: Any = {"color": color, "solid_joinstyle": "round", "clip_on": True}
    if loud == 1:
        axes.plot(*points.T, color=SHEET.light, linewidth=3.4, alpha=0.75, zorder=4)
    axes.plot(*points.T, linewidth=1.7 * loud**0.5, alpha=loud, zorder=5 if loud == 1 else 4, **drawn)
    if dotted and loud == 1:
        axes.plot(*points.T, linestyle="", marker="o", markersize=3.2, markeredgewidth=0, zorder=5, **drawn)
    size = SIZES.get(look.symbol, 10.0) * 0.85
    axes.plot(*points[-1], marker=symbol, markersize=size, markeredgecolor=SHEET.light, zorder=7, **drawn)


def _draw_curves(axes: Axes, panel: Curves, known: dict[str, Look]) -> None:
    axes.set(xscale=panel.scales[0], yscale=panel.scales[1])
    beside = any(line.name == THEORY for line in panel.lines)
    for position, line in enumerate(panel.lines):
        if line.name == THEORY:
            axes.plot(line.x, line.y, color=WORDS.light, linewidth=0.9, zorder=6)
        else:
            _curve(axes, line, known[line.name], position, beside)
    if panel.bounds is not None:
        axes.set_ylim(*panel.bounds)
    if panel.scales[0] == "linear":
        axes.set_xlim(min(line.x[0] for line in panel.lines), max(line.x[-1] for line in panel.lines))
        axes.locator_params(axis="x", nbins=6)
    axes.set_xlabel(panel.across, color=FAINT_WORDS.light)
    axes.grid(axis="y", color=GRID.light, linewidth=0.8)
    axes.minorticks_off()
    for axis, scale in zip((axes.xaxis, axes.yaxis), panel.scales, strict=True):
        low, high = axis.get_view_interval()
        if scale == "log" and high / low < FEW_DECADES:
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _curve(axes: Axes, line: Line, look: Look, position: int, beside: bool) -> None:
    """A line with a few markers on it, whose places differ from line to line, so that none hides another.

    Where theory is drawn as well, as a thin line, it is a pale band on which that can be seen.
    """
    count = len(np.asarray(line.x))
    apart = max(1, count // 5)
    every = (min(apart * (position % 4 + 1) // 5, count - 1), apart) if count > 12 else 1
    style: Any = {"linewidth": BAND, "alpha": PALE} if beside else {"linewidth": 1.9, "linestyle": DASHES[look.dash]}
    axes.plot(line.x, line.y, color=look.color.light, zorder=5, **style)
    axes.plot(
        line.x, line.y, color=look.color.light, linestyle="", marker=SYMBOLS[look.symbol], zorder=7,
        markersize=SIZES.get(look.symbol, 10.0) * 0.7, markeredgecolor=SHEET.light, markevery=every,
    )  # fmt: skip


def _quiet(axes: Axes) -> None:
    axes.tick_params(colors=FAINT_WORDS.light, labelsize=12, length=3)
    axes.spines[:].set(color=AXIS.light, linewidth=0.8)
