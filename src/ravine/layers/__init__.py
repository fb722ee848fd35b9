"""Layers: written out with their gradients to be read, and added to a given network by a recipe.

To be read are `convolution`, `Dropout` and `BatchNorm`; networks use PyTorch's, which give the same numbers faster.

A recipe adds `dropout`, `batch_norm` and `layer_norm` to a network without editing its code,
`layers=(batch_norm(), dropout(0.2))`. What is added are PyTorch's layers, each attached to one that is there (see
`attach`); they start from constants and draw nothing when they are made. Where they go follows from what the network
does with the data (see `flow`), or is named: `after="conv1"`, `after="features.*"`, `after=("fc1", "fc2")`, or by kind
of layer, `after="ReLU"`. Names are taken at their word.
"""

from .convolutions import convolution
from .dropouts import Dropout
from .freeze import freeze, thaw
from .insert_dropout import dropout
from .insert_norm import batch_norm, layer_norm
from .layer import Layer
from .normalization import BatchNorm
from .thinned import monte_carlo, only_dropping

LAYERS: dict[str, type[Layer]] = {kind.__name__: kind for kind in (dropout, batch_norm, layer_norm, freeze, thaw)}
"""The parts of a recipe that add layers, or hold them still, by the names that they are typed as."""

__all__ = [
    "LAYERS",
    "BatchNorm",
    "Dropout",
    "Layer",
    "batch_norm",
    "convolution",
    "dropout",
    "freeze",
    "layer_norm",
    "monte_carlo",
    "only_dropping",
    "thaw",
]
