"""What would settle an undecided pair: more seeds, or more test examples, and how little such a forecast is worth."""

import math
from dataclasses import dataclass
from typing import Any

from .crossed import Moments, Squares

FACTOR = 10
"""How far off a need estimated from a handful of seeds may be: of 31 seeds, from 5, it came out from 4 to 620."""
MOST = 100_000
"""Beyond this many seeds or examples nobody goes."""


@dataclass(frozen=True)
class Components:
    """Where a pair's uncertainty comes from: variances of the mean difference, and the half-width they made."""

    seeds: float
    """The part that more seeds shrink."""
    examples: float
    """The part that only more test examples shrink."""
    half: float
    seeds_count: int
    examples_count: int

    @classmethod
    def of(cls, squares: Squares, k: int, half: float, sums: Moments) -> "Components":
        """Parts the variance of one pair.

        Args:
            squares: Mean squares of all pairs.
            k: Which pair.
            half: Half of its interval.
            sums: The scores' moments.

        Returns:
            The parts.
        """
        cells = sums.seeds_count * sums.examples_count
        at: Any = (..., k)
        seeds = float(squares.seeds[at]) / cells
        examples = max(0.0, float(squares.examples[at] - squares.residual[at])) / cells
        return cls(seeds, examples, half, sums.seeds_count, sums.examples_count)


def settling(parts: Components, gain: float, matters: float) -> str:
    """Says what would settle a pair, if its difference is as large as it looks.

    Args:
        parts: Where its uncertainty comes from.
        gain: The difference, without its sign.
        matters: The smallest difference that matters; 0 for any.

    Returns:
        A sentence.

    >>> settling(Components(1e-6, 1e-8, 0.004, 5, 2000), 0.002, 0.0)
    'If the difference is as it looks, some 20 seeds would settle it: a forecast that may be off by a factor of 10.'
    """
    # Either it is shown to lie beyond zero, or inside the zone that does not matter: whichever is nearer.
    room = max(gain, matters - gain)
    total = parts.seeds + parts.examples
    if room <= 0 or total <= 0:
        return "The two score alike: no number of seeds or examples would part them."
    shrink = (room / parts.half) ** 2  # what the variance has to be multiplied by
    left = shrink * total - parts.examples
    if left > 0 and parts.seeds > 0:
        return _said(parts.seeds_count * parts.seeds / left, "seeds", parts.seeds_count)
    return _said(parts.examples_count / shrink, "test examples", parts.examples_count, "; more seeds alone would not")


def _said(need: float, what: str, present: int, beside: str = "") -> str:
    if need > MOST:
        return f"If they differ at all, it is by less than any practical number of {what} would show."
    need = max(need, present + 1.0)
    rounded = int(max(round(need, -math.floor(math.log10(need))), present + 1))  # one digit says enough
    return (
        f"If the difference is as it looks, some {rounded} {what} would settle it{beside}: "
        f"a forecast that may be off by a factor of {FACTOR}."
    )
