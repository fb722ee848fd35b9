"""Functions to be minimized, of which the answers are known: surfaces to look at, and problems to be timed on."""

from .find import SURFACES, surface
from .many_minima import Himmelblau
from .surface import Point, Surface
from .valleys import Ravine, Rosenbrock

__all__ = ["SURFACES", "Himmelblau", "Point", "Ravine", "Rosenbrock", "Surface", "surface"]
