"""Following rules: many starts and many lr at once, as columns of one population."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..minimize import Descent, FunctionObjective, advance, begin
from ..part import substitute
from ..rules import Rule, placed
from ..schedules import varying
from .course import Course, Floats, made, too_small
from .ground import Ground
from .method import Method, Path

TOLERANCE = 1e-10
"""Largest component of the gradient at which a minimizer is content; rules go on until the budget is spent."""


def follow(
    ground: Ground, rule: Rule, places: Sequence[Path], rates: Tensor, starts: Tensor, evaluations: int
) -> tuple[Floats, Floats]:
    """Follows a rule from several starts, at several lr; each member of this population is alone in all its norms.

    Args:
        ground: What it moves on.
        rule: The rule; its schedules run over the whole budget.
        places: Where lr stands that is put in; none where the rule keeps its own.
        rates: lr of each member [m].
        starts: Where each member starts [m, n].
        evaluations: How many gradient evaluations each may spend.

    Returns:
        Where each stood, [k + 1, m, n], from the start on, and the surface there, [k + 1, m].
    """
    rule, p = placed(rule, [starts[0]]), starts
    begun = {name: slot.begin(p[0]) for name, slot in rule.slots().items()}
    state: dict[str, Any] = {name: slot.expand(len(p), *slot.shape).clone() for name, slot in begun.items()}
    steps, answers = evaluations // rule.gradients_per_step(), rule.predicting_slot()
    at, stood = varying(rule), [p]
    for t in range(1, steps + 1):
        now = at(t - 1, steps)
        g = _gradient(ground, now, places, rates, p, state, t)
        step = _each(now, places, lambda one, p, state, g, t=t: one.step(p, g, state, t))
        p, state = step(rates, p, state, g)
        stood.append(p if answers is None else state[answers])
    points = torch.stack(stood)
    return points.numpy(), np.asarray(ground.surface(points.numpy()), np.float64)


def _gradient(
    ground: Ground, rule: Rule, places: Sequence[Path], rates: Tensor, p: Tensor, state: dict[str, Any], t: int
) -> Tensor:
    """Takes the gradient where the rule wants it; both gradients of a step that takes two meet the same noise."""
    if not rule.looks_ahead():
        return ground.slope(p, t)
    where = _each(rule, places, lambda one, p, state: one.gradient_point(p, state, t))
    g = ground.slope(where(rates, p, state), t)
    if rule.gradients_per_step() == 1:
        return g
    second = _each(rule, places, lambda one, p, state, g: one.gradient_point(p, state, t, g=g))
    return ground.slope(second(rates, p, state, g), t)


def _each(rule: Rule, places: Sequence[Path], act: Any) -> Any:
    """Lets a function of a rule act on every member, each with an lr of its own."""
    return torch.vmap(lambda lr, *given: act(substitute(rule, dict.fromkeys(places, lr)), *given))


def follow_rule(ground: Ground, method: Method, lr: float | None, start: Sequence[float], evaluations: int) -> Course:
    """Follows one rule from one start.

    Args:
        ground: What it moves on.
        method: The method, a rule.
        lr: The lr that is put where the method is tuned; None where it keeps its own.
        start: Where it starts.
        evaluations: How many gradient evaluations it may spend.

    Returns:
        Its course.
    """
    assert isinstance(method.part, Rule)
    rates = torch.tensor([0.0 if lr is None else lr], dtype=torch.float64)
    starts = torch.tensor([start], dtype=torch.float64)
    places = () if lr is None else tuple(method.tuned)
    points, values = follow(ground, method.part, places, rates, starts, evaluations)
    return of_member(ground, method, lr, points[:, 0], values[:, 0])


def of_member(ground: Ground, method: Method, lr: float | None, points: Floats, values: Floats) -> Course:
    """Makes the course of one member of a population.

    Args:
        ground: What it moved on.
        method: The method, a rule.
        lr: The member's lr; None where the rule keeps its own.
        points: Where it stood [k + 1, n].
        values: The surface there [k + 1].

    Returns:
        Its course.
    """
    assert isinstance(method.part, Rule)
    cost = np.arange(len(points)) * method.part.gradients_per_step()
    own = method.lr if isinstance(method.lr, (int, float)) else None
    failed = "" if len(points) > 1 else too_small(method.part.gradients_per_step() - 1)
    return made(ground, method, own if lr is None else lr, points, values, cost, failed)


def follow_descent(ground: Ground, method: Method, start: Sequence[float], evaluations: int) -> Course:
    """Follows a minimizer from one start, with the search that it usually goes with.

    Args:
        ground: What it moves on; where its gradient is noisy, every evaluation meets noise of its own.
        method: The method, a descent.
        start: Where it starts.
        evaluations: How many gradient evaluations it may spend.

    Returns:
        Its course, which ends early where it has converged or failed.
    """
    descent = method.part
    assert isinstance(descent, Descent)

    def gradient(x: Tensor) -> Tensor:
        return ground.slope(x, objective.counts.evaluations)

    noisy = None if ground.noisy is None else gradient
    objective = FunctionObjective(ground.surface, noisy, budget=evaluations)
    search = descent.default_search()
    states = [begin(descent, objective, torch.tensor(start, dtype=torch.float64), tolerance=TOLERANCE)]
    cost = [0]
    while not states[-1].over:
        after = advance(descent, search, objective, states[-1], tolerance=TOLERANCE)
        if after.steps > states[-1].steps:
            cost.append(objective.counts.evaluations)
            states.append(after)
        else:
            states[-1] = after
    last = states[-1]
    failed = "" if last.success or last.message.startswith("budget spent") else last.message
    if not last.success and len(states) == 1:
        failed = failed or too_small(evaluations)
    points, values = torch.stack([state.x for state in states]).numpy(), np.array([state.value for state in states])
    return made(ground, method, None, points, values, np.array(cost), failed)
