"""Ensembles beside each other at equal cost of inference."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..data.examples import Examples
from ..errors import RavineError
from .cost import cost_of
from .ensemble import Ensemble
from .scoring import scores


def compared(
    ensembles: Mapping[str, Ensemble], given: Examples | None = None, *, flops: float | None = None
) -> pd.DataFrame:
    """Compares ensembles at equal cost of inference: each with as many of its first members as the budget allows.

    Args:
        ensembles: The ensembles by name, of one task; a single network is an ensemble of one.
        given: Examples with targets, not yet preprocessed; None for the task's test set, whose ledger notes it.
        flops: What predicting one example may cost; None for what the cheapest of them costs in full.

    Returns:
        A row for each: members, passes and flops for one example, gradient evaluations of those members, metric and
        proper score.

    Raises:
        RavineError: There are none, they are of several tasks, or not even one member fits into the budget.
    """
    if not ensembles or len({one.task.training_data.fingerprint() for one in ensembles.values()}) > 1:
        raise RavineError("compared(...) needs ensembles of one task, as in {'seeds': ..., 'bagged': ...}.")
    budget = min(sum(cost_of(one).flops) for one in ensembles.values()) if flops is None else flops
    rows, columns = {}, []
    for name, one in ensembles.items():
        within = one.first(_fitting(name, one, budget))
        found, cost = scores(within, given), cost_of(within)
        rows[name] = (len(within), sum(cost.flops), cost.evaluations, found.score, found.proper)
        columns = ["passes", "flops", "evaluations", found.metric, found.proper_name]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def _fitting(name: str, ensemble: Ensemble, budget: float) -> int:
    spent = np.cumsum(cost_of(ensemble).flops)
    count = int((spent <= budget).sum())
    if count == 0:
        raise RavineError(f"not one member of {name!r} fits into {budget:g} flops: it takes {spent[0]:g}.")
    return count
