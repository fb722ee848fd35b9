"""Which share of critical points are saddles: nearly all, in many dimensions.

Bray & Dean 2007, "Statistics of Critical Points of Gaussian Fields on Large-Dimensional Spaces"
(https://arxiv.org/abs/cond-mat/0611023), which Dauphin et al. 2014 carried over to networks.
"""

from dataclasses import dataclass
from math import comb

import numpy as np

from ..errors import RavineError

BATCH = 10_000


@dataclass(frozen=True, eq=False)
class SaddleShare:
    """How the critical points of a function divide into kinds."""

    dimensions: int
    by_down: tuple[float, ...]
    """The share that has k directions down, k = 0 (minima), 1, ... n (maxima)."""
    error: float
    """The standard error of `saddles`; 0 where it is exact."""

    @property
    def minima(self) -> float:
        """The share of minima."""
        return self.by_down[0]

    @property
    def saddles(self) -> float:
        """The share of saddles."""
        return sum(self.by_down[1:-1], 0.0)


def styblinski_tang_share(n: int) -> SaddleShare:
    """Counts the critical points of Styblinski and Tang's function, exactly.

    Along each coordinate there are two minima and a maximum, so of its 3^n critical points C(n, k) 2^(n-k) have k
    directions down: 2^n are minima, one is a maximum, and all others are saddles.

    Args:
        n: The number of dimensions.

    Returns:
        The shares.

    >>> [round(styblinski_tang_share(n).saddles, 3) for n in (1, 2, 3, 10)]
    [0.0, 0.444, 0.667, 0.983]
    """
    _check(n, 1)
    return SaddleShare(n, tuple(comb(n, k) * 2 ** (n - k) / 3**n for k in range(n + 1)), 0.0)


def random_field_share(n: int, *, samples: int = 100_000, seed: int = 0) -> SaddleShare:
    r"""Works out how the critical points of a random function divide: a smooth Gaussian field, alike everywhere.

    By the formula of Kac and Rice a Hessian H counts with $|\det H|$ at critical points. For any such field that is
    alike in all directions H is, up to a factor, $S + z I$: S symmetric with entries of variance 1 beside the diagonal
    and 2 on it, and z another standard normal number. So the share with k negative eigenvalues is
    $E[|\det H| 1_k] / E[|\det H|]$, taken over random H, and H and -H count alike.

    Args:
        n: The number of dimensions, at most 20, where single samples begin to outweigh all others.
        samples: How many random matrices are drawn.
        seed: Draws them.

    Returns:
        The shares, with the standard error of the saddles'.

    Raises:
        RavineError: n or samples is too small or too large.

    >>> [round(random_field_share(n).saddles, 2) for n in (1, 2, 3, 6)]
    [0.0, 0.5, 0.75, 0.97]
    """
    _check(n, samples)
    if n > 20:
        raise RavineError(f"random_field_share({n}): n must be at most 20.")
    luck, weights, down = np.random.default_rng(seed), [], []
    for start in range(0, samples, BATCH):
        many = min(BATCH, samples - start)
        a = luck.standard_normal((many, n, n))
        h = (a + a.transpose(0, 2, 1)) / 2**0.5 + luck.standard_normal((many, 1, 1)) * np.eye(n)
        eigenvalues = np.linalg.eigvalsh(h)
        weights.append(np.abs(eigenvalues).prod(-1))
        down.append((eigenvalues < 0).sum(-1))
    weight, k = np.concatenate(weights), np.concatenate(down)
    by_down = np.bincount(k, weight, n + 1) / weight.sum()
    by_down = (by_down + by_down[::-1]) / 2
    off = ((k > 0) & (k < n)) - by_down[1:-1].sum()
    return SaddleShare(n, tuple(by_down.tolist()), float(np.linalg.norm(weight * off) / weight.sum()))


def _check(n: int, samples: int) -> None:
    for name, given in (("n", n), ("samples", samples)):
        if isinstance(given, bool) or not isinstance(given, int) or given < 1:
            raise RavineError(f"{name} = {given!r}: {name} must be a whole number, at least 1.")
