"""The ground of trajectories for pages: its contours as paths, and the surface in space."""

import math
import re
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from matplotlib.figure import Figure
from matplotlib.path import Path
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from ..numbers import MINUS
from .canvas import CLEAR, FONT, plain
from .colors import AXIS, FAINT_WORDS, GRID, SHEET, WORDS, Color
from .trajectories import Floats, Track, Trajectories, near

RAMP = (Color("#fafbfc", "#20262d"), Color("#b4c3d3", "#5d7288"))
"""The surface's colors at its lowest and its highest, on light and on dark paper."""

COARSE = 2
"""Every how many points of the grid the surface in space is drawn."""

OPAQUE = 0.86
"""How much the surface hides of what lies behind it."""

LIFT = 0.02
"""How far above the ground courses are drawn, and marks above all that is under them, as a share of its height."""

MARK = 0.035
"""How far a mark reaches to each side, as a share of the ground's width."""

SIDES = np.array([(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)])
"""The nine ways from a point to what is around it."""

MOST_PIECES = 6000
"""Into how many pieces a course is parted to follow the ground, about."""

UNITS = 1000
"""How wide and high the square is that contours are written in."""


def contours(info: Trajectories) -> list[str]:
    """Writes, for each level, the ground above it.

    Args:
        info: What the picture shows.

    Returns:
        Paths of SVG in a square of `UNITS`, the lowest level first; the second coordinate grows downward.
    """
    axes = Figure().add_subplot()
    x = (info.x - info.x[0]) / (info.x[-1] - info.x[0]) * UNITS
    y = (info.y[-1] - info.y) / (info.y[-1] - info.y[0]) * UNITS
    highest = float(info.heights[np.isfinite(info.heights)].max()) * 2
    heights = np.where(np.isfinite(info.heights), info.heights, highest)
    return [_svg(path) for level in info.levels for path in axes.contourf(x, y, heights, [level, highest]).get_paths()]


def _svg(path: Path) -> str:
    """Writes a path to half a unit, without the points that then coincide."""
    parts = []
    for points in path.to_polygons(closed_only=True):
        rounded = np.round(np.asarray(points)).astype(int)
        kept = rounded[np.append(True, (np.diff(rounded, axis=0) != 0).any(1))]
        steps = np.diff(kept, axis=0)
        parts.append(f"M{kept[0][0]} {kept[0][1]}l{' '.join(f'{dx} {dy}' for dx, dy in steps)}z")
    return re.sub(r" -", "-", "".join(parts))


def draw(info: Trajectories) -> go.Figure:
    """Draws the surface in space, its height on a logarithmic scale, with all courses on it.

    Args:
        info: What the picture shows.

    Returns:
        The figure: the surface first, then what is known of it and the start, and last for each method its line and its
        head, whose `meta` tell how many of the line's places are `reached` at each of the course's points, and where
        the head is then.
    """
    figure = go.Figure()
    ground = Ground.of(info)
    ramp = [[k, color.light] for k, color in enumerate(RAMP)]
    figure.add_trace(
        go.Surface(
            x=ground.x, y=ground.y, z=ground.z.round(4), colorscale=ramp, showscale=False, hoverinfo="skip",
            opacity=OPAQUE, contours={"z": _rings(info)},
            lighting={"ambient": 0.85, "diffuse": 0.35, "specular": 0.02},
        )
    )  # fmt: skip
    known = (("★", info.minima), ("◆", info.saddles), ("▲", info.maxima), ("○", info.start[None]))
    figure.add_traces([_marks(ground, sign, points) for sign, points in known if len(points)])
    for track in info.tracks:
        figure.add_traces(_lines(ground, track, near(info, track.points)))
    figure.update_layout(
        template="none", paper_bgcolor=CLEAR, showlegend=False, margin={"l": 0, "r": 0, "t": 0, "b": 0}, height=520,
        font={"family": FONT, "size": 12, "color": FAINT_WORDS.light}, scene=_scene(info),
    )  # fmt: skip
    return figure


class Ground(NamedTuple):
    """The surface as it is drawn in space, of flat pieces: what is to be seen must lie above these."""

    x: Floats
    y: Floats
    z: Floats
    lift: float

    @classmethod
    def of(cls, info: Trajectories) -> "Ground":
        """Takes it from a picture's numbers."""
        low, high = _span(info)
        z = _place(info, info.heights[::COARSE, ::COARSE])
        return cls(info.x[::COARSE], info.y[::COARSE], z, LIFT * (high - low))

    def above(self, points: Floats) -> Floats:
        """Gives places a little above it at points [k, 2], as [k, 3]; the third is NaN beside it."""
        drawn = RegularGridInterpolator((self.y, self.x), self.z, bounds_error=False, fill_value=np.nan)
        return np.column_stack([points, drawn(points[:, ::-1]) + self.lift])

    def clear(self, points: Floats) -> Floats:
        """Gives places from which a mark at points [k, 2] does not sink into the ground around them, as [k, 3]."""
        reach = MARK * np.array([self.x[-1] - self.x[0], self.y[-1] - self.y[0]])
        around = [self.above(points + reach * side)[:, 2] for side in SIDES]
        return np.column_stack([points, np.fmax.reduce(around) + self.lift])

    def along(self, points: Floats) -> tuple[Floats, NDArray[np.int64]]:
        """Leads from point to point in straight lines, and over the ground where that is in their way.

        Args:
            points: The points [k + 1, 2].

        Returns:
            Places on the way [m, 3], and how many of these belong to so many of the points.
        """
        cells = np.abs(np.diff(points, axis=0)) / [self.x[1] - self.x[0], self.y[1] - self.y[0]]
        wanted = np.maximum(cells.max(1, initial=0.0), 1.0)
        pieces = np.ceil(wanted * min(1.0, MOST_PIECES / max(wanted.sum(), 1.0))).astype(int)
        reached = np.cumsum(np.append(1, pieces))
        share, each = np.interp(np.arange(reached[-1]), reached - 1, np.arange(len(points))), np.arange(len(points))
        straight = np.stack([np.interp(share, each, one) for one in self.above(points).T], 1)
        over = self.above(straight[:, :2])
        over[:, 2] = np.fmax(over[:, 2], np.where(np.isnan(over[:, 2]), np.nan, straight[:, 2]))
        return over, reached


def _rings(info: Trajectories) -> dict[str, Any]:
    low, high = _span(info)
    return {"show": True, "color": AXIS.light, "width": 1, "start": low, "end": high, "size": (high - low) / 14}


def _span(info: Trajectories) -> tuple[float, float]:
    """The lowest and the highest place of the ground, as powers of ten."""
    finite = info.heights[np.isfinite(info.heights)]
    return float(np.log10(info.levels[0])), float(np.log10(finite.max()))


def _place(info: Trajectories, heights: Floats) -> Floats:
    low, high = _span(info)
    return np.clip(np.log10(np.maximum(heights, 1e-300)), low, high)


def _marks(ground: Ground, sign: str, points: Floats) -> go.Scatter3d:
    """What stands still, by the signs of the map."""
    x, y, z = ground.clear(points).T
    return go.Scatter3d(
        x=x, y=y, z=z, mode="text", text=[sign] * len(x), textposition="middle center", hoverinfo="skip",
        textfont={"family": FONT, "size": 18, "color": WORDS.light},
    )  # fmt: skip


def _lines(ground: Ground, track: Track, points: Floats) -> list[go.Scatter3d]:
    color, shown = track.look.color.light, {"hoverinfo": "skip", "name": plain(track.name)}
    way, reached = ground.along(points)
    x, y, z = way.round(4).T
    told = {"method": track.name, "reached": reached.tolist()}
    line = go.Scatter3d(x=x, y=y, z=z, mode="lines", line={"color": color, "width": 5}, meta=told, **shown)
    inside = np.isfinite(ground.above(points)[:, 2])
    last = np.maximum.accumulate(np.where(inside, np.arange(len(points)), 0))
    heads = ground.clear(points)[last].round(4)
    x, y, z = heads[-1:].T
    head = {"color": color, "size": 6, "line": {"color": SHEET.light, "width": 1}}
    return [line, go.Scatter3d(x=x, y=y, z=z, mode="markers", marker=head, meta={"heads": heads.tolist()}, **shown)]


def _scene(info: Trajectories) -> dict[str, Any]:
    quiet = {"backgroundcolor": CLEAR, "gridcolor": GRID.light, "zeroline": False, "showspikes": False}
    quiet |= {"color": FAINT_WORDS.light, "nticks": 5}
    low, high = _span(info)
    powers = list(range(math.ceil(low), math.floor(high) + 1, max(1, math.ceil((high - low) / 4))))
    words = [f"10<sup>{power}</sup>".replace("-", MINUS) for power in powers]
    return {
        "xaxis": quiet | {"title": {"text": "x"}, "range": [info.x[0], info.x[-1]]},
        "yaxis": quiet | {"title": {"text": "y"}, "range": [info.y[0], info.y[-1]]},
        "zaxis": quiet | {"title": {"text": "height"}, "tickvals": powers, "ticktext": words},
        "aspectmode": "manual",
        "aspectratio": {"x": 1.15, "y": 1.15, "z": 0.54},
        "camera": {"eye": {"x": -0.5, "y": -1.2, "z": 1.62}, "center": {"x": -0.06, "y": 0, "z": -0.14}},
    }
