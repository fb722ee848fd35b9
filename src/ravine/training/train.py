"""`train`: one recipe on all training data, kept in a folder from which it is taken up again."""

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..data import ledger
from ..data.augment_check import check_augmentation
from ..data.find import find
from ..data.folds import split_test
from ..data.model import check_model
from ..data.task import Task, judged_by
from ..engines.choice import check_engine
from ..errors import RavineError
from ..fields import text
from ..recipe import Recipe, read_recipe
from ..rules import Rule
from .checkpoint import save
from .evaluate import outputs_of, values
from .folder import CHECKPOINT, WEIGHTS, arguments_text, claimed, fingerprint, write_card
from .loop import Training
from .machine import device_named, one_thread
from .network import predictor
from .predicting import predicting
from .run import CHECKPOINT_SECONDS, Ended, Epoch, observe, run, start
from .searching import switched_off
from .stage import SPLIT_SEED, Stage, whole_stage
from .telling import told


@dataclass(frozen=True, eq=False)
class Run:
    """One recipe on one task with one seed, trained on all training data and scored once on the test set.

    `outcome` is "finished", "stopped" or "diverged", with a sentence; `model` holds the weights that predict, in
    evaluation mode.
    """

    recipe: str
    seed: int
    outcome: str
    sentence: str
    metric: str
    score: float
    proper_name: str
    proper: float
    train_score: float
    evaluations: int
    seconds: float
    history: tuple[Epoch, ...]
    model: nn.Module = field(repr=False)
    folder: Path | None = None


def train(
    task: Task | str,
    recipe: Recipe | Rule | str,
    *,
    seed: int = 0,
    arguments: Mapping[str, Any] | None = None,
    until: int | None = None,
    out: str | Path | None = None,
    device: str | None = None,
    engine: str = "auto",
    metric: str | None = None,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    progress: Callable[[Epoch], None] = lambda _: None,
) -> Run:
    """Trains a task by a recipe.

    Every run uses one thread: the same seed with two threads gives different weights. The same call with the
    same `out` goes on where it was cut off, to the same bits on a CPU.

    Args:
        task: The task, or the text that finds it.
        recipe: The recipe, or the rule that stands for it, or the text of either.
        seed: Decides the initial weights, the order of the data and the luck of every step.
        arguments: Arguments of the model factory; with `out` numbers, texts and tuples, which a file can keep.
        until: Epochs after which to end, fewer than the recipe's; its schedules still run over their full length.
        out: The folder of weights and checkpoints; None for none.
        device: Where to train; None for the GPU where there is one.
        engine: Who executes the rule: "auto", "plain" (as a loop written by hand would, to the last bit), "native" or
            "triton".
        metric: The name of a metric to use instead of the task's own.
        checkpoint_seconds: How long to work at most without writing a checkpoint.
        progress: Called after every epoch.

    Returns:
        The run.

    Raises:
        RavineError: The task, the recipe or the folder is not as it must be, or the task's own code raised; what
            was saved by then is taken up by the same call.

    >>> run = train("wine", "Adam(lr=0.01)", seed=1, until=2)
    >>> run.outcome, len(run.history)
    ('finished', 2)
    """
    found = judged_by(find(task) if isinstance(task, str) else task, metric)
    settled, where = read_recipe(recipe), device_named(device)
    check_engine(engine)
    for sentence in check_augmentation(settled.augmentation, found):
        warnings.warn(sentence, stacklevel=2)
    until = settled.epochs if until is None else until
    _check_whole("seed", seed, 0, 2**32 - 1)
    _check_whole("until", until, 1, settled.epochs)
    folder, arguments = None if out is None else Path(out), dict(arguments or {})
    card = {
        "task": found.source, "data": fingerprint(found), "recipe": repr(settled), "seed": seed,
        "arguments": arguments_text(arguments) if folder else "", "until": until, "metric": metric,
        "engine": engine, "layers": text(settled.layers),
    }  # fmt: skip
    with claimed(folder, card), one_thread():
        stage = whole_stage(found, where)
        path = None if folder is None else folder / CHECKPOINT
        training, keeper = start(
            stage, settled, seed=seed, device=where, arguments=arguments, engine=engine, path=path,
            every=checkpoint_seconds,
        )  # fmt: skip
        check_model(found, training.model, training.examples.batch(torch.arange(min(8, len(training.examples)))))
        if (sentence := switched_off(settled, training.model)) is not None:
            warnings.warn(sentence, stacklevel=2)
        if path is not None and path.exists():
            keeper.take_up(training, path)

        def watched(training: Training, epoch: Epoch) -> Epoch:
            epoch = observe(stage, training, epoch, judge=False)
            progress(epoch)
            return epoch

        with told(training):
            ended = run(training, until, keeper, watched)
        keeper.write(training)
        keeper.watch.take_best_back()
        return _scored(ended, stage, card, arguments, folder)


def _check_whole(name: str, value: Any, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise RavineError(f"train({name}={value!r}): {name} must be a whole number from {least} to {most}.")


def _scored(ended: Ended, stage: Stage, card: dict[str, Any], arguments: dict[str, Any], folder: Path | None) -> Run:
    """Scores a run that has ended, and keeps the weights that predict."""
    training, outcome, sentence = ended.training, ended.outcome, ended.sentence
    _, test = split_test(stage.task, SPLIT_SEED)
    ledger.note(test.fingerprint(), str(folder.resolve()) if folder else "ravine.train", 1)
    with predicting(training) as found:
        score, proper = values(stage.metrics, outputs_of(stage.task, found, stage.judged))
        train_score, _ = values(stage.metrics, outputs_of(stage.task, found, training.examples))
        state = {name: value.clone() for name, value in found.state_dict().items()}
    model = predictor(stage.task, training.recipe.layers, card["seed"], arguments, state).to(training.device)
    if outcome != "diverged" and not (math.isfinite(score) and math.isfinite(proper)):
        outcome, sentence = "diverged", "Diverged: its outputs on the test set are not finite."
    numbers = {
        "outcome": outcome, "sentence": sentence, "metric": stage.metrics[0].name, "score": score,
        "proper_name": stage.metrics[1].name, "proper": proper, "train_score": train_score,
        "evaluations": training.evaluations, "seconds": ended.seconds,
    }  # fmt: skip
    if folder is not None:
        save(model.state_dict(), folder / WEIGHTS)
        write_card(folder, card | {"result": numbers})
    return Run(recipe=card["recipe"], seed=card["seed"], history=ended.history, model=model, folder=folder, **numbers)
