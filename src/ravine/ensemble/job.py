"""What it takes to train one member: enough for any process to do it alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..recipe import Recipe


@dataclass(frozen=True)
class Job:
    """One member to be trained.

    `arguments` are for the model factory; `until` is the number of epochs after which training ends, None for the
    recipe's; `bag` is the seed by which the bootstrap sample is drawn that it learns from, None for all examples.
    """

    recipe: Recipe
    seed: int
    arguments: Mapping[str, Any] = field(default_factory=dict)
    until: int | None = None
    bag: int | None = None


def seeds_of(seed: int, count: int) -> list[int]:
    """Gives the seeds of an ensemble's members; two ensembles of different seeds share none.

    Args:
        seed: The ensemble's seed.
        count: How many members it has, at most 1000.

    Returns:
        One seed for each.

    >>> seeds_of(2, 3)
    [2000, 2001, 2002]
    """
    return [1000 * seed + k for k in range(count)]
