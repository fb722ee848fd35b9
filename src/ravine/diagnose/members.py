"""`bias_variance`: members trained on bootstrap samples, and what their mean error is made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ..data import ledger
from ..data.examples import Examples
from ..data.find import find
from ..data.folds import folds as split_folds
from ..data.folds import split_test
from ..data.task import Task
from ..ensemble.members import check_count
from ..ensemble.sample import bootstrap
from ..recipe import Recipe, read_recipe
from ..rules import Rule
from ..study.job import first_seed
from ..training.stage import SPLIT_SEED
from .bias_variance import squared_loss, zero_one_loss
from .decomposition import Decomposition
from .generalization import MOST_SEED
from .predicted import Truth, predictions, tells_classes, without_noise
from .sampled import Rows, Sample, SampledRun
from .side_by_side import Where, sampled_runs


@dataclass(frozen=True, eq=False)
class BiasVariance:
    """What the mean error of members trained alike on bootstrap samples is made of."""

    recipe: str
    arguments: Mapping[str, Any]
    parts: Decomposition
    runs: tuple[SampledRun, ...] = field(repr=False)

    def sentences(self) -> list[str]:
        """Gives the decomposition in words.

        Returns:
            One sentence, and one for each member that diverged.
        """
        lost = [k for k, run in enumerate(self.runs) if run.outcome == "diverged"]
        return [
            self.parts.sentence(),
            *(f"Member {k} counts at chance level. {self.runs[k].sentence}" for k in lost),
        ]


def bias_variance(
    task: Task | str,
    recipe: Recipe | Rule | str,
    *,
    members: int = 20,
    truth: Truth | None = None,
    holdout: float | None = 0.2,
    seed: int = 0,
    arguments: Mapping[str, Any] | None = None,
    workers: int | None = None,
    device: str | None = None,
    engine: str = "auto",
    progress: Callable[[SampledRun], None] = lambda _: None,
) -> BiasVariance:
    """Trains members on bootstrap samples, and takes their error on examples held out from all of them apart.

    Members differ in their sample, their initial weights and the order of their data, and the variance is of all
    three. Bootstrap samples stand for new training sets: they hold 63 % of the examples, so that bias and variance
    are those of a training set that is somewhat smaller and less varied than a new one would be.

    Squared loss is taken apart for numbers, 0-1 loss for classes.

    Args:
        task: The task, or the text that finds it.
        recipe: The recipe, or the rule that stands for it, or the text of either.
        members: How many, at least 2.
        truth: Where the noise is known, a function of inputs, as they are before preprocessing, that gives the targets
            without noise, `[n, ...]`, in the units that the task learns in; or the probability of each class, `[n, C]`,
            or of the second of two, `[n]`.
        holdout: The share of the training examples held out to judge; None judges on the test set, which the ledger
            then notes.
        seed: Decides what is held out, the samples and all luck.
        arguments: Arguments of the model factory.
        workers: How many runs go on at once; None for one per core, or one on a GPU. It changes no number.
        device: Where to train; None for the GPU where there is one.
        engine: Who executes the rule.
        progress: Called as runs end.

    Returns:
        The decomposition with its Monte-Carlo standard errors, and the members' runs.
    """
    found = find(task) if isinstance(task, str) else task
    settled, given = read_recipe(recipe), dict(arguments or {})
    (whole,) = decompositions(
        found, [(settled, given)], members, truth, holdout, seed, Where(workers, device, engine), progress
    )
    return whole


def decompositions(
    task: Task,
    contenders: Sequence[tuple[Recipe, Mapping[str, Any]]],
    members: int,
    truth: Truth | None,
    holdout: float | None,
    seed: int,
    where: Where,
    progress: Callable[[SampledRun], None],
) -> list[BiasVariance]:
    """Takes the errors of several recipes apart, whose members meet on the same samples, weights and order of data.

    Args:
        task: The task.
        contenders: Each a recipe and arguments of the model factory.
        members: How many each has.
        truth: What is true without noise, where it is known.
        holdout: The share held out; None for the test set.
        seed: Decides all luck.
        where: Where runs take place.
        progress: Called as runs end.

    Returns:
        One decomposition for each.
    """
    check_count("members", members, 2, 1000)
    check_count("seed", seed, 0, MOST_SEED)
    train, test = split_test(task, SPLIT_SEED)
    kept, judged = np.arange(len(train)), None
    if holdout is not None:
        ((rest, left_out),) = split_folds(task, train, holdout=holdout, seed=seed)
        kept, judged = rest.numpy(), left_out.numpy()
    decompose = _decomposer(task, test if judged is None else train.subset(torch.from_numpy(judged)), truth)
    bags = bags_of(train, kept, members, seed)
    samples = [
        Sample(recipe, rows, judged, own, arguments, followed=False)
        for recipe, arguments in contenders
        for rows, own in bags
    ]
    if judged is None:
        ledger.note(test.fingerprint(), "ravine.bias_variance", len(samples))
    runs = sampled_runs(task, samples, where, progress)
    found = []
    for place, (recipe, arguments) in enumerate(contenders):
        own = tuple(runs[place * members : (place + 1) * members])
        found.append(BiasVariance(repr(recipe), arguments, decompose(own), own))
    return found


def bags_of(train: Examples, kept: Rows, members: int, seed: int) -> list[tuple[Rows, int]]:
    """Draws the members' samples.

    Args:
        train: All training examples.
        kept: The numbers of those that may be drawn.
        members: How many samples.
        seed: Decides them.

    Returns:
        The numbers of each sample's examples, and the seed of the member that learns from them.
    """
    part = train.subset(torch.from_numpy(kept))
    seeds = [first_seed(seed) + k for k in range(members)]
    return [(kept[bootstrap(part, own)[1].numpy()], own) for own in seeds]


def _decomposer(task: Task, judged: Examples, truth: Truth | None) -> Callable[[tuple[SampledRun, ...]], Decomposition]:
    """Finds out how errors are taken apart here, before any run is made."""
    classes = tells_classes(task, judged)
    known = None if truth is None else without_noise(truth, judged, classes)

    def decompose(runs: tuple[SampledRun, ...]) -> Decomposition:
        said = [predictions(run, classes) for run in runs]
        loss = zero_one_loss if classes else squared_loss
        true = runs[0].targets.astype(np.int64) if classes else runs[0].targets
        return loss(said, true, known)

    return decompose
