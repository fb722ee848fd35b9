"""Scenes on a ravine: who zigzags in it, and how fast theory lets each method be."""

import math

import numpy as np

from ...functions import Ravine
from ...numbers import short
from ...rules import SGD, Momentum, Nesterov
from .exhibit import THEORY, Curves, Exhibit, Floats, Line, Map, at_most, near
from .walking import first, walked

KAPPA, STEPS, LONG = 100.0, 240, 1500
START = (1.0, 1.0)


def sizes(points: Floats, kappa: float = KAPPA) -> Floats:
    """Measures how large the error is at points of a ravine, so that both directions weigh the same.

    Args:
        points: The points [k, 2].
        kappa: The ravine's condition number.

    Returns:
        The roots of twice the heights [k].
    """
    return np.linalg.norm(points * np.sqrt([1.0, kappa]), axis=-1)


def rate(points: Floats) -> float:
    """Measures the factor by which a step shrinks the error in the long run: over the latter half of a course.

    Args:
        points: The course [k + 1, 2].

    Returns:
        The factor.
    """
    size = sizes(points)
    later = np.arange(len(size))[len(size) // 2 :]
    return math.exp(np.polyfit(later, np.log(size[later]), 1)[0])


def zigzag() -> Exhibit:
    """Gradient descent zigzags between steep walls, momentum does not, and both go as fast as theory has it."""
    ravine = Ravine(KAPPA)
    root = math.sqrt(KAPPA)
    gentle, (lr, steep) = (root - 1) / (root + 1), ravine.best_heavy_ball()
    rules = {
        "sgd": SGD(lr=ravine.best_lr()),
        "momentum": Momentum(lr=1 / KAPPA, momentum=gentle),
        "momentum, fastest": Momentum(lr=lr, momentum=steep),
    }
    settings = {name: _setting(rule) for name, rule in rules.items()}
    theory = {
        "sgd": (ravine.best_rate(), "(κ − 1)/(κ + 1)"),
        "momentum": (math.sqrt(gentle), "√momentum"),
        "momentum, fastest": (ravine.best_rate_of_heavy_ball(), "(√κ − 1)/(√κ + 1)"),
    }
    courses = {name: walked(ravine, rule, START, LONG) for name, rule in rules.items()}
    across = {name: float(np.abs(np.diff(points[:, 1])).sum()) for name, points in courses.items()}
    proofs = [
        near(f"factor per step, {name}", rate(courses[name]), known, 0.01 * (1 - known), f"{words} = {known:.4f}")
        for name, (known, words) in theory.items()
    ]
    proofs.append(
        at_most(
            "way across of momentum, as a share of sgd’s", across["momentum"] / across["sgd"], 0.1, "at most a tenth"
        )
    )
    return Exhibit(
        "zigzag",
        "Gradient descent zigzags in a ravine, and momentum does not",
        f"The ravine is {KAPPA:g} times steeper across than along: gradient descent leaps from wall to wall, while "
        "momentum adds up what points along and cancels what points across. The error falls by the same factor in "
        "every step, a straight line whose slope theory knows beforehand; tuned for that slope alone, momentum leaps "
        "too, and first climbs.",
        (
            Map("the first 40 steps", ravine, tuple((n, courses[n][:41]) for n in ("sgd", "momentum")), BOX),
            Curves(
                "error, measured and in theory", "steps",
                (*_theory(courses, theory), *(_line(name, points) for name, points in courses.items())),
                bounds=(1e-6, 1e2),
            ),
        ),
        tuple(settings.items()),
        tuple(proofs),
    )  # fmt: skip


BOX = ((-0.35, 1.15), (-1.15, 1.15))


def _setting(rule: SGD | Momentum) -> str:
    return f"lr {short(rule.lr)}" + (
        f", momentum {short(rule.momentum)}" if isinstance(rule, Momentum) else ", its best"
    )


def _line(name: str, points: Floats) -> Line:
    return Line(name, np.arange(STEPS + 1), sizes(points[: STEPS + 1]))


def _theory(courses: dict[str, Floats], theory: dict[str, tuple[float, str]]) -> list[Line]:
    """Lines of the slopes that theory has, each through the last point that is drawn of its course."""
    lines = []
    for name, points in courses.items():
        size = sizes(points[: STEPS + 1])
        last = first(size < 1e-6) if name != "sgd" else STEPS
        t = np.array([0, min(last, STEPS)])
        lines.append(Line(THEORY, t, size[t[1]] * theory[name][0] ** (t - t[1])))
    return lines


def nesterov() -> Exhibit:
    """Nesterov's momentum on a convex quadratic, at the constants that its proof asks for."""
    ravine = Ravine(KAPPA)
    root = math.sqrt(KAPPA)
    momentum, lr = (root - 1) / (root + 1), 1 / KAPPA
    rules = {
        "sgd": SGD(lr=lr),
        "momentum": Momentum(lr=lr, momentum=momentum),
        "nesterov": Nesterov(lr=lr, momentum=momentum, form="look-ahead"),
    }
    known = {"sgd": 1 - 1 / KAPPA, "momentum": math.sqrt(momentum), "nesterov": 1 - 1 / root}
    words = {"sgd": "1 − 1/κ", "momentum": "√momentum", "nesterov": "1 − 1/√κ"}
    courses = {name: walked(ravine, rule, START, LONG) for name, rule in rules.items()}
    heights = {name: sizes(points) ** 2 / 2 for name, points in courses.items()}
    t = np.arange(STEPS + 1)
    bound = (heights["nesterov"][0] + (np.array(START) ** 2).sum() / 2) * (1 - 1 / root) ** t
    proofs = [
        near(f"factor per step, {name}", rate(courses[name]), each, 0.01 * (1 - each), f"{words[name]} = {each:.4f}")
        for name, each in known.items()
    ]
    ratio = float((heights["nesterov"][: STEPS + 1] / bound).max())
    proofs.append(at_most("height over Nesterov’s bound, at its largest", ratio, 1.0, "never above 1"))
    return Exhibit(
        "nesterov",
        "On a convex quadratic Nesterov’s momentum is as fast as its proof says",
        "All three take steps of 1/κ, and both kinds of momentum keep the same share of their velocity; Nesterov’s "
        "takes its gradient where that is about to carry it, so that it turns before the wall, not after. The thin "
        "line is the bound that his proof gives for every convex function as steep and as flat as this one: the "
        "course has to stay below it.",
        (
            Map("the first 40 steps", ravine, tuple((name, points[:41]) for name, points in courses.items()), BOX),
            Curves(
                "height above the minimum, and the bound", "steps",
                (Line(THEORY, t, bound), *(Line(name, t, each[: STEPS + 1]) for name, each in heights.items())),
                bounds=(1e-12, 1e3),
            ),
        ),
        tuple((name, f"lr {short(lr)}" + (f", momentum {short(momentum)}" if name != "sgd" else "")) for name in rules),
        tuple(proofs),
    )  # fmt: skip
