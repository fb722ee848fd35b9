"""What an ensemble costs: in training, once; and in inference, for every example that it will ever be asked about."""

from dataclasses import dataclass

import torch

from ..training.network import Mean
from .ensemble import Ensemble


@dataclass(frozen=True)
class Cost:
    """What an ensemble costs."""

    evaluations: int
    """Gradient evaluations in training, of all members and of those that were left out."""
    passes: int
    """Forward passes for each example."""
    flops: tuple[int, ...]
    """Floating-point operations of each member for one example, products and sums, as PyTorch's own counter sees them:
    of matrix products and convolutions, which are nearly all."""
    numbers: int
    """Weights that are kept, of all members."""

    def __str__(self) -> str:
        return (
            f"Training cost {self.evaluations} gradient evaluations; an example costs {self.passes} forward "
            f"pass{'es' if self.passes > 1 else ''}, {sum(self.flops)} floating-point operations."
        )


def cost_of(ensemble: Ensemble) -> Cost:
    """Works out what an ensemble costs.

    Args:
        ensemble: The ensemble.

    Returns:
        The cost.
    """
    numbers = sum(p.numel() for model in ensemble.models for p in model.parameters())
    flops = tuple(_flops(ensemble, k) for k in range(len(ensemble)))
    passes = sum(len(model.members) if isinstance(model, Mean) else 1 for model in ensemble.models)
    return Cost(ensemble.evaluations, passes, flops, numbers)


def _flops(ensemble: Ensemble, number: int) -> int:
    from torch.utils.flop_counter import (
        FlopCounterMode,
    )  # here, since training needs no counter, and loading it takes time

    with FlopCounterMode(display=False) as counter:
        ensemble.alone(number, ensemble.task.training_data.subset(torch.tensor([0])))
    return counter.get_total_flops()
