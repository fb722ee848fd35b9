"""`cross_validate`: how well a recipe does on examples that it has not learned from, and how sure that is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch

from ..data.find import find
from ..data.folds import folds as split_folds
from ..data.folds import split_test
from ..data.scores import metric_of, proper_score
from ..data.task import Task
from ..ensemble.members import check_count
from ..numbers import in_words
from ..recipe import Recipe, read_recipe
from ..rules import Rule
from ..study.job import first_seed
from ..training.evaluate import Outputs
from ..training.run import Epoch
from ..training.stage import SPLIT_SEED
from .calibration import Reliability, reliability_of
from .gap import GapByEpoch, gap_by_epoch
from .interval import Interval, bounded, check_confidence, corrected
from .sampled import Sample, SampledRun
from .side_by_side import Where, sampled_runs

MOST_SEED = 2**32 // 1000 - 1
"""Runs count their seeds from 1000 times that of the call."""
OVERLAP = (
    "Folds share training examples, so their scores are not independent; the intervals are widened for that (Nadeau & "
    "Bengio 2003)."
)


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """The runs of a cross-validation, repeat by repeat and fold by fold, and what they say together."""

    task: str
    recipe: str
    metric: str
    higher_is_better: bool
    proper_name: str
    folds: int
    repeats: int
    confidence: float
    trained: float
    """How many examples a fold has to learn from, in the mean,"""
    judged: float
    """and how many judge it."""
    runs: tuple[SampledRun, ...] = field(repr=False)

    @cached_property
    def score(self) -> Interval:
        """The metric on examples not learned from, the mean over the folds."""
        return bounded(self._interval(np.array([run.score for run in self.runs])), self.metric)

    @cached_property
    def proper(self) -> Interval:
        """The proper score on them; lower is better."""
        return bounded(self._interval(np.array([run.proper for run in self.runs])), self.proper_name)

    @cached_property
    def gap(self) -> Interval:
        """By how much the metric is worse on them than on the examples learned from."""
        return self._interval(self._gaps("score"))

    @cached_property
    def proper_gap(self) -> Interval:
        """The same by the proper score."""
        return self._interval(self._gaps("proper"))

    def _gaps(self, name: str) -> np.ndarray:
        unseen, learned = (np.array([getattr(run, prefix + name) for run in self.runs]) for prefix in ("", "train_"))
        return learned - unseen if self.higher_is_better and name == "score" else unseen - learned

    def _interval(self, values: np.ndarray) -> Interval:
        return corrected(values, self.judged / self.trained, confidence=self.confidence, over=f"{len(values)} folds")

    def table(self) -> pd.DataFrame:
        """Gives every run as a row.

        Returns:
            Repeat, fold, outcome, scores on the fold's validation part and on its training part, gaps and costs.
        """
        names = ("outcome", "sentence", "score", "proper", "train_score", "train_proper", "evaluations", "seconds")
        rows = [self._place(k) | {name: getattr(run, name) for name in names} for k, run in enumerate(self.runs)]
        return pd.DataFrame(rows).assign(gap=self._gaps("score"), proper_gap=self._gaps("proper"))

    def curves(self) -> pd.DataFrame:
        """Gives every epoch of every run as a row.

        Returns:
            Training loss, lr and scores by epoch and by gradient evaluations.
        """
        rows = [self._place(k) | vars(epoch) for k, run in enumerate(self.runs) for epoch in run.history]
        return pd.DataFrame(rows, columns=["repeat", "fold", *(one.name for one in fields(Epoch))])

    def _place(self, number: int) -> dict[str, Any]:
        repeat, fold = divmod(number, self.folds)
        return {"repeat": repeat, "fold": fold}

    def gap_by_epoch(self, *, proper: bool = False) -> GapByEpoch:
        """Follows the gap through training; see `ravine.diagnose.gap`."""
        histories = [run.history for run in self.runs]
        return gap_by_epoch(histories, higher_is_better=self.higher_is_better, proper=proper)

    def outputs(self) -> Outputs:
        """Gives what was said of every example by the runs that had not learned from it.

        Returns:
            Outputs and targets, `[repeats * n, ...]`.
        """
        said, true = (np.concatenate([getattr(run, name) for run in self.runs]) for name in ("outputs", "targets"))
        return Outputs(torch.from_numpy(said), torch.from_numpy(true))

    def reliability(self, *, bins: int = 15, by: str = "width") -> Reliability:
        """Compares confidence with accuracy on examples not learned from; see `ravine.diagnose.calibration`."""
        said = self.outputs()
        return reliability_of(said.outputs, said.targets, bins=bins, by=by)

    def sentences(self) -> list[str]:
        """Gives the result in words.

        Returns:
            The scores, the gap, what kind of interval they have, and a caveat for every run that diverged.
        """
        metric, proper = in_words(self.metric), in_words(self.proper_name)
        times = "" if self.repeats == 1 else f", {self.repeats} times"
        lost = [f"Fold {k % self.folds + 1} counts at chance level. {r.sentence}" for k, r in enumerate(self.runs)
                if r.outcome == "diverged"]  # fmt: skip
        return [
            f"{metric} {self.score} and {proper} {self.proper} over {self.folds} folds{times}.",
            f"On its training part a fold is better by {self.gap} {metric} and {self.proper_gap} {proper}.",
            OVERLAP,
            *lost,
        ]


def cross_validate(
    task: Task | str,
    recipe: Recipe | Rule | str,
    *,
    folds: int = 5,
    repeats: int = 1,
    seed: int = 0,
    arguments: Mapping[str, Any] | None = None,
    metric: str | None = None,
    confidence: float = 0.95,
    workers: int | None = None,
    device: str | None = None,
    engine: str = "auto",
    progress: Callable[[SampledRun], None] = lambda _: None,
) -> CrossValidation:
    """Trains a recipe on all folds but one, and judges it on that one, for each fold in turn.

    Classes keep their shares in every fold, no group of `Task.groups` is parted, and preprocessing is fitted inside
    the fold. The test set is not looked at: where the task brings none, the folds are of the 80 % that are not it. The
    first repeat has the folds and the seeds of a study (`ravine.compare`) with the same seed.

    Args:
        task: The task, or the text that finds it.
        recipe: The recipe, or the rule that stands for it, or the text of either.
        folds: How many parts, at least 2.
        repeats: How many times, each with other folds.
        seed: Decides folds, initial weights and the order of the data.
        arguments: Arguments of the model factory.
        metric: The name of a metric to use instead of the task's own.
        confidence: Of the intervals.
        workers: How many runs go on at once; None for one per core, or one on a GPU. It changes no number.
        device: Where to train; None for the GPU where there is one.
        engine: Who executes the rule.
        progress: Called as runs end.

    Returns:
        Every run, and what they say together.

    Raises:
        RavineError: An argument is not as it must be, a class or a group is too small for so many folds, or the task's
            own code raised.

    >>> found = cross_validate("wine", "Recipe(Adam(lr=0.01), epochs=5)", folds=3, workers=1)
    >>> found.table().shape, found.score.low < found.score.value < found.score.high
    ((3, 12), True)
    """
    found = find(task) if isinstance(task, str) else task
    found = found if metric is None else replace(found, metric=metric)
    settled, where = read_recipe(recipe), Where(workers, device, engine)
    check_count("repeats", repeats, 1, 1000)
    check_count("seed", seed, 0, MOST_SEED)
    check_confidence(confidence, "cross_validate")
    samples = _samples(found, settled, folds, repeats, seed, dict(arguments or {}))
    runs = sampled_runs(found, samples, where, progress)
    judged_by, proper = metric_of(found), proper_score(found)
    sizes = [(len(each.rows), 0 if each.judged is None else len(each.judged)) for each in samples]
    trained, judged = np.mean(sizes, axis=0)
    return CrossValidation(
        found.name, repr(settled), judged_by.name, judged_by.higher_is_better, proper.name, folds, repeats, confidence,
        float(trained), float(judged), tuple(runs),
    )  # fmt: skip


def _samples(
    task: Task, recipe: Recipe, folds: int, repeats: int, seed: int, arguments: Mapping[str, Any]
) -> list[Sample]:
    train, _ = split_test(task, SPLIT_SEED)
    samples: list[Sample] = []
    for repeat in range(repeats):
        # The first as in a study; the others from the seed and their number alone.
        split_seed = seed if repeat == 0 else int(np.random.SeedSequence([seed, repeat]).generate_state(1)[0])
        for kept, left_out in split_folds(task, train, folds, seed=split_seed):
            own = first_seed(seed) + len(samples)
            samples.append(Sample(recipe, kept.numpy(), left_out.numpy(), own, arguments))
    return samples
