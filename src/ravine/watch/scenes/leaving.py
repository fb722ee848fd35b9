"""Scenes of leaving: a saddle, and a shallow minimum beside a deep one."""

import math

import numpy as np

from ...functions import DoubleWell, StrictSaddle
from ...numbers import short
from ...rules import SGD, Momentum, Nesterov
from .exhibit import Curves, Exhibit, Line, Map, at_least, at_most, near
from .walking import first, walked

LR, MOMENTUM, OFF, AWAY, STEPS = 0.01, 0.9, 1e-3, 0.1, 500


def escape(momentum: float) -> float:
    """Gives the steps that it takes to leave a saddle of curvature -2 along its way down, by the linear recursion.

    Near the saddle `y <- y + momentum (y - last y) + 2 lr y`, which both roots of its polynomial solve.

    Args:
        momentum: The share of the velocity that a step keeps; 0 for gradient descent.

    Returns:
        The steps from `OFF` to `AWAY`, with a fraction.
    """
    middle = 1 + momentum + 2 * LR
    apart = math.sqrt(middle**2 - 4 * momentum)
    fast, slow = (middle + apart) / 2, (middle - apart) / 2
    begun = (1 + 2 * LR - slow) / (fast - slow)  # after one step, from rest, it stands at (1 + 2 lr) y
    return math.log(AWAY / OFF / begun) / math.log(fast)


def saddle() -> Exhibit:
    """Gradient descent lingers at a saddle, and momentum is gone early."""
    each, start = StrictSaddle(), (1.0, OFF)
    rules = {"sgd": SGD(lr=LR), "momentum": Momentum(lr=LR, momentum=MOMENTUM)}
    courses = {name: walked(each, rule, start, STEPS) for name, rule in rules.items()}
    proofs = []
    for name, momentum in (("sgd", 0.0), ("momentum", MOMENTUM)):
        measured, known = first(np.abs(courses[name][:, 1]) >= AWAY), escape(momentum)
        claim = f"{known:.1f} by the linear recursion, within 2 steps"
        proofs.append(near(f"steps to be {AWAY:g} off the saddle’s ridge, {name}", measured, known, 2.0, claim))
    on_it = walked(each, SGD(lr=LR), each.start, 2000)[-1]
    distance = float(np.linalg.norm(on_it))
    proofs.append(
        at_most("distance to the saddle, sgd from exactly on the ridge", distance, 1e-12, "0: it ends on the saddle")
    )
    return Exhibit(
        "saddle",
        "A saddle holds gradient descent, and momentum gets away",
        f"Both start {OFF:g} beside the ridge that leads to the saddle (diamond), where the slope is nearly zero and "
        "the way down opens sideways. The plateau at height 0 is the time spent at the saddle: momentum adds up "
        "the small slopes and leaves it several times sooner.",
        (
            Map("around the saddle", each, tuple(courses.items()), ((-1.2, 1.2), (-0.6, 1.8))),
            Curves(
                "value", "steps",
                tuple(Line(name, np.arange(STEPS + 1), each(points)) for name, points in courses.items()),
                scales=("linear", "linear"),
            ),
        ),
        tuple((name, f"lr {LR:g}" + (f", momentum {MOMENTUM:g}" if name != "sgd" else "")) for name in rules),
        tuple(proofs),
    )  # fmt: skip


def wells() -> Exhibit:
    """Momentum leaves a shallow minimum and overshoots the deep one, where Nesterov's brakes."""
    each, lr, steps = DoubleWell(), 0.1, 80
    deep, shallow = (point.x[0] for point in each.minima)
    rules = {
        "sgd": SGD(lr=lr),
        "momentum": Momentum(lr=lr, momentum=0.9),
        "nesterov": Nesterov(lr=lr, momentum=0.9, form="look-ahead"),
    }
    courses = {name: walked(each, rule, each.start, 300) for name, rule in rules.items()}
    over = {name: float(courses[name][:, 0].max()) - deep for name in ("momentum", "nesterov")}
    ends = {name: float(points[-1, 0]) for name, points in courses.items()}
    proofs = [
        near("where sgd ends, along x", ends["sgd"], shallow, 1e-6, f"the shallow minimum, {short(shallow)}"),
        near("where momentum ends, along x", ends["momentum"], deep, 1e-6, f"the deep minimum, {short(deep)}"),
        near("where nesterov ends, along x", ends["nesterov"], deep, 1e-6, f"the deep minimum, {short(deep)}"),
        at_least("how far momentum overshoots", over["momentum"], 0.5, "at least 0.5"),
        at_most("how far nesterov overshoots", over["nesterov"], over["momentum"] / 2, "at most half as far"),
    ]
    t = np.arange(steps + 1)
    return Exhibit(
        "wells",
        "Momentum leaves a shallow minimum, and overshoots the deep one where Nesterov’s brakes",
        "All three come down from the left at the same lr: gradient descent stays in the first hollow, and the others "
        "have speed enough to roll over the barrier (diamond). The curves tell how far along they are: momentum swings "
        "far past the deep minimum, and Nesterov’s, which looks ahead, sees the far wall sooner and brakes.",
        (
            Map("from the left", each, tuple((name, points[:81]) for name, points in courses.items())),
            Curves(
                "place along x: the deep minimum is at 1.125", "steps",
                tuple(Line(name, t, points[: steps + 1, 0]) for name, points in courses.items()),
                scales=("linear", "linear"),
            ),
        ),
        tuple((name, f"lr {lr:g}" + ("" if name == "sgd" else ", momentum 0.9")) for name in rules),
        tuple(proofs),
    )  # fmt: skip
