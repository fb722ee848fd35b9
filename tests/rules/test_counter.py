"""The counter's numbers: SplitMix64's own, spread as they should be, and each tensor's and step's its own."""

import numpy as np
import pytest
import scipy.stats
import torch

from ravine.rules import counter

# The first numbers of SplitMix64 from seed 1234567, as published with the xoshiro generators.
PUBLISHED = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]


def test_the_hash_is_splitmix64():
    assert [counter.mixed((1234567 + counter.GOLDEN * k) % counter.WORD) for k in range(1, 6)] == PUBLISHED


@pytest.mark.parametrize("start", [0, 1, 2**63, 2**64 - 1, counter.key(3, 4, 5)])
def test_tensors_hash_as_whole_numbers_of_any_length_do(start):
    index = torch.tensor([0, 1, 2, 12345, 2**40])
    slow = [((counter.mixed((start + counter.GOLDEN * k) % counter.WORD) >> 11) + 0.5) / 2**53 for k in index.tolist()]
    assert counter.uniform(start, index).tolist() == slow


def test_uniform_numbers_are_uniform_and_never_at_the_ends():
    u = counter.uniform(counter.key(0, 1, 0), torch.arange(100_000)).numpy()
    assert scipy.stats.kstest(u, "uniform").pvalue > 1e-3
    assert u.min() > 0
    assert u.max() < 1
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 0.02


def test_normal_numbers_are_normal_and_their_neighbors_no_relatives():
    z = counter.normal(torch.empty(100_000, dtype=torch.float64), seed=1, t=2, tensor=3).numpy()
    assert scipy.stats.kstest(z, "norm").pvalue > 1e-3
    assert abs(scipy.stats.kurtosis(z)) < 0.1
    assert abs(np.corrcoef(z[:-1], z[1:])[0, 1]) < 0.02


def test_seeds_steps_and_tensors_have_numbers_of_their_own():
    like = torch.empty(1000, dtype=torch.float64)
    places = [(seed, t, tensor) for seed in range(4) for t in range(1, 5) for tensor in range(4)]
    drawn = torch.stack([counter.normal(like, *place) for place in places]).numpy()
    correlations = np.corrcoef(drawn) - np.eye(len(places))
    assert np.abs(correlations).max() < 0.16  # the largest of 2016 correlations over 1000 numbers
    assert scipy.stats.kstest(drawn[:, 0], "norm").pvalue > 1e-3  # over places, too
    assert len({counter.key(*place) for place in places}) == len(places)


def test_shape_strides_and_precision_change_no_number():
    flat = counter.normal(torch.empty(12, dtype=torch.float64), 0, 1, 2)
    strided = counter.normal(torch.empty(4, 3, dtype=torch.float64).T, 0, 1, 2)
    assert torch.equal(strided.flatten(), flat)
    single = counter.normal(torch.empty(3, 4), 0, 1, 2)
    assert single.dtype == torch.float32
    assert torch.equal(single.flatten(), flat.float())
    assert counter.normal(torch.empty(()), 0, 1, 2).shape == ()
    assert counter.normal(torch.empty(0, 3), 0, 1, 2).shape == (0, 3)


def test_many_tensors_at_once_draw_what_each_draws_alone():
    sizes = [1, 0, 7, 64, 1000, counter.BLOCK - 1, counter.BLOCK + 5, 3]
    like = [torch.empty(size, dtype=torch.float64) for size in sizes]
    starts = [counter.key(5, t, k) for k, t in enumerate([1, 1, 2, 9, 1, 1, 3, 1])]
    for x, start, z in zip(like, starts, counter.normals(like, starts), strict=True):
        index = torch.arange(0, 2 * len(x), 2)
        u1, u2 = counter.uniform(start, index), counter.uniform(start, index + 1)
        torch.testing.assert_close(z, torch.sqrt(-2 * u1.log()) * torch.cos(2 * np.pi * u2), rtol=0, atol=1e-14)
        assert torch.equal(z, counter.normals([x], [start])[0])
