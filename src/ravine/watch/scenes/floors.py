"""Scenes on the noisy quadratic: what takes a floor of noise away, with its exact moments beside the runs."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch

from ...functions import NoisyGradient, NoisyQuadratic, Ravine, expected
from ...rules import SGD, Average, Rule
from ...schedules import inverse_time
from .exhibit import THEORY, Curves, Exhibit, Floats, Line, Map, at_least, at_most, beside
from .walking import wandered

BOWL = NoisyQuadratic(n=100)
SMALL, SMALL_STEPS = Ravine(kappa=4.0), 120
LR, FALL, STEPS, FROM, RUNS, SHOWN = 0.5, 0.02, 2000, 500, 100, 10


def _runs(rule: Rule, seed: int) -> Floats:
    """The losses of runs with noise of their own, `[steps + 1, runs]`."""
    generator = torch.Generator().manual_seed(seed)
    points = wandered(lambda x: BOWL.gradient(x, generator), rule, BOWL.begin(RUNS, generator), STEPS)
    return BOWL(points)


def decay() -> Exhibit:
    """A constant rate stops at a floor, and one that falls goes on."""
    falling = inverse_time(LR, FALL)
    names = ("sgd, constant lr", "sgd, falling lr")
    rules = dict(zip(names, (SGD(lr=LR), SGD(lr=falling)), strict=True))
    exact = {name: expected(BOWL, STEPS, rule.lr).loss for name, rule in rules.items()}
    losses = {name: _runs(rule, 5) for name, rule in rules.items()}
    proofs = [beside(f"mean loss after {STEPS} steps, {name}", losses[name][-1], exact[name][-1]) for name in names]
    ratio = float(losses[names[0]][-1].mean() / losses[names[1]][-1].mean())
    walks = _small(names, (SGD(lr=0.2), SGD(lr=inverse_time(0.2, 0.1))))
    proofs.append(at_least("how many times lower the falling one ends", ratio, 5.0, "at least 5 times"))
    return Exhibit(
        "decay",
        "A falling learning rate turns a floor of noise into convergence",
        "On a bowl of 100 dimensions whose gradients are as noisy as they are steep, a constant lr comes down to a "
        "floor where noise lifts as much as the slope lowers, and stays there. Where lr falls as 1/t, so does the "
        f"floor: lines are means over {RUNS} runs, and the thin ones were worked out exactly, without any run.",
        (
            Map(f"{SMALL_STEPS} noisy steps in two dimensions, lr from 0.2", SMALL, tuple(walks), dotted=False),
            _losses(losses, exact),
        ),
        ((names[0], f"lr {LR:g}"), (names[1], f"lr {LR:g} / (1 + {FALL:g} t)")),
        tuple(proofs),
    )


def _losses(losses: dict[str, Floats], exact: dict[str, Floats]) -> Curves:
    t = np.arange(0, STEPS + 1, SHOWN)
    lines = [Line(name, t, each.mean(-1)[::SHOWN]) for name, each in losses.items()]
    theory = [Line(THEORY, t, each[::SHOWN]) for each in exact.values()]
    return Curves("mean loss, measured and expected", "steps", (*theory, *lines))


def _small(names: Sequence[str], rules: Sequence[Rule]) -> list[tuple[str, Floats]]:
    """Courses on a bowl of two dimensions, which meet the same noise."""
    noisy, start = NoisyGradient(SMALL, std=1.5), torch.tensor([1.2, 1.0], dtype=torch.float64)
    walks = []
    for name, rule in zip(names, rules, strict=True):
        slope = partial(noisy.gradient, generator=torch.Generator().manual_seed(2))
        walks.append((name, wandered(slope, rule, start, SMALL_STEPS)))
    return walks


def averaging() -> Exhibit:
    """The mean of the weights lies where the weights only jump about."""
    names = ("sgd", "mean of the weights")
    losses = {names[0]: _runs(SGD(lr=LR), 6), names[1]: _runs(Average(SGD(lr=LR), start=FROM), 6)}
    known = expected(BOWL, STEPS, LR, start=FROM)
    exact = {names[0]: known.loss, names[1]: known.averaged}
    proofs = [beside(f"mean loss after {STEPS} steps, {name}", losses[name][-1], exact[name][-1]) for name in names]
    share = float(losses[names[1]][-1].mean() / losses[names[0]][-1].mean())
    proofs.append(at_most("loss of the mean, as a share of that of the weights", share, 0.1, "at most a tenth"))
    plain, (name, points) = _small(names, (SGD(lr=0.2), Average(SGD(lr=0.2), start=10)))
    mean = name, points[10:]  # until then it is where the weights are
    return Exhibit(
        "averaging",
        "The mean of the weights lies where the weights only jump about",
        "At a constant lr the weights circle the minimum for ever, and their mean, from some step on, lies in the "
        f"middle of the circle (Polyak). The curves are those of the bowl of 100 dimensions: there the mean begins "
        f"after {FROM} steps, and at once falls below the floor at which the weights themselves stay.",
        (
            Map(f"{SMALL_STEPS} noisy steps, lr 0.2; the mean begins after 10", SMALL, (plain, mean), dotted=False),
            _losses(losses, exact),
        ),
        ((names[0], f"lr {LR:g}"), (names[1], f"of those after step {FROM}, lr {LR:g}")),
        tuple(proofs),
        {names[1]: "sgd"},
    )  # fmt: skip
