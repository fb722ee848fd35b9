"""Runs on samples of the training data: what cross-validation, learning curves and members are made of."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..data.examples import Examples
from ..data.folds import split_test
from ..data.model import check_model
from ..data.scores import chance_outputs
from ..data.task import Task
from ..recipe import Recipe, early_stopping
from ..training.evaluate import Outputs, outputs_of, values
from ..training.loop import Training
from ..training.machine import device_named
from ..training.predicting import predicting
from ..training.run import Ended, Epoch, observe, run, start
from ..training.stage import SPLIT_SEED, Stage, whole_stage
from ..training.telling import told

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sample:
    """What one run is trained on, how, and what it is judged on."""

    recipe: Recipe
    rows: Rows
    """Which of the task's training examples, by number; one may come more than once."""
    judged: Rows | None
    """Which of them judge it; None for the test set."""
    seed: int
    arguments: Mapping[str, Any] = field(default_factory=dict)
    followed: bool = True
    """Whether every epoch is scored; on the test set it never is."""


@dataclass(frozen=True, eq=False)
class SampledRun:
    """How one of them ended; a run that diverged counts at chance level, and says so."""

    outcome: str
    sentence: str
    score: float
    proper: float
    train_score: float
    train_proper: float
    outputs: NDArray[Any] = field(repr=False)
    """What it says of the examples that judge it, `[n, ...]`."""
    targets: NDArray[Any] = field(repr=False)
    history: tuple[Epoch, ...] = field(repr=False)
    evaluations: int
    seconds: float


def sampled_run(task: Task, sample: Sample, device: str | None, engine: str) -> SampledRun:
    """Does one run.

    Args:
        task: The task.
        sample: What it is trained and judged on.
        device: Where; None for the GPU where there is one.
        engine: Who executes the rule.

    Returns:
        How it ended.

    Raises:
        RavineError: The model does not fit the data, or the task's own code raised.
    """
    place = device_named(device)
    stage = sampled_stage(task, sample, place)
    training, keeper = start(
        stage, sample.recipe, seed=sample.seed, device=place, arguments=sample.arguments, engine=engine
    )
    check_model(task, training.model, training.examples.batch(torch.arange(min(8, len(training.examples)))))
    judge = sample.judged is not None

    def seen(training: Training, epoch: Epoch) -> Epoch:
        return observe(stage, training, epoch, judge=judge) if sample.followed else epoch

    with told(training):
        ended = run(training, sample.recipe.epochs, keeper, seen)
    keeper.watch.take_best_back()
    return _scored(stage, sample, ended)


def sampled_stage(task: Task, sample: Sample, device: torch.device) -> Stage:
    """Prepares the data of a run; preprocessing is fitted to its own training examples alone.

    Args:
        task: The task.
        sample: What the run is trained and judged on.
        device: Where examples that are judged go.

    Returns:
        The data.
    """
    train, test = split_test(task, SPLIT_SEED)
    judged = test if sample.judged is None else train.subset(torch.from_numpy(sample.judged))
    kept: Any = train.subset(torch.from_numpy(sample.rows))
    repeated = len(np.unique(sample.rows)) < len(sample.rows)
    if repeated and isinstance(sample.recipe.stop, early_stopping) and kept.groups is None:
        kept = replace(kept, groups=sample.rows)  # an example drawn twice must not stop the run that it trains
    return whole_stage(replace(task, train=kept, test=judged, groups=None), device)


def _scored(stage: Stage, sample: Sample, ended: Ended) -> SampledRun:
    """Scores a run by the weights that predict; one that diverged, at chance level."""
    training, outcome, sentence = ended.training, ended.outcome, ended.sentence
    said, scores, learned = None, (math.nan, math.nan), (math.nan, math.nan)
    if outcome != "diverged":
        with predicting(training) as model:
            said = outputs_of(stage.task, model, stage.judged)
            learned = values(stage.metrics, outputs_of(stage.task, model, training.examples))
        scores = values(stage.metrics, said)
    if said is None or not all(map(math.isfinite, (*scores, *learned))):
        sentence = sentence if outcome == "diverged" else "Diverged: its outputs are not finite."
        outcome, said = "diverged", _chance(stage, sample, training.device)
        scores = learned = values(stage.metrics, said)
    return SampledRun(
        outcome, sentence, scores[0], scores[1], learned[0], learned[1], said.outputs.numpy(), said.targets.numpy(),
        ended.history, training.evaluations, ended.seconds,
    )  # fmt: skip


def _chance(stage: Stage, sample: Sample, device: torch.device) -> Outputs:
    """Gives what the best constant says; where targets tell of none, what the untrained model says."""
    outputs = chance_of(stage.task, stage.train, stage.judged)
    if outputs is not None:
        return outputs
    untrained, _ = start(stage, sample.recipe, seed=sample.seed, device=device, arguments=sample.arguments)
    return outputs_of(stage.task, untrained.model, stage.judged)


def chance_of(task: Task, train: Examples, judged: Examples) -> Outputs | None:
    """Gives the outputs of the best predictor that looks at no input.

    Args:
        task: The task.
        train: The examples whose targets it may learn from.
        judged: The examples it speaks of.

    Returns:
        Its outputs and the targets; None where the task's targets tell of none.
    """
    learned, true = train.targets, judged.targets
    if learned is None or true is None:
        return None
    outputs = chance_outputs(task, learned.cpu(), true.cpu())
    return None if outputs is None else Outputs(outputs, true.cpu())
