"""Trajectories: where methods went on a surface, and how far they came for what it cost."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..engines.latex.equations import letter
from ..functions import Point, Surface
from ..numbers import MISSING, short
from ..part import meanings
from ..watch import Course, Scene
from .colors import Look, looks
from .trajectories_axis import Axis, Floats, axis_of

title = "How they move"

GRID = 241
"""How many points along each coordinate the surface is worked out at."""

CLOSE, CLOSEST, ROOM = 0.35, 0.05, 1.6
"""A picture shows less than the box where all that happens, and as much again, fills less than a share of it."""

MOST_MARKS = 16
"""How many minima, saddles or maxima are marked, at most."""

UNDER = 0.02
"""How far from a mark's middle something lies under it, as a share of the picture's width."""

LEVELS = 18
"""How many contours there are."""

DEEPEST = 1e-6
"""The lowest contour, at least, as a share of the highest."""

FRAMES = 100
"""How many moments of a course a film shows, at most."""

SLOW_START = 1.5
"""Power by which a film is slow where most happens: its evaluations grow like the time to this power."""

CLAMP = 3.0
"""How many widths of the picture outside of it a line still runs: further, drawing loses its digits."""

ENDED = {
    "diverged": "diverged", "left": "left the box", "failed": "failed", "saddle": "on a saddle",
    "maximum": "on a maximum",
}  # fmt: skip
"""What stands in a value's place where a course did not go to its end, or where that is no minimum."""


class Track(NamedTuple):
    """One method's course, as it is drawn.

    Attributes:
        name: The method.
        look: How it is drawn.
        lr: Its lr in words; a dash where it has none.
        points: Where it stood [k + 1, 2].
        heights: How far above the lowest value that was [k + 1]; below zero where it is not the lowest.
        evaluations: What it had cost to get there [k + 1].
        ended: What stands in the place of its value at the end, where it failed; else empty.
    """

    name: str
    look: Look
    lr: str
    points: Floats
    heights: Floats
    evaluations: NDArray[np.int64]
    ended: str

    def by(self, evaluations: float) -> int:
        """Counts the points that it had reached for some evaluations: at least 1, the start."""
        return max(1, int(np.searchsorted(self.evaluations, evaluations, side="right")))


class Trajectories(NamedTuple):
    """What a picture of a scene shows.

    Attributes:
        title: The surface's.
        formula: Its formula in LaTeX.
        fairness: What every method was given.
        x: Where the surface was worked out along the first coordinate.
        y: And along the second.
        heights: How far the surface lies above its lowest value [y, x].
        levels: The contours, evenly spread in the logarithm.
        lowest: What heights are measured from.
        known: Whether that is the value of a minimum; else it is the lowest in the box.
        minima: Known minima in the box [m, 2].
        saddles: Known saddles in the box.
        maxima: Known maxima in the box.
        start: Where the methods started.
        steps: The budget in gradient evaluations.
        axis: The axis of heights.
        tracks: The methods' courses.
    """

    title: str
    formula: str
    fairness: str
    x: Floats
    y: Floats
    heights: Floats
    levels: Floats
    lowest: float
    known: bool
    minima: Floats
    saddles: Floats
    maxima: Floats
    start: Floats
    steps: int
    axis: Axis
    tracks: tuple[Track, ...]

    def moments(self, most: int = FRAMES) -> Floats:
        """Gives the evaluations at which a film looks at the scene: 0 first, the whole budget last, slow at first."""
        count = min(most, self.steps + 1)
        return self.steps * np.linspace(0, 1, count) ** SLOW_START

    def covered(self, points: Floats) -> NDArray[np.bool_]:
        """Tells which places [k, 2] would lie under the mark of a course's end."""
        width = [self.x[-1] - self.x[0], self.y[-1] - self.y[0]]
        ends = np.array([track.points[-1] for track in self.tracks])
        return np.asarray((np.abs(points[:, None] - ends) <= UNDER * np.array(width)).all(-1).any(-1))

    @property
    def above(self) -> str:
        """What the heights are, in words."""
        if not self.known:
            return f"value above {short(self.lowest)}, the lowest in the box"
        return f"value above {short(self.lowest)}, lower is better" if self.lowest else "value, lower is better"


def near(info: Trajectories, points: np.ndarray) -> np.ndarray:
    """Keeps points that are far outside near the picture, on their way out of it.

    Args:
        info: What the picture shows.
        points: The points [k, 2].

    Returns:
        The points, none of them further outside than a few widths.
    """
    low, high = np.array([info.x[0], info.y[0]]), np.array([info.x[-1], info.y[-1]])
    return np.clip(points, low - CLAMP * (high - low), high + CLAMP * (high - low))


def info(scene: Scene) -> Trajectories:
    """Works out what a picture of a scene shows.

    Args:
        scene: The scene.

    Returns:
        Arrays and words.
    """
    surface, lowest = scene.surface, scene.ground.lowest
    view = _view(scene)
    (left, right), (low, high) = view
    x, y = np.linspace(left, right, GRID), np.linspace(low, high, GRID)
    heights = surface(np.stack(np.meshgrid(x, y), -1)) - lowest
    minima, saddles, maxima = (np.array([point.x for point in each]).reshape(-1, 2) for each in _known(surface, view))
    names = _names([course.method.name for course in scene.courses])
    look = looks(names, {name: course.method.family for name, course in zip(names, scene.courses, strict=True)})
    tracks = tuple(_track(course, name, look[name], lowest) for name, course in zip(names, scene.courses, strict=True))
    formula = ", \\; ".join([surface.formula, *letters(surface)])
    return Trajectories(
        surface.title, formula, scene.fairness, x, y, heights, _levels(heights), lowest,
        bool(surface.minima), minima, saddles, maxima, np.array(scene.start), scene.steps,
        axis_of([track.heights for track in tracks]), tracks,
    )  # fmt: skip


def letters(surface: Surface) -> list[str]:
    r"""Gives the numbers for the letters in a surface's formula.

    Args:
        surface: The surface.

    Returns:
        Equations in LaTeX.

    >>> from ravine.functions import surface
    >>> print(*letters(surface("ravine")))
    \kappa = 100
    """
    known = ((letter(name), getattr(surface, name)) for name in meanings(surface))
    return [f"{sign} = {value:g}" for sign, value in known if sign in surface.formula]


def _view(scene: Scene) -> Floats:
    """The box; where all that happens lies in a small part of it, a square around that."""
    box = np.array(scene.surface.box)
    seen = np.vstack([course.points for course in scene.courses] + [np.array([m.x]) for m in scene.surface.minima[:1]])
    width = (box[:, 1] - box[:, 0]).min()
    middle, reach = (seen.max(0) + seen.min(0)) / 2, np.ptp(seen, axis=0).max() * ROOM
    if reach > CLOSE * width:
        return box
    half = max(reach, CLOSEST * width) / 2
    middle = np.clip(middle, box[:, 0] + half, box[:, 1] - half)
    return np.stack([middle - half, middle + half], 1)


def _known(surface: Surface, view: Floats) -> Iterator[list[Point]]:
    """Minima, saddles and maxima that are seen; of very many only the deepest, which is what methods look for."""
    for points in (surface.minima, surface.saddles, surface.maxima):
        inside = [point for point in points if (view[:, 0] <= point.x).all() and (point.x <= view[:, 1]).all()]
        many = len(inside) > MOST_MARKS
        yield [point for point in inside if point.value == surface.minima[0].value] if many else inside


def _names(typed: list[str]) -> list[str]:
    """Names a rule of a file by its class, with the file's own name or its folders where others are called so."""
    names = typed
    for keep in (1, 0):  # first without folders, then without the file
        shorter = [_short(name, keep) for name in typed]
        names = [new if shorter.count(new) == 1 else old for old, new in zip(names, shorter, strict=True)]
    return names


def _short(typed: str, file: int) -> str:
    """Leaves out the folders, and the file too, of what was typed as a file and a class in it."""
    path, colon, made = typed.partition(".py:")
    return (f"{Path(path).name}.py:{made}" if file else made) if colon else typed


def _track(course: Course, name: str, look: Look, lowest: float) -> Track:
    if course.lr is not None:
        lr = short(course.lr) if course.method.tuned else f"{short(course.lr)}, given"
    else:
        lr = "scheduled" if course.method.scheduled else MISSING
    heights = course.values - lowest
    ended = ENDED.get(course.outcome, "")
    return Track(name, look, lr, course.points, heights, course.evaluations, ended)


def _levels(heights: Floats) -> Floats:
    finite = heights[np.isfinite(heights)]
    high = float(finite.max())
    low = max(float(np.percentile(finite, 1)), DEEPEST * high)
    return np.geomspace(low, high, LEVELS + 1)[:-1]


def how_to_read(info: Trajectories) -> str:
    """Says how to read the picture."""
    origin = "" if info.known else ", the lowest value in the box, as no minimum is known"
    said = (
        "On the map each method walks from the open circle over the surface's contours, which are evenly spread in the "
        f"logarithm of the height above {short(info.lowest)}{origin}; stars are minima, diamonds saddles. The chart "
        "has that height against what it cost, in gradient evaluations: lower is better, and further left is cheaper."
    )
    if any(info.axis.is_below(track.heights).any() for track in info.tracks):
        said += (
            " A line that runs out through its bottom is lower than the chart shows, and a small triangle at the edge "
            "points there."
        )
    return said
