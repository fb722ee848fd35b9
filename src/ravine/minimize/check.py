"""Checking a gradient: against differences, and against a step along the imaginary axis."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..numbers import short
from .autograd import FunctionObjective, as_number
from .structure import read_start


@dataclass(frozen=True, eq=False, repr=False)
class GradientCheck:
    """What a check of a gradient found.

    `component` is the one that is off by most in units of what its estimate is sure of, `error` by how much it is off,
    and `sure` how far the estimate itself may be wrong. `gradient`, `differences` and `complex_step` are flat vectors;
    the last is None where the function does not take complex numbers.
    """

    agrees: bool
    component: str
    error: float
    sure: float
    gradient: Tensor
    differences: Tensor
    complex_step: Tensor | None
    message: str

    def __repr__(self) -> str:
        return f"GradientCheck: {self.message}"


def check_gradient(fun: Callable[..., Any], x: Any, gradient: Callable[..., Any] | None = None) -> GradientCheck:
    """Compares a gradient with central differences, and with a complex step where the function takes one.

    Central differences with two steps, extrapolated: D = (4 D(h) - D(2h)) / 3, where D(h) is
    (f(x + h e) - f(x - h e)) / 2h and h = eps^(1/5) max(1, |x|); the two tell how sure they are. The complex step, the
    imaginary part of f(x + i h e) / h with h = 1e-100, has no rounding at all; it is believed where it lies within what
    the differences are sure of.

    Squire & Trapp 1998, "Using complex variables to estimate derivatives of real functions", SIAM Review 40(1).

    Args:
        fun: A function that returns one number.
        x: Where: a tensor, an array, a list of numbers, or any nesting of them.
        gradient: The gradient to check, in the structure of x; PyTorch's own where none is given.

    Returns:
        Whether it agrees, which component is off by most, and by how much.

    >>> check_gradient(lambda x: (x**3).sum(), [1.0, 2.0], gradient=lambda x: 3 * x**2 + torch.tensor([0.0, 0.1]))
    GradientCheck: the gradient is wrong: x[1] is 12.1, but should be 12 (off by 0.1).
    """
    flat, structure = read_start(x, torch.float64)

    def function(at: Tensor) -> Any:
        return fun(structure.tensors(at))

    own = None if gradient is None else lambda at: structure.flat(gradient(structure.tensors(at))).to(at)
    value, found = FunctionObjective(function, own).value_and_gradient(flat)
    differences, sure = _differences(function, flat, value)
    exact = _complex_step(function, flat)
    best, bound = differences, sure
    if exact is not None and bool(((exact - differences).abs() <= sure).all()):
        best, bound = exact, 1e-12 * (1 + exact.abs()) * max(1.0, float(found.abs().max()))
    error = (found - best).abs()
    share = torch.where(torch.isfinite(error), error / bound, torch.inf)
    worst = int(share.argmax())
    agrees = bool((share <= 1).all())
    name = structure.name(worst)
    message = _sentence(agrees, name, float(found[worst]), float(best[worst]), float(error[worst]), exact is best)
    return GradientCheck(agrees, name, float(error[worst]), float(bound[worst]), found, differences, exact, message)


def _differences(function: Callable[[Tensor], Any], x: Tensor, value: float) -> tuple[Tensor, Tensor]:
    """Extrapolated central differences, and how far each may be wrong: by its curvature and by rounding."""
    eps = torch.finfo(x.dtype).eps
    found, sure = torch.empty_like(x), torch.empty_like(x)
    for i in range(len(x)):
        h = eps ** (1 / 5) * max(1.0, abs(float(x[i])))
        e = torch.zeros_like(x)
        e[i] = h
        ahead, behind, far_ahead, far_behind = (_value(function, x + k * e) for k in (1, -1, 2, -2))
        near, far = (ahead - behind) / (2 * h), (far_ahead - far_behind) / (4 * h)
        found[i] = (4 * near - far) / 3
        rounding = 20 * eps * max(abs(each) for each in (value, ahead, behind, far_ahead, far_behind)) / h
        sure[i] = 0.1 * abs(near - far) + rounding + 1e-10 * abs(near)
    return found, sure + 1e-10 * float(found.abs().nan_to_num().max())


def _value(function: Callable[[Tensor], Any], x: Tensor) -> float:
    with torch.no_grad():
        return as_number(function(x), x)


def _complex_step(function: Callable[[Tensor], Any], x: Tensor) -> Tensor | None:
    """The derivative by a step along the imaginary axis; None where the function takes no complex numbers."""
    h, found = 1e-100, torch.empty_like(x)
    for i in range(len(x)):
        z = x.to(torch.complex128)
        z[i] += 1j * h
        try:
            with torch.no_grad():
                value = function(z)
        except (RuntimeError, TypeError, NotImplementedError, ValueError):
            return None
        if not isinstance(value, Tensor) or value.numel() != 1 or not value.is_complex():
            return None
        found[i] = value.imag.reshape(()) / h
    return found


def _sentence(agrees: bool, name: str, found: float, best: float, error: float, exact: bool) -> str:
    if agrees:
        against = "a complex step and central differences" if exact else "central differences"
        return f"the gradient agrees with {against}; it is off by most at {name}, by {short(error)}."
    off = f" (off by {short(error)})" if math.isfinite(error) else ""
    return f"the gradient is wrong: {name} is {found:.6g}, but should be {best:.6g}{off}."
