"""Rules with the face of `torch.optim.Optimizer`."""

from ..rules import field_names
from .optimizer import Optimizer

__all__ = ["Optimizer", "field_names"]
