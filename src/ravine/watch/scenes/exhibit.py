"""What a scene of the gallery holds: words, the numbers that prove them, and what is drawn."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...functions import Surface
from ...numbers import MINUS

Floats = NDArray[np.float64]

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

THEORY = "theory"
"""The name of every line that no method walked: it is what was known before."""


class Proof(NamedTuple):
    """A number that was measured, and what it has to be for the scene's story to hold.

    Attributes:
        what: What was measured.
        value: What came out.
        low: The smallest value that agrees with the story.
        high: The largest one.
        claim: The bounds in words, and where they come from.
    """

    what: str
    value: float
    low: float
    high: float
    claim: str

    @property
    def holds(self) -> bool:
        """Whether the number is what it has to be."""
        return self.low <= self.value <= self.high

    @property
    def shown(self) -> str:
        """The number as text: whole, or with four digits, or with two and a power of ten."""
        size = abs(self.value)
        if self.value == round(self.value) and size < 1e5:
            return f"{self.value:.0f}".replace("-", MINUS)
        if 1e-4 <= size < 1e5:
            return f"{self.value:#.4g}".removesuffix(".").replace("-", MINUS)
        digits, _, power = f"{self.value:.1e}".partition("e")
        return f"{digits} × 10{str(int(power)).translate(RAISED)}".replace("-", MINUS)


def near(what: str, value: float, expected: float, within: float, claim: str) -> Proof:
    """Holds a number to one that is known without running anything.

    Args:
        what: What was measured.
        value: What came out.
        expected: What is known.
        within: How far it may lie off, in units of both.
        claim: What is known, in words.

    Returns:
        The proof.

    >>> near("the floor", 0.99, 1.0, 0.02, "1, within 0.02").holds
    True
    """
    return Proof(what, value, expected - within, expected + within, claim)


def at_least(what: str, value: float, bound: float, claim: str) -> Proof:
    """Holds a number to a bound from below.

    Args:
        what: What was measured.
        value: What came out.
        bound: The bound.
        claim: The bound in words.

    Returns:
        The proof.
    """
    return Proof(what, value, bound, math.inf, claim)


def at_most(what: str, value: float, bound: float, claim: str) -> Proof:
    """Holds a number to a bound from above.

    Args:
        what: What was measured.
        value: What came out.
        bound: The bound.
        claim: The bound in words.

    Returns:
        The proof.
    """
    return Proof(what, value, -math.inf, bound, claim)


def beside(what: str, losses: Floats, known: float) -> Proof:
    """Holds the mean loss of runs at their end to the exact one.

    Args:
        what: What was measured.
        losses: The losses at the end, one per run.
        known: The expected loss.

    Returns:
        The proof, which allows for three standard errors of the mean.
    """
    error = max(3 * float(losses.std(ddof=1)) / math.sqrt(len(losses)), 1e-9 * known)
    margin = f" ± {error:.2g}, three standard errors" if error > 1e-6 * known else ", as there is no noise"
    claim = f"{known:.4g} by the exact moments{margin}"
    return Proof(what, float(losses.mean()), known - error, known + error, claim)


class Line(NamedTuple):
    """A curve: who it belongs to, and its points."""

    name: str
    x: Any
    y: Any


@dataclass(frozen=True, eq=False)
class Curves:
    """Numbers against what they cost.

    Attributes:
        title: What goes up.
        across: What goes to the right.
        lines: The curves; those called `THEORY` are drawn thin, over pale bands of the others.
        scales: The scale along both axes, "linear" or "log".
        bounds: The lowest and the highest number that is drawn; None for all.
    """

    title: str
    across: str
    lines: tuple[Line, ...]
    scales: tuple[str, str] = ("linear", "log")
    bounds: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Map:
    """Courses on a surface.

    Attributes:
        title: What is seen.
        surface: What they move on.
        walks: Who walked, and where they stood, `[k + 1, 2]`.
        box: The part of the surface that is drawn; all of its box where None.
        dotted: Whether every step is marked.
    """

    title: str
    surface: Surface
    walks: tuple[tuple[str, Floats], ...]
    box: tuple[tuple[float, float], tuple[float, float]] | None = None
    dotted: bool = True


@dataclass(frozen=True, eq=False)
class Exhibit:
    """One scene of the gallery.

    Attributes:
        key: Its name in the page's address.
        title: What it shows, as a sentence.
        how_to_read: How to read the picture, in two sentences.
        panels: What is drawn, from left to right.
        settings: Who is drawn, in order, and at which settings.
        proofs: The numbers that prove the title.
        families: The method that someone is one of, by name, where the name does not begin with it.
    """

    key: str
    title: str
    how_to_read: str
    panels: tuple[Curves | Map, ...]
    settings: tuple[tuple[str, str], ...]
    proofs: tuple[Proof, ...]
    families: Mapping[str, str] = field(default_factory=dict)
