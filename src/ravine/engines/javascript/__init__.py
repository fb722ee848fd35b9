"""The JavaScript engine: prints rules and surfaces for a page, from the same trace as every other engine's code.

What is printed is an expression: of a rule an object that steps one small vector in place, of a surface one that gives
its value and gradient. It may stand in a script element or a module, and needs nothing but JavaScript itself.
"""

from .noise import NOISE
from .rule import print_rule
from .surface import print_surface

__all__ = ["NOISE", "print_rule", "print_surface"]
