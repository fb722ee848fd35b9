"""The ground of trajectories for pages: its contours as paths, and the surface in space."""

import math
import re
from typing import Any

import numpy as np
import plotly.graph_objects as go
from matplotlib.figure import Figure
from matplotlib.path import Path

from ..numbers import MINUS
from .canvas import CLEAR, FONT, plain
from .colors import AXIS, FAINT_WORDS, GRID, Color
from .trajectories import Floats, Track, Trajectories, near

RAMP = (Color("#fafbfc", "#20262d"), Color("#b4c3d3", "#5d7288"))
"""The surface's colors at its lowest and its highest, on light and on dark paper."""

COARSE = 3
"""Every how many points of the grid the surface in space is drawn."""

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
        The figure: the surface first, then for each method its line and its head.
    """
    figure = go.Figure()
    x, y = info.x[::COARSE], info.y[::COARSE]
    ramp = [[k, color.light] for k, color in enumerate(RAMP)]
    figure.add_trace(
        go.Surface(
            x=x, y=y, z=_place(info, info.heights[::COARSE, ::COARSE]).round(4), colorscale=ramp, showscale=False,
            hoverinfo="skip", opacity=0.96, contours={"z": _rings(info)},
            lighting={"ambient": 0.85, "diffuse": 0.35, "specular": 0.02},
        )
    )  # fmt: skip
    for track in info.tracks:
        figure.add_traces(_lines(info, track))
    figure.update_layout(
        template="none", paper_bgcolor=CLEAR, showlegend=False, margin={"l": 0, "r": 0, "t": 0, "b": 0}, height=520,
        font={"family": FONT, "size": 12, "color": FAINT_WORDS.light}, scene=_scene(info),
    )  # fmt: skip
    return figure


def _rings(info: Trajectories) -> dict[str, Any]:
    low, high = _span(info)
    return {"show": True, "color": AXIS.light, "width": 1, "start": low, "end": high, "size": (high - low) / 14}


def _span(info: Trajectories) -> tuple[float, float]:
    """The lowest and the highest place of the ground, as powers of ten."""
    finite = info.heights[np.isfinite(info.heights)]
    return float(np.log10(info.levels[0])) - 0.3, float(np.log10(finite.max()))


def _place(info: Trajectories, heights: Floats) -> Floats:
    low, high = _span(info)
    return np.clip(np.log10(np.maximum(heights, 1e-300)), low, high)


def _lines(info: Trajectories, track: Track) -> list[go.Scatter3d]:
    color = track.look.color.light
    x, y = near(info, track.points).T
    out = (x < info.x[0]) | (x > info.x[-1]) | (y < info.y[0]) | (y > info.y[-1])
    low, high = _span(info)
    z = _place(info, track.heights) + 0.02 * (high - low)  # above the ground, not in it
    z = np.where(out, np.nan, z)
    shown = {"hoverinfo": "skip", "name": plain(track.name), "meta": {"method": track.name}}
    line = go.Scatter3d(x=x, y=y, z=z, mode="lines", line={"color": color, "width": 5}, **shown)
    inside = np.flatnonzero(~out)[-1:]
    head = {"color": color, "size": 5}
    return [line, go.Scatter3d(x=x[inside], y=y[inside], z=z[inside], mode="markers", marker=head, **shown)]


def _scene(info: Trajectories) -> dict[str, Any]:
    quiet = {"backgroundcolor": CLEAR, "gridcolor": GRID.light, "zeroline": False, "showspikes": False}
    quiet |= {"color": FAINT_WORDS.light, "nticks": 5}
    low, high = _span(info)
    powers = list(range(math.ceil(low), math.floor(high) + 1, max(1, round((high - low) / 5))))
    words = [f"10<sup>{power}</sup>".replace("-", MINUS) for power in powers]
    return {
        "xaxis": quiet | {"title": {"text": "x"}, "range": [info.x[0], info.x[-1]]},
        "yaxis": quiet | {"title": {"text": "y"}, "range": [info.y[0], info.y[-1]]},
        "zaxis": quiet | {"title": {"text": ""}, "tickvals": powers, "ticktext": words},
        "aspectmode": "manual",
        "aspectratio": {"x": 1.15, "y": 1.15, "z": 0.62},
        "camera": {"eye": {"x": -0.5, "y": -1.2, "z": 1.35}, "center": {"x": 0, "y": 0, "z": -0.12}},
    }
