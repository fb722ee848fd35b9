"""`train`: one recipe on all training data, kept in a folder from which it is taken up again."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..data import ledger
from ..data.find import find
from ..data.folds import split_test
from ..data.model import build_model, check_model
from ..data.task import Task
from ..errors import RavineError
from ..recipe import Recipe, read_recipe
from ..rules import Rule
from .checkpoint import load, save
from .evaluate import outputs_of, predicting, values
from .loop import Training
from .machine import device_named, one_thread
from .run import CHECKPOINT_SECONDS, Ended, Epoch, observe, run, start
from .stage import SPLIT_SEED, Stage, whole_stage

CARD, WEIGHTS, CHECKPOINT = "run.json", "model.pt", "checkpoint.pt"
"""The files of a run's folder: what it is, the weights that predict, and where to go on."""


@dataclass(frozen=True, eq=False)
class Run:
    """One recipe on one task with one seed, trained on all training data and scored once on the test set.

    `outcome` is "finished", "diverged", "stopped" or "failed", with a sentence; `model` holds the weights that
    predict.
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
        arguments: Arguments of the model factory.
        until: Epochs after which to end, fewer than the recipe's; its schedules still run over their full length.
        out: The folder of weights and checkpoints; None for none.
        device: Where to train; None for the GPU where there is one.
        metric: The name of a metric to use instead of the task's own.
        checkpoint_seconds: How long to work at most without writing a checkpoint.
        progress: Called after every epoch.

    Returns:
        The run.

    Raises:
        RavineError: The task, the recipe or the folder is not as it must be.

    >>> run = train("wine", "Adam(lr=0.01)", seed=1, until=2)
    >>> run.outcome, len(run.history)
    ('finished', 2)
    """
    found = find(task) if isinstance(task, str) else task
    found = found if metric is None else dataclasses.replace(found, metric=metric)
    settled = read_recipe(recipe)
    card = {
        "task": found.source, "data": found.training_data.fingerprint(), "recipe": repr(settled), "seed": seed,
        "arguments": dict(arguments or {}), "until": until or settled.epochs, "metric": metric,
    }  # fmt: skip
    folder = None if out is None else Path(out)
    if folder is not None:
        _claim(folder, card)
    with one_thread():
        stage = whole_stage(found, device_named(device))
        where = None if folder is None else folder / CHECKPOINT
        training, keeper = start(
            stage, settled, seed=seed, device=device_named(device), arguments=card["arguments"], path=where,
            every=checkpoint_seconds,
        )  # fmt: skip
        check_model(found, training.model, training.examples.batch(torch.arange(min(8, len(training.examples)))))
        if where is not None and where.exists():
            keeper.take_up(training, where)

        def watched(training: Training, epoch: Epoch) -> Epoch:
            epoch = observe(stage, training, epoch, judge=False)
            progress(epoch)
            return epoch

        ended = run(training, card["until"], keeper, watched)
        keeper.write(training)
        keeper.watch.take_best_back()
        return _scored(ended, stage, card, folder)


def _scored(ended: Ended, stage: Stage, card: dict[str, Any], folder: Path | None) -> Run:
    """Scores a run that has ended, and keeps the weights that predict."""
    training = ended.training
    _, test = split_test(stage.task, SPLIT_SEED)
    ledger.note(test.fingerprint(), str(folder.resolve()) if folder else "ravine.train", 1)
    with predicting(training):
        score, proper = values(stage.metrics, outputs_of(stage.task, training.model, stage.judged))
        train_score, _ = values(stage.metrics, outputs_of(stage.task, training.model, training.examples))
        model = build_model(stage.task, card["seed"], **card["arguments"]).to(training.device)
        model.load_state_dict(training.model.state_dict())
    model.eval()
    numbers = {
        "outcome": ended.outcome, "sentence": ended.sentence, "metric": stage.metrics[0].name, "score": score,
        "proper_name": stage.metrics[1].name, "proper": proper, "train_score": train_score,
        "evaluations": training.evaluations, "seconds": ended.seconds,
    }  # fmt: skip
    if folder is not None:
        save(model.state_dict(), folder / WEIGHTS)
        _write_card(folder, card | {"result": numbers})
    return Run(recipe=card["recipe"], seed=card["seed"], history=ended.history, model=model, folder=folder, **numbers)


def _claim(folder: Path, card: dict[str, Any]) -> None:
    """Takes a folder for a run, or finds the same run in it."""
    if (folder / CARD).exists():
        known = read_card(folder)
        changed = [
            f"{name} was {known.get(name)!r}, now {value!r}" for name, value in card.items() if known.get(name) != value
        ]
        if changed:
            raise RavineError(f"{str(folder)!r} holds another run: {'; '.join(changed)}. Choose another --out.")
    else:
        _write_card(folder, card)


def _write_card(folder: Path, card: dict[str, Any]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f".{CARD}"
        unfinished.write_text(json.dumps(card, indent=1))
        unfinished.replace(folder / CARD)
    except OSError as error:
        raise RavineError(f"cannot write to {str(folder)!r}: {error.strerror}. Choose another --out.") from error


def read_card(folder: Path) -> dict[str, Any]:
    """Reads what a run's folder says of it.

    Args:
        folder: The folder.

    Returns:
        Task, recipe, seed, arguments and, where it has ended, the result.

    Raises:
        RavineError: It is no run's folder.
    """
    try:
        card = json.loads((folder / CARD).read_text())
        return card if isinstance(card, dict) else {}
    except FileNotFoundError:
        raise RavineError(
            f"there is no run in {str(folder)!r}: 'ravine train TASK --recipe ... --out {folder}' makes one."
        ) from None
    except (OSError, ValueError) as error:
        raise RavineError(f"{str(folder / CARD)!r} cannot be read: {error}.") from error


def load_model(folder: Path, task: Task, card: Mapping[str, Any]) -> nn.Module:
    """Builds a run's network with the weights that predict.

    Args:
        folder: The run's folder.
        task: Its task.
        card: What the folder says of it.

    Returns:
        The network, in evaluation mode, on the CPU.

    Raises:
        RavineError: The run has not ended, or its weights do not fit.
    """
    if not (folder / WEIGHTS).exists():
        raise RavineError(f"the run in {str(folder)!r} has not ended: the same 'ravine train' command goes on with it.")
    model = build_model(task, card["seed"], **card["arguments"])
    try:
        model.load_state_dict(load(folder / WEIGHTS, torch.device("cpu")))
    except RuntimeError as error:
        raise RavineError(
            f"the weights in {str(folder)!r} are of another model: {' '.join(str(error).split())}"
        ) from error
    return model.eval()
