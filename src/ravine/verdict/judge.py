"""The verdict: what test scores show of every method and of every pair, and how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .crossed import LEAST_EXAMPLES, Floats, Moments, lent_freedom, moments, own_squares, pair_squares, pairs, spread
from .intervals import OWN_DF, pairwise_level, reach
from .posterior import Beliefs, believe
from .settle import Components, settling


@dataclass(frozen=True)
class Method:
    """What is known of one method; numbers are in units of the score."""

    name: str
    mean: float
    low: float
    high: float
    """The 95 % interval of its expected score, over fresh seeds and fresh examples."""
    spread: float
    """The standard deviation of its runs' scores over seeds; NaN with one seed."""
    p_best: float


@dataclass(frozen=True)
class Pair:
    """What is known of two methods; the effect is the first's expected score minus the second's."""

    first: str
    second: str
    effect: float
    low: float
    high: float
    """The interval that holds for all pairs at once."""
    alone_low: float
    alone_high: float
    """The interval that holds for this pair alone."""
    p_expected: float
    """The probability that the first's expected score is the better one."""
    p_next: float
    """The probability that the first's next run beats the second's next run on this test set."""
    conclusion: str
    """Of the first: "better", "worse", "equal" for the purpose, or "undecided"."""
    settle: str
    """What would settle it, where it is undecided."""


@dataclass(frozen=True)
class Verdict:
    """What test scores show."""

    methods: tuple[Method, ...]
    pairs: tuple[Pair, ...]
    matters: float
    higher_is_better: bool
    seeds: int
    examples: int

    def of(self, name: str) -> Method:
        """Finds a method.

        Args:
            name: Its name.

        Returns:
            What is known of it.
        """
        return next(method for method in self.methods if method.name == name)

    def conclusion(self, first: str, second: str) -> str:
        """Tells how one method stands to another.

        Args:
            first: The one.
            second: The other.

        Returns:
            "better", "worse", "equal" or "undecided", said of the first.
        """
        turned = {"better": "worse", "worse": "better"}
        known = {(pair.first, pair.second): pair.conclusion for pair in self.pairs}
        if (first, second) in known:
            return known[first, second]
        conclusion = known[second, first]
        return turned.get(conclusion, conclusion)


def judge(
    scores: Mapping[str, Floats],
    *,
    higher_is_better: bool,
    matters: float = 0.0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Verdict:
    """Judges methods by their per-example test scores.

    Args:
        scores: By method, `[seeds, examples]`, in the same order of seeds and of examples for all; at least 2 examples.
        higher_is_better: The direction of the score.
        matters: The smallest difference that matters, in units of the score; 0 for any.
        confidence: Of every interval.
        seed: Of the draws from the posterior.

    Returns:
        The verdict.

    >>> rng = np.random.default_rng(0)
    >>> hard = rng.normal(size=(1, 200))
    >>> runs = {name: gain + hard + 0.1 * rng.normal(size=(5, 200)) for name, gain in (("a", 0.0), ("b", 0.5))}
    >>> judge(runs, higher_is_better=True).conclusion("b", "a")
    'better'
    """
    names, grid = list(scores), np.stack([np.asarray(given, dtype=float) for given in scores.values()])
    sign = 1.0 if higher_is_better else -1.0
    sums = moments(sign * grid)
    floor = np.asarray(LEAST_EXAMPLES * sums.worth / sums.examples_count)
    own = _methods(names, grid, sums, floor, confidence)
    if len(names) < 2:
        return Verdict(tuple(own), (), matters, higher_is_better, *grid.shape[1:])
    beliefs = believe(moments(sign * grid[None]), np.random.default_rng(seed))
    own = [replace(method, p_best=float(best)) for method, best in zip(own, beliefs.best[0], strict=True)]
    between = _pairs(names, sums, floor, beliefs, sign, matters, confidence)
    return Verdict(tuple(own), tuple(between), matters, higher_is_better, *grid.shape[1:])


def _methods(names: list[str], grid: Floats, sums: Moments, floor: Floats, confidence: float) -> list[Method]:
    half = reach(1 - confidence, spread(own_squares(sums), floor, OWN_DF))
    # Answers that are right or wrong have no expected score beyond 0 and 1, whatever the normal curve says.
    low, high = (0.0, 1.0) if np.isin(grid, (0.0, 1.0)).all() else (-np.inf, np.inf)
    found = []
    for name, runs, width in zip(names, grid, half, strict=True):
        mean = float(runs.mean())
        varied = float(runs.mean(axis=1).std(ddof=1)) if len(runs) > 1 else float("nan")
        found.append(Method(name, mean, max(low, mean - float(width)), min(high, mean + float(width)), varied, 1.0))
    return found


def _pairs(
    names: list[str],
    sums: Moments,
    floor: Floats,
    beliefs: Beliefs,
    sign: float,
    matters: float,
    confidence: float,
) -> list[Pair]:
    squares = pair_squares(sums)
    chance = spread(squares, floor, lent_freedom(len(names), sums.seeds_count))
    alone = reach(1 - confidence, chance)
    together = np.maximum(reach(pairwise_level(len(names), confidence), chance), alone)
    found = []
    for k, (a, b) in enumerate(zip(*pairs(len(names)), strict=True)):
        gain = float(sums.mean[a] - sums.mean[b])  # positive where the first is better
        half, half_alone = float(together[k]), float(alone[k])
        conclusion = _conclusion(gain, half, matters)
        parts = Components.of(squares, k, half, sums)
        settle = settling(parts, abs(gain), matters) if conclusion == "undecided" else ""
        low, high = sorted((sign * (gain - half), sign * (gain + half)))
        alone_low, alone_high = sorted((sign * (gain - half_alone), sign * (gain + half_alone)))
        found.append(
            Pair(
                names[a], names[b], sign * gain, low, high, alone_low, alone_high, float(beliefs.expected[0, k]),
                float(beliefs.next_run[0, k]), conclusion, settle,
            )
        )  # fmt: skip
    return found


def _conclusion(gain: float, half: float, matters: float) -> str:
    """Concludes from a simultaneous interval: on one side of zero, inside the zone that does not matter, or neither."""
    if matters and abs(gain) + half < matters:
        return "equal"
    if abs(gain) > half:
        return "better" if gain > 0 else "worse"
    return "undecided"
