"""What each further member brings: scores against the number of forward passes."""

from itertools import combinations

import numpy as np
import pandas as pd
import torch

from ..data.combining import combined
from ..data.scores import metric_of, proper_score
from ..training.evaluate import Outputs, values
from .cost import Cost
from .ensemble import Ensemble

SUBSETS = 32
"""How many choices of k members stand for all of them, where there are more."""


def by_members(ensemble: Ensemble, said: Outputs, cost: Cost) -> pd.DataFrame:
    """Scores ensembles of fewer members: what each further forward pass brings.

    Members that count alike stand for each other, so that k of them are scored by the mean over choices of k; those
    with weights of their own, which were made one upon the other, by the first k.

    Args:
        ensemble: The ensemble.
        said: What its members say.
        cost: What they cost.

    Returns:
        A row for each number of members: passes, flops, and the mean of metric and proper score.
    """
    metrics, count = (metric_of(ensemble.task), proper_score(ensemble.task)), len(ensemble)
    rows = []
    for size in range(1, count + 1):
        chosen = choices(count, size) if ensemble.weights is None else [tuple(range(size))]
        found = [values(metrics, _of_some(ensemble, said, some)) for some in chosen]
        flops = round(sum(sum(cost.flops[k] for k in some) for some in chosen) / len(chosen))
        rows.append((size, flops, *np.mean(found, axis=0)))
    return pd.DataFrame(rows, columns=["passes", "flops", *(metric.name for metric in metrics)])


def choices(count: int, size: int) -> list[tuple[int, ...]]:
    """Lists choices of some members: all of them, or where those are many, some, the same each time.

    Args:
        count: How many members there are.
        size: How many are chosen.

    Returns:
        Their numbers, in ascending order.

    >>> choices(3, 2)
    [(0, 1), (0, 2), (1, 2)]
    >>> len(choices(20, 10))
    32
    """
    if np.prod([(count - k) / (k + 1) for k in range(size)]) <= SUBSETS + 0.5:
        return list(combinations(range(count), size))
    luck = np.random.default_rng(0)
    return [tuple(sorted(luck.choice(count, size, replace=False).tolist())) for _ in range(SUBSETS)]


def _of_some(ensemble: Ensemble, said: Outputs, some: tuple[int, ...]) -> Outputs:
    """What a smaller ensemble says, from what the members of the whole one have said."""
    weights = None if ensemble.weights is None else torch.tensor(ensemble.weights, dtype=torch.float64)[list(some)]
    how = ensemble.kind, ensemble.combine, weights, ensemble.start
    return Outputs(combined(said.outputs[list(some)], *how), said.targets)
