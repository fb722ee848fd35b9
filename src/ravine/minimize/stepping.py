"""Going on step by step: a state, and the function that makes the next one of it."""

from dataclasses import replace

import torch
from torch import Tensor

from ..errors import RavineError
from .descent import Descent
from .objective import BudgetSpentError, Objective
from .search import WRONG, Search, rounding
from .state import Point, State, place
from .stationary import is_kink, leave

STALLS = 10
"""Number of steps in a row without a lower value or a smaller gradient after which rounding has the last word."""


def begin(descent: Descent, objective: Objective, x: Tensor, *, tolerance: float = 1e-8) -> State:
    """Evaluates the start.

    Args:
        descent: Which way it will go.
        objective: The function.
        x: The start [n], of a floating-point type, which everything is then worked out in.
        tolerance: Largest component of the gradient at which it has converged.

    Returns:
        The state before the first step; it is over where the gradient vanishes and the method knows no curvature.

    Raises:
        RavineError: The function or its gradient is not finite there.
    """
    point = Point(x, *objective.value_and_gradient(x))
    if not point.finite:
        what = "gradient" if point.value - point.value == 0 else "function"
        found = point.gradient[~torch.isfinite(point.gradient)][0].item() if what == "gradient" else point.value
        raise RavineError(f"The {what} is {found} at the start, {place(x)}: begin where it is finite.")
    state = State(x, point.value, point.gradient, descent=descent.begin(point))
    return _judged(descent, objective, state, tolerance)


def advance(descent: Descent, search: Search, objective: Objective, state: State, *, tolerance: float = 1e-8) -> State:
    """Makes one step; where the gradient vanishes, one off the saddle, if the method knows of a way down.

    Args:
        descent: Which way.
        search: How far.
        objective: The function; it may be another one than before, if the state's value and gradient are its own.
        state: Where it stands.
        tolerance: Largest component of the gradient at which it has converged.

    Returns:
        The state after an accepted step; or at the same point, ended by a sentence.
    """
    if state.over:
        return state
    try:
        if _is_flat(state, tolerance):
            return leave(descent, objective, state) or state.ended(True, _converged(state, tolerance))
        after = search.move(descent, objective, state)
    except BudgetSpentError:
        return state.ended(False, _spent(objective))
    if after.over:
        return _doubted(objective, after)
    return _judged(descent, objective, after, tolerance, checked=search.checked)


def _judged(descent: Descent, objective: Objective, state: State, tolerance: float, *, checked: bool = True) -> State:
    """Tells whether a method ends here; one that looks for ways off a saddle does so by its next step."""
    if _is_flat(state, tolerance):
        return state if descent.looks else state.ended(True, _converged(state, tolerance))
    largest = float(state.gradient.abs().max())
    small = torch.finfo(state.x.dtype).eps * abs(state.value)
    lower = not state.value >= state.lowest - 2 * small
    flatter = largest < 0.9 * state.flattest
    state = replace(
        state, stalls=0 if lower or flatter else state.stalls + 1, lowest=state.value if lower else state.lowest,
        flattest=largest if flatter else state.flattest,
    )  # fmt: skip
    if not checked or state.stalls < STALLS:
        return state
    fresh = descent.forget(state.point, state.descent)
    if fresh is not None and state.stalls == STALLS:  # what was learned may be what holds it
        return replace(state, descent=fresh, search={})
    return _doubted(objective, state.ended(True, rounding(state.point)))


def _spent(objective: Objective) -> str:
    return f"budget spent: {objective.counts.evaluations} of {objective.budget:g} evaluations."


def _is_flat(state: State, tolerance: float) -> bool:
    return not len(state.x) or float(state.gradient.abs().max()) <= tolerance


def _converged(state: State, tolerance: float) -> str:
    said = f"converged: no component of the gradient exceeds {tolerance:g}"
    if state.steps or bool(state.gradient.any()):
        return f"{said}."
    return f"{said}: it is zero at the start, as it is wherever a function is constant."


def _doubted(objective: Objective, state: State) -> State:
    """Takes the word back where a kink, and not rounding or a wrong gradient, keeps the function from falling."""
    if not state.success and WRONG not in state.message:
        return state
    try:
        if not is_kink(objective, state.point):
            return state
    except BudgetSpentError:
        return state
    return state.ended(False, f"a kink: the slope jumps, and no lower value was found at {place(state.x)}.")


def check_pair(descent: Descent, search: Search) -> None:
    """Refuses a descent and a search that do not go together.

    Args:
        descent: Which way.
        search: How far.

    Raises:
        RavineError: The search asks for what the descent has not.
    """
    if search.line and not descent.by_line:
        raise RavineError(f"{descent!r} sets its step by a trust region, so it cannot go with {search!r}.")
    if not search.line and not descent.by_region:
        raise RavineError(f"{descent!r} gives a direction and no model to trust, so it cannot go with {search!r}.")
