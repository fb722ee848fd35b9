"""What each part of a recipe does to the error on data not yet seen: paired comparisons on small sets of digits.

Issue: every part, where theory or the literature says that it helps, shown to do so with an interval that excludes
zero, or reported as no difference found. `python benchmarks/generalization.py [draws]`; the default takes minutes.
"""

import dataclasses
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from evidence import conditions, record
from generalization_runs import MEASURES, TUNING_DRAWS, Arm, Difference, chosen, fitted, holm, paired
from generalization_tasks import Setting

from ravine.data.combining import combined
from ravine.data.geometry import crop, rotate
from ravine.data.mix import mixup
from ravine.data.objectives import label_smoothing
from ravine.data.penalties import l2
from ravine.keep import snapshots, swa
from ravine.layers import dropout
from ravine.recipe import Recipe, early_stopping
from ravine.rules import Adam, Decay
from ravine.schedules import cosine
from ravine.training.evaluate import Outputs

DRAWS, MEMBERS, LENGTH, BATCH = 12, 5, 40, 32
RATES = (0.0003, 0.0006, 0.00125, 0.0025, 0.005, 0.01)
FEW_RATES = RATES[1::2]
Say = Callable[[int], Outputs]
"""What one side of a comparison predicts after it has learned from a draw."""


@dataclass(frozen=True)
class Comparison:
    """A part beside the same without it, on the same draws."""

    part: str
    setting: Setting
    plain: Arm
    other: Arm
    measures: tuple[str, ...] = ("log loss", "error")


class Row(NamedTuple):
    """One line of the table."""

    part: str
    setting: str
    measure: str
    found: Difference


def recipe(lr: Any, decay: float = 0.0, **parts: Any) -> Recipe:
    """Adam and what is added to it."""
    rule = Decay(Adam(lr=lr), l2=decay) if decay else Adam(lr=lr)
    return Recipe(rule, **{"epochs": LENGTH, "batch_size": BATCH} | parts)


def plain(**fixed: Any) -> Arm:
    """Nothing added: six rates."""
    return Arm(tuple(recipe(lr) for lr in RATES), **fixed)


def strengths(name: str, values: tuple[Any, Any], **fixed: Any) -> Arm:
    """A part with a strength: three of the six rates by two strengths, so that it is given no more trials."""
    return Arm(tuple(recipe(lr, **{name: value}) for lr in FEW_RATES for value in values), **fixed)


MLP, NOISY, CNN = Setting("MLP"), Setting("MLP", flipped=0.3), Setting("CNN")
FIXED: Any = {"any_length": False}
BY_ERROR: Any = {"any_length": False, "by": "error"}
PENALTIES = ((l2(1e-3),), (l2(1e-2),))
DECAYS = (0.1, 1.0)  # Adam's own steps are of the size lr, so that decay times lr has to be compared with lr itself
MOVES = ((crop(1), rotate(10)), (crop(1), rotate(20)))
SMOOTHING = (label_smoothing(0.05), label_smoothing(0.1))
ONE_RUN = Arm(tuple(recipe(cosine(lr)) for lr in RATES), **FIXED)
MEAN = Arm(tuple(recipe(cosine(lr), keep=swa()) for lr in RATES), **FIXED)
CYCLES = Arm(tuple(recipe(lr, keep=snapshots(MEMBERS)) for lr in RATES), **FIXED)
STOPPED = Arm(tuple(recipe(lr, stop=early_stopping()) for lr in RATES), **FIXED)

COMPARISONS = (
    Comparison("dropout", MLP, plain(), strengths("layers", ((dropout(0.2),), (dropout(0.5),)))),
    Comparison("weight decay", MLP, plain(), strengths("decay", DECAYS)),
    Comparison("weight decay", NOISY, plain(), strengths("decay", DECAYS)),
    Comparison("L2 penalty", MLP, plain(), strengths("penalties", PENALTIES)),
    Comparison("L2 penalty", NOISY, plain(), strengths("penalties", PENALTIES)),
    Comparison("augmentation: crop, rotate", CNN, plain(), strengths("augmentation", MOVES)),
    Comparison("mixup", CNN, plain(), strengths("augmentation", ((mixup(0.2),), (mixup(1.0),)))),
    Comparison("early stopping", NOISY, plain(**FIXED), STOPPED),
    Comparison("snapshots, same budget", CNN, ONE_RUN, CYCLES),
    Comparison("SWA, statistics recomputed", CNN, ONE_RUN, MEAN),
    Comparison(
        "label smoothing", MLP, plain(**BY_ERROR), strengths("loss", SMOOTHING, **BY_ERROR), tuple(MEASURES)
    ),
)  # fmt: skip


def rows(draws: int) -> Iterator[Row]:
    """Makes all comparisons."""
    for one in COMPARISONS:
        sides = _says(one.setting, one.plain), _says(one.setting, one.other)
        yield from compared(one.part, one.setting, *sides, draws, one.measures)
    kept = dataclasses.replace(chosen(CNN, MEAN), keep=swa(statistics="kept"))
    with_kept: Say = lambda draw: fitted(CNN, kept, draw, draw).said  # noqa: E731 - a side is a function
    yield from compared("SWA, statistics kept", CNN, _says(CNN, ONE_RUN), with_kept, draws)
    yield from compared("SWA, recomputed beside kept", CNN, with_kept, _says(CNN, MEAN), draws)
    yield from ensembles(MLP, draws)


def _says(setting: Setting, arm: Arm) -> Say:
    return lambda draw: fitted(setting, chosen(setting, arm), draw, draw).said


def compared(
    part: str, setting: Setting, one: Say, other: Say, draws: int, measures: tuple[str, ...] = ("log loss", "error")
) -> Iterator[Row]:
    """Pairs two sides over the draws, by each measure."""
    pairs = [(one(draw), other(draw)) for draw in range(draws)]
    for name in measures:
        measure = MEASURES[name]
        found = paired([measure(a) for a, _ in pairs], [measure(b) for _, b in pairs])
        yield Row(part, str(setting), name, found)


def ensembles(setting: Setting, draws: int) -> Iterator[Row]:
    """Five seeds of the plain arm, their probabilities averaged, beside what they reach in the mean."""
    settled = chosen(setting, plain())
    members = [
        [fitted(setting, settled, draw, draw + 100 * k).said for k in range(MEMBERS)] for draw in range(draws)
    ]  # fmt: skip
    together = [
        Outputs(combined(torch.stack([said.outputs for said in crew]), "classes"), crew[0].targets) for crew in members
    ]
    for name in ("log loss", "error"):
        measure = MEASURES[name]
        alone = [sum(measure(said) for said in crew) / MEMBERS for crew in members]
        yield Row(f"ensemble of {MEMBERS}", str(setting), name, paired(alone, [measure(said) for said in together]))


def verdict(found: Difference, adjusted: float) -> str:
    """Says what a comparison has shown, by itself and among all of them."""
    if found.low <= 0 <= found.high:
        return "no difference found"
    way = "better" if found.mean < 0 else "WORSE"
    return f"{way}" if adjusted < 0.05 else f"{way} by itself; not after Holm's adjustment"


def told(found: list[Row]) -> list[str]:
    """The table, a line for each comparison and measure."""
    adjusted = holm([row.found.p for row in found])
    lines = [
        f"{'part':<28} {'setting':<40} {'measure':<18} without   mean difference and 95 % interval  p (Holm) verdict"
    ]
    for row, p in zip(found, adjusted, strict=True):
        one = row.found
        numbers = f"{one.plain:7.4f}   {one.mean:+.4f} ({one.low:+.4f} to {one.high:+.4f})"
        lines.append(f"{row.part:<28} {row.setting:<40} {row.measure:<18} {numbers}  {p:8.2g} {verdict(one, p)}")
    return lines


def settings() -> list[str]:
    """What was chosen for every side."""
    lines = []
    for one in COMPARISONS:
        lines.append(f"{one.part}, {one.setting}:")
        lines += [
            f"  {name:<8} {chosen(one.setting, arm)!r}" for name, arm in (("without", one.plain), ("with", one.other))
        ]
    return lines


def main(draws: int) -> None:
    """Makes all comparisons and keeps the evidence."""
    torch.set_num_threads(1)
    began = time.perf_counter()
    found: list[Row] = []
    for row in rows(draws):
        print(f"{time.perf_counter() - began:5.0f} s {row}", file=sys.stderr, flush=True)
        found.append(row)
    seconds = time.perf_counter() - began
    record("generalization", [
        *conditions("scipy", "scikit-learn"),
        f"python benchmarks/generalization.py {draws}; {seconds:.0f} s in all; Adam, batches of {BATCH}",
        f"Both sides of a comparison share {draws} seeds: each draws 200 training images of the 1197 kept for judging",
        "and is scored on the other 997. Differences are with minus without: negative is better. 95 % paired t",
        "intervals, over draws and the luck of runs; draws overlap, so they speak of these 1197 images. Each interval",
        f"stands alone: of {len(found)} comparisons one or so would miss zero by chance, hence Holm's p over all.",
        f"Chosen on {len(TUNING_DRAWS)} other seeds from 600 other images, by log loss; six candidates for every side:",
        f"lr of {RATES}; where there is a strength, two of it by three lr.",
        f"Epochs are chosen too, from 1 to {LENGTH}, so that no side wins by training for less long. Where the part is",
        f"about the length itself, and for label smoothing, every run has {LENGTH} (early stopping: at most), and the",
        "sides of label smoothing are chosen by error.",
        "The ensemble is set beside the mean of its members, which cost a fifth of it.",
        "",
        *told(found),
        "",
        "Chosen:",
        *settings(),
    ])  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DRAWS)
