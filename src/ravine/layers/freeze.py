"""Freezing layers: `layers=freeze("features*")`, for all of training or a part of it, or gradually from the top.

Nothing is added to the network. Frozen parameters get no gradient, so no rule moves them, nor does weight decay; and
norms of frozen layers stay in evaluation mode, whoever calls `train()`, so that they normalize by the statistics that
they came with, and keep them. Dropout goes on. What the network's factory froze itself stays frozen.
"""

import math
from fnmatch import fnmatchcase
from typing import Any

from torch import nn
from torch.nn.parameter import is_lazy

from ..data.head import below
from ..data.name_patterns import check_patterns
from ..errors import RavineError, nearest
from ..fields import Number, field, inner
from ..ranges import uniform
from ..rules.by_depth import depths
from ..schedules import epochs
from .frozen import STATISTICS, end, learns, note, settle
from .layer import Layer
from .named import shown


class freeze(Layer):  # noqa: N801 - typed as a function
    """Freezes layers by name: their parameters stand still, and so do the statistics of their norms.

    A pattern is one of names of layers or parameters, or a kind of layer, as in `"features*"`, `"*.bias"` or
    `("conv1", "BatchNorm2d")`; what stands in a layer that is named is frozen with it. `but` names in the same way
    what learns all the same: `freeze("*", but="fc")` trains the last layer alone.

    >>> network = nn.Sequential(nn.Linear(4, 9), nn.BatchNorm1d(9), nn.Linear(9, 2))
    >>> network = freeze("*", but="2").insert(network)
    >>> [name for name, p in network.named_parameters() if p.requires_grad]
    ['2.weight', '2.bias']
    >>> network.train()[1].training
    False
    """

    layers: Any = inner("pattern of names, or kind, of what is frozen, or several of them")
    but: Any = inner("pattern of names, or kind, of what learns all the same, or several of them", None)
    until: Number = field(
        None,
        "share of training after which it learns, too, or epochs(n)",
        within="(0, 1)",
        holds=(epochs,),
        search=uniform(0.1, 0.9),
    )

    def __post_init__(self) -> None:
        Layer.__post_init__(self)
        for name in ("layers",) if self.but is None else ("layers", "but"):
            check_patterns(self, name, such_as="'features*' or 'BatchNorm2d'")

    def insert(self, model: nn.Module) -> nn.Module:
        """Freezes the layers.

        Args:
            model: The network; it is changed in place.

        Returns:
            The same network.

        Raises:
            RavineError: Nothing is named so that could be frozen, or nothing would be left that learns.
        """
        frozen = self._named(model, self.layers)
        spared = set() if self.but is None else self._named(model, self.but)
        until = math.inf if self.until is None else self.until
        noted = 0
        for place, layer in model.named_modules():
            own = [name for name, _ in layer.named_parameters(recurse=False)]
            chosen = [name for name in own if _chosen(f"{place}.{name}".lstrip("."), frozen, spared)]
            chosen += [STATISTICS] * (_chosen(place, frozen, spared) or bool(chosen and chosen == own))
            noted += sum(note(layer, name, until) for name in chosen)
        if not noted:
            raise RavineError(f"{self!r}: what it names in {type(model).__name__} learns nothing that could be frozen.")
        return _begun(self, model)

    def _named(self, model: nn.Module, patterns: Any) -> set[str]:
        layers = {name: type(layer).__name__ for name, layer in model.named_modules() if name}
        names = [*layers, *(name for name, _ in model.named_parameters(remove_duplicate=False))]
        found: set[str] = set()
        for pattern in (patterns,) if isinstance(patterns, str) else patterns:
            matched = {name for name in names if fnmatchcase(name, pattern)}
            matched |= {name for name, kind in layers.items() if fnmatchcase(kind, pattern)}
            if not matched:
                raise RavineError(
                    f"{self!r}: nothing in {type(model).__name__} is called {pattern!r} or is of that kind."
                    f"{nearest(pattern, [*names, *layers.values()])} It has {shown(names)}."
                )
            found |= matched
        return found

    def at_epoch(self, model: nn.Module, epoch: int, epochs: int) -> None:
        """Lets layers learn whose time has come.

        Args:
            model: The network that `insert` gave.
            epoch: The epoch that begins, from 0.
            epochs: How many there are.
        """
        settle(model, epoch, epochs)


class thaw(Layer):  # noqa: N801 - typed as a function
    """Freezes all layers but the last, and lets one more learn after every share of training, from the top down.

    Layers are counted as `ByDepth` counts them: each begins with a parameter of two dimensions or more.

    Howard & Ruder 2018, "Universal Language Model Fine-tuning for Text Classification", section 3.3 (gradual
    unfreezing), one layer per epoch, which is the default here. https://arxiv.org/abs/1801.06146

    >>> network = thaw(every=0.25).insert(nn.Sequential(nn.Linear(4, 9), nn.Linear(9, 9), nn.Linear(9, 2)))
    >>> thaw(every=0.25).at_epoch(network, epoch=2, epochs=8)
    >>> [name for name, p in network.named_parameters() if p.requires_grad]
    ['1.weight', '1.bias', '2.weight', '2.bias']
    """

    every: Number = field(
        epochs(1),
        "share of training, or epochs(n), from one layer to the next",
        within="(0, 1)",
        holds=(epochs,),
        search=uniform(0.02, 0.3),
    )

    def insert(self, model: nn.Module) -> nn.Module:
        """Freezes all layers but the last.

        Args:
            model: The network; it is changed in place.

        Returns:
            The same network.

        Raises:
            RavineError: There are no layers to tell apart, or too many, or their sizes are not known yet.
        """
        if any(is_lazy(p) for p in model.parameters()):
            raise RavineError(
                f"{self!r}: {type(model).__name__} has layers that learn their sizes from data, so which of its "
                "parameters are weights is not known yet: give the sizes."
            )
        parameters = list(model.parameters())
        known = dict(zip(map(id, parameters), depths(parameters), strict=True))
        depth = deepest = max(known.values(), default=0)
        if not deepest:
            raise RavineError(f"{self!r}: {type(model).__name__} has one layer of weights, so none could wait for it.")
        if not isinstance(self.every, epochs):
            self._check_time(model, deepest, 1)
        for layer in model.modules():
            for name, p in layer.named_parameters(recurse=False):
                depth = known[id(p)]
                self._note(layer, name, depth)
            self._note(layer, STATISTICS, depth)  # of a norm without parameters: the depth of what came before it
        return _begun(self, model)

    def _note(self, layer: nn.Module, name: str, depth: int) -> None:
        if depth:
            note(layer, name, epochs(self.every.n * depth) if isinstance(self.every, epochs) else self.every * depth)

    def _check_time(self, model: nn.Module, deepest: int, length: int) -> None:
        if deepest * end(self.every, length) >= length:
            most = math.floor(1e4 / (deepest + 1)) / 1e4
            raise RavineError(
                f"{self!r}: {type(model).__name__} has {deepest + 1} layers of weights, and training would be over "
                f"before the first of them learns: write thaw(every={most:g}) or less."
            )

    def at_epoch(self, model: nn.Module, epoch: int, epochs: int) -> None:
        """Lets layers learn whose time has come.

        Args:
            model: The network that `insert` gave.
            epoch: The epoch that begins, from 0.
            epochs: How many there are.

        Raises:
            RavineError: There are too few for the first layers to learn at all.
        """
        self._check_time(model, max(depths(list(model.parameters()))), epochs)
        settle(model, epoch, epochs)


def _begun(part: Layer, model: nn.Module) -> nn.Module:
    settle(model, 0, math.inf)
    if not learns(model):
        raise RavineError(f"{part!r} leaves nothing in {type(model).__name__} that learns: spare its last layer.")
    return model


def _chosen(name: str, frozen: set[str], spared: set[str]) -> bool:
    return below(name, frozen) and not below(name, spared)
