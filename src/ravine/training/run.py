"""A run: one recipe on one task with one seed, from its first step to its outcome."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from ..data.folds import folds
from ..errors import RavineError
from ..recipe import Recipe, early_stopping
from .checkpoint import load, restore, save, state_of
from .evaluate import finite, outputs_of, values
from .loop import Training, begin, epochs
from .stage import Stage
from .stopping import Watch

CHECKPOINT_SECONDS = 30.0
"""How long a run may work without writing a checkpoint: what a kill costs at most."""


@dataclass(frozen=True)
class Epoch:
    """What was measured after one epoch; scores that nobody asked for are NaN."""

    epoch: int
    evaluations: int
    train_loss: float
    lr: float
    train_score: float = math.nan
    train_proper: float = math.nan
    score: float = math.nan
    proper: float = math.nan


@dataclass(frozen=True, eq=False)
class Ended:
    """How a run went: `finished`, `stopped` or `diverged`, with a sentence."""

    training: Training
    outcome: str
    sentence: str
    history: tuple[Epoch, ...]
    best_epoch: int
    seconds: float


@dataclass
class Keeper:
    """Writes checkpoints of a run, now and then within an epoch and always when asked.

    `path` is None for a run that keeps none. `ended` is the outcome and its sentence of a run that has one
    before its epochs are over: taking it up again changes nothing.
    """

    path: Path | None
    watch: Watch
    history: list[Epoch] = field(default_factory=list)
    ended: tuple[str, str] | None = None
    every: float = CHECKPOINT_SECONDS
    last: float = field(default_factory=time.monotonic)
    note: str = ""
    """What the run's sentence has to add."""

    def now_and_then(self, training: Training) -> None:
        """Writes a checkpoint if the last one is old.

        Args:
            training: Where the run stands.
        """
        if self.path is not None and time.monotonic() - self.last >= self.every:
            self.write(training)

    def write(self, training: Training) -> None:
        """Writes a checkpoint.

        Args:
            training: Where the run stands.
        """
        if self.path is None:
            return
        history = [vars(epoch) for epoch in self.history]
        more = {"kept": training.kept.state(), "watch": self.watch.state(), "history": history, "ended": self.ended}
        save({**state_of(training), **more}, self.path)
        self.last = time.monotonic()

    def take_up(self, training: Training, path: Path) -> None:
        """Brings a run to where a checkpoint found it.

        Args:
            training: A training at its first step.
            path: The checkpoint.

        Raises:
            RavineError: It cannot be read, or is of another run.
        """
        state = load(path, training.device)
        if any(name not in state for name in ("kept", "watch", "history", "ended")):
            raise RavineError(f"{str(path)!r} is no checkpoint of a run.")
        restore(training, state)
        training.kept.restore(state["kept"])
        self.watch.restore(state["watch"])
        self.history = [Epoch(**epoch) for epoch in state["history"]]
        self.ended = state["ended"]
        if training.epoch and not training.examples.in_memory:
            self.note = f" Taken up after epoch {training.epoch}: random numbers that its Dataset keeps began anew."


def run(
    training: Training,
    until: int,
    keeper: Keeper,
    observe: Callable[[Training, Epoch], Epoch] = lambda _, epoch: epoch,
) -> Ended:
    """Trains until the epochs are over, or the recipe says stop, or it diverges.

    Args:
        training: Where it begins; it is changed in place.
        until: The number of epochs after which it ends; fewer than the recipe's where a study halves.
        keeper: Keeps its history, its watch and its checkpoints.
        observe: Adds scores to an epoch's record.

    Returns:
        How it went.
    """
    began = time.perf_counter()
    # A Dataset may keep luck of its own that no seed reaches: such a run is taken up at the start of an epoch.
    between_steps = keeper.now_and_then if training.examples.in_memory else None
    ahead = epochs(training, until, between_steps) if keeper.ended is None else ()
    for train_loss in ahead:
        lr = float(training.optimizer.param_groups[0].get("lr", math.nan)) * training.optimizer.lr_factor
        epoch = Epoch(training.epoch, training.evaluations, train_loss, lr)
        if math.isfinite(train_loss) and finite(training.model.parameters()):
            keeper.history.append(observe(training, epoch))
            training.kept.see(training.model, training.epoch)
            reason = keeper.watch.see(train_loss)
            keeper.ended = None if reason is None else ("stopped", reason)
        else:
            keeper.history.append(epoch)
            keeper.ended = "diverged", f"Diverged in epoch {training.epoch}: its loss or a weight is not finite."
        if keeper.ended is not None:
            break
        # Short epochs come faster than a disk should be asked to keep up with.
        if time.monotonic() - keeper.last >= min(1.0, keeper.every):
            keeper.write(training)
    outcome, sentence = keeper.ended or ("finished", f"Finished {training.epoch} epochs.")
    best = keeper.watch.best_epoch or training.epoch
    return Ended(training, outcome, sentence + keeper.note, tuple(keeper.history), best, time.perf_counter() - began)


def start(
    stage: Stage,
    recipe: Recipe,
    *,
    seed: int,
    device: torch.device,
    arguments: Mapping[str, Any],
    engine: str = "auto",
    path: Path | None = None,
    every: float = CHECKPOINT_SECONDS,
) -> tuple[Training, Keeper]:
    """Makes a run ready for its first step.

    Args:
        stage: The data.
        recipe: The recipe, with every range settled.
        seed: Decides the initial weights, the order of the data and the luck of every step.
        device: Where it trains.
        arguments: The arguments of the model factory.
        engine: Who executes the rule.
        path: Where checkpoints go; None for none.
        every: Seconds between checkpoints.

    Returns:
        The training, and what keeps its history.
    """
    train, held_out = stage.train, None
    if isinstance(recipe.stop, early_stopping):
        ((kept, left_out),) = folds(stage.task, train, holdout=recipe.stop.held_out, seed=seed)
        train, held_out = train.subset(kept), train.subset(left_out).to(device)
    training = begin(stage.task, recipe, train, seed=seed, device=device, arguments=dict(arguments), engine=engine)
    return training, Keeper(path, Watch(training, held_out, stage.metrics[1]), every=every)


def observe(stage: Stage, training: Training, epoch: Epoch, *, judge: bool) -> Epoch:
    """Scores an epoch on training examples and, where it may, on what the run is judged on.

    Args:
        stage: The data.
        training: Where the run stands.
        epoch: The epoch's record.
        judge: Whether the judged examples may be seen: those of a fold, never the test set.

    Returns:
        The record with scores, all by the raw weights.
    """
    train_score, train_proper = values(stage.metrics, outputs_of(stage.task, training.model, stage.sample))
    epoch = replace(epoch, train_score=train_score, train_proper=train_proper)
    if not judge:
        return epoch
    score, proper = values(stage.metrics, outputs_of(stage.task, training.model, stage.judged))
    return replace(epoch, score=score, proper=proper)
