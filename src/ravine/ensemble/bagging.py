"""Bagging: members that learn from bootstrap samples, and are judged on what these left out.

Breiman 1996, "Bagging Predictors". https://doi.org/10.1007/BF00058655
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..data.combining import combined
from ..data.folds import split_test
from ..data.scores import metric_of, proper_score
from ..data.task import Task
from ..errors import RavineError
from ..training.evaluate import Outputs, values
from ..training.run import CHECKPOINT_SECONDS
from ..training.stage import SPLIT_SEED
from .ensemble import Ensemble
from .member import Member
from .members import Method, train_ensemble
from .sample import out_of


def bag(
    task: Task | str,
    recipe: Method,
    *,
    members: int = 10,
    combine: str = "average",
    seed: int = 0,
    arguments: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    workers: int | None = None,
    device: str | None = None,
    engine: str = "auto",
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    executor: Callable[[], Executor] | None = None,
    progress: Callable[[Member], None] = lambda _: None,
) -> Ensemble:
    """Trains several networks by one recipe, each on a bootstrap sample of the training data.

    A sample is as large as the training set, drawn with replacement, so that it leaves out about 37 % of the examples;
    `out_of_bag` judges the ensemble by these. Groups are drawn whole. Preprocessing is fitted on each sample alone.
    The same call with the same `out` goes on where it was cut off.

    Args:
        task: The task, or the text that finds it.
        recipe: The recipe, or the rule that stands for it, or the text of either.
        members: How many networks.
        combine: "average" (of probabilities, or of numbers), "average_logits" or "vote".
        seed: Decides the samples and the members' luck: no two ensembles share any.
        arguments: Arguments of the model factory: numbers, texts and tuples.
        out: The folder of members and of the finished `ensemble.pt`; None for none.
        workers: How many members are trained at once; None for one per core, or one on a GPU.
        device: Where to train; None for the GPU where there is one.
        engine: Who executes the rule.
        checkpoint_seconds: How long a member works at most without writing a checkpoint.
        executor: Starts another executor than this machine's worker processes.
        progress: Called as members end.

    Returns:
        The ensemble.

    >>> bagged = bag("wine", "Recipe(Adam(lr=0.01), epochs=2)", members=3, workers=1)
    >>> [len(member.rows.unique()) for member in bagged.members]                 # of 142; 63 % are expected
    [90, 91, 87]
    """
    return train_ensemble(
        task, recipe, members=members, by="bags", combine=combine, seed=seed, arguments=arguments, out=out,
        workers=workers, device=device, engine=engine, checkpoint_seconds=checkpoint_seconds, executor=executor,
        progress=progress,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class OutOfBag:
    """How well an ensemble does on training examples, each judged only by the members that have not learned from it."""

    metric: str
    score: float
    proper_name: str
    proper: float
    rows: Tensor
    """The numbers of the training examples that some member left out: all of them, given ten members or so."""
    outputs: Tensor
    """What those members say together of these examples."""


def out_of_bag(ensemble: Ensemble) -> OutOfBag:
    """Judges a bagged ensemble by its training data, so that it costs no example of its own.

    The score is a little pessimistic, since only about every third member judges each example.

    Args:
        ensemble: What `bag` made.

    Returns:
        The scores.

    Raises:
        RavineError: A member learned from all examples, or no example was left out by any.
    """
    task = ensemble.task
    train, _ = split_test(task, SPLIT_SEED)
    samples = [member.rows for member in ensemble.members]
    if any(rows is None for rows in samples):
        raise RavineError("out_of_bag(...): a member has learned from all examples: only `bag` leaves some out.")
    said = ensemble.said(train)
    outputs, rows = out_of_bag_outputs(said.outputs, samples, ensemble.kind, ensemble.combine, ensemble.weights)
    if len(rows) == 0:
        raise RavineError("out_of_bag(...): every example is in every bag: train more members.")
    metric, proper = metric_of(task), proper_score(task)
    score, proper_value = values((metric, proper), Outputs(outputs, said.targets[rows]))
    return OutOfBag(metric.name, score, proper.name, proper_value, rows, outputs)


def out_of_bag_outputs(
    outputs: Tensor,
    samples: Sequence[Tensor],
    kind: str,
    combine: str = "average",
    weights: Sequence[float] | None = None,
) -> tuple[Tensor, Tensor]:
    """Combines for every example the outputs of the members that have not learned from it.

    Args:
        outputs: What the members say of all training examples, `[m, n, ...]`.
        samples: The numbers of the examples that each has learned from.
        kind: What the targets are, "classes", "binary", "numbers" or "given".
        combine: How they are combined.
        weights: How much each member counts.

    Returns:
        The combined outputs, `[k, ...]`, and the numbers of the k examples that some member left out.

    >>> both = torch.tensor([[1.0, 2.0, 3.0], [5.0, 6.0, 7.0]])
    >>> out_of_bag_outputs(both, [torch.tensor([0, 0, 2]), torch.tensor([2, 2, 2])], "numbers")
    (tensor([5., 4.]), tensor([0, 1]))
    """
    says = torch.stack([out_of(rows, outputs.shape[1]) for rows in samples]).double()
    if weights is not None:
        says = says * torch.as_tensor(weights, dtype=torch.float64)[:, None]
    rows = (says.sum(0) > 0).nonzero().flatten()
    return combined(outputs[:, rows], kind, combine, says[:, rows]), rows
