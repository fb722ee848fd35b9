"""`minimize`: the function for those who have a function, a start, and no wish to see the machinery."""

import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import RavineError
from .autograd import FunctionObjective, ResidualObjective
from .descent import Descent
from .naming import read_descent, read_search
from .objective import Objective
from .result import Result
from .search import Search
from .state import State
from .stepping import advance, begin, check_pair
from .structure import Structure, check_precision, read_start


def minimize(
    fun: Callable[..., Any],
    x0: Any,
    method: str | Descent = "lbfgs",
    search: str | Search | None = None,
    *,
    gradient: Callable[..., Any] | None = None,
    tolerance: float = 1e-8,
    steps: int = 10_000,
    evaluations: float = math.inf,
    dtype: torch.dtype = torch.float64,
    callback: Callable[[Result], Any] | None = None,
) -> Result:
    """Finds a minimum of a function near a start.

    Derivatives come from PyTorch's automatic differentiation. A search that fails moves nothing: the result's x is the
    last accepted point, and its message says in one sentence why it ended there.

    Args:
        fun: A function of what `x0` is, as tensors of `dtype`, that returns one number; for least-squares methods
            ("gauss_newton", "levenberg_marquardt") a vector of residuals, whose squares are summed for you.
        x0: The start: a tensor, an array, a list of numbers, or any nesting of them in lists, tuples and dicts.
            Whatever its precision, everything is worked out in `dtype`.
        method: Which way to go: "newton", "newton_cg", "bfgs", "sr1", "lbfgs", "nonlinear_cg", "gauss_newton",
            "levenberg_marquardt", "gradient_descent", or a part such as `LBFGS(history=50)`.
        search: How far: "strong_wolfe", "hager_zhang", "backtracking", "trust_region", "fixed", or a part; what suits
            the method where none is given.
        gradient: The gradient of `fun`, in the structure of x0; by automatic differentiation where none is given.
        tolerance: It has converged when no component of the gradient is larger, in units of fun per unit of x.
        steps: Number of accepted steps at most.
        evaluations: Number of gradient evaluations at most; a Hessian-vector product counts two, a Hessian 2 n.
        dtype: `torch.float64`, or `torch.float32` where that is wanted.
        callback: Is called with the result so far after every step; ends it by returning True.

    Returns:
        The result.

    Raises:
        RavineError: What was given does not go together, or `fun` is not finite at the start, or not a number at all.

    >>> import torch
    >>> from ravine.minimize import minimize
    >>> result = minimize(lambda x: (1 - x[0])**2 + 100 * (x[1] - x[0]**2)**2, [-1.2, 1.0], "newton")
    >>> [round(value, 6) for value in result.x], result.success
    ([1.0, 1.0], True)
    """
    _check_functions(fun=fun, gradient=gradient, callback=callback)
    descent = read_descent(method)
    how_far = descent.default_search() if search is None else read_search(search)
    check_pair(descent, how_far)
    _check_numbers(tolerance, steps, evaluations)
    check_precision(dtype, "minimize")
    x, structure = read_start(x0, dtype)
    structure.check_finite(x, f"x0 must be finite in {x.dtype}")
    objective = _objective(fun, gradient, descent, structure, float(evaluations))
    state = begin(descent, objective, x, tolerance=tolerance)
    while not state.over:
        if state.steps >= steps:
            state = state.ended(False, f"budget spent: {steps} steps.")
            break
        before, state = state.steps, advance(descent, how_far, objective, state, tolerance=tolerance)
        told = callback is not None and state.steps > before and callback(_result(state, objective, structure))
        if _is_true(told) and not state.over:
            state = state.ended(False, "stopped by the callback.")
    return _result(state, objective, structure)


def _objective(
    fun: Callable[..., Any], gradient: Callable[..., Any] | None, descent: Descent, structure: Structure, budget: float
) -> Objective:
    def flat(x: Tensor) -> Any:
        return fun(structure.tensors(x))

    if descent.needs == "residuals":
        if gradient is not None:
            raise RavineError(
                f"{descent!r} takes the Jacobian of the residuals, so gradient= has no use: leave it out."
            )
        return ResidualObjective(flat, budget)
    if gradient is None:
        return FunctionObjective(flat, budget=budget)
    return FunctionObjective(flat, lambda x: structure.flat(gradient(structure.tensors(x))).to(x), budget)


def _result(state: State, objective: Objective, structure: Structure) -> Result:
    counts = objective.counts
    return Result(
        x=structure.hand_back(state.x),
        fun=state.value,
        grad=structure.hand_back(state.gradient),
        nit=state.steps,
        nfev=counts.nfev,
        ngev=counts.ngev,
        nhev=counts.nhev,
        evaluations=counts.evaluations,
        success=state.success is True,
        message=state.message or "going on.",
    )


def _is_true(told: Any) -> bool:
    """Whether a callback said True, in Python's, NumPy's or PyTorch's words; what else it returns means nothing."""
    truth = isinstance(told, (bool, np.bool_)) or (isinstance(told, Tensor) and told.dtype == torch.bool)
    return truth and bool(told)


def _check_functions(**given: Any) -> None:
    for name, function in given.items():
        if not callable(function) and (function is not None or name == "fun"):
            shown = " ".join(repr(function).split())
            raise RavineError(f"minimize({name}={shown}): {name} must be a function.")


def _check_numbers(tolerance: float, steps: int, evaluations: float) -> None:
    if not (_is_number(tolerance) and 0 <= tolerance < math.inf):
        raise RavineError(f"minimize(tolerance={tolerance!r}): tolerance must be a finite number, at least 0.")
    if not (_is_number(steps) and isinstance(steps, Integral) and steps >= 0):
        raise RavineError(f"minimize(steps={steps!r}): steps must be a whole number, at least 0.")
    if not (_is_number(evaluations) and evaluations >= 1):
        raise RavineError(f"minimize(evaluations={evaluations!r}): evaluations must be a number, at least 1.")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
