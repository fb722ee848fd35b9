r"""Two-way crossed variance components: how far chance moves a mean over seeds and test examples.

Run $s$ of method $m$ scores $x_{mse}$ on test example $e$. All methods meet on the same seeds (initial weights, order
of data) and the same examples, so both are crossed with the method and every difference of two methods is taken
within them:

$$ x_{mse} = \mu_m + a_{ms} + b_{me} + c_{mse}. $$

For a contrast of methods (a pair A - B, or one method alone) the expected mean squares are
$\Omega_s = E\sigma_a^2 + \sigma_c^2$, $\Omega_e = S\sigma_b^2 + \sigma_c^2$, $\Omega_r = \sigma_c^2$,
and the mean over $S$ seeds and $E$ examples has the variance $(\Omega_s + \Omega_e - \Omega_r) / SE$
about the expected score over new seeds *and* new examples (Searle, Casella & McCulloch 1992, *Variance Components*,
chapter 4). Its degrees of freedom are those of Satterthwaite 1946, "An Approximate Distribution of Estimates of
Variance Components".

The seeds' mean square rests on $S - 1$ degrees of freedom, often two or four, which is too few to stand alone. It is
moderated toward a prior value in the manner of Smyth 2004, "Linear Models and Empirical Bayes Methods": the
prior value is the contrast's own residual mean square, well known, times the ratio of the two that the median
contrast shows. A second, nearly flat prior stands beside it for a method whose seeds differ more than the others'
(one that sometimes diverges); the data weigh the two.

Every function takes any number of leading axes, so that thousands of studies are judged at once.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln
from scipy.stats import chi2

Floats = NDArray[np.floating[Any]]

POOLED_DF = 12.0  # at most so many degrees of freedom come from other methods (benchmarks/verdict_calibration.py)
LOOSE_DF = 0.5  # the nearly flat prior's
POOLED_SHARE = 0.8  # how often, before the data, a contrast is held to be like the others
LARGEST_RATIO = 1e12  # of mean squares; beyond it the weights no longer move, and larger ones would overflow
LEAST_EXAMPLES = 0.5  # no standard error is below half of one example's worth


@dataclass(frozen=True)
class Moments:
    """What a verdict needs of the scores: means, and sums of squares and products over seeds, examples and the rest."""

    mean: Floats  # [..., methods]
    seeds: Floats  # [..., methods, methods] sums of products of E^(1/2) * (seed mean - mean)
    examples: Floats  # the same of S^(1/2) * (example mean - mean)
    residual: Floats  # the same of what is left
    agreement: Floats  # [...] how many examples carry the differences between methods (participation number)
    third: Floats  # [..., methods] third central moment of the example means
    worth: Floats  # [...] one example's worth: how far two methods typically differ where they differ
    step: Floats  # [...] the lattice on which one run's mean score moves; 0 where it moves freely
    seeds_count: int
    examples_count: int


def moments(scores: Floats) -> Moments:
    """Sums up scores of methods x seeds x examples, all that the verdict reads.

    Args:
        scores: Per-example scores [..., methods, seeds, examples]; higher is better.

    Returns:
        The moments, computed about each method's mean, so that a large constant costs no digits.

    >>> grid = np.array([[[1.0, 2.0], [3.0, 6.0]]])          # one method, two seeds, two examples
    >>> sums = moments(grid)
    >>> sums.mean, sums.seeds, sums.examples, sums.residual
    (array([3.]), array([[9.]]), array([[4.]]), array([[1.]]))
    """
    seeds, examples = scores.shape[-2:]
    first = scores[..., :1, :1]
    rest = scores - first
    mean = rest.mean((-1, -2))
    rest -= mean[..., None, None]
    by_seed, by_example = rest.mean(-1), rest.mean(-2)
    rest -= by_seed[..., None]
    rest -= by_example[..., None, :]
    worth, step = resolution(scores)
    return Moments(
        mean=mean + first[..., 0, 0],
        seeds=examples * gram(by_seed),
        examples=seeds * gram(by_example),
        residual=gram(rest.reshape(*rest.shape[:-2], -1)),
        agreement=participation(by_example),
        third=(by_example**3).mean(-1),
        worth=worth,
        step=step,
        seeds_count=seeds,
        examples_count=examples,
    )


def participation(by_example: Floats) -> Floats:
    r"""How many examples carry the differences between methods: $(\sum_e n_e)^2 / \sum_e n_e^2$ of their squares n."""
    squares = by_example.var(-2)
    fourth = (squares**2).sum(-1)
    return np.where(fourth > 0, squares.sum(-1) ** 2 / np.maximum(fourth, np.finfo(float).tiny), 1.0)


def gram(rows: Floats) -> Floats:
    """Inner products of all pairs of rows, [..., rows, columns] -> [..., rows, rows]."""
    return rows @ rows.swapaxes(-1, -2)


def resolution(scores: Floats) -> tuple[Floats, Floats]:
    """How far two methods typically differ where they differ, and the lattice of one run's mean.

    Answers that are right or wrong differ by exactly one, and a run's mean moves in steps of 1/E. Other scores differ
    by the root mean square over all pairs of methods where they are not equal; if all methods are equal, by as much as
    two examples do; and where every score is the same number, that number (or 1) is the only scale there is.

    Args:
        scores: Per-example scores [..., methods, seeds, examples].

    Returns:
        Worth of one example, in units of the score, and step of a run's mean (0 where it moves freely).

    >>> worth, step = resolution(np.array([[[1.0, 0.0, 1.0, 1.0]], [[1.0, 1.0, 1.0, 1.0]]]))
    >>> float(worth), float(step)
    (1.0, 0.25)
    """
    everything = (-3, -2, -1)
    low, high = scores.min(everything), scores.max(everything)
    width = high - low
    binary = np.all((scores == low[..., None, None, None]) | (scores == high[..., None, None, None]), everything)
    worth = width if np.all(binary) else np.where(binary, width, _typical_difference(scores))
    alone = np.abs(high)
    worth = np.where(width > 0, worth, np.where(alone > 0, alone, 1.0))
    return worth, np.where(binary, worth / scores.shape[-1], 0.0)


def _typical_difference(scores: Floats) -> Floats:
    total = np.zeros(scores.shape[:-3])
    count = np.zeros(scores.shape[:-3])
    for first in range(scores.shape[-3]):
        for second in range(first):
            gap = scores[..., first, :, :] - scores[..., second, :, :]
            total += (gap**2).sum((-1, -2))
            count += np.count_nonzero(gap, axis=(-1, -2))
    between_examples = 2 * scores.var((-3, -2, -1))
    return np.sqrt(np.where(count > 0, total / np.maximum(count, 1), between_examples))


@dataclass(frozen=True)
class Squares:
    """Mean squares of contrasts [..., contrasts], for S seeds and E examples."""

    seeds: Floats  # estimates E var_a + var_c, on S - 1 degrees of freedom
    examples: Floats  # estimates S var_b + var_c, on E - 1
    residual: Floats  # estimates var_c, on (S - 1)(E - 1)
    seeds_count: int
    examples_count: int


def pair_squares(sums: Moments) -> Squares:
    """Mean squares of the difference of every pair of methods, in the order of `pairs`.

    Returns:
        Mean squares, in the order of `pairs`.

    >>> rng = np.random.default_rng(0)
    >>> scores = rng.normal(size=(2, 5, 9))
    >>> by_hand = 9 * (scores[0] - scores[1]).mean(1).var(ddof=1)
    >>> bool(np.isclose(pair_squares(moments(scores)).seeds[0], by_hand))
    True
    """
    first, second = pairs(sums.mean.shape[-1])

    def of(products: Floats) -> Floats:
        own = np.einsum("...aa->...a", products)
        return np.maximum(own[..., first] + own[..., second] - 2 * products[..., first, second], 0.0)

    return _squares(sums, of)


def own_squares(sums: Moments) -> Squares:
    """Mean squares of every method's own scores."""
    return _squares(sums, lambda products: np.einsum("...aa->...a", products))


def _squares(sums: Moments, of) -> Squares:
    seeds, examples = sums.seeds_count, sums.examples_count
    return Squares(
        seeds=of(sums.seeds) / max(seeds - 1, 1),
        examples=of(sums.examples) / (examples - 1),
        residual=of(sums.residual) / max((seeds - 1) * (examples - 1), 1),
        seeds_count=seeds,
        examples_count=examples,
    )


def pairs(methods: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices (first, second) of all pairs, first < second.

    Returns:
        Two arrays of indices.

    >>> [index.tolist() for index in pairs(3)]
    [[0, 0, 1], [1, 2, 2]]
    """
    first, second = np.triu_indices(methods, 1)
    return first, second


@dataclass(frozen=True)
class Spread:
    """Chance in contrasts, as a mixture of two Student t: like the others (first), or on its own (second).

    Arrays are [2, ..., contrasts].
    """

    weight: Floats  # sums to 1 over the first axis
    error: Floats  # standard errors, in units of the score
    freedom: Floats  # Satterthwaite's degrees of freedom


def spread(squares: Squares, floor: Floats, pooled: float, share: float = POOLED_SHARE) -> Spread:
    r"""Standard errors of contrasts, and how well they are known.

    The moderated seeds' mean square is $(d_0 c + (S-1) M_s) / (d_0 + S - 1)$ with the prior value c and its
    degrees of freedom $d_0$; the variance of the contrast's mean over new seeds and examples is then
    $(\tilde M_s + M_e - M_r)/SE$, never below $M_e/SE$, which it cannot be in truth.

    Args:
        squares: Mean squares.
        floor: Least standard error [...], in units of the score.
        pooled: Degrees of freedom lent by the other contrasts; 0 for a contrast that stands alone.
        share: Prior probability that a contrast is like the others.

    Returns:
        Two components: seeds as in the other contrasts, and seeds of its own.
    """
    own = squares.seeds_count - 1
    prior = prior_seeds(squares)
    if own < 1 or pooled <= 0:
        weights, degrees = np.array([1.0, 0.0]), (max(pooled, 0.0), 0.0)
        weight = weights.reshape(2, *[1] * squares.seeds.ndim) * np.ones_like(squares.seeds)
    else:
        degrees = (pooled, min(LOOSE_DF, pooled))
        weight = weights_of_priors(squares.seeds / prior, own, degrees, share)
    parts = [_component(squares, prior, degree, floor[..., None]) for degree in degrees]
    return Spread(weight, np.stack([error for error, _ in parts]), np.stack([freedom for _, freedom in parts]))


def lent_freedom(methods: int, seeds: int) -> float:
    """Degrees of freedom that the other contrasts lend to one; none where there is no other.

    Returns:
        Their number.

    >>> lent_freedom(8, 5), lent_freedom(8, 2), lent_freedom(2, 5)
    (12.0, 6.0, 0.0)
    """
    return min(POOLED_DF, 6.0 * (seeds - 1)) if methods > 2 else 0.0


def prior_seeds(squares: Squares) -> Floats:
    """The seeds' mean square to expect of a contrast: its residual one times the median contrast's ratio.

    The ratio is never below 1, as in truth. If seeds differ but nothing is left over (all examples of a run have one
    score), there is no residual to scale by and the median mean square is expected of every contrast.

    Returns:
        One mean square for each contrast.
    """
    own = max(squares.seeds_count - 1, 1)
    bias = chi2.median(own) / own  # of a median of mean squares
    tiny = np.finfo(float).tiny
    typical = np.median(squares.seeds, -1, keepdims=True) / bias
    left = np.median(squares.residual, -1, keepdims=True)
    scaled = squares.residual * np.maximum(1.0, typical / np.maximum(left, tiny))
    return np.maximum(np.where(left > 1e-12 * typical, scaled, typical), tiny)


def weights_of_priors(ratio: Floats, own: int, degrees: tuple[float, float], share: float) -> Floats:
    """Posterior weights of the two priors: ratio = M_s / c is F distributed on (own, degrees) under either."""
    ratio = np.minimum(ratio, LARGEST_RATIO)
    logs = [
        np.log(part) + 0.5 * own * np.log(own / d) - betaln(own / 2, d / 2) - (own + d) / 2 * np.log1p(own * ratio / d)
        for part, d in zip((share, 1 - share), degrees, strict=True)
    ]
    odds = np.exp(np.stack(logs) - np.max(logs, axis=0))
    return odds / odds.sum(0)


def _component(squares: Squares, prior: Floats, degree: float, floor: Floats) -> tuple[Floats, Floats]:
    own, others = squares.seeds_count - 1, squares.examples_count - 1
    cells = squares.seeds_count * squares.examples_count
    known = degree + own
    seeds = (degree * prior + own * squares.seeds) / known if own and known else np.zeros_like(squares.seeds)
    total = np.maximum(seeds + squares.examples - squares.residual, squares.residual)
    doubt = squares.examples**2 / others
    if own:
        doubt = doubt + seeds**2 / known + squares.residual**2 / (own * others)
    tiny = np.finfo(float).tiny
    freedom = np.clip(total**2 / np.maximum(doubt, tiny), min(1.0, others), others + (known if own else 0))
    freedom = np.where(total > 0, freedom, others)
    return np.maximum(np.sqrt(total / cells), floor), freedom
