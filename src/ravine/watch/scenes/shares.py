"""The scene of dimensions: how many critical points are saddles, counted on functions where all of them are known."""

import itertools

import numpy as np
import torch

from ...functions import Rastrigin, StyblinskiTang, Surface
from .exhibit import THEORY, Curves, Exhibit, Line, Map, near

COUNTED = {"Styblinski-Tang": (StyblinskiTang, 7), "Rastrigin": (Rastrigin, 3)}
"""The functions, and the most dimensions in which every critical point is looked at."""

MOST = 12


def along(surface: Surface) -> list[float]:
    """Finds the critical points of a function of one coordinate in its box: where its slope changes sign.

    Args:
        surface: The function, n = 1.

    Returns:
        The points, in order.
    """
    low, high = surface.box[0]
    x = np.linspace(low, high, 2000)  # an even number of points: none in the middle, where a slope may be 0 itself
    left, right = (part[_turns(surface, x)] for part in (x[:-1], x[1:]))
    for _ in range(60):
        middle = (left + right) / 2
        same = np.sign(surface.gradient(middle[:, None])[:, 0]) == np.sign(surface.gradient(left[:, None])[:, 0])
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    return ((left + right) / 2).tolist()


def _turns(surface: Surface, x: np.ndarray) -> np.ndarray:
    slope = surface.gradient(x[:, None])[:, 0]
    return np.sign(slope[:-1]) * np.sign(slope[1:]) < 0


def share(kind: type[Surface], n: int) -> float:
    """Counts saddles among the critical points of a sum of functions of one coordinate each, by their Hessians.

    Args:
        kind: The function.
        n: The number of dimensions.

    Returns:
        The share of critical points that have ways down and ways up.
    """
    one = along(kind(n=1))
    places = torch.tensor(list(itertools.product(one, repeat=n)), dtype=torch.float64)
    surface = kind(n=n)
    # Every coordinate stands alone, so the Hessian is diagonal, and one product with ones is that diagonal.
    leaf = places.requires_grad_()
    (g,) = torch.autograd.grad(surface(leaf).sum(), leaf, create_graph=True)
    assert float(g.detach().abs().max()) < 1e-6
    (bends,) = torch.autograd.grad(g.sum(), leaf)
    down = (bends < 0).sum(-1)
    return float(((down > 0) & (down < n)).double().mean())


def saddles() -> Exhibit:
    """Nearly every critical point of many dimensions is a saddle."""
    n = np.arange(1, MOST + 1)
    lines, theory, proofs = [], [], []
    for name, (kind, most) in COUNTED.items():
        kinds = len(along(kind(n=1)))
        minima = (kinds + 1) // 2
        exact = 1 - (minima**n + (kinds - minima) ** n) / float(kinds) ** n
        counted = np.array([share(kind, k) for k in range(1, most + 1)])
        lines.append(Line(name, n[:most], counted))
        theory.append(Line(THEORY, n, exact))
        claim = f"1 − ({minima}ⁿ + {kinds - minima if kinds - minima > 1 else 1}ⁿ) / {kinds}ⁿ = {exact[most - 1]:.4f}"
        what = f"share of saddles in {most} dimensions, {name}"
        proofs.append(near(what, float(counted[-1]), float(exact[most - 1]), 1e-12, claim))
    return Exhibit(
        "saddles",
        "The more dimensions, the more of the critical points are saddles",
        "At a minimum every direction has to lead up, and at a maximum every one down: with each further dimension "
        "fewer of the places where the slope is zero are so lucky (stars are minima, diamonds saddles, triangles "
        "maxima). The points count all critical points by their Hessians, and the thin lines are the exact shares.",
        (
            Map("Styblinski-Tang in two dimensions", StyblinskiTang(), (), ((-4.0, 4.0), (-4.0, 4.0))),
            Curves("share of saddles", "dimensions", (*theory, *lines), ("linear", "linear"), (-0.02, 1.05)),
        ),
        tuple((name, "every critical point in its box") for name in COUNTED),
        tuple(proofs),
    )  # fmt: skip
