"""Checking a gradient: against differences, and against a step along the imaginary axis."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..errors import RavineError
from ..numbers import short
from .autograd import FunctionObjective, as_number
from .differences import slope
from .state import place
from .structure import read_start


@dataclass(frozen=True, eq=False, repr=False)
class GradientCheck:
    """What a check of a gradient found.

    `component` is the one that is off by most in units of what its estimate is sure of, `error` by how much it is off,
    and `sure` how far the estimate itself may be wrong. `gradient`, `differences` and `complex_step` are flat vectors;
    differences are NaN where they do not settle, and the last is None where the function does not take complex numbers.
    """

    agrees: bool | None
    """Whether it agrees; None where nothing is wrong for sure, but differences do not settle somewhere."""
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
    (f(x + h e) - f(x - h e)) / 2h and h is about eps^(1/5) max(1, |x|); the two tell how sure they are. Here eps is
    that of the coarsest precision that x, the value and the gradient have. Where D is another than the gradient, h is
    made smaller until they agree, or D stays the same. The complex step, the imaginary part of f(x + i h e) / h with
    h = 1e-100, has no rounding at all; it is believed where it lies within what the differences are sure of.

    Squire & Trapp 1998, "Using complex variables to estimate derivatives of real functions", SIAM Review 40(1).

    Args:
        fun: A function that returns one number.
        x: Where: a tensor, an array, a list of numbers, or any nesting of them.
        gradient: The gradient to check, in the structure of x; PyTorch's own where none is given.

    Returns:
        Whether it agrees, which component is off by most, and by how much.

    Raises:
        RavineError: x or the value there is not finite, fun is not one number, or the gradient is complex.

    >>> check_gradient(lambda x: (x**3).sum(), [1.0, 2.0], gradient=lambda x: 3 * x**2 + torch.tensor([0.0, 0.1]))
    GradientCheck: the gradient is wrong: x[1] is 12.1, but should be 12 (off by 0.1).
    """
    flat, structure = read_start(x, torch.float64, "x")
    structure.check_finite(flat, "check_gradient(fun, x): x must be finite")

    def function(at: Tensor) -> Any:
        return fun(structure.tensors(at))

    with torch.no_grad():
        value = function(flat)
    if not math.isfinite(number := as_number(value, flat)):
        raise RavineError(f"check_gradient(fun, x): fun is {number} at {place(flat)}: give a point where it is finite.")
    if gradient is None:
        found = FunctionObjective(function).value_and_gradient(flat)[1]
    else:
        found = structure.flat(gradient(structure.tensors(flat)))
    given = [each for each in (flat, value, found) if isinstance(each, Tensor) and each.is_floating_point()]
    eps = max(torch.finfo(each.dtype).eps for each in given)
    return _compared(function, flat, number, found.to(flat), eps, structure.name)


def _compared(
    function: Callable[[Tensor], Any], x: Tensor, value: float, found: Tensor, eps: float, name: Callable[[int], str]
) -> GradientCheck:
    differences, sure = _differences(function, x, found, eps)
    exact, settled = _complex_step(function, x), torch.isfinite(differences)
    best, bound = differences, sure
    if exact is not None and bool(((exact - differences).abs() <= sure)[settled].all()):
        # A gradient that is small because large terms cancel keeps the rounding of these, as the value does.
        cancelled = sure.nan_to_num().clamp(max=5e3 * eps * abs(value))
        close = cancelled.clamp(min=5e3 * eps * max(1.0, _largest(found)))
        known = settled | ((found - exact).abs() <= close)
        best, bound = torch.where(known, exact, torch.nan), close
    error = (found - best).abs()
    share = torch.where(torch.isfinite(error), error / bound, torch.inf)
    share = torch.where(torch.isfinite(best) & (error != 0), share, 0.0)  # what cannot be told is not wrong
    worst = int(share.argmax())
    agrees = bool(share[worst] <= 1)
    if agrees and not bool(torch.isfinite(best).all()):
        worst, agrees = int((~torch.isfinite(best)).nonzero()[0]), None
    numbers = float(found[worst]), float(best[worst]), float(error[worst])
    message = _sentence(agrees, name(worst), *numbers, best is not differences)
    return GradientCheck(
        agrees, name(worst), float(error[worst]), float(bound[worst]), found, differences, exact, message
    )


def _largest(found: Tensor) -> float:
    return float(found.abs().nan_to_num(posinf=0.0).max())


def _differences(function: Callable[[Tensor], Any], x: Tensor, told: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """The slope along each coordinate, and how far each may be off; NaN where differences do not settle."""
    pairs, largest = [], _largest(told)
    for i in range(len(x)):
        e = torch.zeros_like(x)
        e[i] = 1

        def along(h: float, e: Tensor = e) -> float:
            with torch.no_grad():
                return as_number(function(x + h * e), x)

        pairs.append(slope(along, float(x[i]), float(told[i]), largest, eps))
    found = torch.tensor(pairs, dtype=x.dtype, device=x.device)
    return found[:, 0], found[:, 1]


def _complex_step(function: Callable[[Tensor], Any], x: Tensor) -> Tensor | None:
    """The derivative by a step along the imaginary axis; None where the function takes no complex numbers."""
    h, found = 1e-100, torch.empty_like(x)
    for i in range(len(x)):
        z = x.to(torch.complex128)
        z[i] += 1j * h
        try:
            with torch.no_grad(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # such as that the imaginary part is discarded
                value = function(z)
        except Exception:  # noqa: BLE001 - whatever a function of real numbers makes of complex ones
            return None
        if not isinstance(value, Tensor) or value.numel() != 1 or not value.is_complex():
            return None
        found[i] = value.imag.reshape(()) / h
    return found if bool(torch.isfinite(found).all()) else None


def _sentence(agrees: bool | None, name: str, found: float, best: float, error: float, exact: bool) -> str:
    if agrees:
        against = "a complex step and central differences" if exact else "central differences"
        return f"the gradient agrees with {against}; it is off by most at {name}, by {short(error)}."
    if agrees is None:
        return (
            f"it cannot be told whether the gradient is right: {name} is {found:.6g}, but differences do not settle "
            "there, as at a kink or an edge of fun, or where its rounding is coarse."
        )
    off = f" (off by {short(error)})" if math.isfinite(error) else ""
    return f"the gradient is wrong: {name} is {found:.6g}, but should be {best + 0.0:.6g}{off}."
