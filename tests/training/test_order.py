"""The order of examples: every one once, none alone, and a function of (seed, epoch) and nothing else."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from ravine.recipe import Recipe
from ravine.rules import SGD
from ravine.training.order import batch_size_of, epoch_order, steps_per_epoch

COUNTS, SIZES = st.integers(1, 60), st.one_of(st.integers(1, 70), st.just("all"))
ORDERS = st.sampled_from(["shuffled", "stored", "replacement"])


def order(count, size, kind="shuffled", seed=0, epoch=0):
    return epoch_order(Recipe(SGD(), batch_size=size, order=kind), count, seed=seed, epoch=epoch)


@given(COUNTS, SIZES, ORDERS)
def test_batches_are_full_but_the_last_and_none_is_a_lone_example(count, size, kind):
    recipe = Recipe(SGD(), batch_size=size, order=kind)
    lengths = [len(batch) for batch in order(count, size, kind).batches]
    full = count if size == "all" else min(size, count)
    assert batch_size_of(recipe, count) == full
    assert len(lengths) == steps_per_epoch(recipe, count)
    assert sum(lengths) == count
    assert all(length == full for length in lengths[:-1])
    assert lengths[-1] <= full + 1
    assert lengths[-1] > 1 or full == 1


@given(COUNTS, SIZES, ORDERS, st.integers(0, 2**40), st.integers(0, 1000))
def test_every_epoch_has_the_examples_that_its_order_promises(count, size, kind, seed, epoch):
    found = order(count, size, kind, seed, epoch)
    examples = torch.cat(found.batches)
    if kind == "stored":
        assert examples.tolist() == list(range(count))
    elif kind == "shuffled":
        assert sorted(examples.tolist()) == list(range(count))
    else:
        assert len(examples) == count
        assert 0 <= int(examples.min()) <= int(examples.max()) < count
    again = order(count, size, kind, seed, epoch)
    assert all(map(torch.equal, found.batches, again.batches))
    assert found.seeds == again.seeds
    assert len(found.seeds) == len(found.batches)


def test_other_seeds_and_epochs_are_other_orders_and_other_luck():
    found = [order(200, 10, seed=seed, epoch=epoch) for seed in range(4) for epoch in range(4)]
    assert len({tuple(torch.cat(each.batches).tolist()) for each in found}) == 16
    assert len({seed for each in found for seed in each.seeds}) == 16 * 20


def test_all_orders_are_as_likely():
    permutations = [tuple(torch.cat(order(4, 4, seed=seed).batches).tolist()) for seed in range(2400)]
    _, counts = np.unique(permutations, axis=0, return_counts=True)
    assert len(counts) == 24
    assert chisquare(counts).pvalue > 0.001


def test_with_replacement_every_example_is_as_likely_and_some_come_twice():
    drawn = np.concatenate([torch.cat(order(10, 5, "replacement", seed).batches).numpy() for seed in range(500)])
    assert chisquare(np.bincount(drawn, minlength=10)).pvalue > 0.001
    assert len(torch.cat(order(10, 5, "replacement").batches).unique()) < 10
