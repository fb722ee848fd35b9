"""Normalization that a recipe adds to a network: `layers=(batch_norm(),)`."""

from collections.abc import Callable
from typing import Any

from torch import nn
from typing_extensions import override

from ..errors import RavineError
from ..fields import Number, field, inner
from .attach import attach
from .flow import PLACES, follow, unnormalized
from .layer import Layer
from .named import check_pattern, followed, named

CONVOLUTIONS = {
    1: (nn.Conv1d, nn.ConvTranspose1d),
    2: (nn.Conv2d, nn.ConvTranspose2d),
    3: (nn.Conv3d, nn.ConvTranspose3d),
}
BATCH_NORMS = {0: nn.BatchNorm1d, 1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
"""PyTorch's layers by the dimensions of a map; that of a linear layer has none."""


class batch_norm(Layer):  # noqa: N801 - typed as a function
    """Normalizes every hidden unit, or channel of a map, over the batch; running averages take its place at test.

    It stands behind every hidden linear layer and convolution, and so before the activation (section 3.2 of the
    paper), unless a normalization follows on every way to the next weights; never behind an output layer. With `after`
    it stands behind those that are named, whatever follows.

    A layer that is called at several places has other statistics at each, which one normalization would mix: refused.
    Behind a linear layer the units are `[b, C]`; over sequences, `[b, T, C]`, take `layer_norm()`.

    Ioffe & Szegedy 2015, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate
    Shift". https://arxiv.org/abs/1502.03167

    >>> network = batch_norm().insert(nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2)))
    >>> [name for name, _ in network.named_parameters()]
    ['0.weight', '0.bias', '0.batch_norm.weight', '0.batch_norm.bias', '3.weight', '3.bias']
    """

    momentum: Number = field(0.1, "weight of a batch in the running averages", within="(0, 1]")
    eps: Number = field(1e-5, "floor under the variance", at_least=0)
    after: Any = inner("pattern of names or kind of layer that it stands behind, or several", None)

    def __post_init__(self) -> None:
        Layer.__post_init__(self)
        check_pattern(self)

    @override
    def insert(self, model: nn.Module) -> nn.Module:
        return _normalize(self, model, self._layer, shared=False)

    def _layer(self, host: nn.Module, width: int, **here: Any) -> nn.Module:
        return BATCH_NORMS[_dimensions(host) or 1](width, self.eps, self.momentum, **here)


class layer_norm(Layer):  # noqa: N801 - typed as a function
    """Normalizes every example by itself: over the hidden units of a place, or over all channels and places of a map.

    It stands where `batch_norm` would, and asks nothing of the size of a batch. Behind a convolution it is PyTorch's
    `GroupNorm` with one group, which does not fix the size of the map; its mean is over the whole map, its gains are
    one for each channel.

    Ba, Kiros & Hinton 2016, "Layer Normalization", section 3. https://arxiv.org/abs/1607.06450

    >>> layer_norm().insert(nn.Sequential(nn.Linear(4, 9), nn.ReLU(), nn.Linear(9, 2)))[0].layer_norm.normalized_shape
    (9,)
    """

    eps: Number = field(1e-5, "floor under the variance", at_least=0)
    after: Any = inner("pattern of names or kind of layer that it stands behind, or several", None)

    def __post_init__(self) -> None:
        Layer.__post_init__(self)
        check_pattern(self)

    @override
    def insert(self, model: nn.Module) -> nn.Module:
        return _normalize(self, model, self._layer, shared=True)

    def _layer(self, host: nn.Module, width: int, **here: Any) -> nn.Module:
        return nn.GroupNorm(1, width, self.eps, **here) if _dimensions(host) else nn.LayerNorm(width, self.eps, **here)


def _normalize(part: Any, model: nn.Module, make: Callable[..., nn.Module], *, shared: bool) -> nn.Module:
    """Attaches normalizations where a part says; `shared` is whether one may serve several calls of a layer."""
    for name in _hosts(part, model, shared=shared):
        host: Any = model.get_submodule(name)
        width = host.out_features if isinstance(host, nn.Linear) else host.out_channels
        layer = make(host, width, device=host.weight.device, dtype=host.weight.dtype)
        attach(host, type(part).__name__, layer)
    return model


def _hosts(part: Any, model: nn.Module, *, shared: bool) -> list[str]:
    if part.after is not None:
        names = named(part, model, *PLACES)
    else:
        names = unnormalized(followed(part, model))
        if not names:
            raise RavineError(
                f"{part!r}: {type(model).__name__} has no hidden linear layer or convolution without a normalization."
            )
    if not shared:
        _check_called_once(part, model, names)
    return names


def _check_called_once(part: Any, model: nn.Module, names: list[str]) -> None:
    try:
        counts = follow(model).calls
    except RavineError:
        return  # where its forward cannot be followed, names are all that there is
    for name in names:
        if counts[name] > 1:
            raise RavineError(
                f"{part!r}: {name!r} is called at {counts[name]} places, whose statistics one layer would mix: "
                "use layer_norm(), or name other layers by after=."
            )


def _dimensions(host: nn.Module) -> int:
    """Gives the dimensions of the map that a layer makes; 0 for a linear layer."""
    return next((n for n, kinds in CONVOLUTIONS.items() if isinstance(host, kinds)), 0)
