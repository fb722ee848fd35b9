"""Rules: what one step does to the parameters, each written once in its paper's order and letters."""

from . import counter
from .adadelta import Adadelta
from .adagrad import Adagrad
from .adam import Adam
from .adamax import Adamax
from .adamw import AdamW
from .average import Average
from .by_depth import ByDepth
from .clip import Clip
from .decay import Decay
from .field_names import field_names, learning_rates
from .lamb import LAMB
from .lars import LARS
from .lion import Lion
from .maximize import Maximize
from .momentum import Momentum
from .muon import Muon
from .nadam import NAdam
from .nesterov import Nesterov
from .noise import Noise, seeded
from .radam import RAdam
from .rmsprop import RMSprop
from .rule import Rule
from .sam import SAM
from .sgd import SGD
from .split import Split, placed
from .walk import gradient_of, walk
from .weight_noise import WeightNoise
from .wrapper import Wrapper

__all__ = [
    "LAMB",
    "LARS",
    "METHODS",
    "RULES",
    "SAM",
    "SGD",
    "WRAPPERS",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Average",
    "ByDepth",
    "Clip",
    "Decay",
    "Lion",
    "Maximize",
    "Momentum",
    "Muon",
    "NAdam",
    "Nesterov",
    "Noise",
    "RAdam",
    "RMSprop",
    "Rule",
    "Split",
    "WeightNoise",
    "Wrapper",
    "counter",
    "field_names",
    "gradient_of",
    "learning_rates",
    "placed",
    "seeded",
    "walk",
]

METHODS: dict[str, type[Rule]] = {
    rule.__name__.lower(): rule
    for rule in (
        *(SGD, Momentum, Nesterov, Adagrad, Adadelta, RMSprop, Adam, AdamW),
        *(Adamax, NAdam, RAdam, Lion, LARS, LAMB),
    )
}
"""The methods that a name in lower case stands for, in the order in which one grew out of another."""

WRAPPERS: dict[str, type[Wrapper]] = {
    wrapper.__name__: wrapper for wrapper in (Decay, Clip, Noise, WeightNoise, SAM, Average, Maximize, Split, ByDepth)
}
"""The rules that wrap a rule, by the name of their class."""

RULES: dict[str, type[Rule]] = {rule.__name__: rule for rule in (*METHODS.values(), Muon)} | WRAPPERS
"""Every rule and wrapper by the name of its class; Muon, which moves matrices alone, is a method only in a Split."""
