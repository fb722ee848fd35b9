"""`learning_curve`: the error against the size of the training set, and whether it is too simple or learns by heart."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from ..data.find import find
from ..data.folds import folds as split_folds
from ..data.folds import split_test
from ..data.scores import metric_of, proper_score
from ..data.task import Task
from ..ensemble.members import check_count
from ..errors import RavineError
from ..part import substitute
from ..recipe import Recipe, read_recipe
from ..rules import Rule
from ..study.job import first_seed
from ..training.order import steps_per_epoch
from ..training.stage import SPLIT_SEED
from .fitting import Fitting, fitting
from .generalization import MOST_SEED
from .interval import Interval, bounded, check_confidence, corrected
from .nested import check_classes, labels_of, nested_order, sizes_of
from .sampled import Sample, SampledRun, chance_of
from .side_by_side import Where, sampled_runs

COLUMNS = ("score", "proper", "train_score", "train_proper")


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """Scores on examples learned from and on others, at growing sizes of the training set."""

    recipe: str
    metric: str
    higher_is_better: bool
    proper_name: str
    sizes: tuple[int, ...]
    seeds: int
    confidence: float
    judged: int
    """How many examples judge a run."""
    chance: float
    """The proper score of who looks at no input; NaN where the targets tell of none."""
    floor: float | None
    """The proper score of the best possible predictor; None where it is not known."""
    runs: tuple[SampledRun, ...] = field(repr=False)
    """Size by size, and seed by seed."""

    def values(self, name: str) -> NDArray[np.float64]:
        """Gives a score of every run.

        Args:
            name: "score", "proper", "train_score" or "train_proper".

        Returns:
            `[sizes, seeds]`.
        """
        return np.array([getattr(run, name) for run in self.runs]).reshape(len(self.sizes), self.seeds)

    def at(self, name: str, place: int = -1) -> Interval:
        """Gives a score at one size.

        Args:
            name: "score", "proper", "train_score" or "train_proper".
            place: Which size, by its place.

        Returns:
            The mean over the seeds with its interval.
        """
        metric = self.proper_name if name.endswith("proper") else self.metric
        return bounded(self._interval(self.values(name)[place]), metric)

    @cached_property
    def gap(self) -> Interval:
        """By how much the proper score on other examples is worse than on those learned from, at the largest size."""
        return self._interval((self.values("proper") - self.values("train_proper"))[-1])

    @cached_property
    def slope(self) -> Interval:
        """By how much one doubling of the data moves the proper score on other examples, at the largest two sizes."""
        proper = self.values("proper")
        return self._interval((proper[-1] - proper[-2]) / np.log2(self.sizes[-1] / self.sizes[-2]))

    def _interval(self, values: NDArray[np.float64]) -> Interval:
        ratio = self.judged / self.sizes[-1]
        return corrected(values, ratio, confidence=self.confidence, over=f"{self.seeds} splits of the data")

    @cached_property
    def fitting(self) -> Fitting:
        """Whether the network is too simple, or learns by heart, at the largest size; with the evidence."""
        return fitting(self)

    def table(self) -> pd.DataFrame:
        """Gives every run as a row.

        Returns:
            Size, seed, outcome and scores.
        """
        names = ("outcome", "sentence", *COLUMNS, "evaluations", "seconds")
        rows = [
            {"size": self.sizes[k // self.seeds], "seed": k % self.seeds} | {name: getattr(run, name) for name in names}
            for k, run in enumerate(self.runs)
        ]
        return pd.DataFrame(rows)

    def sentences(self) -> list[str]:
        """Gives the curve in words.

        Returns:
            The verdict, and one sentence for each run that diverged.
        """
        lost = [run.sentence for run in self.runs if run.outcome == "diverged"]
        counted = [f"{len(lost)} runs count at chance level. {lost[0]}"] if lost else []
        return [self.fitting.sentence, *counted]


def learning_curve(
    task: Task | str,
    recipe: Recipe | Rule | str,
    *,
    sizes: Sequence[float] | None = None,
    seeds: int = 5,
    same: str = "steps",
    floor: float | None = None,
    holdout: float = 0.2,
    seed: int = 0,
    arguments: Mapping[str, Any] | None = None,
    metric: str | None = None,
    confidence: float = 0.95,
    workers: int | None = None,
    device: str | None = None,
    engine: str = "auto",
    progress: Callable[[SampledRun], None] = lambda _: None,
) -> LearningCurve:
    """Trains on more and more of the data, and follows the error on examples learned from and on others.

    Under each seed another part of the training examples is held out, and the sizes are nested in the rest: every
    class keeps its share, groups come whole. The test set is not looked at.

    Args:
        task: The task, or the text that finds it.
        recipe: The recipe, or the rule that stands for it, or the text of either.
        sizes: Shares in (0, 1] of the examples that are not held out, or numbers of examples; None halves four times.
        seeds: How many splits, each with its own initial weights, at least 2.
        same: "steps": small sets are gone through more often, so that only the data differ; or "epochs".
        floor: The proper score of the best possible predictor, where the noise is known.
        holdout: The share of the training examples that judge.
        seed: Decides splits, initial weights and the order of the data.
        arguments: Arguments of the model factory.
        metric: The name of a metric to use instead of the task's own.
        confidence: Of the intervals.
        workers: How many runs go on at once; None for one per core, or one on a GPU. It changes no number.
        device: Where to train; None for the GPU where there is one.
        engine: Who executes the rule.
        progress: Called as runs end.

    Returns:
        The curve, whose `fitting` says whether the network is too simple for the data or learns them by heart.

    Raises:
        RavineError: A size is out of range, or lacks a class, or another argument is not as it must be.
    """
    found = find(task) if isinstance(task, str) else task
    found = found if metric is None else replace(found, metric=metric)
    settled, where = read_recipe(recipe), Where(workers, device, engine)
    check_count("seeds", seeds, 2, 500)
    check_count("seed", seed, 0, MOST_SEED)
    check_confidence(confidence, "learning_curve")
    if same not in {"steps", "epochs"}:
        raise RavineError(f"learning_curve(same={same!r}): same must be 'steps' or 'epochs'.")
    train, _ = split_test(found, SPLIT_SEED)
    labels = labels_of(found, train)
    least = 2 if labels is None else len(np.unique(labels))
    splits = [_split(found, holdout, seed, k) for k in range(seeds)]
    used = sizes_of(sizes, min(len(kept) for kept, _ in splits), least)
    samples = []
    for size in used:
        of_size = _lengthened(settled, size, used[-1]) if same == "steps" else settled
        for k, (kept, left_out) in enumerate(splits):
            check_classes(found, train, kept, size)
            own = first_seed(seed) + k
            samples.append(Sample(of_size, kept[:size], left_out, own, dict(arguments or {}), followed=False))
    runs = sampled_runs(found, samples, where, progress)
    judged_by = metric_of(found)
    return LearningCurve(
        repr(settled), judged_by.name, judged_by.higher_is_better, proper_score(found).name, used, seeds, confidence,
        len(splits[0][1]), float(np.mean([_chance(found, *split) for split in splits])), floor, tuple(runs),
    )  # fmt: skip


def _split(task: Task, holdout: float, seed: int, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Gives the examples that may be learned from, in the order in which sizes take them, and those that judge."""
    train, _ = split_test(task, SPLIT_SEED)
    own = seed if number == 0 else int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
    ((kept, left_out),) = split_folds(task, train, holdout=holdout, seed=own)
    return nested_order(task, train, kept.numpy(), own), left_out.numpy()


def _lengthened(recipe: Recipe, size: int, most: int) -> Recipe:
    """Gives a recipe the epochs in which it takes as many steps on fewer examples."""
    steps = steps_per_epoch(recipe, most) * recipe.epochs
    return substitute(recipe, {("epochs",): max(1, round(steps / steps_per_epoch(recipe, size)))})


def _chance(task: Task, kept: NDArray[np.int64], left_out: NDArray[np.int64]) -> float:
    train, _ = split_test(task, SPLIT_SEED)
    said = chance_of(task, *(train.subset(torch.from_numpy(rows)) for rows in (kept, left_out)))
    return float("nan") if said is None else proper_score(task).value(said.outputs, said.targets)
