"""Tuning lr on the value at the end: as many settings for every method, from several starts, none of which decides."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.stats import rankdata

from ..ranges import Range
from ..rules import Rule
from .course import Course, Floats, end
from .following import follow, of_member
from .ground import Ground
from .method import Method

COARSE, FINE = 45, 12
"""Settings tried over the whole range, and then between the neighbors of the best of these."""

STARTS = 5
"""Starts that each setting is tried from: the one that is shown, and others around it."""

AROUND = 0.25
"""How far from it the others lie, at most, in widths of the box."""

TINY = 1e-14
"""Share of the start's height below which a value counts as the minimum: about as near as rounding lets it."""

LAST = 0.1
"""Share of a course over which its end is averaged where gradients are noisy."""


class Tuned(NamedTuple):
    """What tuning found.

    Attributes:
        lr: The lr.
        courses: The course of each method at that lr, from the start that is shown.
        edge: Whether it lies at an end of its range, so that a better one may lie beyond.
    """

    lr: float
    courses: tuple[Course, ...]
    edge: bool


def tune(ground: Ground, methods: Sequence[Method], starts: Floats, evaluations: int) -> Tuned:
    """Finds the lr at which methods end lowest: one method's own, or the one that serves several of them best.

    A setting that fails from fewer starts is better, where swinging far out of the box and back is failing, too; among
    these the one with the smaller mean rank, over starts and
    methods, of the value at the end. Values that agree to six digits, or are as good as the minimum, are told apart by
    which was there first.

    Args:
        ground: What they move on.
        methods: The methods, rules whose lr is tuned.
        starts: Where each setting is tried from [s, n]; the first is the one that is shown.
        evaluations: The budget of each course.

    Returns:
        The lr and what it led to.
    """
    range_ = next(iter(methods[0].tuned.values()))
    coarse = _settings(range_, np.linspace(0, 1, COARSE))
    best = int(np.argmin(_order(_tried(ground, methods, coarse, starts, evaluations))))
    low, high = max(best - 1, 0) / (COARSE - 1), min(best + 1, COARSE - 1) / (COARSE - 1)
    fine = np.append(_settings(range_, np.linspace(low, high, FINE + 2)[1:-1]), coarse[best])
    tried = _tried(ground, methods, fine, starts, evaluations)
    chosen = int(np.argmin(_order(tried)))
    courses = tuple(
        of_member(ground, method, float(fine[chosen]), points[:, chosen, 0], values[:, chosen, 0])
        for method, (points, values) in zip(methods, tried.walked, strict=True)
    )
    return Tuned(float(fine[chosen]), courses, best in (0, COARSE - 1))


def _settings(range_: Range, places: Floats) -> Floats:
    """Settings with three digits: what is shown is what was used."""
    ends = range_.extremes()
    return np.array([min(max(float(f"{range_.at(float(u)):.3g}"), ends[0]), ends[1]) for u in places])


class _Tried(NamedTuple):
    """What settings led to: by method where they went, and by method the key of each setting and start."""

    walked: list[tuple[Floats, Floats]]
    keys: Floats


def _tried(ground: Ground, methods: Sequence[Method], rates: Floats, starts: Floats, evaluations: int) -> _Tried:
    count, tries = len(rates), len(starts)
    columns = torch.from_numpy(rates).repeat_interleave(tries), torch.from_numpy(starts).repeat(count, 1)
    walked, keys = [], []
    for method in methods:
        assert isinstance(method.part, Rule)
        points, values = follow(ground, method.part, tuple(method.tuned), *columns, evaluations)
        found = [_key(ground, points[:, k], values[:, k]) for k in range(count * tries)]
        walked.append((points.reshape(-1, count, tries, points.shape[-1]), values.reshape(-1, count, tries)))
        keys.append(np.array(found).reshape(count, tries))
    return _Tried(walked, np.array(keys))


def _key(ground: Ground, points: Floats, values: Floats) -> float:
    """How good a course is, the smaller the better: the digits of its end first, then when it was there."""
    steps = np.arange(len(values))
    last, outcome, _ = end(ground, points, values, steps)
    if outcome == "diverged" or ground.strays(points[:last]):
        return np.inf
    values = values[:last]
    tiny = TINY * max(abs(values[0] - ground.lowest), np.finfo(float).tiny)
    reached = values[-1] if ground.noisy is None else values[-max(1, round(LAST * len(values))) :].mean()
    height = max(reached - ground.lowest, tiny)
    arrival = int(np.argmax(values <= max(reached, ground.lowest) + tiny))
    return round(float(np.log10(height)), 6) * 1e9 + arrival


def _order(tried: _Tried) -> Floats:
    """A number for each setting, the smallest the best: failed starts first, then the mean rank."""
    ranks = np.apply_along_axis(rankdata, 1, tried.keys)
    failures = np.isinf(tried.keys).sum((0, 2))
    return failures * 1e6 + ranks.mean((0, 2))


def draw_starts(ground: Ground, start: Sequence[float], seed: int) -> Floats:
    """Draws the starts that lr is tuned from.

    Args:
        ground: What methods move on.
        start: The start that is shown.
        seed: Decides the others.

    Returns:
        The starts [s, n], that one first, all of them in the box.
    """
    box = np.array(ground.surface.box)
    drawn = np.random.default_rng(seed).uniform(-AROUND, AROUND, (STARTS - 1, len(start))) * (box[:, 1] - box[:, 0])
    around = np.clip(np.array(start) + drawn, box[:, 0], box[:, 1])
    return np.vstack([np.array([start], dtype=np.float64), around])
