"""Which share of critical points are saddles: nearly all, in many dimensions.

Bray & Dean 2007, "Statistics of Critical Points of Gaussian Fields on Large-Dimensional Spaces"
(https://arxiv.org/abs/cond-mat/0611023), which Dauphin et al. 2014 carried over to networks.
"""

from dataclasses import dataclass
from math import comb

import numpy as np

from .how import check_whole

BATCH = 1_000_000
"""Numbers that are drawn at once."""


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
    check_whole("styblinski_tang_share", "n", n, 1)
    return SaddleShare(n, tuple(comb(n, k) * 2 ** (n - k) / 3**n for k in range(n + 1)), 0.0)


def random_field_share(n: int, *, samples: int = 20_000, seed: int = 0) -> SaddleShare:
    r"""Works out how the critical points of a random function divide: a smooth Gaussian field, alike everywhere.

    By the formula of Kac and Rice a Hessian H counts with $|\det H|$ at critical points, so the share with k directions
    down is $E[|\det H| 1_k] / E[|\det H|]$. For any such field that is alike in all directions H is, up to a factor,
    $S + z I$: S symmetric with entries of variance 1 beside the diagonal and 2 on it, and z another standard normal
    number. The determinant turns -z into one more eigenvalue of a matrix like S, but of n + 1 rows (Fyodorov 2004,
    "Complexity of Random Energy Landscapes, Glass Transition, and Absolute Value of the Spectral Determinant of Random
    Matrices", https://arxiv.org/abs/cond-mat/0401287). With its eigenvalues ascending, the share is in proportion to
    $E[\exp(-\lambda_{k+1}^2 / 4)]$, which is what is drawn here.

    Args:
        n: The number of dimensions.
        samples: How many random matrices are drawn; the rarer a kind, the more it takes to see it.
        seed: Draws them.

    Returns:
        The shares, with the standard error of the saddles'.

    >>> [round(random_field_share(n).saddles, 2) for n in (1, 2, 3, 6)]
    [0.0, 0.5, 0.75, 0.97]
    """
    for name, given, least in (("n", n, 1), ("samples", samples, 1), ("seed", seed, 0)):
        check_whole("random_field_share", name, given, least)
    luck, many, weights = np.random.default_rng(seed), max(1, BATCH // (n + 1) ** 2), []
    for start in range(0, samples, many):
        a = luck.standard_normal((min(many, samples - start), n + 1, n + 1))
        weights.append(np.exp(-(np.linalg.eigvalsh((a + a.transpose(0, 2, 1)) / 2**0.5) ** 2) / 4))
    weight = np.concatenate(weights)
    weight = (weight + weight[:, ::-1]) / 2  # H and -H count alike
    by_down, every = weight.mean(0) / weight.sum(1).mean(), weight.sum(1)
    off = weight[:, 1:-1].sum(1) - by_down[1:-1].sum() * every
    return SaddleShare(n, tuple(by_down.tolist()), float(off.std() / len(off) ** 0.5 / every.mean()))
