"""Which examples come when, and the luck of every step: a function of (seed, epoch, batch) alone.

Nothing is kept from step to step, so that a resumed run needs no state of any generator.
"""

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..recipe import Recipe


@dataclass(frozen=True)
class Order:
    """One epoch: the examples of each batch, and the seed under which the step on it is taken."""

    batches: list[Tensor]
    seeds: list[int]


def batch_size_of(recipe: Recipe, count: int) -> int:
    """Gives the number of examples per step.

    Args:
        recipe: The recipe.
        count: How many examples there are.

    Returns:
        Its batch size, where "all" and anything larger mean the whole set.
    """
    return count if recipe.batch_size == "all" else min(recipe.batch_size, count)


def steps_per_epoch(recipe: Recipe, count: int) -> int:
    """Gives the number of steps in one epoch.

    Args:
        recipe: The recipe.
        count: How many examples there are.

    Returns:
        Full batches and a smaller last one; a single example left over joins the batch before it.

    >>> from ravine.rules import SGD
    >>> [steps_per_epoch(Recipe(SGD(), batch_size=64), n) for n in (64, 65, 66, 10)]
    [1, 1, 2, 1]
    """
    size = batch_size_of(recipe, count)
    full, rest = divmod(count, size)
    return full + (rest > 1 or (rest == 1 and size == 1))


def epoch_order(recipe: Recipe, count: int, seed: int, epoch: int) -> Order:
    """Gives the order of one epoch.

    Args:
        recipe: The recipe: batch size and kind of order.
        count: How many examples there are.
        seed: The run's seed.
        epoch: The epoch, from 0.

    Returns:
        The batches and their seeds.

    >>> from ravine.rules import SGD
    >>> [b.tolist() for b in epoch_order(Recipe(SGD(), batch_size=2, order="stored"), 5, seed=0, epoch=0).batches]
    [[0, 1], [2, 3, 4]]
    """
    steps = steps_per_epoch(recipe, count)
    first, *rest = (int(s) for s in np.random.SeedSequence([seed, epoch]).generate_state(steps + 1, np.uint64))
    generator = torch.Generator().manual_seed(first)
    if recipe.order == "shuffled":
        indices = torch.randperm(count, generator=generator)
    elif recipe.order == "replacement":
        indices = torch.randint(count, (count,), generator=generator)
    else:
        indices = torch.arange(count)
    return Order(_cut(indices, batch_size_of(recipe, count), steps), rest)


def _cut(indices: Tensor, size: int, steps: int) -> list[Tensor]:
    # The last batch takes what is left: a lone example has no variance that batch normalization could divide by.
    ends: list[Any] = [size * k for k in range(1, steps)]
    return list(torch.tensor_split(indices, ends))


def seed_step(seed: int, device: torch.device) -> None:
    """Sets the luck of one step: dropout, noise, whatever the model draws.

    Args:
        seed: The step's seed.
        device: The device that the model draws on.
    """
    # The generator's own method costs 1 microsecond; torch.manual_seed, which seeds every device there is, ten.
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)


def seed_reading(seed: int) -> None:
    """Sets the luck of those who read examples by Python's or NumPy's own generators, as a user's Dataset may.

    Args:
        seed: The step's seed.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - what a user's Dataset may draw from
