"""The stage of a film: drawn once, on which the trajectories grow; 16 to 9, for slides."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import Normal, Stroke
from matplotlib.text import Text
from matplotlib.transforms import offset_copy

from ..numbers import short
from .colors import AXIS, FAINT_WORDS, GRID, SHEET, WORDS
from .trajectories import Track, Trajectories, near
from .trajectories_legend import Legend
from .trajectories_marks import DASHES, SIZES, SYMBOLS

INCHES, DPI = (12.8, 7.2), 100
"""The stage is 1280 pixels wide and 720 high; a still has twice as many."""

VALLEY, RIDGE = "#ffffff", "#b9c6d4"
"""The colors of the lowest and of the highest ground: methods crowd in the lowest, so that it is the quietest."""

AROUND = 1.6
"""How much larger a mark of the ground is where a course ends, so that it is seen around the mark of that."""

BELOW = 11.0
"""How many points below the chart a triangle says that a method is lower than it shows."""

TFRAC, FRAC = r"\tfrac", r"\frac"
"""What LaTeX has, and what matplotlib has of it."""


class Stage:
    """The stage: everything that stands still is drawn once, and `at` draws what moves over it.

    Args:
        info: What the picture shows.
        dpi: Pixels per inch.
    """

    def __init__(self, info: Trajectories, dpi: int = DPI) -> None:
        self.info = info
        self.figure = Figure(INCHES, dpi=dpi, facecolor=SHEET.light)
        self.canvas = FigureCanvasAgg(self.figure)
        self.map = self.figure.add_axes((0.045, 0.085, 0.43, 0.7645))
        self.legend = Legend(info.tracks, self.figure, self.canvas.get_renderer())
        foot = self.legend.top
        self.curves = self.figure.add_axes((0.555, foot, 0.42, 0.85 - foot))
        self._words()
        _draw_map(self.map, info)
        _draw_axes(self.curves, info)
        self.counter = self._moving(
            self.figure.text(0.975, 0.89, "", size=11, ha="right", va="baseline", color=WORDS.light)
        )
        self.under = offset_copy(self.curves.get_xaxis_transform(), self.figure, y=-BELOW, units="points")
        self.moving = [self._lines(k, track) for k, track in enumerate(info.tracks)]
        self.canvas.draw()
        self.still = self.canvas.copy_from_bbox(self.figure.bbox)

    def _moving(self, artist: Any) -> Any:
        artist.set_animated(True)
        return artist

    def _words(self) -> None:
        write: dict[str, Any] = {"color": FAINT_WORDS.light, "va": "baseline"}
        info = self.info
        head = self.figure.text(0.045, 0.937, info.title, size=19, weight="bold", color=WORDS.light, va="baseline")
        self.figure.text(0.045, 0.89, info.fairness, size=11, parse_math=False, **write)
        if info.formula:
            formula = f"${info.formula.replace(TFRAC, FRAC)}$"
            right = head.get_window_extent(self.canvas.get_renderer()).x1 / self.figure.bbox.width + 0.02
            lift, size = (0.004, 11) if "sum" in formula else (0, 14)  # a sum has words below it
            shown = self.figure.text(right, 0.937 + lift, formula, size=size, math_fontfamily="cm", **write)
            if shown.get_window_extent().x1 > 0.975 * self.figure.bbox.width:
                shown.remove()  # a formula that is longer than the stage tells nothing

    def _lines(self, k: int, track: Track) -> tuple[list[Line2D], Text]:
        """The lines of a method in both panels, their heads, and its row in the legend."""
        color, dash, symbol = track.look.color.light, DASHES[track.look.dash], SYMBOLS[track.look.symbol]
        halo = [Stroke(linewidth=3.6, foreground="#ffffffcc"), Normal()]
        line = {"color": color, "linewidth": 1.9, "solid_joinstyle": "round", "zorder": 5}
        size = SIZES.get(track.look.symbol, 10.5)
        head = {"marker": symbol, "color": color, "markersize": size, "markeredgecolor": SHEET.light, "zorder": 7}
        drawn = [
            self.map.plot([], [], linestyle=dash, path_effects=halo, **line)[0],
            self.map.plot([], [], linestyle="", marker="o", markersize=3.4, markeredgewidth=0, **line)[0],
            self.curves.plot([], [], linestyle=dash, **line)[0],
            self.map.plot([], [], linestyle="", **head)[0],
            self.curves.plot([], [], linestyle="", clip_on=False, **head)[0],
            self.curves.plot([], [], linestyle="", clip_on=False, transform=self.under, marker="v", color=color)[0],
        ]
        for each in drawn:
            each.set_animated(True)
        return drawn, self._moving(self.legend.write(k, track))

    def at(self, evaluations: float) -> np.ndarray:
        """Draws the moment at which every method had spent some evaluations.

        Args:
            evaluations: How many.

        Returns:
            The pixels, as bytes [height, width, 3].
        """
        self.canvas.restore_region(self.still)
        over = evaluations >= self.info.steps
        for track, (lines, text) in zip(self.info.tracks, self.moving, strict=True):
            self._place(track, lines, text, evaluations, over)
        self.counter.set_text(f"evaluation {round(evaluations)} of {self.info.steps}")
        for _, drawn in sorted(enumerate(self._all()), key=lambda pair: (pair[1].get_zorder(), pair[0])):
            (drawn.axes or self.figure).draw_artist(drawn)
        return np.asarray(self.canvas.buffer_rgba())[..., :3]

    def _all(self) -> list[Any]:
        return [artist for lines, text in self.moving for artist in (*lines, text)] + [self.counter]

    def _place(self, track: Track, lines: list[Line2D], text: Text, evaluations: float, over: bool) -> None:
        count, info = track.by(evaluations), self.info
        points, heights = near(info, track.points[:count]), track.heights[:count]
        ended = track.ended and count == len(track.points)
        where, stood, curve, here, there, lower = lines
        where.set_data(points[:, 0], points[:, 1])
        stood.set_data(points[:, 0], points[:, 1])
        curve.set_data(track.evaluations[:count], info.axis.placed(heights))
        here.set_data(points[-1:, 0], points[-1:, 1])
        spent = track.evaluations[count - 1 : count]
        there.set_data(spent, np.clip(heights[-1:], *info.axis))
        lower.set_data(spent, np.zeros(1))
        lower.set_visible(bool(info.axis.is_below(heights[-1])))
        if ended and (over or track.evaluations[-1] < evaluations):
            text.set_text(track.ended)
        else:
            text.set_text(short(track.heights[count - 1] + info.lowest))


def _power(tick: float) -> str:
    """A height beside its tick: as it is where it is short, else as a power of ten."""
    exponent = round(np.log10(tick))
    return f"{tick:g}" if 1e-3 <= tick < 1e4 else f"$10^{{{exponent}}}$"


def _draw_map(axes: Axes, info: Trajectories) -> None:
    ramp = LinearSegmentedColormap.from_list("ground", [VALLEY, RIDGE])(np.linspace(0, 1, len(info.levels) + 1))
    axes.contourf(info.x, info.y, info.heights, info.levels, colors=ramp, extend="both")
    axes.contour(info.x, info.y, info.heights, info.levels, colors="#8fa3b8", linewidths=0.55, alpha=0.55)
    known: dict[str, Any] = {"linestyle": "", "markeredgecolor": WORDS.light, "clip_on": False, "zorder": 6}
    for points, marker, size in ((info.minima, "*", 15), (info.saddles, "d", 9), (info.maxima, "^", 8)):
        for (x, y), covered in zip(points, info.covered(points), strict=True):
            wide = size * (AROUND if covered else 1)
            axes.plot([x], [y], marker=marker, markersize=wide, markeredgewidth=1.1, color=SHEET.light, **known)
    x, y = info.start
    axes.plot([x], [y], marker="o", markersize=9, markeredgewidth=1.8, color="none", **known)
    axes.set(xlim=(info.x[0], info.x[-1]), ylim=(info.y[0], info.y[-1]))
    axes.locator_params(nbins=6)
    _quiet(axes)
    key = [("o", "start", "none")]
    key += [("*", "minimum", SHEET.light)] if len(info.minima) else []
    key += [("d", "saddle", SHEET.light)] if len(info.saddles) else []
    key += [("^", "maximum", SHEET.light)] if len(info.maxima) else []
    handles = [
        Line2D([], [], linestyle="", marker=marker, color=fill, markeredgecolor=WORDS.light, label=label, markersize=8)
        for marker, label, fill in key
    ]
    axes.legend(
        handles=handles, loc="upper left", ncols=len(handles), frameon=True, framealpha=0.8, edgecolor="none",
        facecolor=SHEET.light, fontsize=10, handletextpad=0.1, columnspacing=0.8, borderaxespad=0.3,
        labelcolor=FAINT_WORDS.light,
    ).set_zorder(4)  # fmt: skip


def _draw_axes(axes: Axes, info: Trajectories) -> None:
    axes.set_yscale("log")
    axes.set(xlim=(0, info.steps), ylim=info.axis)
    axes.grid(axis="y", color=GRID.light, linewidth=0.8)
    axes.minorticks_off()
    axes.set_yticks(info.axis.ticks, [_power(tick) for tick in info.axis.ticks])
    axes.set_axisbelow(True)
    axes.set_title(info.above, loc="left", size=11, color=FAINT_WORDS.light)
    axes.set_xlabel("gradient evaluations", size=11, color=FAINT_WORDS.light)
    axes.locator_params(axis="x", nbins=6, integer=True)
    _quiet(axes)
    if any(info.axis.is_below(track.heights).any() for track in info.tracks):
        axes.tick_params(axis="x", pad=BELOW + 4)  # room for what points down
    axes.spines[["top", "right"]].set_visible(False)


def _quiet(axes: Axes) -> None:
    axes.tick_params(colors=FAINT_WORDS.light, labelsize=10, length=3)
    axes.spines[:].set(color=AXIS.light, linewidth=0.8)
