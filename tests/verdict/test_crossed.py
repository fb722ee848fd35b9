import numpy as np
import pytest
from scipy import stats

from ravine.verdict.crossed import moments, own_squares, pair_squares, pairs, resolution, spread
from ravine.verdict.intervals import pairwise_level, reach, tail


def scores(seed: int, methods: int = 4, seeds: int = 5, examples: int = 30) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(1, 1, examples)) + 0.3 * rng.normal(size=(1, seeds, 1))
    return shared + 0.2 * rng.normal(size=(methods, seeds, 1)) + rng.normal(size=(methods, seeds, examples))


def by_hand(grid: np.ndarray) -> tuple[float, float, float]:
    """The two-way table of one contrast, as a textbook of analysis of variance works it out."""
    seeds, examples = grid.shape
    rows, columns, mean = grid.mean(1), grid.mean(0), grid.mean()
    left = grid - rows[:, None] - columns[None, :] + mean
    return (
        examples * ((rows - mean) ** 2).sum() / (seeds - 1),
        seeds * ((columns - mean) ** 2).sum() / (examples - 1),
        (left**2).sum() / ((seeds - 1) * (examples - 1)),
    )


@pytest.mark.parametrize("seed", range(3))
def test_mean_squares_are_those_of_the_two_way_table(seed: int):
    grid = scores(seed)
    sums = moments(grid)
    squares = pair_squares(sums)
    for k, (a, b) in enumerate(zip(*pairs(4), strict=True)):
        found = squares.seeds[k], squares.examples[k], squares.residual[k]
        assert found == pytest.approx(by_hand(grid[a] - grid[b]), rel=1e-10)
    own = own_squares(sums)
    assert (own.seeds[2], own.examples[2], own.residual[2]) == pytest.approx(by_hand(grid[2]), rel=1e-10)


def test_many_studies_at_once_are_each_alone():
    together = moments(np.stack([scores(seed) for seed in range(3)]))
    for seed in range(3):
        assert pair_squares(together).seeds[seed] == pytest.approx(pair_squares(moments(scores(seed))).seeds)


def test_a_large_constant_costs_no_digits():
    plain, lifted = pair_squares(moments(scores(1))), pair_squares(moments(scores(1) + 1e6))
    assert lifted.residual == pytest.approx(plain.residual, rel=1e-8)


def test_one_seed_gives_the_paired_t_interval_over_examples():
    grid = scores(7, methods=2, seeds=1, examples=40)
    chance = spread(pair_squares(moments(grid)), np.zeros(()), 0.0)
    difference = (grid[0] - grid[1])[0]
    low, high = stats.ttest_1samp(difference, 0.0).confidence_interval()
    assert reach(0.05, chance)[0] == pytest.approx((high - low) / 2, rel=1e-8)


def test_many_seeds_without_luck_of_examples_give_the_t_interval_over_seeds():
    rng = np.random.default_rng(3)
    runs = rng.normal(size=(2, 40, 1)) + 1e-9 * rng.normal(size=(2, 40, 200))
    chance = spread(pair_squares(moments(runs)), np.zeros(()), 0.0)
    low, high = stats.ttest_1samp((runs[0] - runs[1]).mean(1), 0.0).confidence_interval()
    assert reach(0.05, chance)[0] == pytest.approx((high - low) / 2, rel=1e-6)


def test_reach_is_the_inverse_of_tail():
    chance = spread(pair_squares(moments(scores(5))), np.zeros(()), 8.0)
    for level in (0.2, 0.05, 0.002):
        assert tail(reach(level, chance), chance) == pytest.approx(level, rel=1e-4)


def test_all_pairs_at_once_are_tukeys():
    rng = np.random.default_rng(0)
    groups = [rng.normal(size=20_000) for _ in range(4)]
    wide = stats.tukey_hsd(*groups).confidence_interval()
    alone = stats.ttest_ind(groups[0], groups[1]).confidence_interval()
    ratio = (wide.high[0, 1] - wide.low[0, 1]) / (alone.high - alone.low)
    expected = stats.norm.ppf(1 - pairwise_level(4, 0.95) / 2) / stats.norm.ppf(0.975)
    assert ratio == pytest.approx(expected, rel=0.01)  # each has a spread of its own, to half a percent


def test_an_example_is_worth_one_where_answers_are_right_or_wrong():
    worth, step = resolution(np.array([[[1.0, 0.0, 1.0, 1.0, 1.0]], [[1.0, 1.0, 1.0, 1.0, 1.0]]]))
    assert (float(worth), float(step)) == (1.0, 0.2)
