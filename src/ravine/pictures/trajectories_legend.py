"""The legend of a film: who is who, at which lr, and which value each has come to."""

import math
from typing import Any

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.text import Text

from .colors import FAINT_WORDS, SHEET, WORDS
from .trajectories import Track
from .trajectories_marks import DASHES, SYMBOLS

LEFT, RIGHT, FOOT = {1: 0.555, 2: 0.515}, 0.975, 0.085
"""Where the legend lies, in shares of the picture; the left edge by its number of columns."""

PITCH, MOST_ROWS, MOST_COLUMNS = 0.0365, 7, 2
"""How far apart its rows are, how many of these fit, and beyond how many columns rows come closer."""

SIZES = {1: (11.0, 10.0, 9.0), 2: (10.0, 9.0, 8.0)}
"""Sizes of its letters by the number of columns; the largest that has room for all names is taken."""

WIDEST = "4.93e−32"
"""As wide as any value is."""

GAP = 0.009
"""Room between two of its columns of words."""


class Legend:
    """Where each row stands, and how large its letters are.

    Args:
        tracks: The methods.
        figure: What it is written on.
        renderer: Knows how wide words are.
    """

    def __init__(self, tracks: tuple[Track, ...], figure: Figure, renderer: RendererAgg) -> None:
        self.figure, self.renderer = figure, renderer
        self.columns = min(math.ceil(len(tracks) / MOST_ROWS), MOST_COLUMNS)
        self.rows = min(len(tracks), max(MOST_ROWS, math.ceil(len(tracks) / MOST_COLUMNS)))
        self.pitch = PITCH * min(1.0, MOST_ROWS / self.rows)
        self.head = FOOT + PITCH * (min(self.rows, MOST_ROWS) + 0.4)
        self.left = LEFT[self.columns]
        self.width = (RIGHT - self.left) / self.columns
        self.sample = 0.036 if self.columns == 1 else 0.028
        for size in SIZES[self.columns]:
            self.size = size
            self.value = max(self._wide(word) for word in (WIDEST, "value", *(track.ended for track in tracks)))
            self.lr = max(self._wide(word) for word in ("lr", *(track.lr for track in tracks)))
            if max(self._wide(track.name) for track in tracks) <= self.room:
                break

    @property
    def top(self) -> float:
        """Where what lies above it may begin."""
        return self.head + 0.075 + PITCH * 0.6

    @property
    def room(self) -> float:
        """How wide a name may be."""
        edge = 0.0 if self.columns == 1 else GAP
        return self.width - edge - self.sample - 0.008 - self.lr - self.value - 2 * GAP

    def _wide(self, words: str) -> float:
        font = FontProperties(size=self.size)
        return self.renderer.get_text_width_height_descent(words, font, False)[0] / self.figure.bbox.width

    def _within(self, name: str) -> str:
        """A name as it is, or its beginning where there is little room."""
        if self._wide(name) <= self.room:
            return name
        kept = next(k for k in range(len(name) - 1, -1, -1) if self._wide(f"{name[:k]}…") <= self.room or not k)
        return f"{name[:kept]}…"

    def write(self, k: int, track: Track) -> Text:
        """Writes a method's row.

        Args:
            k: Its place, from 0.
            track: The method.

        Returns:
            The words in which its value is to be told, still empty.
        """
        column, row = divmod(k, self.rows)
        left, y = self.left + column * self.width, self.head - (row + 1) * self.pitch
        right = left + self.width - (GAP if column < self.columns - 1 else 0.0)
        if row == 0:
            faint: dict[str, Any] = {"size": self.size - 1, "color": FAINT_WORDS.light, "va": "baseline"}
            for x, word, side in self._across(left, right, "method", "lr", "value"):
                self.figure.text(x, self.head, word, ha=side, **faint)
        along = [left, left + self.sample / 2, left + self.sample]
        mark = Line2D(along, [y + 0.006] * 3, color=track.look.color.light, linestyle=DASHES[track.look.dash])
        mark.set(linewidth=2.2, marker=SYMBOLS[track.look.symbol], markevery=[1], markersize=8)
        mark.set_markeredgecolor(SHEET.light)
        self.figure.add_artist(mark)
        write: dict[str, Any] = {"size": self.size, "color": WORDS.light, "parse_math": False, "va": "baseline"}
        words = self._across(left, right, self._within(track.name), track.lr, "")
        return [self.figure.text(x, y, word, ha=side, **write) for x, word, side in words][-1]

    def _across(self, left: float, right: float, name: str, lr: str, value: str) -> list[tuple[float, str, str]]:
        edge = right - self.value - GAP
        return [(left + self.sample + 0.008, name, "left"), (edge, lr, "right"), (right, value, "right")]
