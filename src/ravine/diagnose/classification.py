"""What was found of a point: whether it is critical, of which kind, and how sure that is."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..numbers import number, short
from .quadratic import Quadratic

KINDS = ("minimum", "maximum", "saddle", "degenerate", "undecided", "not critical")


@dataclass(frozen=True, eq=False, repr=False)
class Classification:
    """What was found of a point by the gradient and the Hessian there.

    "degenerate" says that second derivatives cannot tell: some directions are flat to second order, and all others
    curve the same way. Where one curves down and one up, it is a saddle, whatever the flat ones do. "undecided" says
    that too few eigenvalues were found to tell.
    """

    kind: str
    """"minimum", "maximum", "saddle", "degenerate", "undecided" or "not critical"."""
    x: Any
    """The point, in the structure that it was given in."""
    value: float
    gradient_norm: float
    """The Euclidean length of the gradient."""
    distance: float
    """How far away the quadratic has its critical point, leaving flat directions aside, in units of x. Where Lanczos'
    method found the eigenvalues and this is already too far, it is the least that it can be."""
    dimensions: int
    down: int
    """How many directions curve down for sure,"""
    flat: int
    """how many of those looked at are flat, or not sure,"""
    up: int
    """how many curve up,"""
    unknown: int
    """and of how many nothing is known: they lie between both ends of the spectrum."""
    eigenvalues: NDArray[np.float64]
    """Those of the Hessian that were found, ascending: all, or those at both ends."""
    escape: Any
    """The unit vector of the most negative curvature, in the structure of x; None where nothing curves down.

    Where there is a slope, its sign is the one that leads down it; else its largest component is positive.
    """
    trace: float
    """The sum of all eigenvalues,"""
    trace_error: float
    """and its standard error where it was estimated; 0 where it was worked out."""
    radius: float
    """How near is near, in units of x,"""
    prediction_error: float
    """and how much of the function's change at that distance the quadratic misses: 0 of a quadratic, about 1 where it
    says nothing, infinite where the function is not finite there, NaN where its changes drown in rounding."""
    evaluations: int
    """What all this cost, in gradient evaluations; a Hessian-vector product counts two."""
    model: Quadratic
    """The quadratic, as a function of a flat step."""
    notes: tuple[str, ...] = ()
    """What else should be known."""

    @property
    def verdict(self) -> str:
        """The kind, and for a saddle how many directions lead down."""
        if self.kind != "saddle":
            return self.kind
        least = "at least " if self.unknown else ""
        return f"saddle ({least}{self.down} {_directions(self.down)} down)"

    def sentences(self) -> tuple[str, ...]:
        """Gives what was found in words."""
        lowest, highest = (short(float(self.eigenvalues[end])) for end in (0, -1))
        curves = f"curvature from {lowest} to {highest}" if self.dimensions > 1 else f"curvature {lowest}"
        what = f"{self.verdict[0].upper()}{self.verdict[1:]}: f = {short(self.value)}"
        first = f"{what}, |gradient| = {short(self.gradient_norm)}, {curves}."
        return tuple(filter(None, (first, self._why(), self._between(), self._predicts(), *self.notes)))

    def _why(self) -> str:
        if self.kind == "not critical":
            least = "at least " if self.unknown else ""
            curved = f" Here {self.down} {_directions(self.down)} curve{'s' * (self.down == 1)} down."
            return (
                f"The critical point of the quadratic is {least}{short(self.distance)} away.{curved * bool(self.down)}"
            )
        if self.kind == "undecided":
            return f"Too few eigenvalues were found to tell: the signs of {self.unknown} are unknown."
        if self.kind == "degenerate":
            one = f"{self.flat} of {self.dimensions} directions {'is' if self.flat == 1 else 'are'} flat"
            return f"{one} to second order, as far as can be told, so second derivatives do not say what it is."
        flat = f"{self.flat} more {_directions(self.flat)} {'is' if self.flat == 1 else 'are'} flat to second order."
        return flat if self.flat else ""

    def _between(self) -> str:
        if not self.unknown:
            return ""
        known = self.dimensions - self.unknown
        return f"Of {self.dimensions} eigenvalues {known} are known by their sign; the others lie between those found."

    def _predicts(self) -> str:
        if not self.prediction_error < float("inf"):
            return f"At a distance of {short(self.radius)} the quadratic cannot be compared with the function."
        share = number(self.prediction_error, 1, share=True)
        return f"At a distance of {short(self.radius)} the quadratic misses {share} % of the function's change."

    def __str__(self) -> str:
        return self.sentences()[0]

    def __repr__(self) -> str:
        shown = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "model"}
        shown = {**shown, "kind": self.verdict}
        return "\n".join(["Classification", *(f"{name:>16}: {_shown(value)}" for name, value in shown.items())])


def _directions(count: int) -> str:
    return "direction" if count == 1 else "directions"


def _shown(value: Any, most: int = 200) -> str:
    """A value on one line; the middle of a long one is left out."""
    text = " ".join(str(value).split())
    return text if len(text) <= most else f"{text[: most // 2]} ... {text[-most // 2 :]}"
