"""Functions to be minimized, of which the answers are known: surfaces to look at, and problems to be timed on."""

from .any_dimension import Ackley, Rastrigin, StyblinskiTang
from .find import SURFACES, surface
from .many_minima import Branin, DoubleWell, GoldsteinPrice, Himmelblau
from .saddles import MonkeySaddle, StrictSaddle
from .surface import Point, Surface
from .valleys import Beale, OpeningValley, Ravine, Rosenbrock

__all__ = [
    "SURFACES",
    "Ackley",
    "Beale",
    "Branin",
    "DoubleWell",
    "GoldsteinPrice",
    "Himmelblau",
    "MonkeySaddle",
    "OpeningValley",
    "Point",
    "Rastrigin",
    "Ravine",
    "Rosenbrock",
    "StrictSaddle",
    "StyblinskiTang",
    "Surface",
    "surface",
]
