"""`out_of_bag`: the error on new examples, estimated from bootstrap members without holding anything out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.find import find
from ..data.folds import split_test
from ..data.task import Task
from ..ensemble.members import check_count
from ..numbers import short
from ..recipe import Recipe, read_recipe
from ..rules import Rule
from ..study.job import first_seed
from ..training.stage import SPLIT_SEED
from .bootstrap import error_632, error_632_plus, no_information_error, out_of_bag_error
from .generalization import MOST_SEED
from .members import bags_of
from .predicted import predictions, tells_classes
from .sampled import Sample, SampledRun
from .side_by_side import Where, sampled_runs


@dataclass(frozen=True, eq=False)
class OutOfBag:
    """Estimates of the error on new examples: the share of wrong labels, or the squared error."""

    measure: str
    training: float
    """On the training examples, by the run on all of them: too low."""
    out_of_bag: float
    """On the examples that a bootstrap member has not learned from: a little too high."""
    no_information: float
    """What the error would be if targets had nothing to do with inputs."""
    runs: tuple[SampledRun, ...] = field(repr=False)
    """The run on all examples, then the members'."""

    @property
    def error_632(self) -> float:
        """The two weighed by the share of the examples that a bootstrap sample holds."""
        return error_632(self.training, self.out_of_bag)

    @property
    def error_632_plus(self) -> float:
        """The two weighed by how much was learned by heart: the estimate to take."""
        return error_632_plus(self.training, self.out_of_bag, self.no_information)

    def sentences(self) -> list[str]:
        """Gives the estimates in words.

        Returns:
            One sentence, and one for each run that diverged.
        """
        estimates = f"{short(self.error_632_plus)} by .632+ ({short(self.error_632)} by .632)"
        lost = [k for k, run in enumerate(self.runs) if run.outcome == "diverged"]
        between = f"{short(self.training)} on the training examples and {short(self.out_of_bag)} out of bag"
        return [
            f"{self.measure} on new examples: {estimates}, between {between}.",
            *(f"Run {k} counts at chance level. {self.runs[k].sentence}" for k in lost),
        ]


def out_of_bag(
    task: Task | str,
    recipe: Recipe | Rule | str,
    *,
    members: int = 20,
    seed: int = 0,
    arguments: Mapping[str, Any] | None = None,
    workers: int | None = None,
    device: str | None = None,
    engine: str = "auto",
    progress: Callable[[SampledRun], None] = lambda _: None,
) -> OutOfBag:
    """Estimates the error on new examples by members trained on bootstrap samples.

    Every member is judged on the training examples that its sample left out, and one run, trained on all of them, on
    all of them; the .632+ estimate weighs the two. The test set is not looked at. Squared error is estimated for
    numbers, the share of wrong labels for classes.

    Args:
        task: The task, or the text that finds it.
        recipe: The recipe, or the rule that stands for it, or the text of either.
        members: How many members, at least 2; each example needs one that has not learned from it.
        seed: Decides the samples and all luck.
        arguments: Arguments of the model factory.
        workers: How many runs go on at once; None for one per core, or one on a GPU. It changes no number.
        device: Where to train; None for the GPU where there is one.
        engine: Who executes the rule.
        progress: Called as runs end.

    Returns:
        The estimates and the runs.
    """
    found, settled, given = find(task) if isinstance(task, str) else task, read_recipe(recipe), dict(arguments or {})
    check_count("members", members, 2, 999)
    check_count("seed", seed, 0, MOST_SEED)
    train, _ = split_test(found, SPLIT_SEED)
    classes, everything = tells_classes(found, train), np.arange(len(train))
    bags = bags_of(train, everything, members, seed)
    whole = Sample(settled, everything, everything, first_seed(seed) + members, given, followed=False)
    samples = [whole, *(Sample(settled, rows, everything, own, given, followed=False) for rows, own in bags)]
    runs = sampled_runs(found, samples, Where(workers, device, engine), progress)
    losses = np.stack([_losses(run, classes) for run in runs])
    counts = np.stack([np.bincount(rows, minlength=len(train)) for rows, _ in bags])
    return OutOfBag(
        "error" if classes else "squared error", float(losses[0].mean()), out_of_bag_error(losses[1:], counts),
        _no_information(runs[0], classes), tuple(runs),
    )  # fmt: skip


def _losses(run: SampledRun, classes: bool) -> NDArray[np.float64]:
    """The loss of each example, `[n]`."""
    said = predictions(run, classes)
    if classes:
        return (said != run.targets).astype(np.float64)
    return ((said - run.targets.astype(np.float64)) ** 2).reshape(len(said), -1).mean(axis=1)


def _no_information(run: SampledRun, classes: bool) -> float:
    """The mean loss over all pairs of a target and a prediction."""
    said, true = predictions(run, classes), run.targets
    if classes:
        return no_information_error(true, said)
    y, p = (each.reshape(len(each), -1).astype(np.float64) for each in (true, said))
    return float(((y**2).mean(axis=0) - 2 * y.mean(axis=0) * p.mean(axis=0) + (p**2).mean(axis=0)).mean())
