"""What is frozen in a network, and until when: noted in its layers, settled at every epoch.

The notes are plain attributes of the layers, no hooks and no classes of our own, so that a network is copied, saved and
loaded as ever, weights keep their names, and the loop still sees PyTorch's own layers.
"""

from typing import Any

from torch import nn
from torch.nn.parameter import is_lazy

from ..schedules import epochs

NOTES = "frozen_until"
"""The attribute of a layer that says until when each of its parameters is frozen."""
STATISTICS = ""
"""Where its notes have a layer's running statistics, beside its parameters by name."""


class Still:
    """What stands in the place of a norm's `train`: while it is frozen, the norm stays in evaluation mode."""

    def __init__(self, layer: nn.Module) -> None:
        self.layer, self.frozen = layer, True

    def __call__(self, mode: bool = True) -> nn.Module:
        """Sets the mode as the layer's class does."""
        return type(self.layer).train(self.layer, mode and not self.frozen)


def note(layer: nn.Module, name: str, until: Any) -> bool:
    """Notes in a layer until when something of it is frozen, beside what is noted already.

    A parameter that the network's own factory froze is not noted, and so never thawed.

    Args:
        layer: The layer.
        name: One of its own parameters, or `STATISTICS`, which only norms have.
        until: A share of training, or `epochs(n)`; infinity for good.

    Returns:
        Whether there was anything to note.
    """
    notes = layer.__dict__.get(NOTES, {})
    if name == STATISTICS:
        if getattr(layer, "running_mean", None) is None:
            return False
        layer.__dict__.setdefault("train", Still(layer))
    elif not getattr(layer, name).requires_grad and name not in notes:
        return False
    layer.__dict__[NOTES] = {**notes, name: (*notes.get(name, ()), until)}
    return True


def settle(model: nn.Module, epoch: int, length: float) -> None:
    """Freezes, of what was noted, what is frozen in an epoch, and lets the rest learn; lazy layers wait for sizes.

    Args:
        model: The network.
        epoch: The epoch that begins, from 0.
        length: The number of epochs; infinity where it is not known yet, and shares of it are never over.
    """
    for layer in model.modules():
        for name, untils in layer.__dict__.get(NOTES, {}).items():
            frozen = any(epoch < end(until, length) - 1e-9 for until in untils)  # for 3 * 0.1 is above 0.3
            if name == STATISTICS:
                layer.__dict__["train"].frozen = frozen
                layer.train(layer.training)
            elif not is_lazy(getattr(layer, name)):
                getattr(layer, name).requires_grad_(not frozen)


def learns(model: nn.Module) -> bool:
    """Tells whether anything in a network is left that learns from the first epoch on.

    Args:
        model: The network.

    Returns:
        Whether it has a parameter that neither its factory nor a note freezes.
    """
    return any(
        p.requires_grad and name not in layer.__dict__.get(NOTES, {})
        for layer in model.modules()
        for name, p in layer.named_parameters(recurse=False)
    )


def end(until: Any, length: float) -> float:
    """Gives the epoch with which a share of training, or a number of epochs, is over.

    Args:
        until: The share, or `epochs(n)`.
        length: The number of epochs.

    Returns:
        The epoch, perhaps a broken one.

    >>> end(0.25, 8), end(epochs(3), 8)
    (2.0, 3)
    """
    return until.n if isinstance(until, epochs) else until * length
