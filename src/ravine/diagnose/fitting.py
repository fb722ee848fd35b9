"""Under- and over-fitting, named with the evidence: what is missed on the examples learned from, and on others."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..numbers import in_words, short
from .interval import Interval

if TYPE_CHECKING:
    from .learning_curve import LearningCurve

MATTERS = 0.05
"""The share of what guessing misses below which a part of the error is called small."""


@dataclass(frozen=True)
class Fitting:
    """Whether a network is too simple for its data or learns them by heart.

    `name` is "over-fitting", "under-fitting", "neither" or "undecided".
    """

    name: str
    sentence: str


def fitting(curve: LearningCurve) -> Fitting:
    """Judges the largest size of a learning curve.

    What is missed on other examples, above the floor, is what is missed on those learned from, and the gap between
    the two. Over-fitting is a gap that is surely there and is the larger part; under-fitting, a larger part that is
    missed already on the examples learned from, and is more than 5 % of what guessing misses.

    Args:
        curve: The curve.

    Returns:
        The verdict.
    """
    learned, other = curve.at("train_proper"), curve.at("proper")
    guessing = curve.chance if math.isfinite(curve.chance) else float(curve.values("proper")[0].mean())
    floor = curve.floor or 0.0
    small = MATTERS * max(guessing - floor, 0.0)
    missed, gap = learned.value - floor, curve.gap
    if gap.low > 0 and gap.value > small and gap.value >= missed:
        name = "over-fitting"
    elif missed > small and gap.high < missed:
        name = "under-fitting"
    elif missed <= small and gap.high <= small:
        name = "neither"
    else:
        name = "undecided"
    return Fitting(name, f"{_opening(name)} {_evidence(curve, learned, other, guessing)} {_advice(name, curve)}")


def _opening(name: str) -> str:
    return {
        "over-fitting": "Over-fitting, much is learned by heart:",
        "under-fitting": "Under-fitting, much is missed on the very examples learned from:",
        "neither": "Neither under- nor over-fitting:",
        "undecided": "Undecided between under- and over-fitting:",
    }[name]


def _evidence(curve: LearningCurve, learned: Interval, other: Interval, guessing: float) -> str:
    floor = "" if curve.floor is None else f", the best possible {short(curve.floor)}"
    measure = in_words(curve.proper_name)
    return (
        f"with {curve.sizes[-1]} examples {measure} is {short(learned.value)} on those learned from and "
        f"{short(other.value)} on others, a gap of {curve.gap}; guessing misses {short(guessing)}{floor}. Doubling the "
        f"data moves the {measure} on others by {curve.slope}."
    )


def _advice(name: str, curve: LearningCurve) -> str:
    falling = curve.slope.high < 0
    data = "More data would help" if falling else "That more data would help is not seen"
    if name == "over-fitting":
        return f"{data}; so may regularization, or a smaller network."
    if name == "under-fitting":
        noise = "" if curve.floor is not None else ", unless what is missed is noise, of which no floor was given"
        return f"{data}; a larger network or longer training may{noise}."
    return f"{data}." if name == "neither" else f"{data}; more seeds would tell."
