"""Curvature: the eigenvalues of a Hessian, all of a small one, those at both ends of a large one.

A large Hessian is never formed; it is known by its products with vectors alone (Pearlmutter 1994, "Fast Exact
Multiplication by the Hessian"), of which Lanczos' method makes eigenvalues (Lanczos 1950, "An iteration method for the
solution of the eigenvalue problem of linear differential and integral operators"), by way of ARPACK in SciPy.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh
from torch import Tensor

Floats = NDArray[np.float64]
Product = Callable[[Tensor], Tensor]
VectorProduct = Callable[[Floats], Floats]

RESIDUAL = 1e-8
"""How far H v may be from lambda v for unit v, in units of the largest |eigenvalue|, until Lanczos stops.

No eigenvalue is further off than its residual, and most are off by its square: 1e-16. In float32, whose products are
no better than 1e-7, it is 1e-5. What an end does not reach so within `PRODUCTS`, it may reach less closely: every
residual is measured in the end, whatever was asked for.
"""
PRODUCTS = 600
"""Products with vectors that one search of one end may take, or so."""
WIDTH = 160
"""How many vectors Lanczos' method keeps where 40 did not do: eigenvalues that crowd at an end need many."""
ROUNDS = 4
"""How often an end is searched again for copies of eigenvalues that are there several times."""


@dataclass(frozen=True, eq=False)
class Curvature:
    """Eigenvalues of a Hessian `[n, n]` with their eigenvectors."""

    eigenvalues: Floats
    """Those found, ascending, `[k]`."""
    vectors: Tensor
    """Their eigenvectors, unit columns `[n, k]`."""
    off: Floats
    """How far each may be off at most, `[k]`, beside rounding."""
    low: int
    """How many of them are the lowest; the others are the highest, and n - k are unknown between both."""
    missed: float
    """How far beyond the others of its end an eigenvalue may lie that was missed; infinite where a search of an end was
    cut short."""

    @property
    def largest(self) -> float:
        """The largest |eigenvalue|."""
        return float(np.abs(self.eigenvalues).max())

    def unknown(self) -> int:
        """Gives how many eigenvalues lie between those found at the low end and those found at the high end."""
        return len(self.vectors) - len(self.eigenvalues)


def dense(hessian: Tensor) -> Curvature:
    """Takes a whole Hessian apart.

    Args:
        hessian: The Hessian, `[n, n]`, symmetric.

    Returns:
        All eigenvalues and eigenvectors, worked out in float64.

    >>> dense(torch.tensor([[0.0, 2.0], [2.0, 0.0]])).eigenvalues
    array([-2.,  2.])
    """
    eigenvalues, vectors = torch.linalg.eigh(hessian.double())
    found = eigenvalues.cpu().numpy() + 0.0  # -0 is 0
    return Curvature(found, vectors.to(hessian.dtype), np.zeros_like(found), len(found), 0.0)


def lanczos(product: Product, like: Tensor, count: int, most: int, seed: int) -> Curvature:
    """Finds the lowest and the highest eigenvalues by products with vectors alone.

    More are found at the low end, up to `most`, as long as all found there are negative: how many directions lead
    down is known when the first does not.

    Args:
        product: Multiplies a vector by the Hessian.
        like: Any vector of its kind, `[n]`, n at least 3.
        count: How many to find at each end.
        most: How many to find at the low end at most.
        seed: Draws the vectors that it starts from.

    Returns:
        Eigenvalues at both ends with their eigenvectors.
    """
    n = len(like)
    luck, times = np.random.default_rng(seed), _on_arrays(product, like)
    tolerance = RESIDUAL if like.dtype == torch.float64 else 1e-5
    count = min(count, (n - 1) // 2)
    # Far from zero every eigenvalue is found with the same ease: seen from above, the lowest of H is the largest of
    # s I - H. A first look at the size of H gives s; whatever it missed, H is found by what is left of it.
    size = 1.1 * _size(times, n, luck) or 1.0
    high = _end(lambda v: times(v) + size * v, n, count, tolerance, luck)
    while True:
        low = _end(lambda v: size * v - times(v), n, count, tolerance, luck)
        lowest = size - low[0]
        if math.isinf(low[2]) or lowest.max() >= -tolerance * size or 2 * count > min(most, (n - 1) // 2):
            break
        count *= 2
    values = np.concatenate([lowest, (high[0] - size)[::-1]])  # both ends came with the largest first
    vectors = np.concatenate([low[1], high[1][:, ::-1]], axis=1)
    off = np.linalg.norm(np.stack([times(v) for v in vectors.T], 1) - vectors * values, axis=0)
    return Curvature(values, torch.as_tensor(vectors).to(like), off, len(lowest), max(low[2], high[2]))


def _on_arrays(product: Product, like: Tensor) -> VectorProduct:
    def times(v: Floats) -> Floats:
        return product(torch.as_tensor(v.ravel()).to(like)).double().cpu().numpy()

    return times


def _size(times: VectorProduct, n: int, luck: np.random.Generator) -> float:
    """The largest |eigenvalue|, to a tenth or so: Lanczos finds it first, and 10 % are added to it anyway."""
    if not times(luck.standard_normal(n)).any():  # ARPACK takes no matrix of zeros
        return 0.0
    return float(np.abs(_arpack(times, n, 1, 1e-2, luck, "LM")[0]).max())


def _end(
    times: VectorProduct, n: int, count: int, tolerance: float, luck: np.random.Generator
) -> tuple[Floats, Floats, float]:
    """The largest eigenvalues of an operator, with eigenvectors, and how far one that was missed may exceed them."""
    # In exact arithmetic Lanczos' method sees one copy of an eigenvalue that is there several times. So what was found
    # is taken out, and the rest is asked for its largest, until that is no larger than the smallest found.
    values, vectors, off = _arpack(times, n, count, tolerance, luck)
    for _ in range(ROUNDS if math.isfinite(off) else 0):
        without = _without(times, vectors)
        more, others, rest_off = _arpack(without, n, min(count, n - vectors.shape[1]), tolerance, luck)
        missed = 2 * max(off, rest_off)
        if more.max() <= values.min() + missed:
            return values, vectors, missed
        both = np.concatenate([values, more]), np.concatenate([vectors, others], axis=1)
        kept = np.argsort(both[0])[::-1][:count]
        values, vectors = both[0][kept], both[1][:, kept]
    return values, vectors, math.inf


def _without(times: VectorProduct, vectors: Floats) -> VectorProduct:
    def rest(v: Floats) -> Floats:
        v = v - vectors @ (vectors.T @ v)
        w = times(v)
        return w - vectors @ (vectors.T @ w)

    return rest


def _arpack(
    times: VectorProduct, n: int, count: int, tolerance: float, luck: np.random.Generator, which: str = "LA"
) -> tuple[Floats, Floats, float]:
    """Eigenvalues, the largest first, with eigenvectors, and how far off they may be; infinite where none came."""
    operator: Any = LinearOperator((n, n), matvec=lambda v: times(np.asarray(v).ravel()), dtype=np.float64)  # pyright: ignore[reportCallIssue]
    wide = min(WIDTH, 50_000_000 // n)  # at most 400 MB of vectors
    for loose, least in ((1, 40), (1e2, wide), (1e5, wide)):
        width = min(n, max(2 * count + 1, least))
        given: dict[str, Any] = {"ncv": width, "maxiter": 1 + PRODUCTS // (width - count)}
        start = luck.standard_normal(n)
        try:
            values, vectors = eigsh(operator, count, which=which, v0=start, tol=loose * tolerance, **given)  # pyright: ignore[reportArgumentType]
        except ArpackNoConvergence:
            continue
        order = np.argsort(values)[::-1]
        return values[order], vectors[:, order], loose * tolerance * float(np.abs(values).max())
    v = luck.standard_normal(n)
    v /= np.linalg.norm(v)
    return np.array([v @ times(v)]), v[:, None], math.inf  # its residual says that it is none


def trace(product: Product, like: Tensor, probes: int, seed: int) -> tuple[float, float]:
    r"""Estimates the trace of a Hessian, the sum of all its eigenvalues, by products with vectors alone.

    $tr H \approx \frac{1}{m} \sum_i z_i^T H z_i$ with random signs in $z_i$. Hutchinson 1990, "A stochastic estimator
    of the trace of the influence matrix for Laplacian smoothing splines".

    Args:
        product: Multiplies a vector by the Hessian.
        like: Any vector of its kind, `[n]`.
        probes: The number m of random vectors, at least 2.
        seed: Draws them.

    Returns:
        The estimate and its standard error.

    >>> trace(lambda v: 3 * v, torch.zeros(5), probes=4, seed=0)
    (15.0, 0.0)
    """
    luck = np.random.default_rng(seed)
    signs = [torch.as_tensor(luck.choice([-1.0, 1.0], len(like))).to(like) for _ in range(probes)]
    found = np.array([float(z @ product(z)) for z in signs])
    return float(found.mean()), float(found.std(ddof=1) / probes**0.5)
