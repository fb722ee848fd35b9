"""What each further member brings: scores against the number of forward passes."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..data.combining import combined
from ..data.metrics import Metric
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
    how = ensemble.combine, ensemble.weights, ensemble.start
    flops = [
        round(np.mean([sum(cost.flops[k] for k in some) for some in _chosen(count, size, ensemble.weights)]))
        for size in range(1, count + 1)
    ]
    found = scores_by_size(said, metrics, ensemble.kind, *how)
    table = pd.DataFrame(found, columns=[metric.name for metric in metrics])
    table.insert(0, "passes", range(1, count + 1))
    table.insert(1, "flops", flops)
    return table


def scores_by_size(
    said: Outputs,
    metrics: Sequence[Metric],
    kind: str,
    combine: str = "average",
    weights: Sequence[float] | None = None,
    start: float | Tensor = 0.0,
) -> NDArray[np.float64]:
    """Scores ensembles of one member, of two, and so on: by the mean over choices, or the first where weights differ.

    Args:
        said: What all members say, `[m, n, ...]`, and what is true, `[n, ...]`.
        metrics: What they are scored by.
        kind: What the targets are: "classes", "binary", "numbers" or "given".
        combine: How members become one.
        weights: One for each member, of those that were made one upon the other; None where they count alike.
        start: What "sum" adds to.

    Returns:
        `[m, metrics]`; the first row is the mean member's.

    >>> from ravine.data.metrics import METRICS
    >>> three = Outputs(torch.tensor([[1.0], [2.0], [6.0]]), torch.tensor([3.0]))
    >>> scores_by_size(three, [METRICS["squared_error"]], "numbers").round(3).tolist()   # 14/3, (2.25 + .25 + 1)/3, 0
    [[4.667], [1.167], [0.0]]
    """
    count = len(said.outputs)
    w = None if weights is None else torch.tensor(weights, dtype=torch.float64)

    def score(some: tuple[int, ...]) -> tuple[float, ...]:
        chosen = list(some)
        together = combined(said.outputs[chosen], kind, combine, None if w is None else w[chosen], start)
        return values(tuple(metrics), Outputs(together, said.targets))

    sizes = range(1, count + 1)
    return np.array([np.mean([score(some) for some in _chosen(count, size, weights)], axis=0) for size in sizes])


def _chosen(count: int, size: int, weights: Sequence[float] | None) -> list[tuple[int, ...]]:
    return choices(count, size) if weights is None else [tuple(range(size))]


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
