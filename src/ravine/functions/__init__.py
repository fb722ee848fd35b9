"""Functions to be minimized, of which the answers are known: surfaces to look at, and problems to be timed on."""

from .any_dimension import Ackley, Rastrigin, StyblinskiTang
from .few_coordinates import (
    Biggs,
    Box,
    BrownBadlyScaled,
    BrownDennis,
    Gaussian,
    HelicalValley,
    PowellBadlyScaled,
    Wood,
)
from .find import PROBLEMS, STATED, SURFACES, problem, surface
from .many_coordinates import ExtendedPowellSingular, ExtendedRosenbrock, Penalty1, Penalty2, Trigonometric, Watson
from .many_minima import Branin, DoubleWell, GoldsteinPrice, Himmelblau
from .moments import Expected, expected
from .noisy import NoisyGradient, Sampled
from .noisy_quadratic import NoisyQuadratic
from .points import Point
from .problem import Problem
from .rare_inputs import RareInputs
from .saddles import MonkeySaddle, StrictSaddle
from .surface import Surface
from .valleys import Beale, OpeningValley, Ravine, Rosenbrock

__all__ = [
    "PROBLEMS",
    "STATED",
    "SURFACES",
    "Ackley",
    "Beale",
    "Biggs",
    "Box",
    "Branin",
    "BrownBadlyScaled",
    "BrownDennis",
    "DoubleWell",
    "Expected",
    "ExtendedPowellSingular",
    "ExtendedRosenbrock",
    "Gaussian",
    "GoldsteinPrice",
    "HelicalValley",
    "Himmelblau",
    "MonkeySaddle",
    "NoisyGradient",
    "NoisyQuadratic",
    "OpeningValley",
    "Penalty1",
    "Penalty2",
    "Point",
    "PowellBadlyScaled",
    "Problem",
    "RareInputs",
    "Rastrigin",
    "Ravine",
    "Rosenbrock",
    "Sampled",
    "StrictSaddle",
    "StyblinskiTang",
    "Surface",
    "Trigonometric",
    "Watson",
    "Wood",
    "expected",
    "problem",
    "surface",
]
