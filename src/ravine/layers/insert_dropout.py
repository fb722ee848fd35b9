"""Dropout that a recipe adds to a network: `layers=(dropout(0.2),)`."""

from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import override

from ..errors import RavineError
from ..fields import Number, field, flag, inner
from ..ranges import uniform
from .attach import attach, is_inserted
from .dropouts import check_one_given
from .flow import function_names, reading_hidden
from .layer import Layer
from .named import check_pattern, followed, named, outermost
from .thinned import dropping


class ChannelDropout(nn.modules.dropout._DropoutNd):
    """Drops channels of `[b, C, ...]` as a whole, of maps with any number of dimensions, by PyTorch's fast function."""

    @override
    def forward(self, x: Tensor) -> Tensor:
        return torch.feature_dropout(x, self.p, self.training)


class dropout(Layer):  # noqa: N801 - typed as a function
    """Drops hidden units in training: each with probability `drop`, the others scaled by 1 / (1 - drop).

    In a network that has dropout layers, such as `digits_cnn`, it sets their probability and adds none. In any other
    one it stands before every linear layer and convolution but those that read the data: what the paper's equations
    drop are the hidden units that a layer of weights reads, never the network's output (section 4), and it found all
    layers, convolutions included, better than the last ones alone (section 6.1.2). With `after` it stands behind the
    layers named, and sets the probability of those that are dropout layers. `channels=True` drops whole channels
    except at linear layers, whose units are not maps.

    Dropout that a network calls as a function is out of reach: such a network is refused unless `after` is given.

    Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting".
    https://jmlr.org/papers/v15/srivastava14a.html

    >>> dropout(0.2), dropout(keep=0.8, after="fc*")
    (dropout(drop=0.2), dropout(keep=0.8, after='fc*'))
    >>> dropout(0.2).insert(nn.Sequential(nn.Linear(4, 9), nn.ReLU(), nn.Linear(9, 2)))
    Sequential(
      (0): Linear(in_features=4, out_features=9, bias=True)
      (1): ReLU()
      (2): Linear(
        in_features=9, out_features=2, bias=True
        (dropout): Dropout(p=0.2, inplace=False)
      )
    )
    """

    drop: Number = field(
        None, "probability that a unit is dropped", within="[0, 1)", search=uniform(0.0, 0.5), also=("p", "rate")
    )
    keep: Number = field(None, "probability that it is kept; give this one or drop", within="(0, 1]")
    after: Any = inner("pattern of names or kind of layer that it stands behind, or several", None)
    channels: bool = flag(False, "whether whole channels of maps are dropped", also=("spatial", "dropout2d"))

    def __post_init__(self) -> None:
        Layer.__post_init__(self)
        check_one_given("dropout", self.drop, self.keep)
        check_pattern(self)

    @override
    def insert(self, model: nn.Module) -> nn.Module:
        p = self.drop if self.keep is None else 1 - self.keep
        present = [layer for layer in model.modules() if dropping(layer)]
        if self.after is not None:
            self._insert_behind(model, p)
        elif present:
            self._check_present(present)
            for layer in present:
                _set(layer, p)
        else:
            self._insert_before(model, p)
        return model

    def _insert_behind(self, model: nn.Module, p: float) -> None:
        for name in outermost(named(self, model, nn.Module)):
            layer = model.get_submodule(name)
            if dropping(layer):
                _set(layer, p)
            else:
                attach(layer, "dropout", self._layer(layer, p))

    def _insert_before(self, model: nn.Module, p: float) -> None:
        flow = followed(self, model)
        if any("dropout" in name for name in function_names(flow)):
            raise RavineError(
                f"{self!r}: {type(model).__name__} calls dropout as a function, whose probability is its own; say by "
                "after= behind which layers there should be more."
            )
        names = reading_hidden(flow)
        if not names:
            raise RavineError(f"{self!r}: {type(model).__name__} has no linear layer or convolution of hidden units.")
        for name in names:
            layer = model.get_submodule(name)
            attach(layer, "dropout", self._layer(layer, p), before=True)

    def _layer(self, host: nn.Module, p: float) -> nn.Module:
        return ChannelDropout(p) if self.channels and not isinstance(host, nn.Linear) else nn.Dropout(p)

    def _check_present(self, present: list[nn.Module]) -> None:
        if any(map(is_inserted, present)):
            raise RavineError(
                f"{self!r}: a part before it has added dropout already; say by after= where each of them goes."
            )
        if self.channels:
            raise RavineError(
                f"{self!r}: the network has dropout layers, whose probability it would set, and channels=True is for "
                "new ones; say by after= where they go."
            )


def _set(layer: nn.Module, p: float) -> None:
    name = dropping(layer)
    assert name is not None
    setattr(layer, name, p)
