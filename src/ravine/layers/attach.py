"""Attaching a layer to another one of somebody else's network, by PyTorch's hooks.

The new layer becomes a child of the one that it stands behind or before, `conv1.batch_norm`, and a hook calls it. So
nothing that was there is renamed, replaced or renumbered: weights keep their names in state dicts, `forward` finds
`self.conv1` and `self.conv1.weight` as ever, and `body[2]` is still the third layer. (A wrapper in the old layer's
place would rename its weights to `conv1.0.weight`, and a layer put into a `Sequential` would move the ones behind it.)
A layer that is called at several places has what is attached to it at each of them.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import RavineError


@dataclass(frozen=True)
class Behind:
    """A hook that hands a layer's output to a child of its; of several outputs the first, as of a recurrent layer."""

    name: str

    def __call__(self, host: nn.Module, given: Any, output: Any) -> Any:  # noqa: ARG002 - PyTorch's signature
        """Gives what the child makes of the output."""
        if isinstance(output, Tensor):
            return self._applied(host, output)
        if isinstance(output, tuple) and output and isinstance(output[0], Tensor):
            return (self._applied(host, output[0]), *output[1:])
        raise RavineError(
            f"{self.name} cannot stand behind a {type(host).__name__} that gives a {type(output).__name__} "
            "and no tensor: name another layer by after=."
        )

    def _applied(self, host: nn.Module, x: Tensor) -> Any:
        try:
            return getattr(host, self.name)(x)
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, ValueError) as error:  # such as a batch of one, which has no variance
            raise RavineError(
                f"{self.name} cannot stand behind a {type(host).__name__} that gives the shape {list(x.shape)}"
                f"{' in training' * host.training}: {_first_line(error)}"
            ) from error


@dataclass(frozen=True)
class Before:
    """A hook that hands a layer's input to a child of its first."""

    name: str

    def __call__(self, host: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Gives the layer's arguments, the first of them as the child makes it."""
        layer = getattr(host, self.name)
        if given:
            return (layer(given[0]), *given[1:]), named
        return given, {**named, "input": layer(named["input"])}  # so PyTorch's linear layers and convolutions call it


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def attach(host: nn.Module, name: str, layer: nn.Module, *, before: bool = False) -> None:
    """Puts a layer behind another one, or before it.

    Args:
        host: The layer that is there; a `Sequential` gets the new one as its last.
        name: What the new one is called in it; with a number behind where that is taken.
        layer: The new one; it follows the host's mode.
        before: Whether it gets the host's input instead of its output.

    >>> import torch
    >>> host = nn.Linear(2, 3)
    >>> attach(host, "batch_norm", nn.BatchNorm1d(3))
    >>> list(host.state_dict())[:3]
    ['weight', 'bias', 'batch_norm.weight']
    """
    count, free = 1, name
    while hasattr(host, free):
        count += 1
        free = f"{name}_{count}"
    host.add_module(free, layer.train(host.training))
    layer.inserted = True  # pyright: ignore[reportArgumentType] - a plain attribute
    if before:
        host.register_forward_pre_hook(Before(free), with_kwargs=True)
    elif not isinstance(host, nn.Sequential):  # which calls all its children in order, the new one too
        host.register_forward_hook(Behind(free))


def is_inserted(layer: nn.Module) -> bool:
    """Tells whether a layer was attached here.

    Args:
        layer: Any layer of a network.

    Returns:
        Whether `attach` put it there.
    """
    return getattr(layer, "inserted", False)
