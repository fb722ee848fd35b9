"""A scene: a surface, a start, and the courses of several methods on the same budget. `watch` makes one."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import RavineError
from ..functions import NoisyGradient, Surface
from ..minimize import Descent
from ..numbers import counted, short
from ..rules import Rule
from .course import Course
from .following import follow_descent, follow_rule
from .ground import Ground, Noisy, check_place, read_ground
from .method import Given, Method, read_methods
from .tuning import COARSE, FINE, STARTS, draw_starts, tune

MOST_STEPS = 20_000
"""The longest course that is followed: beyond it a picture shows nothing more."""


@dataclass(frozen=True, eq=False)
class Scene:
    """What several methods did on a surface, each from the same start on the same budget.

    Attributes:
        ground: What they moved on.
        start: Where they started.
        steps: How many gradient evaluations each could spend.
        lr: "tuned" where each method has its own, "same" where one was found for all, or the number for all.
        courses: The courses, in the order in which the methods were named.
        warnings: What to be careful about, in sentences.
    """

    ground: Ground
    start: tuple[float, ...]
    steps: int
    lr: str | float
    courses: tuple[Course, ...]
    warnings: tuple[str, ...]

    @property
    def surface(self) -> Surface:
        """What they moved on."""
        return self.ground.surface

    @property
    def fairness(self) -> str:
        """What every method was given, in a sentence; where that is unfair, it says so."""
        budget = f"{counted(self.steps, 'gradient evaluation')} each"
        noise = _in_words(self.ground.noisy)
        if not any(course.method.tuned for course in self.courses):
            written = any(isinstance(course.method.part, Rule) for course in self.courses)
            return f"{budget}{noise}; {'lr as it was written' if written else 'none has an lr, all search their step'}."
        if self.lr == "tuned":
            return f"{budget}{noise}; lr tuned for each method by {COARSE + FINE} settings from {STARTS} starts."
        rate = next((course.lr for course in self.courses if course.method.tuned), None)
        which = "" if rate is None else f" {short(rate)}"
        return f"{budget}{noise}; the same lr{which} for all, which is unfair: methods need different ones."


def watch(
    surface: str | Surface | Noisy = "ravine",
    methods: str | Sequence[Given] | None = None,
    *,
    start: Sequence[float] | None = None,
    steps: int = 200,
    lr: str | float = "tuned",
    noise: float = 0.0,
    seed: int = 0,
    progress: Callable[[str], object] = lambda _: None,
) -> Scene:
    """Follows methods on a surface, each at its own tuned lr, all on the same budget of gradient evaluations.

    Args:
        surface: A surface, its name, its text such as `ravine(kappa=1000)`, or one with a noisy gradient.
        methods: Names and texts of rules and minimizers, separated by commas, or a sequence of them; a handful that
            differ where None. An lr that is written stays, a range there is tuned in.
        start: Where they start; the surface's usual start where None.
        steps: How many gradient evaluations each method may spend.
        lr: "tuned"; "same" for the one that serves all of them best; or a number for all.
        noise: Standard deviation of normal noise in every element of the gradient; all methods meet the same.
        seed: Decides the noise and the other starts that lr is tuned from.
        progress: Called with the name of every method before it is followed.

    Returns:
        The scene.

    Raises:
        RavineError: An argument is not what it must be.

    >>> scene = watch("ravine", "SGD(lr=0.0198), newton", steps=20)
    >>> [(course.method.name, course.outcome) for course in scene.courses]
    [('SGD(lr=0.0198)', 'finished'), ('newton', 'finished')]
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MOST_STEPS:
        raise RavineError(f"--steps {steps}: must be a whole number from 1 to {MOST_STEPS}.")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise RavineError(f"--seed {seed}: must be a whole number, at least 0.")
    rate = _rate(lr)
    ground, named = read_ground(surface, noise, seed), read_methods(methods)
    begin = ground.surface.start if start is None else ground.surface.check_start(start)
    check_place(ground, begin)
    courses, warnings = _courses(ground, named, begin, steps, rate, progress)
    return Scene(ground, begin, steps, rate, courses, warnings)


def _in_words(noisy: Noisy | None) -> str:
    if noisy is None:
        return ""
    added = isinstance(noisy, NoisyGradient)
    return f", gradient noise {noisy.std:g}" if added else f", batches of {noisy.batch_size} with replacement"


def _rate(lr: str | float) -> str | float:
    if isinstance(lr, str) and lr not in ("tuned", "same"):
        raise RavineError(f"--lr {lr!r}: must be tuned, same, or a number such as 0.01.")
    if not isinstance(lr, str) and not (isinstance(lr, (int, float)) and 0 < lr < math.inf):
        raise RavineError(f"--lr {lr}: must be above 0 and finite.")
    return lr


def _courses(
    ground: Ground,
    methods: Sequence[Method],
    start: tuple[float, ...],
    steps: int,
    lr: str | float,
    progress: Callable[[str], object],
) -> tuple[tuple[Course, ...], tuple[str, ...]]:
    tuned = [method for method in methods if method.tuned]
    found: dict[str, Course] = {}
    warnings = []
    if isinstance(lr, str) and tuned:
        starts = draw_starts(ground, start, ground.seed)
        for together in [[method] for method in tuned] if lr == "tuned" else [tuned]:
            names = " and ".join(method.name for method in together)
            progress(names)
            result = tune(ground, together, starts, steps)
            found |= {course.method.name: course for course in result.courses}
            if result.edge:
                at = short(result.lr)
                warnings.append(f"{names}: lr {at} is an end of its range; a better one may lie beyond.")
    rate = None if isinstance(lr, str) else float(lr)
    for method in methods:
        if method.name in found:
            continue
        progress(method.name)
        if isinstance(method.part, Descent):
            found[method.name] = follow_descent(ground, method, start, steps)
        else:
            found[method.name] = follow_rule(ground, method, rate if method.tuned else None, start, steps)
    return tuple(found[method.name] for method in methods), tuple(warnings)
