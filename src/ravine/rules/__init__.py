"""Rules: what one step does to the parameters, each written once in its paper's order and letters."""

from .adam import Adam
from .rule import Rule, Wrapper
from .sgd import SGD
from .walk import walk

__all__ = ["SGD", "Adam", "Rule", "Wrapper", "walk"]
