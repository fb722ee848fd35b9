"""The scenes of the gallery, in the order of their story: each makes its numbers when it is called."""

from collections.abc import Callable, Mapping

from .adapting import correction, rare, units, valley
from .batches import budget, noise
from .curved import lbfgs, newton
from .exhibit import THEORY, Curves, Exhibit, Line, Map, Proof
from .floors import averaging, decay
from .leaving import saddle, wells
from .ravine import nesterov, zigzag
from .shares import saddles

SCENES: Mapping[str, Callable[[], Exhibit]] = {
    "zigzag": zigzag,
    "saddle": saddle,
    "wells": wells,
    "saddles": saddles,
    "noise": noise,
    "nesterov": nesterov,
    "valley": valley,
    "rare": rare,
    "correction": correction,
    "units": units,
    "decay": decay,
    "newton": newton,
    "lbfgs": lbfgs,
    "averaging": averaging,
    "budget": budget,
}
"""Every scene by its key."""

__all__ = ["SCENES", "THEORY", "Curves", "Exhibit", "Line", "Map", "Proof"]
