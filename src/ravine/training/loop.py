"""THE loop: the only one in Ravine. Everything else is handed to it or looks at what it yields.

It alone counts the steps that schedules see, through the optimizer it drives.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from ..data import randomness
from ..data.examples import Examples
from ..data.task import Task
from ..errors import RavineError
from ..minimize import Descent
from ..optim import Minimizer, Optimizer, field_names, repeatable
from ..recipe import Recipe
from ..rules import seeded
from .keeping import Kept, rule_of
from .network import network
from .objective import Change, Compute, changing, computing, precision
from .order import Order, epoch_order, seed_reading, seed_step, steps_per_epoch
from .searching import minimizer, search_epoch, still, warn_of_batches

DRAW_NOTHING = (
    nn.Sequential, nn.Identity, nn.Flatten, nn.Unflatten, nn.Linear, nn.Embedding, nn.LayerNorm, nn.GroupNorm, nn.ReLU,
    nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Softplus, nn.Tanh, nn.Sigmoid, nn.Conv1d, nn.Conv2d, nn.Conv3d,
    nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d,
    nn.AvgPool2d, nn.AvgPool3d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d,
)  # fmt: skip
"""Layers of PyTorch that draw no random numbers."""


@dataclass
class Training:
    """A training under way: the one thing in Ravine that changes, and all that a checkpoint has to keep."""

    task: Task
    recipe: Recipe
    examples: Examples
    model: nn.Module
    optimizer: Optimizer | Minimizer
    device: torch.device
    seed: int
    kept: Kept
    change: Change
    """What becomes of a batch before the network sees it."""
    compute: Compute
    """What is differentiated: the task's loss, or what the recipe makes of it."""
    losses: list[Tensor] = field(default_factory=list)
    """The mean loss of every batch of this epoch so far."""
    epoch: int = 0
    batch: int = 0
    steps: int = 0
    evaluations: int = 0


def begin(
    task: Task,
    recipe: Recipe,
    examples: Examples,
    *,
    seed: int,
    device: torch.device,
    arguments: dict[str, Any],
    engine: str = "auto",
) -> Training:
    """Makes the model and the optimizer of a run.

    Args:
        task: What is to be learned.
        recipe: How, with every range settled.
        examples: The training data.
        seed: Decides the initial weights, the order of the data and the luck of every step.
        device: Where it trains.
        arguments: The arguments of the model factory.
        engine: Who executes the rule.

    Returns:
        A training at its first step.

    Raises:
        RavineError: The network has nothing to train, or the rule no lr that a plateau could lower.
    """
    if recipe.on_plateau is not None and "lr" not in field_names(recipe.rule):
        raise RavineError(f"{recipe!r}: {recipe.rule!r} has no lr that a plateau could lower; leave on_plateau out.")
    examples = examples.to(device)
    model = _complete(task, network(task, recipe.layers, seed, arguments).to(device), examples, seed)
    parameters = list(model.parameters())  # frozen ones too, which the model may thaw
    if not parameters:
        raise RavineError(f"{type(model).__name__} has no parameters, so there is nothing to train.")
    per_epoch = steps_per_epoch(recipe, len(examples))
    optimizer = _optimizer(parameters, recipe, seed, per_epoch, engine)
    if isinstance(optimizer, Minimizer):
        still(model)
        warn_of_batches(recipe, per_epoch)
    change, compute = changing(task, recipe), computing(task, recipe, model)
    return Training(task, recipe, examples, model, optimizer, device, seed, Kept(recipe), change, compute)


def _optimizer(parameters: list[Any], recipe: Recipe, seed: int, per_epoch: int, engine: str) -> Optimizer | Minimizer:
    rule = rule_of(recipe)
    if isinstance(rule, Descent):
        return minimizer(parameters, rule, per_epoch)
    steps = per_epoch * recipe.epochs
    return Optimizer(parameters, seeded(rule, seed), steps=steps, steps_per_epoch=per_epoch, engine=engine)


def _complete(task: Task, model: nn.Module, examples: Examples, seed: int) -> nn.Module:
    """Shows lazy layers some examples, from which they learn their sizes; their weights come from the seed."""
    if any(is_lazy(p) for p in model.parameters()):
        model.eval()
        with randomness.seeded(seed), torch.no_grad():
            task.compute(model, examples.batch(torch.arange(min(2, len(examples)))))
    return model


def epochs(training: Training, until: int, between_steps: Callable[[Training], None] | None = None) -> Iterator[float]:
    """Trains epoch by epoch, and lets the caller look between them.

    Args:
        training: The training; it is changed in place.
        until: The number of epochs after which to end.
        between_steps: Called after every step but an epoch's last, for checkpoints within an epoch: what is taken
            up from one still has a gradient to take before the epoch is judged.

    Yields:
        The mean training loss over the epoch's examples, in training mode; one that is not finite is the last.
    """
    while training.epoch < until:
        for layer in training.recipe.layers:
            layer.at_epoch(training.model, training.epoch, training.recipe.epochs)
        order = epoch_order(training.recipe, len(training.examples), training.seed, training.epoch)
        train = search_epoch if isinstance(training.optimizer, Minimizer) else _train_epoch
        train(training, order, between_steps)
        mean = _mean(training.losses, order)
        training.epoch, training.batch, training.losses = training.epoch + 1, 0, []
        yield mean
        if not math.isfinite(mean):
            return


def _mean(losses: list[Tensor], order: Order) -> float:
    """The mean loss over examples, in float64; batches need not be of one size."""
    counts = torch.tensor([len(indices) for indices in order.batches], dtype=torch.float64)
    return float(torch.stack(losses).double().cpu() @ counts / counts.sum())


def _train_epoch(training: Training, order: Order, between_steps: Callable[[Training], None] | None) -> None:
    """Takes the steps of one epoch, from the batch at which it stands."""
    model, optimizer, device = training.model, training.optimizer, training.device
    autocast = precision(training.recipe, device)
    ahead_of_weights, lucky_steps = optimizer.rule.looks_ahead(), may_draw(training)
    gradients = optimizer.rule.gradients_per_step()
    model.train()
    ahead = order.batches[training.batch :]
    batches = training.examples.batches(ahead)
    for indices, seed in zip(ahead, order.seeds[training.batch :], strict=True):
        if lucky_steps:
            seed_step(seed, device)
        if not training.examples.in_memory:
            seed_reading(seed)
        batch = training.change(next(batches))  # after the seed: a Dataset may draw its augmentation here, too

        def closure(batch: Any = batch) -> Tensor:
            optimizer.zero_grad()
            with autocast:
                loss, _, _ = training.compute(model, batch)
            loss.backward()
            return loss.detach()

        count = len(indices)
        if ahead_of_weights:
            loss = optimizer.step(closure if gradients == 1 else repeatable(closure, model))
        else:  # a step that calls the closure itself switches gradients off and on again, which small networks feel
            loss = closure()
            optimizer.step()
        training.losses.append(loss if loss.dim() == 0 else loss.reshape(()))
        training.batch += 1
        training.steps += 1
        training.evaluations += gradients * count
        if between_steps is not None and training.batch < len(order.batches):
            between_steps(training)


def may_draw(training: Training) -> bool:
    """Tells whether a step may draw random numbers, from the data, the model or the loss.

    Setting the generator takes as long as a layer of a small network; one that is put together from layers of
    PyTorch that draw nothing is spared it.

    Args:
        training: The training.

    Returns:
        False only where it is known that nothing is drawn.
    """
    task, recipe = training.task, training.recipe
    of_ours = [type(part).__module__.startswith("ravine.") for part in (recipe.loss, *recipe.penalties) if part]
    known = training.examples.in_memory and task.step is None and (task.loss is None or isinstance(task.loss, str))
    if not known or recipe.augmentation or not all(of_ours):
        return True
    return any(
        not isinstance(module, DRAW_NOTHING)
        or not type(module).__module__.startswith("torch.nn.modules.")
        or module._forward_hooks
        or module._forward_pre_hooks
        for module in training.model.modules()
    )


def gradient_norm(training: Training) -> float:
    """Takes the norm of the gradient of the last step.

    Args:
        training: The training.

    Returns:
        The Euclidean norm over all parameters.
    """
    if isinstance(training.optimizer, Minimizer):  # the last gradient that was taken may be of a point that was refused
        return training.optimizer.gradient_norm
    return float(nn.utils.get_total_norm(p.grad.to_dense() for p in training.model.parameters() if p.grad is not None))
