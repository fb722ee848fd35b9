"""Thinned networks: dropout at work while predicting, so that one network speaks as an ensemble of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from ..data.randomness import seeded
from ..errors import RavineError
from .dropouts import Dropout


def dropping(module: nn.Module) -> str | None:
    """Names the attribute in which a layer has its probability of dropping.

    Args:
        module: Any layer.

    Returns:
        The name; None where the layer drops nothing of itself.

    >>> dropping(nn.Dropout(0.2)), dropping(nn.LSTM(3, 3, num_layers=2, dropout=0.1)), dropping(nn.Linear(3, 3))
    ('p', 'dropout', None)
    """
    if isinstance(module, nn.modules.dropout._DropoutNd):
        return "p"
    if isinstance(module, (nn.RNNBase, nn.MultiheadAttention)):  # these have dropout inside, if they were made with it
        return "dropout" if module.dropout else None
    return "drop" if isinstance(module, Dropout) else None


@contextmanager
def only_dropping(model: nn.Module) -> Iterator[None]:
    """Keeps dropout layers in training mode and all else in evaluation mode, and puts the modes back afterwards.

    Args:
        model: A network with dropout layers; dropout that it calls as a function is not seen.

    Yields:
        Nothing.

    Raises:
        RavineError: There is no dropout layer.
    """
    modes = {module: module.training for module in model.modules()}
    drop = [module for module in modes if dropping(module)]
    if not drop:
        raise RavineError(f"{type(model).__name__} has no dropout layer, so all its predictions would be the same.")
    # In evaluation mode PyTorch's encoder takes a shortcut past the layers in it, dropout included.
    drop += [module for module in modes if isinstance(module, nn.TransformerEncoderLayer)]
    try:
        model.eval()
        for module in drop:
            module.training = True
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


@torch.no_grad()
def monte_carlo(model: nn.Module, x: Any, samples: int = 32, seed: int = 0) -> Tensor:
    """Predicts many times with dropout at work: an ensemble of the thinned networks that were trained.

    The mean over the samples is the ensemble's prediction, their spread its disagreement. What scaling at test gives
    instead, in one pass, is the limit of that mean for a network that is linear behind its dropout; for any other one
    it is an approximation.

    Gal & Ghahramani 2016, "Dropout as a Bayesian Approximation", section 4. https://arxiv.org/abs/1506.02142

    Args:
        model: A network with dropout layers; its mode is as it was afterwards.
        x: What it takes.
        samples: How many times it predicts, at least 1.
        seed: Decides what is dropped; nobody else's random numbers move.

    Returns:
        Outputs, `[samples, b, ...]`.

    Raises:
        RavineError: The network has no dropout layer, or there is to be no sample.

    >>> network = nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 1))
    >>> outputs = monte_carlo(network, torch.ones(3, 4), samples=100)
    >>> outputs.shape, outputs.mean(0).shape, outputs.std(0).shape
    (torch.Size([100, 3, 1]), torch.Size([3, 1]), torch.Size([3, 1]))
    """
    if not isinstance(samples, int) or samples < 1:
        raise RavineError(f"monte_carlo(..., samples={samples!r}): samples must be a whole number of at least 1.")
    with only_dropping(model), seeded(seed):
        return torch.stack([model(x) for _ in range(samples)])
