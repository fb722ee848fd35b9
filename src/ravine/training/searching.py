"""Steps that search: methods that need the loss as a function, at the cost of everyone else.

One epoch pays for as many gradient evaluations as there are examples. A step that takes more has spent the epochs after
it, in which nothing moves; and when all are spent, even a search under way is broken off, where it last stood.
"""

import itertools
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..layers.thinned import dropping
from ..minimize import Descent
from ..optim import Minimizer, repeatable
from ..recipe import Recipe
from .objective import precision
from .order import Order, seed_step
from .statistics import estimate_statistics

if TYPE_CHECKING:
    from .loop import Training


def minimizer(parameters: list[Tensor], descent: Descent, per_epoch: int) -> Minimizer:
    """Makes the optimizer of a method that searches.

    Args:
        parameters: What it moves.
        descent: The method.
        per_epoch: How many batches an epoch has.

    Returns:
        The optimizer, each of whose steps is one of the method's; of the same function where a batch is all there is.
    """
    return Minimizer(
        parameters, descent, max_iter=1, max_eval=1, tolerance_grad=0.0, tolerance_change=0.0,
        same_function=per_epoch == 1,
    )  # fmt: skip


def warn_of_batches(recipe: Recipe, per_epoch: int) -> None:
    """Warns of what makes noise of curvature.

    Args:
        recipe: The recipe, of a method that searches.
        per_epoch: How many batches an epoch has.
    """
    if per_epoch > 1:
        warnings.warn(
            f"{recipe!r}: {recipe.rule!r} learns curvature from how gradients change, and those of different batches "
            "differ by chance, too: write batch_size='all'.",
            stacklevel=2,
        )


def switched_off(recipe: Recipe, model: nn.Module) -> str | None:
    """Says what a method that searches does without.

    Args:
        recipe: The recipe.
        model: The network.

    Returns:
        A sentence; None where nothing is left out, or the recipe's rule searches nothing.
    """
    drops = any(dropping(module) is not None for module in model.modules())
    parts = ["dropout"] * drops + ["augmentation"] * bool(recipe.augmentation)
    if not isinstance(recipe.rule, Descent) or not parts:
        return None
    return (
        f"{recipe.rule!r} needs a loss that stays the same from one gradient to the next: {' and '.join(parts)} "
        f"{'are' if len(parts) > 1 else 'is'} switched off."
    )


def still(model: nn.Module) -> None:
    """Switches dropout off, for as long as the network is trained: a search needs a function that stays the same.

    Args:
        model: The network.
    """
    for module in model.modules():
        name = dropping(module)
        if name is not None:
            setattr(module, name, 0.0)


def search_epoch(training: "Training", order: Order, between_steps: "Callable[[Training], None] | None") -> None:
    """Takes the steps of one epoch that its evaluations, and those before, have paid for.

    Args:
        training: The training; it is changed in place.
        order: The batches of the epoch.
        between_steps: Called after every batch but the last.
    """
    model, optimizer = training.model, training.optimizer
    assert isinstance(optimizer, Minimizer)
    model.train()
    ends = list(itertools.accumulate(map(len, order.batches), initial=training.epoch * len(training.examples)))
    everything = len(training.examples) * training.recipe.epochs
    for passed, indices in list(zip(ends, order.batches, strict=False))[training.batch :]:
        loss = torch.tensor(optimizer.value)
        optimizer.budget = (everything - training.evaluations) // len(indices)
        if training.evaluations <= passed and optimizer.budget >= 1:
            loss = _step(training, next(iter(training.examples.batches([indices]))), len(indices))
        training.losses.append(loss.detach().reshape(()).to(training.device))
        training.batch += 1
        if between_steps is not None and training.batch < len(order.batches):
            between_steps(training)
    # A search moves a dozen times where others move a thousand; what follows by a tenth a time would not arrive. Also
    # where nothing moved: a run that is taken up in the middle of an epoch could not tell.
    estimate_statistics(training, lambda batch: batch)


def _step(training: "Training", batch: Any, count: int) -> Tensor:
    model, optimizer = training.model, training.optimizer
    assert isinstance(optimizer, Minimizer)
    before = optimizer.evaluations

    def loss_alone() -> Tensor:
        seed_step(training.seed, training.device)  # whatever else draws, draws the same at every point
        with precision(training.recipe, training.device):
            loss, _, _ = training.compute(model, batch)
        return loss

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = loss_alone()
        loss.backward()
        return loss

    first_order = optimizer.descent.needs == "a gradient"
    loss = optimizer.step(repeatable(closure if first_order else loss_alone, model))
    training.steps += 1
    training.evaluations += (optimizer.evaluations - before) * count
    return loss
