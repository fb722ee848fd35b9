"""Bootstrap samples: as many draws with replacement as there are examples, or groups of them.

Efron 1979, "Bootstrap Methods: Another Look at the Jackknife". https://doi.org/10.1214/aos/1176344552
"""

import dataclasses

import numpy as np
import torch
from torch import Tensor

from ..data.examples import Examples, FromDataset, InMemory
from ..data.folds import folds
from ..data.task import Task


def bootstrap(train: Examples, seed: int) -> tuple[Examples, Tensor]:
    """Draws a bootstrap sample.

    Where examples come in groups, whole groups are drawn, so that none is both in the bag and out of it. What was
    drawn several times is a group of its own in the sample: no inner split then learns from what it watches.

    Args:
        train: The examples.
        seed: Decides what is drawn.

    Returns:
        The sample, and the numbers of its examples, in ascending order.

    >>> train = InMemory({"inputs": torch.arange(6.0)})
    >>> sample, rows = bootstrap(train, seed=0)
    >>> rows.tolist(), sample.inputs.tolist()
    ([0, 1, 1, 3, 3, 5], [0.0, 1.0, 1.0, 3.0, 3.0, 5.0])
    """
    units = np.arange(len(train)) if train.groups is None else train.groups
    names = np.unique(units)
    drawn = np.random.default_rng(seed).choice(names, len(names))
    times = np.bincount(np.searchsorted(names, drawn), minlength=len(names))[np.searchsorted(names, units)]
    rows = torch.from_numpy(np.repeat(np.arange(len(train)), times))
    return taken(train, rows), rows


def taken(train: Examples, rows: Tensor) -> Examples:
    """Gives a sample in which an example may stand several times: what stands so is a group of its own.

    Args:
        train: The examples.
        rows: The numbers of those in the sample.

    Returns:
        The sample.
    """
    units = np.arange(len(train)) if train.groups is None else train.groups
    sample = train.subset(rows)
    assert isinstance(sample, (InMemory, FromDataset))
    return dataclasses.replace(sample, groups=units[rows.numpy()])


def resampled(train: Examples, weights: Tensor, seed: int) -> Examples:
    """Draws as many examples as there are, with replacement, each as often as its weight lets expect.

    Args:
        train: The examples.
        weights: Their weights, `[n]`, with a sum of one.
        seed: Decides what is drawn.

    Returns:
        The sample.
    """
    rows = np.random.default_rng(seed).choice(len(train), len(train), p=(weights / weights.sum()).numpy())
    return taken(train, torch.from_numpy(np.sort(rows)))


def thirds(task: Task, train: Examples, seed: int) -> list[Tensor]:
    """Parts examples in three, with the shares of classes kept and no group parted.

    Args:
        task: The task.
        train: Its examples.
        seed: Decides the parts, and the order within each: a stream that is filtered must not come sorted.

    Returns:
        The numbers of the examples in each.
    """
    luck = torch.Generator().manual_seed(seed)
    parts = [held for _, held in folds(task, train, 3, seed=seed)]
    return [part[torch.randperm(len(part), generator=luck)] for part in parts]


def out_of(rows: Tensor, count: int) -> Tensor:
    """Tells which examples a sample left out.

    Args:
        rows: The numbers of the examples in it.
        count: How many there are in all.

    Returns:
        `[n]`, true for what is out of the bag: about 37 % of them.

    >>> out_of(torch.tensor([0, 2, 2]), 4)
    tensor([False,  True, False,  True])
    """
    out = torch.ones(count, dtype=torch.bool)
    out[rows] = False
    return out
