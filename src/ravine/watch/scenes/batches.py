"""Scenes of noise: what a batch's size does to a gradient, and what it is worth on a budget."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...functions import RareInputs, Sampled
from ...numbers import short
from ...rules import SGD
from .exhibit import THEORY, Curves, Exhibit, Floats, Line, Map, at_least, at_most, beside, near
from .walking import wandered

DATA, RARE = RareInputs(share=0.3), RareInputs()
EXAMPLES = 200
NAMES = {1: "batch of 1", 10: "batch of 10", 200: "all 200"}
RUNS, BUDGET = 200, 1000
RATES = np.geomspace(0.01, 1.9, 40).round(3)


def _sampled(data: RareInputs, batch: int, seed: int) -> Callable[[Tensor], Tensor]:
    """The slope that a batch shows, drawn anew for every run and step; all examples have one slope without noise."""
    few, generator = Sampled(data, batch), torch.Generator().manual_seed(seed)
    return data.gradient if batch >= EXAMPLES else lambda x: few.gradient(x, generator)


def spread_of_one(x: Sequence[float]) -> float:
    """Works out the standard deviation of the gradient of one example, from all of them.

    Args:
        x: Where.

    Returns:
        The root of the variances' sum over coordinates.
    """
    leaf = torch.tensor(x, dtype=torch.float64)
    each = torch.func.jacrev(lambda p: DATA.residuals(p).square() / 2)(leaf)
    return math.sqrt(float(each.var(0, correction=0).sum()))


def noise() -> Exhibit:
    """A batch's gradient points down only on average, and its noise falls with the root of the batch's size."""
    sizes = np.array([1, 2, 5, 10, 20, 50, 100])
    start = DATA.start
    x = torch.tensor(start, dtype=torch.float64)
    drawn = [_sampled(DATA, size, 7)(x.expand(max(2000, 20_000 // size), 2)) for size in sizes.tolist()]
    spreads = np.array([math.sqrt(float(g.var(0).sum())) for g in drawn])
    one = spread_of_one(start)
    slope = float(np.polyfit(np.log(sizes), np.log(spreads), 1)[0])
    lr, steps = 0.2, 120
    courses = {name: wandered(_sampled(DATA, size, 3), SGD(lr=lr), x, steps) for size, name in NAMES.items()}
    proofs = (
        near("spread of the gradient of one example", spreads[0], one, 0.03 * one, f"{one:.4f} from all 200, ± 3 %"),
        near("power by which it falls with the batch’s size", slope, -0.5, 0.02, "−1/2, ± 0.02"),
    )
    return Exhibit(
        "noise",
        "A mini-batch’s gradient is right on average, and noisy by the root of its size",
        "A linear model with two weights learns from 200 examples: all of them show the way straight to the minimum, "
        "and a few show it with noise, so that a constant lr never comes to rest. The noise is measured at the start; "
        "on logarithmic scales it falls along a line of slope −1/2: a hundred times the examples for a tenth of it.",
        (
            Map(f"{steps} steps", DATA, tuple(courses.items()), ((-0.6, 2.4), (-0.6, 4.2)), dotted=False),
            Curves(
                "spread of the gradient, and one example’s over √batch size", "batch size",
                (Line(THEORY, sizes, one / np.sqrt(sizes)), Line(NAMES[1], sizes, spreads)), ("log", "log"),
            ),
        ),
        tuple((name, f"lr {lr:g}") for name in NAMES.values()),
        proofs,
        dict.fromkeys(NAMES.values(), "sgd"),
    )  # fmt: skip


class Moments(NamedTuple):
    """What single examples do to the first two moments of the weights' error, as linear maps.

    An example's gradient at an error e is `A e - b`. Attributes: `full`, the mean of A; `both`, of A times A;
    `cross`, of A times b; and `alone`, of b times b.
    """

    full: Floats
    both: Floats
    cross: Floats
    alone: Floats


def moments() -> Moments:
    """Works out the moments of the examples.

    Returns:
        The moments.
    """
    zero = RARE.residuals(np.zeros(2))
    inputs = np.stack([RARE.residuals(unit) - zero for unit in np.eye(2)], -1)
    a = np.einsum("ki,kj->kij", inputs, inputs)
    b = -inputs * RARE.residuals(np.array(RARE.minima[0].x))[:, None]
    count = len(inputs)
    both = np.einsum("kij,kml->imjl", a, a) / count
    return Moments(a.mean(0), both, np.einsum("kij,kl->ilj", a, b) / count, b.T @ b / count)


def exact(batch: int, rates: Floats, budget: int = BUDGET) -> Floats:
    """Works out the mean excess loss of SGD on batches at the end of its budget, without running it.

    The error e of the weights moves as `e <- e - lr (A e - b)`, A and b means over a batch drawn with replacement, so
    that its first two moments move linearly, by the first two moments of single examples.

    Args:
        batch: The batch's size; with all examples there is no noise.
        rates: Step lengths [r].
        budget: How many examples it may look at.

    Returns:
        The expected loss above the lowest, at each of them.
    """
    known = moments()
    mean = np.tile(np.array(RARE.start) - RARE.minima[0].x, (len(rates), 1))
    second = np.einsum("ri,rj->rij", mean, mean)
    share = 0.0 if batch >= EXAMPLES else 1 / batch
    with np.errstate(over="ignore", invalid="ignore"):  # a rate that is too long comes to infinity, and is not chosen
        for _ in range(budget // batch):
            mean, second = _stepped(known, rates, share, mean, second)
        loss = np.einsum("ij,rji->r", known.full, second) / 2
    return np.nan_to_num(loss, nan=np.inf)


def _stepped(known: Moments, rates: Floats, share: float, mean: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Moves the first two moments of the error by one step, at every rate; `share` is what a batch leaves of noise."""
    full, lr = known.full, rates[:, None, None]
    crossed = np.einsum("ilj,rj->ril", known.cross, mean)
    single = np.einsum("imjl,rjl->rim", known.both, second) - crossed - crossed.transpose(0, 2, 1) + known.alone
    turned = full @ second
    through = turned @ full.T
    second = second - lr * (turned + turned.transpose(0, 2, 1)) + lr**2 * (through + share * (single - through))
    return mean - rates[:, None] * (mean @ full.T), second


def budget() -> Exhibit:
    """On the same budget of gradients, whoever looks at all examples has few steps."""
    lines, settings, proofs, walks, ends = [], [], [], [], {}
    for size, name in NAMES.items():
        known = exact(size, RATES)
        chosen = int(np.argmin(known))
        lr = float(RATES[chosen])
        starts = torch.tensor(RARE.start, dtype=torch.float64).expand(RUNS, 2)
        points = wandered(_sampled(RARE, size, 11), SGD(lr=lr), starts, BUDGET // size)
        losses = RARE(points) - RARE.minima[0].value
        lines.append(Line(name, np.arange(len(losses)) * size, losses.mean(-1)))
        settings.append((name, f"lr {short(lr)}"))
        proofs.append(beside(f"mean loss above the lowest, {name}", losses[-1], float(known[chosen])))
        walks.append((name, points[:, 0]))
        ends[size] = float(losses[-1].mean())
    better = min(ends[size] for size in NAMES if size < EXAMPLES)
    proofs.append(at_least("all 200 at once over the better batch", ends[EXAMPLES] / better, 2.0, "at least twice"))
    later = {size: float(exact(size, RATES, 10 * BUDGET).min()) for size in NAMES}
    ratio = later[EXAMPLES] / min(later[size] for size in NAMES if size < EXAMPLES)
    proofs.append(at_most("the same, expected with ten times the budget", ratio, 0.1, "at most a tenth"))
    return Exhibit(
        "budget",
        "On the same budget of gradients, small batches get further than all examples at once",
        f"Each may look at {BUDGET} examples and has the best of {len(RATES)} constant rates for that: one example at "
        f"a time makes {BUDGET} noisy steps, all 200 at a time make {BUDGET // EXAMPLES} exact ones. The curves are "
        f"means over {RUNS} runs, and lower is better; with ten times the budget the exact steps end lowest, as they "
        "have no floor.",
        (
            Map(f"{BUDGET} examples, one run", RARE, tuple(walks), ((-0.2, 2.1), (-0.3, 3.4))),
            Curves("mean loss above the lowest", "examples seen", tuple(lines)),
        ),
        tuple(settings),
        tuple(proofs),
        dict.fromkeys(NAMES.values(), "sgd"),
    )
