"""Walking by a rule: on a surface from one start, or over any slopes with many runs beside each other."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...functions import Surface
from ...rules import Rule, gradient_of, placed
from ...schedules import varying
from .exhibit import Floats


def walked(surface: Surface, rule: Rule, start: Sequence[float], steps: int) -> Floats:
    """Walks on a surface without noise.

    Args:
        surface: What it walks on.
        rule: By which it walks.
        start: Where it starts [n].
        steps: How many steps it takes.

    Returns:
        Where it stood, `[steps + 1, n]`.

    >>> from ravine.functions import Ravine
    >>> from ravine.rules import SGD
    >>> walked(Ravine(kappa=4.0), SGD(lr=0.25), (1.0, 1.0), 2).tolist()
    [[1.0, 1.0], [0.75, 0.0], [0.5625, 0.0]]
    """
    return wandered(surface.gradient, rule, torch.tensor(start, dtype=torch.float64), steps)


def wandered(slope: Callable[[Tensor], Tensor], rule: Rule, starts: Tensor, steps: int) -> Floats:
    """Walks over whatever slopes it meets.

    Args:
        slope: Gives the gradient at points, with noise or without.
        rule: By which it walks: one that treats every element alike, so that runs lie beside each other.
        starts: Where it starts [..., n].
        steps: How many steps it takes.

    Returns:
        Where it stood, or the mean that predicts where the rule keeps one, `[steps + 1, ..., n]`.
    """
    rule, p = placed(rule, [starts]), starts
    state = {name: slot.begin(p) for name, slot in rule.slots().items()}
    at, mean, stood = varying(rule), rule.predicting_slot(), [p]
    for t in range(1, steps + 1):
        now = at(t - 1, steps)
        p, state = now.step(p, gradient_of(slope, now, p, state, t), state, t)
        stood.append(p if mean is None else state[mean])
    return torch.stack(stood).numpy()


def first(reached: NDArray[np.bool_]) -> int:
    """Counts the steps until something is reached.

    Args:
        reached: After each step, from none on, whether it was.

    Returns:
        The number of steps; one more than there were where it never was.

    >>> first(np.array([False, False, True])), first(np.array([False, False]))
    (2, 2)
    """
    found = np.flatnonzero(reached)
    return int(found[0]) if len(found) else len(reached)


def typical(losses: Floats) -> int:
    """Finds the run that is most like all of them, so that a map of it does not tell another story than their means.

    Args:
        losses: Where each method ended in each run, [methods, runs].

    Returns:
        The run in which the factors between these and the methods' means are the smallest.

    >>> typical(np.array([[1.0, 2.0, 9.0], [3.0, 1.0, 0.1]]))
    1
    """
    off = np.log(losses / losses.mean(-1, keepdims=True))
    return int(np.abs(off).sum(0).argmin())
