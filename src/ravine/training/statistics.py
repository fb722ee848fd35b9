"""Batch-norm statistics that fit the weights which are in place."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from .order import epoch_order, seed_step

if TYPE_CHECKING:
    from .loop import Training


def batch_norms(model: nn.Module) -> list[Any]:
    """Finds the layers that normalize by batches.

    Args:
        model: The network.

    Returns:
        The layers.
    """
    return [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]


@torch.no_grad()
def estimate_statistics(training: "Training", change: Callable[[Any], Any]) -> None:
    """Sets running means and variances to their plain averages over the training data, as it is trained on.

    Args:
        training: The training; its model's statistics are changed in place, and nothing else of it.
        change: What is done to a batch before the network sees it.
    """
    modes = {module: module.training for module in training.model.modules()}
    training.model.train()
    # Those of frozen layers stand still in training, too.
    moving = [norm for norm in batch_norms(training.model) if norm.track_running_stats and norm.training]
    momenta = [norm.momentum for norm in moving]
    order = epoch_order(training.recipe, len(training.examples), training.seed, training.epoch)
    seed_step(order.seeds[0], training.device)
    try:
        for norm in moving:
            norm.reset_running_stats()
            norm.momentum = None  # a cumulative average over all batches, which torch's own update_bn takes too
        for batch in training.examples.batches(order.batches if moving else []):
            training.compute(training.model, change(batch))
    finally:
        for norm, momentum in zip(moving, momenta, strict=True):
            norm.momentum = momentum
        for module, mode in modes.items():
            module.training = mode
