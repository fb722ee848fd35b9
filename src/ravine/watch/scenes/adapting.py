"""Scenes of steps that adapt: Adagrad and RMSprop, Adam's correction, and Adadelta's units."""

import math
from functools import partial
from typing import Any

import numpy as np
import torch
from typing_extensions import override

from ...fields import field
from ...functions import OpeningValley, RareInputs, Ravine, Sampled, Surface
from ...numbers import short
from ...part import substitute
from ...rules import SGD, Adadelta, Adagrad, Adam, RMSprop, Rule
from .exhibit import THEORY, Curves, Exhibit, Floats, Line, Map, Proof, at_least, at_most, near
from .walking import first, typical, walked, wandered

STEPS = 300
GRID = torch.logspace(-3, 1, 21, dtype=torch.float64)


def _at(rule: Rule, rates: Any) -> Rule:
    """The rule at many rates at once, a column of them."""
    return substitute(rule, {("lr",): rates})


def _written(rule: Rule) -> str:
    """What is not at its default here: the memory of RMSprop, which is ten times longer by itself."""
    return f"beta {rule.beta:g}, " if isinstance(rule, RMSprop) else ""


def valley() -> Exhibit:
    """Adagrad keeps the small steps that a gorge asked for, and RMSprop forgets them."""
    each = OpeningValley()
    rules = {"adagrad": Adagrad(), "rmsprop": RMSprop(beta=0.9)}
    starts = torch.tensor([each.start, *each.other_starts], dtype=torch.float64)
    ends, courses, settings = {}, {}, []
    for name, rule in rules.items():
        tried = wandered(each.gradient, _at(rule, GRID[:, None, None]), starts.expand(len(GRID), *starts.shape), STEPS)
        heights = np.nan_to_num(each(tried), nan=np.inf)
        ends[name] = heights[-1].min(0)
        chosen = int(heights[-1, :, 0].argmin())
        courses[name] = tried[:, chosen, 0]
        settings.append((name, f"{_written(rule)}lr {short(float(GRID[chosen]))}, the best of 21"))
    ratios = ends["adagrad"] / ends["rmsprop"]
    proofs = [
        at_least(f"Adagrad’s height over RMSprop’s, from {short(x)}, {short(y)}", ratio, 50.0, "at least 50 times")
        for (x, y), ratio in zip(starts.tolist(), ratios.tolist(), strict=True)
    ]
    t = np.arange(STEPS + 1)
    return Exhibit(
        "valley",
        "Adagrad slows down where RMSprop goes on",
        "A steep gorge opens into a wide valley: Adagrad divides by all slopes that it ever met, so that it keeps the "
        "small steps of the gorge, and RMSprop, here with beta 0.9, divides by those of the last ten steps or so. Both "
        "have the best of 21 rates for 300 steps: the curves are the heights above the minimum.",
        (
            Map("out of the gorge", each, tuple(courses.items()), dotted=False),
            Curves(
                "height above the minimum", "steps",
                tuple(Line(name, t, np.maximum(each(points), 1e-16)) for name, points in courses.items()),
                bounds=(1e-9, 1e3),
            ),
        ),
        tuple(settings),
        tuple(proofs),
    )  # fmt: skip


RARE_STEPS, RARE_RUNS = 200, 60
RARE_RATES = torch.logspace(-2, 0.5, 11, dtype=torch.float64)


def rare() -> Exhibit:
    """Adagrad gives the weight of a rare input the long steps that it needs."""
    each = RareInputs()
    few, lowest = Sampled(each, batch_size=1), each.minima[0].value
    rules = {"sgd": SGD(), "rmsprop": RMSprop(beta=0.9), "adagrad": Adagrad()}
    starts = torch.tensor(each.start, dtype=torch.float64).expand(len(RARE_RATES), RARE_RUNS, 2)
    courses, heights, settings = {}, {}, []
    for name, rule in rules.items():
        slope = partial(few.gradient, generator=torch.Generator().manual_seed(1))
        points = wandered(slope, _at(rule, RARE_RATES[:, None, None]), starts, RARE_STEPS)
        above = np.nan_to_num(each(points) - lowest, nan=np.inf)
        chosen = int(above[-1].mean(-1).argmin())
        courses[name], heights[name] = points[:, chosen], above[:, chosen]
        setting = f"{_written(rule)}lr {short(float(RARE_RATES[chosen]))}, the best of {len(RARE_RATES)}"
        settings.append((name, setting))
    ends = {name: float(above[-1].mean()) for name, above in heights.items()}
    proofs = [Proof("mean loss above the lowest, adagrad", ends["adagrad"], 0.0, 0.035, "below 0.035")]
    for name, times in (("sgd", 2.0), ("rmsprop", 1.3)):
        claim = f"at least {times:g} times"
        proofs.append(at_least(f"{name} over adagrad", ends[name] / ends["adagrad"], times, claim))
    shown = typical(np.stack([above[-1] for above in heights.values()]))
    walks = tuple((name, points[:, shown]) for name, points in courses.items())
    t = np.arange(RARE_STEPS + 1)
    return Exhibit(
        "rare",
        "Adagrad is right where some inputs are rare",
        "The second of two inputs is there in one example of twenty: the weight of the first meets noise in every "
        "step and wants small ones, that of the second is seldom heard and wants long ones. Adagrad gives each its "
        f"own, by how much it has heard: the curves are means over {RARE_RUNS} runs, and the map, with the rare "
        "input’s weight upward, is the one of these whose losses end nearest to the means.",
        (
            Map(f"one run of {RARE_RUNS}, single examples", each, walks, ((-0.4, 2.7), (-0.3, 3.4)), dotted=False),
            Curves(
                "mean loss above the lowest", "steps",
                tuple(Line(name, t, above.mean(-1)) for name, above in heights.items()),
            ),
        ),
        tuple(settings),
        tuple(proofs),
    )  # fmt: skip


LR, SLOPE = 0.05, 3.0


def correction() -> Exhibit:
    """Adam's means start at zero, and without their correction its first steps are several times too long."""
    each, names = Ravine(kappa=10.0), ("adam", "adam, uncorrected")
    rules = dict(zip(names, (Adam(lr=LR), Adam(lr=LR, bias_correction=False)), strict=True))
    courses = {name: walked(each, rule, (1.0, -0.4), 200) for name, rule in rules.items()}
    start = torch.zeros(1, dtype=torch.float64)
    steady = {name: wandered(lambda p: SLOPE + 0 * p, rule, start, STEPS)[:, 0] for name, rule in rules.items()}
    lengths = {name: -np.diff(p) / LR for name, p in steady.items()}
    t = np.arange(1, STEPS + 1)
    known = (1 - 0.9**t) / np.sqrt(1 - 0.999**t)
    bare, corrected = lengths[names[1]], lengths[names[0]]
    longest = float(known.max())
    proofs = (
        near("first step uncorrected, in units of lr", bare[0], 0.1 / math.sqrt(0.001), 1e-6, "0.1/√0.001 = 3.162"),
        near("longest step uncorrected", bare.max(), longest, 1e-6, f"max (1 − 0.9ᵗ)/√(1 − 0.999ᵗ) = {longest:.3f}"),
        near("longest step of adam", corrected.max(), 1.0, 1e-6, "1: its step is lr while the slope stays"),
    )
    return Exhibit(
        "correction",
        "Adam without its bias correction jumps at the start",
        "Both means of Adam start at zero, and the one under the root wakes up a hundred times slower: uncorrected, "
        "the first steps are divided by far too little. The curves are step lengths on a slope that stays the same, "
        "where the right length is lr from the first step on.",
        (
            Map("200 steps in a ravine", each, tuple(courses.items()), ((-1.6, 1.2), (-1.4, 1.4)), dotted=False),
            Curves(
                "step length in units of lr, on a steady slope", "steps",
                (Line(THEORY, t, known), *(Line(name, t, lengths[name]) for name in names)), ("linear", "linear"),
                (0.0, 7.5),
            ),
        ),
        tuple((name, f"lr {LR:g}") for name in names),
        proofs,
    )  # fmt: skip


class Scaled(Surface):
    """A ravine whose heights are measured in another unit."""

    unit: float = field(1.0, "how many of the unit make one of the ravine's", within="(0, inf)")

    @override
    def value(self, x: Any, y: Any) -> Any:
        return self.unit * (x**2 + 10 * y**2) / 2


UNITS = {0.01: "loss in hundredths", 1.0: "loss as it is", 100.0: "loss a hundredfold"}
UNIT_STEPS, BOWL_LR = 380, 2 / 11


def units() -> Exhibit:
    """Adadelta needs no learning rate: its steps do not know in which unit the loss is measured."""
    descent = f"gradient descent, lr {short(BOWL_LR)}"
    rules = {descent: SGD(lr=BOWL_LR), "Adadelta": Adadelta()}
    heights = {
        method: {words: Scaled()(walked(Scaled(unit), rule, (1.0, 1.0), UNIT_STEPS)) for unit, words in UNITS.items()}
        for method, rule in rules.items()
    }
    t = np.arange(UNIT_STEPS + 1)
    panels = tuple(
        Curves(
            f"{method}: height of the bowl", "steps",
            tuple(Line(words, t, np.minimum(np.nan_to_num(each, nan=np.inf), 1e6)) for words, each in found.items()),
            bounds=(1e-4, 1e3),
        )
        for method, found in heights.items()
    )  # fmt: skip
    return Exhibit(
        "units",
        "Adadelta needs no learning rate",
        "The same bowl is walked with its loss in three units: a step of gradient descent grows with the unit, so that "
        "an lr is right for one of them alone; Adadelta’s is the length of earlier steps, times a slope over slopes, "
        "in which the unit cancels. Its price is a slow start, as the first step is about the root of eps, whatever "
        "the slope.",
        panels,
        tuple((words, "") for words in UNITS.values()),
        _units(heights[descent], heights["Adadelta"]),
    )


def _units(sgd: dict[str, Floats], adadelta: dict[str, Floats]) -> tuple[Proof, ...]:
    """Measures how much the unit matters to both, and what that costs."""
    begun = float(1 - walked(Scaled(100.0), Adadelta(), (1.0, 1.0), 1)[1, 1])
    known = math.sqrt(1e-6 / 0.1)
    reached = {words: first(each < 0.01 * each[0]) for words, each in adadelta.items()}
    spread = max(reached.values()) / min(reached.values())
    price = reached[UNITS[1.0]] / first(sgd[UNITS[1.0]] < 0.01 * sgd[UNITS[1.0]][0])
    claim = f"√(eps/(1 − rho)) = {known:.5f}, ± 1 %"
    return (
        near("Adadelta’s first step, in units of the weight", begun, known, 0.01 * known, claim),
        at_most("its steps to 1 % of the height: the most over the fewest", spread, 1.1, "at most 1.1"),
        at_least("height after 20 steps of sgd, a hundredfold", float(sgd[UNITS[100.0]][20]), 1e6, "above a million"),
        at_least("Adadelta’s steps to 1 % of the height over sgd’s, as it is", price, 2.0, "at least 2: its price"),
    )
