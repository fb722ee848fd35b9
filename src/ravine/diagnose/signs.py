"""What the signs of eigenvalues tell of a critical point, where some are not sure, or not known."""

import math

import numpy as np
from numpy.typing import NDArray

from .curvature import Curvature

UNSURE = 1e-6
"""What Lanczos' method found no better than that, as a share of the largest |eigenvalue|, is not called flat."""


def counts(signs: NDArray[np.int_], curvature: Curvature, doubt: NDArray[np.float64]) -> tuple[int, int, int, int]:
    """Counts the directions of each kind.

    Args:
        signs: The sign of each eigenvalue that was found, `[k]`; 0 where it is not sure.
        curvature: The eigenvalues.
        doubt: How large each must be to be sure, `[k]`.

    Returns:
        How many lead down, are flat, lead up, and of how many nothing is known.
    """
    down, flat, up = (int((signs == sign).sum()) for sign in (-1, 0, 1))
    between = curvature.unknown()
    if not between:
        return down, flat, up, 0
    unsure = int(((signs == 0) & (curvature.off > UNSURE * curvature.largest)).sum())
    # Those between both ends have the sign of both, where these are of one, so clearly that none that was missed has
    # another.
    edges = slice(curvature.low - 1, curvature.low + 1)
    clear = np.abs(curvature.eigenvalues[edges]) > doubt[edges] + curvature.missed
    one, other = np.where(clear, signs[edges], 0)
    if one != other or math.isinf(curvature.missed):
        return down, flat - unsure, up, between + unsure
    return down + between * (one < 0), flat + between * (one == 0), up + between * (one > 0), 0


def kind(down: int, flat: int, up: int, unknown: int) -> str:
    """Tells the kind of a critical point.

    Args:
        down: How many directions lead down,
        flat: are flat,
        up: lead up,
        unknown: and of how many nothing is known.

    Returns:
        "saddle", "degenerate", "undecided", "minimum" or "maximum".

    >>> kind(1, 5, 1, 0), kind(0, 1, 9, 0), kind(0, 0, 9, 1), kind(0, 0, 9, 0)
    ('saddle', 'degenerate', 'undecided', 'minimum')
    """
    if down and up:
        return "saddle"
    if flat:
        return "degenerate"
    if unknown:
        return "undecided"
    return "minimum" if up else "maximum"
