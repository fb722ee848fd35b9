"""Does the verdict keep its word? Simulated studies with known truth: coverage, false wins, and probabilities.

Scores of 8 methods x seeds x examples come from a latent margin with crossed parts for methods, seeds and examples,
seen as right or wrong (about 98.5 % right) or as a log loss. True means differ by normal effects of 0, 0.25, 0.5 or 1
standard errors of a difference. Goals: 95 % intervals of one pair cover at least 93 % and, except at ties with few
examples, at most 99 %; at least one false "better" among the 28 ties in at most 6 % of studies; stated probabilities
within 0.03 of observed frequencies, bin by bin, over all four sizes of effect (bins of a tenth with a standard error
of at most 0.012, counting four pairs of a study as one).

The verdict's constants were tuned on simulations of this same family under other random seeds, so this shows that they
hold there; it is no independent evidence for scores of another make-up.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import product

import numpy as np
from evidence import conditions, record
from scipy.special import ndtr, ndtri

from ravine.verdict.crossed import LEAST_EXAMPLES, Floats, Moments, lent_freedom, moments, pair_squares, pairs, spread
from ravine.verdict.intervals import pairwise_level, reach
from ravine.verdict.posterior import believe

METHODS, STUDIES = 8, 2000
SIZES = (0.0, 0.25, 0.5, 1.0)
FIRST, SECOND = pairs(METHODS)
STEEP = 4.0  # how sharply the latent margin becomes a log loss
CENTER = {"accuracy": 2.17, "log loss": 2.17}  # of the margin: 98.5 % right
QUANTILES = ndtri((np.arange(20_000) + 0.5) / 20_000)  # of the normal curve, for means of the log loss
ENOUGH = 0.012  # a bin counts where its own standard error is at most this


@dataclass(frozen=True)
class Parts:
    """Shares of the margin's variance; they sum to 1."""

    example: float
    method_example: float
    seed: float
    method_seed: float
    seed_example: float
    rest: float


PARTS = Parts(example=0.70, method_example=0.012, seed=0.003, method_seed=0.002, seed_example=0.12, rest=0.163)


@dataclass(frozen=True)
class Cell:
    """One kind of study."""

    kind: str
    seeds: int
    examples: int


CELLS = [Cell(*cell) for cell in product(("accuracy", "log loss"), (3, 5, 10), (100, 360, 2000))]


def true_mean(kind: str, center: Floats) -> Floats:
    """The expected score of a method whose margin has this center; higher is better."""
    if kind == "accuracy":
        return ndtr(center)
    grid = np.linspace(center.min(), center.max() + 1e-9, 200)
    table = np.array([-np.logaddexp(0, -STEEP * (c + QUANTILES)).mean() for c in grid])
    return np.interp(center, grid, table)


def draw(rng: np.random.Generator, cell: Cell, centers: Floats, seeds: int) -> Floats:
    """Scores [studies, methods, seeds, examples] of methods whose margins have these centers."""
    studies = len(centers)

    def part(share: float, *shape: int) -> Floats:
        return np.float32(share**0.5) * rng.standard_normal((studies, *shape), dtype=np.float32)

    margin = part(PARTS.rest, METHODS, seeds, cell.examples)
    margin += part(PARTS.seed_example, 1, seeds, cell.examples)
    margin += part(PARTS.example, 1, 1, cell.examples) + part(PARTS.method_example, METHODS, 1, cell.examples)
    margin += part(PARTS.seed, 1, seeds, 1) + part(PARTS.method_seed, METHODS, seeds, 1)
    margin += centers[:, :, None, None].astype(np.float32)
    return (margin > 0).astype(float) if cell.kind == "accuracy" else -np.logaddexp(0, -STEEP * margin, dtype=float)


def simulate(rng: np.random.Generator, cell: Cell, centers: Floats) -> tuple[Moments, Floats]:
    """Moments of studies, and the mean score of one more run of every method on the same examples."""
    found: list[Moments] = []
    more: list[Floats] = []
    chunk = max(1, 20_000_000 // (METHODS * (cell.seeds + 1) * cell.examples))
    for begin in range(0, len(centers), chunk):
        scores = draw(rng, cell, centers[begin : begin + chunk], cell.seeds + 1)
        found.append(moments(scores[:, :, : cell.seeds]))
        more.append(scores[:, :, cell.seeds].mean(-1))
    return _joined(found), np.concatenate(more)


def _joined(found: list[Moments]) -> Moments:
    columns = {f.name: [getattr(one, f.name) for one in found] for f in fields(Moments)}
    return Moments(**{k: v[0] if isinstance(v[0], int) else np.concatenate(v) for k, v in columns.items()})


def _part(sums: Moments, rows: slice) -> Moments:
    values = {f.name: getattr(sums, f.name) for f in fields(Moments)}
    return Moments(**{k: v if isinstance(v, int) else v[rows] for k, v in values.items()})


def unit(cell: Cell) -> float:
    """The typical standard error of a difference of two means, in units of the margin's center."""
    rng = np.random.default_rng([99, cell.seeds, cell.examples])
    centers = np.full((300, METHODS), CENTER[cell.kind])
    error = float(np.sqrt(2 * simulate(rng, cell, centers)[0].mean.var(1, ddof=1).mean()))
    slope = np.diff(true_mean(cell.kind, np.array([CENTER[cell.kind] - 0.05, CENTER[cell.kind] + 0.05])))[0] / 0.1
    return error / float(slope)


@dataclass(frozen=True)
class Found:
    """What one cell showed."""

    coverage: dict[float, float]
    false_wins: float
    bins: dict[str, list[tuple[float, float, int]]]
    """By probability: mean stated minus observed, the bin's middle, and its count, where the bin counts."""


def examine(cell: Cell, studies: int, chains: int = 16) -> Found:
    """Simulates one cell."""
    rng = np.random.default_rng([cell.seeds, cell.examples, len(cell.kind)])
    scale = unit(cell) / np.sqrt(2)
    coverage: dict[float, float] = {}
    false_wins, stated = 0.0, []
    for size in SIZES:
        centers = CENTER[cell.kind] + size * scale * rng.standard_normal((studies, METHODS))
        sums, more = simulate(rng, cell, centers)
        truth = true_mean(cell.kind, centers)
        floor = LEAST_EXAMPLES * sums.worth / cell.examples
        chance = spread(pair_squares(sums), floor, lent_freedom(METHODS, cell.seeds))
        seen, true = (values[:, FIRST] - values[:, SECOND] for values in (sums.mean, truth))
        coverage[size] = float((np.abs(seen - true) <= reach(0.05, chance)).mean())
        if size == 0:
            false_wins = float((np.abs(seen) > reach(pairwise_level(METHODS, 0.95), chance)).any(1).mean())
        quarter = slice(0, studies // len(SIZES))  # all sizes together make up as many studies again
        stated.append(_probabilities(_part(sums, quarter), truth[quarter], more[quarter], rng, chains))
    joined = {name: [np.concatenate(c) for c in zip(*(s[name] for s in stated), strict=True)] for name in stated[0]}
    return Found(coverage, false_wins, {name: list(_bins(p, came)) for name, (p, came) in joined.items()})


def _probabilities(
    sums: Moments, truth: Floats, more: Floats, rng: np.random.Generator, chains: int
) -> dict[str, tuple[Floats, Floats]]:
    """Stated probabilities beside what came true; a tie comes true by half, or by shares among the best."""
    beliefs = believe(sums, rng, chains=chains, burn=12, keep=10)
    apart = truth[:, FIRST] - truth[:, SECOND]
    runs = more[:, FIRST] - more[:, SECOND]
    best = truth == truth.max(1, keepdims=True)
    first_best = best / best.sum(1, keepdims=True)
    first_better = np.where(apart == 0, 0.5, apart > 0)
    next_better = np.where(np.abs(runs) < 1e-9, 0.5, runs > 0)
    return {
        "expected": (beliefs.expected.ravel(), first_better.ravel()),
        "next run": (beliefs.next_run.ravel(), next_better.ravel()),
        "best": (beliefs.best.ravel(), first_best.ravel()),
    }


def _bins(stated: Floats, came: Floats) -> Iterator[tuple[float, float, int]]:
    for low in np.arange(0, 1, 0.1):
        inside = (stated >= low) & (stated < low + 0.1 if low < 0.9 else stated <= 1)
        count = int(inside.sum())
        # The 28 pairs of a study are not independent: they count as its 7 free differences.
        if count and came[inside].std() / np.sqrt(max(1, count / 4)) <= ENOUGH and count >= 100:
            yield float(stated[inside].mean() - came[inside].mean()), float(low + 0.05), count


def worst(bins: list[tuple[float, float, int]]) -> str:
    """The bin that is furthest off."""
    if not bins:
        return "-"
    error, middle, _ = max(bins, key=lambda one: abs(one[0]))
    return f"{error:+.3f} at {middle:.2f}"


def main(studies: int) -> None:
    """Simulates all cells and keeps the evidence."""
    lines = [*conditions("numpy", "scipy"), f"{studies} studies a cell and size, {METHODS} methods"]
    lines.append(
        "kind      seeds examples | coverage at 0, 0.25, 0.5, 1 | false wins | worst bin: expected, next run, best"
    )
    for cell in CELLS:
        found = examine(cell, studies)
        covered = " ".join(f"{share:.3f}" for share in found.coverage.values())
        off = ", ".join(worst(bins) for bins in found.bins.values())
        lines.append(f"{cell.kind:<9} {cell.seeds:5d} {cell.examples:8d} | {covered} | {found.false_wins:.3f} | {off}")
        print(lines[-1], flush=True)
    record("verdict_calibration", lines)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else STUDIES)
