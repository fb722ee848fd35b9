r"""One joint posterior of all methods' expected scores, shrunk toward each other; every probability comes from it.

The methods' expected scores are $\theta_m \sim N(\mu, g_m^2)$ about a common level that is left open, and their means
are $y \sim N(\theta, V)$ with V of `covariance.py`, uncertain itself. Each method's scale $g_m$ is one of a few, in
units of a typical standard error; how many methods share a scale is learned from the data (Polya's urn), so that ties
stay ties while one method far apart is not pulled in. A flat prior in its place overstates near ties: a stated 0.95 was
true 0.88 of the time. See Gelman 2006, "Prior Distributions for Variance Parameters in Hierarchical Models", and
Benavoli, Corani, Demsar & Zaffalon 2017, "Time for a Change".

The scales are drawn by Gibbs' sampler and V by Metropolis' step; given both, everything is normal and probabilities
are worked out exactly or with antithetic draws. Leading axes are studies, judged at once.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from .covariance import TINY, Chance, chance, diagonal, transposed
from .crossed import Floats, Moments, pairs

SCALES = np.array([0.02, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0])  # of g, in typical standard errors
PRIOR = np.array([0.30, 0.10, 0.15, 0.15, 0.10, 0.07, 0.05, 0.04, 0.02, 0.02])  # of each scale
URN = 1.0  # how many methods' worth of weight the prior of the scales has


@dataclass(frozen=True)
class Beliefs:
    """Probabilities; leading axes are studies."""

    expected: Floats
    """[..., pairs]: that the first's expected score is the higher one."""
    next_run: Floats
    """[..., pairs]: that the first's next run scores higher than the second's next run, on the same examples."""
    best: Floats
    """[..., methods]: that the method's expected score is the highest; they sum to 1."""


def believe(sums: Moments, rng: np.random.Generator, chains: int = 64, burn: int = 15, keep: int = 30) -> Beliefs:
    """Draws from the posterior and counts.

    Args:
        sums: The scores' moments, with one leading axis of studies; higher is better.
        rng: The source of luck.
        chains: Chains for each study.
        burn: Rounds before any is counted.
        keep: Rounds that are counted.

    Returns:
        The probabilities.
    """
    sampler = _Sampler(sums, chance(sums), rng, chains)
    expected, next_run, best = 0.0, 0.0, 0.0
    for round_ in range(burn + keep):
        if round_:
            sampler.move_covariance()
        sampler.move_scales()
        if round_ >= burn:
            expected = expected + sampler.expected().mean(0) / keep
            next_run = next_run + sampler.next_run().mean(0) / keep
            best = best + sampler.best().mean(0) / keep
    return Beliefs(np.asarray(expected), np.asarray(next_run), np.asarray(best))


class _Sampler:
    """The state of all chains: a covariance of the means, and a scale for every method."""

    def __init__(self, sums: Moments, moved: Chance, rng: np.random.Generator, chains: int) -> None:
        self.rng, self.chains, self.moved = rng, chains, moved
        self.seeds_count = sums.seeds_count
        self.half_step = sums.step[..., None] / 2
        self.first, self.second = pairs(sums.mean.shape[-1])
        centered = sums.mean - sums.mean.mean(-1, keepdims=True)
        self.means = np.broadcast_to(centered, (chains, *centered.shape))
        self.column = (self.means @ moved.contrasts.T)[..., None]
        self.by_seed, self.whole = moved.draw(rng, chains)
        self.unit = self._typical(self.whole)
        shape = (*self.unit.shape, 1)
        self.scale = rng.choice(len(SCALES), size=shape, p=PRIOR) * np.ones(sums.mean.shape[-1], int)
        self.count = (self.scale[..., None] == np.arange(len(SCALES))).sum(-2)
        self.inverse, self.likelihood = self._fit(self.whole, self._variances(self.unit))

    def _typical(self, whole: Floats) -> Floats:
        """The median variance of a difference of two methods, for one of them."""
        turned = self.moved.contrasts.T @ whole @ self.moved.contrasts
        return np.median(self._of_pairs(turned), -1) / 2

    def _of_pairs(self, covariance: Floats) -> Floats:
        own = diagonal(covariance)
        between = own[..., self.first] + own[..., self.second] - 2 * covariance[..., self.first, self.second]
        return np.maximum(between, TINY)

    def _variances(self, unit: Floats) -> Floats:
        return SCALES[self.scale] ** 2 * unit[..., None]

    def _fit(self, whole: Floats, variances: Floats) -> tuple[Floats, Floats]:
        contrasts = self.moved.contrasts
        inverse = np.linalg.inv(whole + (contrasts * variances[..., None, :]) @ contrasts.T)
        weight = (transposed(self.column) @ inverse @ self.column)[..., 0, 0]
        return inverse, 0.5 * np.linalg.slogdet(inverse)[1] - 0.5 * weight

    def move_covariance(self) -> None:
        """Proposes a fresh covariance and takes it by Metropolis' rule; scales move with its unit."""
        self.inverse, self.likelihood = self._fit(self.whole, self._variances(self.unit))
        by_seed, whole = self.moved.draw(self.rng, self.chains)
        unit = self._typical(whole)
        inverse, likelihood = self._fit(whole, self._variances(unit))
        taken = np.log(self.rng.random(likelihood.shape)) < likelihood - self.likelihood
        at = taken[..., None, None]
        self.by_seed, self.whole = np.where(at, by_seed, self.by_seed), np.where(at, whole, self.whole)
        self.inverse = np.where(at, inverse, self.inverse)
        self.unit = np.where(taken, unit, self.unit)

    def move_scales(self) -> None:
        """Draws every method's scale in turn, given all others', by rank-one changes of the precision."""
        contrasts = self.moved.contrasts
        precision = contrasts.T @ self.inverse @ contrasts
        weighted = (precision @ self.means[..., None])[..., 0]
        choices = SCALES**2 * self.unit[..., None]
        for m in range(self.means.shape[-1]):
            now = self.scale[..., m, None]
            self.count = self.count - (now == np.arange(len(SCALES)))
            step = choices - np.take_along_axis(choices, now, -1)
            grown = 1 + step * precision[..., m, m, None]
            odds = -0.5 * np.log(grown) + 0.5 * step * weighted[..., m, None] ** 2 / grown
            odds = odds + np.log(URN * PRIOR + self.count)
            drawn = (odds + self.rng.gumbel(size=odds.shape)).argmax(-1)[..., None]
            change = np.take_along_axis(step, drawn, -1)
            factor = change / (1 + change * precision[..., m, m, None])
            column, weight = precision[..., m, :].copy(), weighted[..., m, None].copy()
            precision = precision - factor[..., None] * column[..., :, None] * column[..., None, :]
            weighted = weighted - factor * weight * column
            self.scale[..., m] = drawn[..., 0]
            self.count = self.count + (drawn == np.arange(len(SCALES)))
        self._settle(precision)

    def _settle(self, precision: Floats) -> None:
        """Works out the normal posterior of the expected scores, given covariance and scales."""
        contrasts = self.moved.contrasts
        whole = contrasts.T @ self.whole @ contrasts
        self.gain = whole @ precision
        self.center = self.means - (self.gain @ self.means[..., None])[..., 0]
        self.doubt = whole - self.gain @ whole
        seeds = contrasts.T @ self.by_seed @ contrasts
        run_gain = seeds @ precision
        self.run_center = self.means - (run_gain @ self.means[..., None])[..., 0]
        self.run_doubt = (self.seeds_count + 1) * seeds - run_gain @ seeds

    def expected(self) -> Floats:
        """That the first's expected score is the higher one, exactly."""
        return ndtr(self._difference(self.center) / np.sqrt(self._of_pairs(self.doubt)))

    def next_run(self) -> Floats:
        """That the first's next run scores higher, exactly; equal scores on a lattice count half."""
        away, error = self._difference(self.run_center), np.sqrt(self._of_pairs(self.run_doubt))
        return 0.5 * (ndtr((away - self.half_step) / error) + ndtr((away + self.half_step) / error))

    def _difference(self, values: Floats) -> Floats:
        return values[..., self.first] - values[..., self.second]

    def best(self) -> Floats:
        """Which expected score is the highest, in two antithetic draws."""
        variances = self._variances(self.unit)
        truth = np.sqrt(variances) * self.rng.standard_normal(variances.shape)
        white = self.rng.standard_normal((*variances.shape[:-1], variances.shape[-1] - 1))[..., None]
        error = (self.moved.contrasts.T @ (np.linalg.cholesky(self.whole) @ white))[..., 0]
        seen = truth + error
        apart = truth - seen + (self.gain @ seen[..., None])[..., 0]
        return (_highest(self.center + apart) + _highest(self.center - apart)) / 2


def _highest(values: Floats) -> Floats:
    return np.where(values.argmax(-1)[..., None] == np.arange(values.shape[-1]), 1.0, 0.0)
