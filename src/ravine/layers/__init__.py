"""Layers: written out with their gradients to be read, and inserted into a given network by a recipe."""

from .convolutions import convolution
from .dropouts import Dropout
from .layer import Layer
from .normalization import BatchNorm
from .thinned import monte_carlo, only_dropping

__all__ = ["BatchNorm", "Dropout", "Layer", "convolution", "monte_carlo", "only_dropping"]
