"""Rules with the face of `torch.optim.Optimizer`: any rule, and drop-ins for those that PyTorch has too."""

from ..rules import field_names
from .adams import Adam, Adamax, AdamW, NAdam, RAdam
from .adaptive import Adadelta, Adagrad, RMSprop
from .decay_groups import decay_groups
from .momentum import SGD, Muon
from .optimizer import Optimizer

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "decay_groups",
    "field_names",
]
