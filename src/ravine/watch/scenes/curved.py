"""Scenes of second order: Newton's step, and L-BFGS with the whole batch and on noise."""

from collections.abc import Sequence

import numpy as np
import torch

from ...functions import Himmelblau, RareInputs, Ravine, Sampled, Surface
from ...minimize import LBFGS, FunctionObjective, Newton, Point, advance, begin
from ...numbers import short
from ...rules import SGD
from ...schedules import inverse_time
from ..following import follow_descent
from ..ground import Ground
from ..method import read_method
from .exhibit import Curves, Exhibit, Floats, Line, Map, at_least, at_most, near
from .walking import first, walked, wandered


def undamped(surface: Surface, start: Sequence[float], steps: int) -> Floats:
    """Takes the textbook's Newton steps, wherever they lead.

    Args:
        surface: What it moves on.
        start: Where it starts.
        steps: How many steps it takes.

    Returns:
        Where it stood, `[steps + 1, n]`.
    """
    newton, objective = Newton(safeguard=None), FunctionObjective(surface)
    x = torch.tensor(start, dtype=torch.float64)
    stood = [x]
    for _ in range(steps):
        point = Point(x, *objective.value_and_gradient(x))
        x = x + newton.direction(objective, point, {})
        stood.append(x)
    return torch.stack(stood).numpy()


def _safe(surface: Surface, start: Sequence[float]) -> Floats:
    return follow_descent(Ground(surface), read_method("newton"), start, 200).points


def newton() -> Exhibit:
    """Newton lands in one step on a quadratic, and undamped it goes to any critical point elsewhere."""
    names = ("newton, undamped", "newton")
    ravine, hills = Ravine(kappa=1000.0), Himmelblau()
    one = undamped(ravine, (1.0, 1.0), 1)
    wild, safe = undamped(hills, hills.start, 8), _safe(hills, hills.start)
    bends = np.linalg.eigvalsh(hills.hessian(wild[-1]))
    climbed = float(np.linalg.norm(wild[-1] - np.array(hills.maxima[0].x)))
    proofs = (
        near("distance to the minimum after one step, κ = 1000", float(np.linalg.norm(one[1])), 0.0, 1e-12, "0"),
        near("undamped on Himmelblau: distance to the maximum", climbed, 0.0, 1e-9, "0: it climbs"),
        at_most("larger eigenvalue of the Hessian there", float(bends[-1]), 0.0, "below 0: every way leads down"),
        near("safeguarded: height where it ends", float(hills(safe[-1])), 0.0, 1e-12, "0, that of all four minima"),
    )  # fmt: skip
    return Exhibit(
        "newton",
        "Newton lands in one step on a quadratic, and undamped misses elsewhere",
        "Newton’s step goes to where the slope of the fitted quadratic is zero: in a ravine, however steep, that is "
        "the minimum itself. Where the surface bends down that point is a maximum (triangle) or a saddle, and the bare "
        "step walks into it; made safe, by the sizes of the Hessian’s eigenvalues and a line search, it comes down.",
        (
            Map("a quadratic, κ = 1000", ravine, ((names[0], one),), ((-0.35, 1.15), (-1.15, 1.15))),
            Map("Himmelblau, from 0, 0", hills, ((names[0], wild), (names[1], safe)), ((-2.2, 4.2), (-2.8, 3.6))),
        ),
        ((names[0], "the bare step"), (names[1], "safeguard and line search")),
        proofs,
    )  # fmt: skip


EVALUATIONS, BATCH, RUNS = 60, 10, 20

BEST = 2 / 1.05
"""The best lr of gradient descent on all examples, as their curvatures are 1 and 0.05."""

SETTINGS = (
    ("lbfgs, all 200", "strong Wolfe"),
    ("sgd, all 200", f"lr {short(BEST)}, its best"),
    ("lbfgs, batches", f"a batch of {BATCH} for each evaluation"),
    ("sgd, batches", "lr 1.5 / (1 + 0.05 t)"),
)


def _searched(data: RareInputs, generator: torch.Generator | None) -> tuple[Floats, Floats, bool]:
    """Where L-BFGS stood after each evaluation, the loss there, and whether it gave up.

    Args:
        data: What it learns from.
        generator: Draws a batch for every evaluation, of which value and gradient are taken; None for all examples.

    Returns:
        The points `[EVALUATIONS + 1, 2]`, the losses above the lowest, and whether it ended by failing.
    """

    def loss(x: torch.Tensor) -> torch.Tensor:
        r = data.residuals(x)
        if generator is not None:
            r = r[torch.randint(len(r), (BATCH,), generator=generator)]
        return r.square().mean() / 2

    descent, objective = LBFGS(), FunctionObjective(loss, budget=EVALUATIONS)
    search = descent.default_search()
    state = begin(descent, objective, torch.tensor(data.start, dtype=torch.float64), tolerance=1e-10)
    stood = np.tile(state.x.numpy(), (EVALUATIONS + 1, 1))
    while not state.over:
        state = advance(descent, search, objective, state, tolerance=1e-10)
        stood[objective.counts.evaluations :] = state.x.numpy()
    gave_up = state.success is False and not state.message.startswith("budget spent")
    return stood, np.asarray(data(stood), np.float64) - data.minima[0].value, gave_up


def lbfgs() -> Exhibit:
    """L-BFGS is unmatched with the whole batch, and learns noise for curvature from small ones."""
    data = RareInputs()
    full, exact, _ = _searched(data, None)
    plain = walked(data, SGD(lr=BEST), data.start, EVALUATIONS)
    runs = [_searched(data, torch.Generator().manual_seed(seed)) for seed in range(RUNS)]
    few, generator = Sampled(data, BATCH), torch.Generator().manual_seed(0)
    starts = torch.tensor(data.start, dtype=torch.float64).expand(RUNS, 2)
    falling = inverse_time(1.5, 0.05)
    noisy = wandered(lambda x: few.gradient(x, generator), SGD(lr=falling), starts, EVALUATIONS)
    losses = {
        "lbfgs, all 200": exact,
        "sgd, all 200": data(plain) - data.minima[0].value,
        "lbfgs, batches": np.median([loss for _, loss, _ in runs], 0),
        "sgd, batches": np.median(data(noisy) - data.minima[0].value, 1),
    }
    gave_up = sum(gave for *_, gave in runs)
    behind = float(losses["lbfgs, batches"][-1] / losses["sgd, batches"][-1])
    proofs = (
        at_most("evaluations to within 1e−12, L-BFGS on all 200", first(exact < 1e-12), 12, "at most 12"),
        at_least("loss of sgd over that of L-BFGS by then, on all 200", _ratio(losses), 1e6, "at least a million"),
        at_least(f"runs of {RUNS} in which L-BFGS gives up on batches of {BATCH}", gave_up, RUNS / 2, "at least half"),
        at_least("loss of L-BFGS over that of sgd, on batches", behind, 5.0, "at least 5"),
    )
    t = np.arange(EVALUATIONS + 1)
    return Exhibit(
        "lbfgs",
        "L-BFGS is unmatched on all examples, and on batches it takes noise for curvature",
        "With all 200 examples two differences of gradients tell L-BFGS the whole bowl, and it lands. Where every "
        "evaluation comes from another batch such differences are mostly noise, the line search compares losses of "
        f"different examples, and it gives up early; the lines for batches are medians of {RUNS} runs.",
        (
            Map("courses on all 200", data, (("sgd, all 200", plain), ("lbfgs, all 200", full))),
            Curves(
                "loss above the lowest", "gradient evaluations",
                tuple(Line(name, t, np.maximum(each, 1e-16)) for name, each in losses.items()), bounds=(1e-13, 30.0),
            ),
        ),
        SETTINGS,
        proofs,
    )  # fmt: skip


def _ratio(losses: dict[str, Floats]) -> float:
    landed = first(losses["lbfgs, all 200"] < 1e-12)
    return float(losses["sgd, all 200"][landed] / max(losses["lbfgs, all 200"][landed], 1e-16))
