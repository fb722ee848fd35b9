r"""How chance moves all methods' mean scores together: covariances over seeds and over examples, kept well-behaved.

With S seeds a covariance of eight methods rests on a handful of numbers. Three things make it usable: the residual's
eigenvalues are pulled together as far as their noise asks (Ledoit & Wolf 2004, "A Well-Conditioned Estimator for
Large-Dimensional Covariance Matrices"); the examples' part is estimated beside the residual and never below zero; and
the seeds' part, of which least is known, is drawn from an inverse Wishart distribution around what the residual and
the other methods lead to expect, so that its uncertainty is carried on.

Everything happens among contrasts: M - 1 of them, by Helmert's matrix, since a luck that all methods share moves no
difference. Every function takes any number of leading axes.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import helmert

from .crossed import LOOSE_DF, POOLED_SHARE, Floats, Moments, Squares, prior_seeds, weights_of_priors

LEAST_WORTH = 0.25  # of one example's worth: the floor under every contrast's standard deviation
JOINT_DF = 24.0  # degrees of freedom that the seeds' expected covariance is worth (benchmarks/verdict_calibration.py)
TINY = 1e-300


@dataclass(frozen=True)
class Chance:
    """Covariances of the methods' mean scores among contrasts, the seeds' part as a distribution to draw from."""

    contrasts: Floats
    """Helmert's matrix, [M-1, M]: its rows are the contrasts."""
    examples: Floats
    """The part that new examples bring, [..., M-1, M-1], times the number of cells."""
    expected: Floats | None
    """Scale of the inverse Wishart from what is expected of the seeds; None with one seed, which tells nothing."""
    seen: Floats
    """Scale of the inverse Wishart from the seeds themselves."""
    freedom: float
    """Degrees of freedom of the inverse Wishart."""
    residual_freedom: int
    cells: int

    def draw(self, rng: np.random.Generator, chains: int) -> tuple[Floats, Floats]:
        """Draws covariances of mean scores.

        Args:
            rng: The source of luck.
            chains: How many draws for each study.

        Returns:
            The seeds' part, and the whole: seeds and examples, [chains, ..., M-1, M-1].
        """
        if self.expected is None:
            seeds = np.zeros((chains, *self.examples.shape))
            return seeds, seeds + self.examples / self.cells
        # The residual that scales what is expected is itself an estimate: its own factor is drawn first.
        shape = (chains, *self.examples.shape[:-2])
        factor = self.residual_freedom / rng.chisquare(self.residual_freedom, shape)
        scale = np.linalg.cholesky(self.expected * factor[..., None, None] + self.seen)
        seeds = _inverse_wishart(scale, self.freedom, rng) / self.cells
        return seeds, seeds + self.examples / self.cells


def chance(sums: Moments) -> Chance:
    """Estimates how chance moves the methods' mean scores.

    Args:
        sums: The scores' moments.

    Returns:
        The covariances.
    """
    methods, seeds, examples = sums.mean.shape[-1], sums.seeds_count, sums.examples_count
    contrasts = helmert(methods)
    floor = (LEAST_WORTH * sums.worth) ** 2 * seeds / examples / 2
    by_example = _at_least(contrasts @ sums.examples @ contrasts.T / (examples - 1), floor)
    own = seeds - 1
    if not own:
        return Chance(contrasts, by_example, None, np.zeros_like(by_example), 0.0, 0, seeds * examples)
    carried = sums.agreement * (1 + 2 / max(methods - 1, 1))
    residual = _at_least(contrasts @ sums.residual @ contrasts.T / (own * (examples - 1)), floor)
    residual = _pulled_together(residual, methods / (carried * own))
    pooled = JOINT_DF if methods > 2 else 0.0
    seen = contrasts @ sums.seeds @ contrasts.T
    expected = pooled * _expected_seeds(contrasts, residual, seen, pooled, (seeds, examples))
    return Chance(
        contrasts=contrasts,
        examples=_beyond_residual(residual, by_example, carried),
        expected=expected,
        seen=seen + 1e-6 * floor[..., None, None] * np.eye(methods - 1),  # keeps it invertible where seeds agree
        freedom=pooled + own + methods - 2,
        residual_freedom=(methods - 1) * own,
        cells=seeds * examples,
    )


def diagonal(matrix: Floats) -> Floats:
    """The diagonal of each matrix, [..., n, n] -> [..., n]."""
    return np.einsum("...aa->...a", matrix)


def transposed(matrix: Floats) -> Floats:
    """Each matrix turned, [..., m, n] -> [..., n, m]."""
    return matrix.swapaxes(-1, -2)


def _at_least(matrix: Floats, floor: Floats) -> Floats:
    """Lifts eigenvalues below a floor to it."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, floor[..., None])[..., None, :]) @ transposed(vectors)


def _pulled_together(matrix: Floats, noise: Floats) -> Floats:
    """Shrinks eigenvalues toward their mean, by the share of their spread that noise alone would make."""
    values, vectors = np.linalg.eigh(matrix)
    mean, spread = values.mean(-1, keepdims=True), values.var(-1, keepdims=True)
    with np.errstate(over="ignore"):  # of a method with losses of 1e30 and no spread nothing is kept, as it should be
        kept = np.maximum(0, 1 - mean**2 * noise[..., None] / np.maximum(spread, TINY))
    return (vectors * (mean + kept * (values - mean))[..., None, :]) @ transposed(vectors)


def _beyond_residual(residual: Floats, by_example: Floats, carried: Floats) -> Floats:
    """What examples add to the residual: their covariance less the residual's, shrunk, and never below zero."""
    # In units of the residual the eigenvalues are 1 where examples add nothing; `carried` examples tell of them.
    size = residual.shape[-1]
    root = np.linalg.cholesky(residual)
    inverse = np.linalg.inv(root)
    values, vectors = np.linalg.eigh(inverse @ by_example @ transposed(inverse))
    mean, spread = values.mean(-1, keepdims=True), values.var(-1, keepdims=True)
    kept = np.maximum(0, 1 - mean**2 * (size + 1) / carried[..., None] / np.maximum(spread, TINY))
    excess = mean - 1
    doubt = 2 * mean**2 / (size * carried[..., None])
    center = 1 + np.maximum(excess, 0) * np.maximum(0, 1 - doubt / np.maximum(excess**2, TINY))
    added = np.maximum(center + kept * (values - mean) - 1, 0)
    axes = root @ vectors
    return (axes * added[..., None, :]) @ transposed(axes)


def _expected_seeds(
    contrasts: Floats, residual: Floats, seen: Floats, pooled: float, counts: tuple[int, int]
) -> Floats:
    """The seeds' covariance to expect: the residual's correlations, each method with seeds as its data weigh them."""
    if not pooled:
        return np.zeros_like(residual)
    own = counts[0] - 1
    of_methods = contrasts.T @ residual @ contrasts
    left = diagonal(of_methods)
    squares = Squares(diagonal(contrasts.T @ seen @ contrasts) / own, np.zeros_like(left), left, *counts)
    prior = prior_seeds(squares)
    weights = weights_of_priors(squares.seeds / prior, own, (pooled, LOOSE_DF), POOLED_SHARE)
    guesses = np.stack([(d * prior + own * squares.seeds) / (d + own) for d in (pooled, LOOSE_DF)])
    root = np.sqrt((weights * guesses).sum(0) / left)
    return contrasts @ (root[..., None] * of_methods * root[..., None, :]) @ contrasts.T


def _inverse_wishart(root: Floats, freedom: float, rng: np.random.Generator) -> Floats:
    """Draws from the inverse Wishart distribution by Bartlett's decomposition; `root` is the scale's Cholesky."""
    places = np.arange(root.shape[-1])
    triangle = np.tril(rng.standard_normal(root.shape), -1)
    triangle[..., places, places] = np.sqrt(rng.chisquare(freedom - places, root.shape[:-1]))
    factor = root @ transposed(np.linalg.inv(triangle))
    return factor @ transposed(factor)
