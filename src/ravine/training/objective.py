"""What a recipe makes of a task while it trains: other batches, another loss, penalties. Scores know nothing of it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..data.augment import augmented
from ..data.augment_check import check_augmentation
from ..data.examples import Batch
from ..data.forward import split
from ..data.objectives import objective_for
from ..data.penalties import penalized
from ..data.task import Task
from ..errors import RavineError
from ..recipe import Recipe

Change = Callable[[Batch], Batch]
Compute = Callable[[nn.Module, Batch], tuple[Tensor, Any, Any]]


def precision(recipe: Recipe, device: torch.device) -> AbstractContextManager[Any]:
    """Gives the surroundings of a forward pass.

    Args:
        recipe: The recipe.
        device: Where it trains.

    Returns:
        A context in which it runs in bfloat16 where that is safe, if the recipe says so.
    """
    return torch.autocast(device.type, torch.bfloat16) if recipe.autocast else nullcontext()


def as_it_is(batch: Batch) -> Batch:
    """Changes nothing.

    Args:
        batch: A batch.

    Returns:
        The same.
    """
    return batch


def changing(task: Task, recipe: Recipe) -> Change:
    """Gives what becomes of a batch before the network sees it.

    Args:
        task: The task.
        recipe: The recipe, with its augmentation.

    Returns:
        A function from batch to batch, which draws from PyTorch's default generator.

    Raises:
        RavineError: An augmentation does not suit the task's inputs or targets.
    """
    parts, key = recipe.augmentation, task.training_data.target
    if not parts:
        return as_it_is
    check_augmentation(parts, task)
    mixable = _mixable(task) if any(part.mixes for part in parts) else lambda targets: targets

    def change(batch: Batch) -> Batch:
        inputs, targets = split(batch, key)
        x = next(iter(inputs.values())) if isinstance(inputs, dict) else inputs[0]
        x, y = augmented(parts, x, x.new_zeros(len(x)) if targets is None else mixable(targets))
        if not isinstance(batch, dict):
            return (x,) if targets is None else (x, y)
        changed = dict.fromkeys(inputs, x)
        return changed if key is None or targets is None else {**changed, key: y}

    return change


def _mixable(task: Task) -> Callable[[Tensor], Tensor]:
    """Gives targets a form in which those of two examples can be mixed: classes as shares of each class."""
    if task.used_loss.kind != "classes":
        return lambda y: y if y.is_floating_point() else y.to(torch.get_default_dtype())
    classes, targets = task.training_data.coding.classes, task.training_data.targets
    assert targets is not None  # whoever trains on classes has some
    count = len(classes) if classes else int(targets.max()) + 1
    return lambda y: functional.one_hot(y, count).to(torch.get_default_dtype())


def computing(task: Task, recipe: Recipe, model: nn.Module) -> Compute:
    """Gives what training differentiates.

    Args:
        task: The task.
        recipe: The recipe, with its loss and penalties.
        model: The network, whose weights are penalized.

    Returns:
        A function of network and batch that gives loss, outputs and targets, as `Task.compute` does.

    Raises:
        RavineError: The loss does not suit the targets, or a penalty finds nothing that it is for.
    """
    mixes = any(part.mixes for part in recipe.augmentation)
    compute = task.compute
    if recipe.loss is not None and task.step is not None:
        raise RavineError(f"Recipe(loss={recipe.loss!r}): the task's own step works out the loss; leave one out.")
    if recipe.loss is not None or mixes:
        compute = task.computing(objective_for(task, recipe.loss))
    if not recipe.penalties:
        return compute
    penalty = penalized(recipe.penalties, model)

    def with_penalty(model: nn.Module, batch: Batch) -> tuple[Tensor, Any, Any]:
        loss, outputs, targets = compute(model, batch)
        return loss + penalty(), outputs, targets

    return with_penalty
