"""THE loop: the only one in Ravine. Everything else is handed to it or looks at what it yields.

It alone counts the steps that schedules see, through the optimizer it drives.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ..data.examples import Examples
from ..data.model import build_model
from ..data.task import Task
from ..optim import Optimizer
from ..recipe import Recipe
from ..rules import seeded
from .order import epoch_order, steps_per_epoch


@dataclass
class Training:
    """A training under way: the one thing in Ravine that changes, and all that a checkpoint has to keep."""

    task: Task
    recipe: Recipe
    examples: Examples
    model: nn.Module
    optimizer: Optimizer
    device: torch.device
    seed: int
    epoch: int = 0
    batch: int = 0
    steps: int = 0
    evaluations: int = 0
    loss_sum: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))


def begin(
    task: Task, recipe: Recipe, examples: Examples, *, seed: int, device: torch.device, arguments: dict[str, Any]
) -> Training:
    """Makes the model and the optimizer of a run.

    Args:
        task: What is to be learned.
        recipe: How, with every range settled.
        examples: The training data.
        seed: Decides the initial weights, the order of the data and the luck of every step.
        device: Where it trains.
        arguments: The arguments of the model factory.

    Returns:
        A training at its first step.
    """
    model = build_model(task, seed, **arguments).to(device)
    per_epoch = steps_per_epoch(recipe, len(examples))
    moving = [p for p in model.parameters() if p.requires_grad]
    rule = seeded(recipe.rule, seed)
    optimizer = Optimizer(moving, rule, steps=per_epoch * recipe.epochs, steps_per_epoch=per_epoch)
    training = Training(task, recipe, examples.to(device), model, optimizer, device, seed)
    training.loss_sum = training.loss_sum.to(device)
    return training


def epochs(training: Training, until: int, after_step: Callable[[Training], None] | None = None) -> Iterator[float]:
    """Trains epoch by epoch, and lets the caller look between them.

    Args:
        training: The training; it is changed in place.
        until: The number of epochs after which to end.
        after_step: Called after every step, for checkpoints within an epoch.

    Yields:
        The mean training loss over the epoch's examples, in training mode; one that is not finite is the last.
    """
    while training.epoch < until:
        _train_epoch(training, after_step)
        mean = float(training.loss_sum) / len(training.examples)
        training.epoch, training.batch = training.epoch + 1, 0
        training.loss_sum.zero_()
        yield mean
        if not math.isfinite(mean):
            return


def _train_epoch(training: Training, after_step: Callable[[Training], None] | None) -> None:
    """Takes the steps of one epoch, from the batch at which it stands."""
    task, model, optimizer, device = training.task, training.model, training.optimizer, training.device
    order = epoch_order(training.recipe, len(training.examples), training.seed, training.epoch)
    autocast = torch.autocast(device.type, torch.bfloat16) if training.recipe.autocast else nullcontext()
    model.train()
    ahead = order.batches[training.batch :]
    for indices, batch in zip(ahead, training.examples.batches(ahead), strict=True):
        seed_step(order.seeds[training.batch], device)

        def closure(batch: Any = batch) -> Tensor:
            optimizer.zero_grad()
            with autocast:
                loss, _, _ = task.compute(model, batch)
            loss.backward()
            return loss.detach()

        loss = optimizer.step(closure)
        count = len(indices)
        training.loss_sum += loss * count
        training.batch += 1
        training.steps += 1
        training.evaluations += count
        if after_step is not None:
            after_step(training)


def seed_step(seed: int, device: torch.device) -> None:
    """Sets the luck of one step: dropout, noise, whatever the model draws.

    Args:
        seed: The step's seed.
        device: The device that the model draws on.
    """
    # The generator's own method costs 1 microsecond; torch.manual_seed, which seeds every device there is, ten.
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)


def gradient_norm(training: Training) -> float:
    """Takes the norm of the gradient of the last step.

    Args:
        training: The training.

    Returns:
        The Euclidean norm over all parameters.
    """
    grads = [p.grad for p in training.model.parameters() if p.grad is not None]
    return float(torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in grads]))) if grads else 0.0
