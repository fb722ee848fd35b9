"""What the comparisons of generalization train and measure: runs, settings chosen fairly, paired differences."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from generalization_tasks import Setting, drawn
from scipy import stats
from torch.nn import functional

from ravine.diagnose.calibration import reliability_of
from ravine.recipe import Recipe
from ravine.training.evaluate import Outputs, outputs_of
from ravine.training.loop import Training
from ravine.training.predicting import predicting
from ravine.training.run import Epoch, run, start
from ravine.training.stage import whole_stage

CPU = torch.device("cpu")
TUNING_DRAWS = (1000, 1001)


class Fit(NamedTuple):
    """A run that has ended."""

    curve: tuple[float, ...]
    """The log loss by epoch of the raw weights on what the run is judged on; empty where nobody looked."""
    said: Outputs


@cache
def fitted(setting: Setting, recipe: Recipe, draw: int, seed: int, *, choosing: bool = False) -> Fit:
    """Trains once and predicts; only a run by which settings are chosen is looked at on the way."""
    task = drawn(setting, draw, choosing=choosing)
    stage = whole_stage(task, CPU)
    training, keeper = start(stage, recipe, seed=seed, device=CPU, arguments={})
    curve: list[float] = []

    def watched(training: Training, epoch: Epoch) -> Epoch:
        if choosing:
            curve.append(MEASURES["log loss"](outputs_of(task, training.model, stage.judged)))
        return epoch

    run(training, recipe.epochs, keeper, watched)
    keeper.watch.take_best_back()
    with predicting(training) as model:
        return Fit(tuple(curve), outputs_of(task, model, stage.judged))


MEASURES = {
    "log loss": lambda said: float(functional.cross_entropy(said.outputs.double(), said.targets)),
    "error": lambda said: float((said.outputs.argmax(1) != said.targets).double().mean()),
    "calibration error": lambda said: reliability_of(said.outputs, said.targets).error,
}


@dataclass(frozen=True)
class Arm:
    """One side of a comparison: recipes of which the best is chosen, all with the same number of candidates."""

    candidates: tuple[Recipe, ...]
    any_length: bool = True
    """Whether the number of epochs is chosen, too, up to the recipe's; else it is the recipe's."""
    by: str = "log loss"
    """The measure by which it is chosen, where the length is fixed."""


@cache
def chosen(setting: Setting, arm: Arm) -> Recipe:
    """Chooses by the mean over the draws for tuning, from the pool that no comparison is scored on."""
    found = [_tried(setting, arm, recipe) for recipe in arm.candidates]
    return min(found, key=lambda pair: pair[0])[1]


def _tried(setting: Setting, arm: Arm, recipe: Recipe) -> tuple[float, Recipe]:
    fits = [fitted(setting, recipe, draw, draw, choosing=True) for draw in TUNING_DRAWS]
    if not arm.any_length:
        return float(np.mean([MEASURES[arm.by](fit.said) for fit in fits])), recipe
    curve = np.mean([fit.curve for fit in fits], axis=0)
    best = int(np.nanargmin(curve))
    return float(curve[best]), dataclasses.replace(recipe, epochs=best + 1)


class Difference(NamedTuple):
    """A paired comparison: negative where the part is better."""

    plain: float
    mean: float
    low: float
    high: float
    p: float


def paired(plain: Sequence[float], other: Sequence[float]) -> Difference:
    """Takes the mean difference over draws with its 95 % interval by Student's t."""
    differences = np.subtract(other, plain)
    if not differences.any():
        return Difference(float(np.mean(plain)), 0.0, 0.0, 0.0, 1.0)
    test: Any = stats.ttest_1samp(differences, 0.0)
    low, high = test.confidence_interval(0.95)
    return Difference(float(np.mean(plain)), float(differences.mean()), float(low), float(high), float(test.pvalue))


def holm(p: Sequence[float]) -> list[float]:
    """Adjusts p values for their number: Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure"."""
    adjusted, largest = [0.0] * len(p), 0.0
    for rank, place in enumerate(np.argsort(p)):
        largest = max(largest, min(1.0, (len(p) - rank) * p[place]))
        adjusted[place] = largest
    return adjusted
