"""Rules: what one step does to the parameters, each written once in its paper's order and letters."""

from . import counter
from .adadelta import Adadelta
from .adagrad import Adagrad
from .adam import Adam
from .adamw import AdamW
from .average import Average
from .clip import Clip
from .decay import Decay
from .field_names import field_names
from .momentum import Momentum
from .nesterov import Nesterov
from .noise import Noise, seeded
from .rmsprop import RMSprop
from .rule import Rule
from .sgd import SGD
from .walk import walk
from .wrapper import Wrapper

__all__ = [
    "METHODS",
    "RULES",
    "SGD",
    "WRAPPERS",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Average",
    "Clip",
    "Decay",
    "Momentum",
    "Nesterov",
    "Noise",
    "RMSprop",
    "Rule",
    "Wrapper",
    "counter",
    "field_names",
    "seeded",
    "walk",
]

METHODS: dict[str, type[Rule]] = {
    rule.__name__.lower(): rule for rule in (SGD, Momentum, Nesterov, Adagrad, Adadelta, RMSprop, Adam, AdamW)
}
"""The methods that are compared by default, in the order in which one grew out of another."""

WRAPPERS: dict[str, type[Wrapper]] = {wrapper.__name__: wrapper for wrapper in (Decay, Clip, Noise, Average)}
"""The rules that wrap a rule, by the name of their class."""

RULES: dict[str, type[Rule]] = {rule.__name__: rule for rule in METHODS.values()} | WRAPPERS
"""Every rule and wrapper by the name of its class."""
