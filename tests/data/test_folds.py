"""Splits: every example once, no group parted, each class in its share."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ravine.data.folds import folds, split_test
from ravine.data.task import Task
from ravine.errors import RavineError


def task(targets, **options):
    """A task whose only input is the example's number, so that parts can be told."""
    targets = np.asarray(targets)
    inputs = np.arange(len(targets), dtype=np.float32)[:, None]
    return Task(**{"model": lambda: nn.Linear(1, 3), "train": (inputs, targets), **options})


def numbers(data):
    return set(data.inputs[:, 0].int().tolist())


def check_partition(parts, count):
    """Each example is validated once, and learned from in all other folds."""
    held = torch.cat([validation for _, validation in parts])
    assert sorted(held.tolist()) == list(range(count))
    for rest, validation in parts:
        assert sorted([*rest.tolist(), *validation.tolist()]) == list(range(count))


@given(data=st.data(), count=st.integers(2, 5), seed=st.integers(0, 5))
def test_folds_of_classes_part_the_examples_and_keep_the_shares(data, count, seed):
    sizes = data.draw(st.lists(st.integers(count, 12), min_size=2, max_size=4))
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    given_ = task(labels)
    parts = folds(given_, given_.training_data, count, seed=seed)
    check_partition(parts, len(labels))
    for label, size in enumerate(sizes):
        held = [int((labels[validation] == label).sum()) for _, validation in parts]
        assert max(held) - min(held) <= 1
        assert sum(held) == size


@given(size=st.integers(5, 40), count=st.integers(2, 5), seed=st.integers(0, 5))
def test_folds_of_numbers_part_the_examples_evenly(size, count, seed):
    given_ = task(np.linspace(0.5, 1, size))
    parts = folds(given_, given_.training_data, count, seed=seed)
    check_partition(parts, size)
    assert {len(validation) for _, validation in parts} <= {size // count, -(-size // count)}


@settings(max_examples=50)
@given(data=st.data(), count=st.integers(2, 4), labeled=st.booleans(), seed=st.integers(0, 3))
def test_no_group_is_parted(data, count, labeled, seed):
    groups = np.array(data.draw(st.lists(st.integers(0, 9), min_size=30, max_size=60)) + list(range(10)))
    given_ = task(np.linspace(0.5, 1, len(groups)), groups=groups)
    if labeled:
        # Both classes in every group: one that lives in few groups may, by bad luck, be missed by a part.
        groups = np.concatenate([groups, groups])
        given_ = task(np.repeat([0, 1], len(groups) // 2), groups=groups)
    train, test = split_test(given_, seed)
    parts = folds(given_, train, count, seed=seed)
    (holdout,) = folds(given_, train, holdout=0.3, seed=seed)
    assert not set(groups[sorted(numbers(train))]) & set(groups[sorted(numbers(test))])
    check_partition(parts, len(train))
    for rest, validation in [*parts, holdout]:
        assert not set(train.groups[rest].tolist()) & set(train.groups[validation].tolist())


@pytest.mark.parametrize("seed", range(5))
def test_a_fifth_is_the_test_set_with_the_shares_of_the_classes(seed):
    labels = np.repeat(["a", "b", "c"], [50, 100, 200])
    train, test = split_test(task(labels), seed)
    assert torch.bincount(test.targets).tolist() == [10, 20, 40]
    assert numbers(train) | numbers(test) == set(range(350))
    assert not numbers(train) & numbers(test)
    assert test.inputs[:, 0].tolist() == sorted(test.inputs[:, 0].tolist())


def test_a_seed_decides_and_another_differs():
    given_ = task(np.arange(60) % 3)
    for split in (
        lambda seed: numbers(split_test(given_, seed)[1]),
        lambda seed: folds(given_, given_.training_data, 3, seed=seed)[0][1].tolist(),
    ):
        assert split(1) == split(1)
        assert split(1) != split(2)


def test_the_tasks_own_test_set_is_taken():
    given_ = task(np.arange(60) % 3)
    own = dataclasses.replace(given_, test=(np.full((9, 1), 99.0), np.arange(9) % 3))
    train, test = split_test(own, 0)
    assert len(train) == 60
    assert numbers(test) == {99}


@pytest.mark.parametrize(("share", "held"), [(0.1, 6), (0.25, 15), (0.5, 30)])
def test_a_holdout_has_its_share(share, held):
    for targets in (np.arange(60) % 3, np.linspace(0.5, 1, 60)):
        given_ = task(targets)
        ((rest, validation),) = folds(given_, given_.training_data, holdout=share, seed=0)
        assert len(validation) == held
        assert sorted([*rest.tolist(), *validation.tolist()]) == list(range(60))


def test_dense_and_several_labels_are_parted_as_they_come():
    for targets, loss in ((np.zeros((20, 3, 3), dtype=int), None), (np.eye(20)[:, :3], "binary_cross_entropy")):
        given_ = task(targets, loss=loss)
        check_partition(folds(given_, given_.training_data, 4), 20)


def test_whole_numbers_for_a_loss_of_ones_own_may_be_rare():
    def poisson(outputs, targets):
        return nn.functional.poisson_nll_loss(outputs[:, 0], targets)

    counts = np.array([0] * 10 + [1] * 8 + [7])
    given_ = task(counts, loss=poisson)
    check_partition(folds(given_, given_.training_data, 3), 19)
    often = task(np.arange(30) % 2, loss=poisson)
    held = [
        int(often.training_data.targets[validation].sum()) for _, validation in folds(often, often.training_data, 3)
    ]
    assert held == [5, 5, 5]


@pytest.mark.parametrize(
    ("targets", "options", "split", "says"),
    [
        (["a"] * 9 + ["b"], {}, {"count": 3}, "at least 3 examples of each class, but 'b' has 1: use fewer folds"),
        (["a"] * 9 + ["b"] * 2, {}, {"count": 3}, "'b' has 2"),
        (["a"] * 9 + ["b"], {}, {"holdout": 0.2}, "at least 2 examples of each class, but 'b' has 1"),
        (np.arange(50), {}, {"count": 3}, "give loss='squared_error' if the targets are numbers"),
        (["a", "b"] * 5, {}, {"count": 1}, "whole number of at least 2, got 1"),
        (["a", "b"] * 5, {}, {"count": 2.5}, "whole number of at least 2, got 2.5"),
        (["a", "b"] * 5, {}, {"holdout": 1.5}, r"holdout must be in \(0, 1\), got 1.5"),
        (["a", "b"] * 5, {}, {"holdout": 0.01}, "gives parts of 9 and 1, too few for 2 classes"),
        ([0.5, 1.5], {}, {"count": 3}, "3 folds need as many examples, got 2"),
        ([0.5], {}, {"holdout": 0.5}, "leaves none to learn from"),
        ([0.5] * 9, {"groups": [1, 2] * 4 + [1]}, {"count": 3}, "3 folds need as many groups, got 2"),
        (["a"] * 6 + ["b"] * 6, {"groups": [1, 2, 3] * 2 + [4] * 6}, {"count": 2}, "a class lives in so few groups"),
    ],
)
def test_a_split_that_can_not_be_is_refused_with_its_bound(targets, options, split, says):
    given_ = task(targets, **options)
    with pytest.raises(RavineError, match=says):
        folds(given_, given_.training_data, **split)


@pytest.mark.parametrize(
    ("targets", "options", "says"),
    [
        (["a"] * 9 + ["b"], {}, "'b' has 1: give the task a test set of its own, or leave the class out"),
        ([0.5] * 9, {"groups": [1, 2] * 4 + [1]}, "at least 3 groups, got 2: give the task a test set of its own"),
    ],
)
def test_a_test_set_that_can_not_be_is_refused(targets, options, says):
    with pytest.raises(RavineError, match=says):
        split_test(task(targets, **options), 0)
