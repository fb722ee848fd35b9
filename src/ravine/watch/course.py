"""The course of a method: where it went, what that cost, and how it ended."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..numbers import counted, short
from .ground import Ground
from .method import Method

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Course:
    """Where a method went from one start.

    Attributes:
        method: The method.
        lr: Its lr; None where it has none or where it follows a schedule.
        points: Where it stood, [k + 1, n], from the start on: at its averaged weights, where it predicts by these.
        values: The surface there, [k + 1], without noise.
        evaluations: What it had cost to get there, [k + 1], in gradient evaluations: a gradient is 1, also one taken
            elsewhere than at the point, a Hessian-vector product 2, and a Hessian of n coordinates n such products.
        outcome: "finished"; "saddle" or "maximum", where it came to rest on one; "diverged" to where nothing comes
            back from, and higher than the start; "left" the picture; or "failed", where a search found no way on.
        sentence: How it ended.
        distance: From the end to the nearest known minimum; NaN where none is known.
    """

    method: Method
    lr: float | None
    points: Floats
    values: Floats
    evaluations: NDArray[np.int64]
    outcome: str
    sentence: str
    distance: float


def end(ground: Ground, points: Floats, values: Floats, evaluations: NDArray[np.int64]) -> tuple[int, str, str]:
    """Finds where a course ends, and how.

    Args:
        ground: What it moves on.
        points: Where it stood, [k + 1, n].
        values: The surface there.
        evaluations: What it had cost to get there.

    Returns:
        How many of the points belong to it, the outcome, and a sentence.
    """
    numbers = np.isfinite(values) & np.isfinite(points).all(-1)
    lost = np.flatnonzero(~numbers | ground.is_far(points))
    if len(lost) and (not numbers[lost[0]] or values[lost[0]] > values[0]):
        last = lost[0] if not numbers[lost[0]] else lost[0] + 1
        return int(last), "diverged", f"diverged: far outside after {counted(int(evaluations[lost[0]]), 'evaluation')}."
    last = lost[0] + 1 if len(lost) else len(values)
    place, spent = (
        ", ".join(short(each) for each in points[last - 1]),
        counted(int(evaluations[last - 1]), "evaluation"),
    )
    higher = values[last - 1] > values[0]
    if not ground.is_inside(points[last - 1]) and higher:
        return int(last), "diverged", f"diverged: out of the picture after {spent}."
    if not ground.is_inside(points[last - 1]):
        return int(last), "left", f"left the picture: at {place} after {spent}."
    return int(last), "finished", f"finished: {spent}, at {place}."


def too_small(budget: int) -> str:
    """Says why a method stands where it started.

    Args:
        budget: How many gradient evaluations it could spend at most.

    Returns:
        A sentence.

    >>> too_small(1)
    'a budget of 1 evaluation is too small for a first step.'
    """
    return f"a budget of {counted(budget, 'evaluation')} is too small for a first step."


def made(
    ground: Ground, method: Method, lr: float | None, points: Floats, values: Floats, evaluations: NDArray[np.int64],
    failed: str = "",
) -> Course:  # fmt: skip
    """Makes a course of what a method went through.

    Args:
        ground: What it moved on.
        method: The method.
        lr: Its lr.
        points: Where it stood, also beyond where it diverged.
        values: The surface there.
        evaluations: What it had cost to get there.
        failed: Why it went no further, where it failed by its own account.

    Returns:
        The course, cut where it ended.
    """
    last, outcome, sentence = end(ground, points, values, evaluations)
    if outcome == "finished" and failed:
        outcome, sentence = "failed", f"failed: {failed}"
    elif outcome == "finished" and (rest := ground.rests_on(points[last - 1])):
        outcome, sentence = rest, f"stopped on a {rest} after {sentence.removeprefix('finished: ')}"
    points, values, evaluations = points[:last], values[:last], evaluations[:last]
    distance = ground.distance(points[-1]) if last else math.nan
    return Course(method, lr, points, values, evaluations, outcome, sentence, distance)
