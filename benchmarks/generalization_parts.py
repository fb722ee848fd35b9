"""The parts of a recipe that are compared, each with the grid of settings that it and its absence are given."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from generalization_runs import MEASURES, Arm, Difference, chosen, fitted, paired
from generalization_tasks import Setting

from ravine.data.combining import combined
from ravine.data.geometry import crop, rotate, shift
from ravine.data.mix import mixup
from ravine.data.objectives import label_smoothing
from ravine.data.penalties import l2
from ravine.keep import snapshots, swa
from ravine.layers import dropout
from ravine.recipe import Recipe, early_stopping
from ravine.rules import Adam, Decay
from ravine.schedules import cosine
from ravine.training.evaluate import Outputs

MEMBERS, BATCH = 5, 32
LENGTH, DOUBLE, LONG = 40, 80, 150
RATES = (0.0003, 0.0006, 0.00125, 0.0025, 0.005, 0.01)
FEW_RATES = RATES[1::2]


@dataclass(frozen=True)
class Comparison:
    """A part beside the same without it, on the same draws."""

    part: str
    setting: Setting
    plain: Arm
    other: Arm
    measures: tuple[str, ...] = ("log loss", "error")

    def rows(self, draws: int) -> "Iterator[Row]":
        """Chooses the settings of both sides, and pairs what they reach."""
        sides = chosen(self.setting, self.plain), chosen(self.setting, self.other)
        yield from compared(self.part, self.setting, *sides, draws, self.measures)


class Row(NamedTuple):
    """One line of the table, and what was compared."""

    part: str
    setting: str
    measure: str
    found: Difference
    without: str
    having: str


def recipe(lr: Any, decay: float = 0.0, **parts: Any) -> Recipe:
    """Adam and what is added to it."""
    rule = Decay(Adam(lr=lr), l2=decay) if decay else Adam(lr=lr)
    return Recipe(rule, **{"epochs": LENGTH, "batch_size": BATCH} | parts)


def plain(epochs: int = LENGTH, **fixed: Any) -> Arm:
    """Nothing added: six rates."""
    return Arm(tuple(recipe(lr, epochs=epochs) for lr in RATES), **fixed)


def strengths(name: str, values: tuple[Any, Any], **fixed: Any) -> Arm:
    """A part with a strength: three of the six rates by two strengths, so that it is given no more trials."""
    return Arm(tuple(recipe(lr, **{name: value}) for lr in FEW_RATES for value in values), **fixed)


def falling(epochs: int, **parts: Any) -> Arm:
    """Six rates that fall along a cosine, over a fixed length."""
    return Arm(tuple(recipe(cosine(lr), epochs=epochs, **parts) for lr in RATES), **FIXED)


MLP, NOISY, CNN = Setting("MLP"), Setting("MLP", flipped=0.3), Setting("CNN")
NOISY_400 = Setting("MLP", 400, flipped=0.3)
FIXED: Any = {"any_length": False}
BY_ERROR: Any = {"any_length": False, "by": "error"}
PENALTIES = ((l2(1e-3),), (l2(1e-2),))
DECAYS = (0.1, 1.0)  # Adam's own steps are of the size lr, so that decay times lr has to be compared with lr itself
PIXELS = ((crop(1), rotate(10)), (crop(1), rotate(20)))
PARTS_OF_PIXELS = ((shift(0.05), rotate(10)), (shift(0.05), rotate(20)))
MIXES = ((mixup(0.2),), (mixup(1.0),))
SMOOTHING = (label_smoothing(0.05), label_smoothing(0.1))
AUGMENTED_RATES = {"MLP": (0.0006, 0.0025, 0.01), "CNN": (0.003, 0.01, 0.03)}


def augmented(part: str, setting: Setting, values: tuple[Any, Any]) -> Comparison:
    """What makes more of the images takes longer: 80 epochs, while those without it have the choice of 20 or 80."""
    rates = AUGMENTED_RATES[setting.network]
    without = [recipe(cosine(lr), epochs=epochs) for lr in rates for epochs in (DOUBLE // 4, DOUBLE)]
    having = [recipe(cosine(lr), epochs=DOUBLE, augmentation=value) for lr in rates for value in values]
    return Comparison(part, setting, Arm(tuple(without), **FIXED), Arm(tuple(having), **FIXED))


def stopping() -> Comparison:
    """Long training that memorizes wrong labels, beside stopping by an inner split whose labels are as wrong."""
    part = early_stopping(patience=10, held_out=0.2)
    stopped = Arm(tuple(recipe(lr, epochs=LONG, stop=part) for lr in RATES), **FIXED)
    return Comparison("early stopping", NOISY_400, plain(LONG, **FIXED), stopped)


def smoothed(setting: Setting) -> Comparison:
    """Label smoothing, whose measure is calibration."""
    having = strengths("loss", SMOOTHING, **BY_ERROR)
    return Comparison("label smoothing", setting, plain(**BY_ERROR), having, tuple(MEASURES))


def cycles(setting: Setting, epochs: int) -> Comparison:
    """Snapshots at the ends of five cycles, beside one run of the same length."""
    having = Arm(tuple(recipe(lr, epochs=epochs, keep=snapshots(MEMBERS)) for lr in RATES), **FIXED)
    return Comparison("snapshots, same budget", setting, falling(epochs), having)


@dataclass(frozen=True)
class Means:
    """SWA beside one run of the same length, with batch-norm statistics recomputed and kept."""

    setting: Setting

    def rows(self, draws: int) -> Iterator[Row]:
        """Chooses the settings of one run and of the mean; the mean with kept statistics shares the latter's."""
        one, mean = chosen(self.setting, falling(LENGTH)), chosen(self.setting, falling(LENGTH, keep=swa()))
        kept = dataclasses.replace(mean, keep=swa(statistics="kept"))
        yield from compared("SWA, statistics recomputed", self.setting, one, mean, draws)
        yield from compared("SWA, statistics kept", self.setting, one, kept, draws)
        yield from compared("SWA, recomputed beside kept", self.setting, kept, mean, draws)


@dataclass(frozen=True)
class Together:
    """Five seeds, their probabilities averaged, beside what they reach in the mean."""

    setting: Setting

    def rows(self, draws: int) -> Iterator[Row]:
        """Trains the members by what was chosen for one network."""
        settled = chosen(self.setting, plain())
        crews = [
            [fitted(self.setting, settled, draw, draw + 100 * k).said for k in range(MEMBERS)] for draw in range(draws)
        ]
        means = [
            Outputs(combined(torch.stack([said.outputs for said in crew]), "classes"), crew[0].targets)
            for crew in crews
        ]
        for name in ("log loss", "error"):
            measure = MEASURES[name]
            alone = [sum(measure(said) for said in crew) / MEMBERS for crew in crews]
            found = paired(alone, [measure(said) for said in means])
            texts = repr(settled), f"{MEMBERS} of it"
            yield Row(f"ensemble of {MEMBERS}", str(self.setting), name, found, *texts)


JOBS: tuple[Any, ...] = (
    Comparison("dropout", MLP, plain(), strengths("layers", ((dropout(0.2),), (dropout(0.5),)))),
    *(Comparison("weight decay", setting, plain(), strengths("decay", DECAYS)) for setting in (MLP, NOISY)),
    *(Comparison("L2 penalty", setting, plain(), strengths("penalties", PENALTIES)) for setting in (MLP, NOISY)),
    *(augmented("crop, rotate", setting, PIXELS) for setting in (MLP, CNN)),
    *(augmented("shift, rotate", setting, PARTS_OF_PIXELS) for setting in (MLP, CNN)),
    *(augmented("mixup", setting, MIXES) for setting in (MLP, CNN)),
    stopping(),
    Together(MLP),
    cycles(MLP, DOUBLE),
    cycles(CNN, LENGTH),
    Means(CNN),
    *(smoothed(setting) for setting in (MLP, NOISY)),
)
"""All comparisons; each is made in a process of its own turn."""


def rows_of(job: int, draws: int) -> list[Row]:
    """Makes one comparison."""
    return list(JOBS[job].rows(draws))


def compared(
    part: str,
    setting: Setting,
    one: Recipe,
    other: Recipe,
    draws: int,
    measures: tuple[str, ...] = ("log loss", "error"),
) -> Iterator[Row]:
    """Pairs two recipes over the draws, by each measure."""
    pairs = [(fitted(setting, one, draw, draw).said, fitted(setting, other, draw, draw).said) for draw in range(draws)]
    for name in measures:
        measure: Callable[[Outputs], float] = MEASURES[name]
        found = paired([measure(a) for a, _ in pairs], [measure(b) for _, b in pairs])
        yield Row(part, str(setting), name, found, repr(one), repr(other))
