"""What an ensemble is worth: its scores beside its members', how much these differ, and what all of it costs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from ..data import ledger
from ..data.examples import Examples
from ..data.folds import split_test
from ..data.metrics import Metric
from ..data.scores import metric_of, proper_score
from ..training.evaluate import Outputs, scores_by_example, values
from ..training.stage import SPLIT_SEED
from .cost import Cost, cost_of
from .curve import by_members
from .differing import between_pairs, disagreement, words_of
from .ensemble import Ensemble


@dataclass(frozen=True)
class Difference:
    """A mean difference over examples, with its 95 % interval: the members stay, other examples might have come."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Scores:
    """An ensemble's scores beside its members', over the same examples.

    `gain` and `proper_gain` are how much better the ensemble is than what stands `beside` it: the mean of its members,
    weighted as they are; for what was boosted, where members are made one upon the other, the first of them. A gain is
    positive, whichever way the score counts. `disagreement` is, for classes, the share of examples that two members
    label differently, the mean over all pairs; for numbers the spread of the members, the root of their mean variance,
    in the target's own unit. `by_members` has a row for each number of members, from one to all.
    """

    examples: int
    metric: str
    score: float
    member_scores: tuple[float, ...]
    gain: Difference
    proper_name: str
    proper: float
    member_propers: tuple[float, ...]
    proper_gain: Difference
    beside: str
    disagreement: float
    between_pairs: np.ndarray
    """`[m, m]`: the disagreement of each pair; for numbers the root of their mean squared difference."""
    cost: Cost
    by_members: pd.DataFrame
    notes: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """Puts the ensemble and its members side by side.

        Returns:
            One row each, with the metric and the proper score.
        """
        pairs = zip(self.member_scores, self.member_propers, strict=True)
        rows = {"ensemble": (self.score, self.proper)} | {f"member {k}": pair for k, pair in enumerate(pairs)}
        return pd.DataFrame.from_dict(rows, orient="index", columns=[self.metric, self.proper_name])

    def __str__(self) -> str:
        gains = [(self.metric, self.gain), (self.proper_name, self.proper_gain)]
        told = [f"{name} {gain.mean:.4g} ({gain.low:.4g} to {gain.high:.4g})" for name, gain in gains]
        lines = [self.table().round(4).to_string(), f"Gain over the {self.beside}: {'; '.join(told)}."]
        lines += [f"Disagreement of two members: {self.disagreement:.3g}, over {self.examples} examples."]
        return "\n".join([*lines, str(self.cost), *self.notes])


def scores(ensemble: Ensemble, given: Examples | None = None) -> Scores:
    """Scores an ensemble beside its members.

    Args:
        ensemble: The ensemble.
        given: Examples with targets, not yet preprocessed; None for the task's test set, whose ledger notes it.

    Returns:
        The scores.
    """
    task, cost = ensemble.task, cost_of(ensemble)
    said = ensemble.said(_judged(ensemble, given))
    metric, proper = metric_of(task), proper_score(task)
    together = Outputs(ensemble.combined(said.outputs), said.targets)
    alone = [Outputs(ensemble.start + one if ensemble.combine == "sum" else one, said.targets) for one in said.outputs]
    (score, proper_value), each = values((metric, proper), together), [values((metric, proper), one) for one in alone]
    beside, shares = _beside(ensemble)
    words = words_of(said.outputs, ensemble)
    pairs = between_pairs(words)
    return Scores(
        examples=len(said.targets), metric=metric.name, score=score, member_scores=tuple(one[0] for one in each),
        gain=_gain(metric, together, alone, shares), proper_name=proper.name, proper=proper_value,
        member_propers=tuple(one[1] for one in each), proper_gain=_gain(proper, together, alone, shares), beside=beside,
        disagreement=disagreement(pairs, words.dtype.kind == "f"), between_pairs=pairs, cost=cost,
        by_members=by_members(ensemble, said, cost), notes=ensemble.notes,
    )  # fmt: skip


def _judged(ensemble: Ensemble, given: Examples | None) -> Examples:
    if given is not None:
        return given
    _, test = split_test(ensemble.task, SPLIT_SEED)
    ledger.note(test.fingerprint(), "ravine.ensemble", len(ensemble) + 1)
    return test


def _beside(ensemble: Ensemble) -> tuple[str, np.ndarray]:
    """Tells what an ensemble is held against, and each member's share in it."""
    if ensemble.weights is not None and ensemble.combine in {"sum", "vote"}:
        return "first member", np.eye(len(ensemble))[0]
    weights = np.ones(len(ensemble)) if ensemble.weights is None else np.asarray(ensemble.weights, dtype=float)
    return "mean member", weights / weights.sum()


def _gain(metric: Metric, together: Outputs, alone: list[Outputs], shares: np.ndarray) -> Difference:
    (one,) = scores_by_example((metric,), together)
    others = shares @ np.stack([scores_by_example((metric,), each)[0] for each in alone])
    return paired((one - others) * (1 if metric.higher_is_better else -1))


def paired(differences: np.ndarray) -> Difference:
    """Gives a mean with its 95 % interval, by Student's t.

    Args:
        differences: One for each example.

    Returns:
        The mean and the interval's ends.

    >>> paired(np.array([1.0, 2.0, 3.0]))                          # 2 -+ 4.303 / sqrt(3), by a t table
    Difference(mean=2.0, low=-0.484..., high=4.484...)
    """
    count, mean = len(differences), float(differences.mean())
    error = float(differences.std(ddof=1)) / count**0.5 if count > 1 else float("inf")
    reach = float(stdtrit(max(count - 1, 1), 0.975)) * error
    return Difference(mean, mean - reach, mean + reach)
