"""Finding critical points of a surface: Newton's method on the gradient, from many starts."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree
from scipy.stats import qmc
from torch import Tensor

from ..errors import RavineError
from ..functions import Surface
from .classification import Classification
from .critical import classify
from .how import check_radius, check_whole

STEPS = 100
"""Newton doubles the digits with every step near a critical point, where the Hessian can be inverted; near others it
gains a bit or half of one, so that 100 steps give float64's 52."""
LONGEST = 0.1
"""The longest step, as a share of the box: a start finds what is near, and does not fly over it."""
SAME = 1e-6
"""Points nearer than that, as a share of the box, are one: twice the digits that a degenerate point is found with."""


def find_critical_points(
    surface: Surface,
    *,
    starts: int = 1024,
    box: Sequence[tuple[float, float]] | None = None,
    radius: float | None = None,
    seed: int = 0,
) -> tuple[Classification, ...]:
    """Finds critical points of all kinds, by Newton's method on the gradient from many starts.

    Plain Newton steps p = -H^-1 g go to saddles and maxima as readily as to minima. Nothing proves that there are no
    more than are found: more starts find more. A start from which g or H becomes infinite, or H cannot be inverted, is
    given up.

    Args:
        surface: The surface.
        starts: How many starts there are: the cells of a grid in one or two dimensions, where in two the number is
            rounded up to a square, else Sobol points.
        box: Where to look, one (low, high) per coordinate; the surface's own box where None.
        radius: How near is near, as for `classify`; a hundredth of the box's narrowest side where None.
        seed: Scrambles the Sobol points.

    Returns:
        What was found in the box, the lowest value first, every point classified and to its last digits.

    Raises:
        RavineError: There are no starts, or the box is none.

    >>> from ravine.functions import StrictSaddle
    >>> for found in find_critical_points(StrictSaddle()):
    ...     print(found.verdict, found.x.numpy().round(6) + 0.0)
    minimum [ 0.       -1.414214]
    minimum [0.       1.414214]
    saddle (1 direction down) [0. 0.]
    """
    if not isinstance(surface, Surface):
        raise RavineError(
            f"find_critical_points(surface): surface must be a ravine.functions.Surface, got {surface!r}: give a class "
            "with your function as its method value(self, x, y), made once, as docs/functions.md shows."
        )
    check_whole("find_critical_points", "starts", starts, 1)
    check_whole("find_critical_points", "seed", seed, 0)
    check_radius("find_critical_points", radius)
    low, high = _bounds(surface, box)
    x = _polished(surface, low + (high - low) * _places(starts, surface.dimensions, seed), high - low)
    inside = ((x >= low - SAME * (high - low)) & (x <= high + SAME * (high - low))).all(-1)
    near = 0.01 * float((high - low).min()) if radius is None else radius
    found = [classify(surface, point, radius=near) for point in _distinct(surface, x[inside], high - low)]
    return tuple(sorted((one for one in found if one.kind != "not critical"), key=lambda one: one.value))


def _bounds(surface: Surface, box: Sequence[tuple[float, float]] | None) -> tuple[Tensor, Tensor]:
    try:
        bounds = torch.tensor(surface.box if box is None else np.array(box, np.float64), dtype=torch.float64)
    except (TypeError, ValueError):
        bounds = torch.empty(0)
    if bounds.shape != (surface.dimensions, 2):
        raise RavineError(
            f"find_critical_points(box={box!r}): {surface.name} needs {surface.dimensions} pairs of (low, high)."
        )
    if not bool(torch.isfinite(bounds).all() and (bounds[:, 0] < bounds[:, 1]).all()):
        raise RavineError(f"find_critical_points(box={box!r}): every pair must be finite, with low below high.")
    return bounds[:, 0], bounds[:, 1]


def _places(starts: int, n: int, seed: int) -> Tensor:
    """Starts in the unit box, `[starts, n]`."""
    if n > 2:
        points = qmc.Sobol(n, rng=np.random.default_rng(seed)).random_base2(max(0, (starts - 1).bit_length()))
        return torch.from_numpy(points[:starts])
    along = starts if n == 1 else math.isqrt(starts - 1) + 1
    middles = (torch.arange(along, dtype=torch.float64) + 0.5) / along
    return torch.cartesian_prod(*[middles] * n).reshape(-1, n)


def _polished(surface: Surface, x: Tensor, size: Tensor) -> Tensor:
    """Where Newton's method ends from each start, without those from which it ends nowhere."""
    step = torch.full_like(x, torch.inf)
    for _ in range(STEPS):
        g = surface.gradient(x)
        newton, failed = torch.linalg.solve_ex(surface.hessian(x), -g)
        newton = torch.where((failed > 0)[:, None] & (g != 0).any(-1, keepdim=True), torch.nan, newton)
        step = torch.where((g == 0).all(-1, keepdim=True), 0.0, newton)  # it is there, whatever H is
        kept = torch.isfinite(step).all(-1)
        x, step = x[kept], step[kept]
        length = (step / size).norm(dim=-1, keepdim=True)
        x = x + step * (LONGEST / length).clamp(max=1)
        if bool((length <= torch.finfo(x.dtype).eps).all()):
            break
    return x[((step / size).abs() <= SAME).all(-1)]


def _distinct(surface: Surface, x: Tensor, size: Tensor) -> Tensor:
    """One of all points that are the same, that of the smallest gradient."""
    x = x[surface.gradient(x).norm(dim=-1).argsort(stable=True)]
    # First by rounding, which leaves a handful of each, then those that rounding put on two sides of an edge.
    _, first = np.unique((x / size / SAME).round().numpy(), axis=0, return_index=True)
    x = x[np.sort(first)]
    if not len(x):
        return x
    pairs = KDTree((x / size).numpy()).query_pairs(2 * SAME, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(x), len(x)))
    group = connected_components(graph, directed=False)[1]
    return x[np.sort(np.unique(group, return_index=True)[1])]
