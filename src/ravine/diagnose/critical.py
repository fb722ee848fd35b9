"""Critical points: whether a point is one, and whether it is a minimum, a maximum, a saddle, or cannot be told.

At a critical point the gradient vanishes, and the signs of the Hessian's eigenvalues tell its kind (Nocedal & Wright
2006, "Numerical Optimization", section 2.1). In many dimensions most are saddles: Dauphin et al. 2014, "Identifying and
attacking the saddle point problem in high-dimensional non-convex optimization". https://arxiv.org/abs/1406.2572
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import RavineError
from ..minimize.autograd import FunctionObjective
from ..minimize.objective import Objective, Product
from ..minimize.state import place
from ..minimize.structure import Structure, check_precision, read_start
from .classification import Classification
from .curvature import Curvature, dense, lanczos, trace
from .how import How
from .quadratic import Quadratic, newton_step, predicted, unseen
from .signs import counts, kind

ROUNDING = 10.0
"""Rounding errors of a sum grow as the root of its length n: an eigenvalue is told from zero by 10 sqrt(n) units in the
last place of the largest curvature, and a slope by ten times that, since a gradient is a curvature times a point."""
SHIFT = 0.25
"""By how much of an eigenvalue it may change along the Newton step.

Newton's method has a simple root to go to where |H^-1| |change of H| <= 1/2 (Kantorovich's theorem: Nocedal & Wright
2006, section 11.1); half of that is asked for. Near a root of higher order, as that of x^3's slope, it changes by 1/2
and more however close one comes.
"""
SMALLER = 0.36
"""What share of the slope may be left after the Newton step that reaches a critical point.

Beside a root of order p of the slope it is (1 - 1/p)^p, which grows towards 1/e = 0.368; of a slope that vanishes
nowhere near, as those of a logarithm or a root at the edge of their domain, 1/2 and more is left.
"""
PROBES = 16
UNSEEN = (
    "Gradients beside this point change otherwise than its Hessian tells (by {:.0f} % in one direction): there is a "
    "kink, or a part of fun that autograd does not differentiate twice."
)
MISLED = (
    "Where the quadratic has its critical point the slope is hardly smaller: the quadratic does not hold even so far."
)


def classify(
    fun: Callable[..., Any],
    x: Any,
    *,
    radius: float | None = None,
    tolerance: float = 1e-4,
    directions: int = 16,
    dense_up_to: int = 2000,
    count: int = 6,
    most: int = 24,
    dtype: torch.dtype = torch.float64,
    seed: int = 0,
) -> Classification:
    """Tells what kind of point a function has at x.

    A point is critical where the quadratic that fits the function there has its own critical point within
    `tolerance * radius`, and there is no slope along flat directions. An eigenvalue has a sign where it exceeds its
    rounding, and does not change by more than a quarter along the Newton step that is left.

    Args:
        fun: A function of what `x` is, as tensors of `dtype`, that returns one number and has two derivatives.
        x: The point: a tensor, an array, a list of numbers, or any nesting of them in lists, tuples and dicts.
        radius: How near is near, in units of x; a tenth of the largest |component| of x, at least 0.1, where None.
        tolerance: How exactly x must be a critical point, as a share of the radius.
        directions: The number of random directions in which the quadratic is compared with the function.
        dense_up_to: Up to how many dimensions all eigenvalues are worked out; in more, those at both ends are found by
            Hessian-vector products alone, and memory does not grow with the square of the dimensions.
        count: How many eigenvalues are found at each end then.
        most: How many at the low end at most, where all of the first are negative.
        dtype: `torch.float64`, or `torch.float32` where that is wanted.
        seed: Draws the directions, and what Lanczos' method starts from.

    Returns:
        What was found.

    Raises:
        RavineError: x is not finite, or fun is not one finite number with two derivatives there.

    >>> found = classify(lambda x: x[0] ** 2 - x[1] ** 2, [0.0, 0.0])
    >>> print(found)
    Saddle (1 direction down): f = 0, |gradient| = 0, curvature from −2 to 2.
    >>> found.escape, found.prediction_error
    ([0.0, 1.0], 0.0)
    """
    how = How(radius, tolerance, directions, dense_up_to, count, most, seed)
    check_precision(dtype, "classify")
    flat, structure = read_start(x, dtype, "x")
    return classify_objective(FunctionObjective(_checked(fun, structure)), flat, structure, how)


def classify_objective(
    objective: Objective, x: Tensor, structure: Structure, how: How, notes: tuple[str, ...] = ()
) -> Classification:
    """Does what `classify` does, for a function of one flat vector.

    Args:
        objective: The function.
        x: The point, `[n]`.
        structure: How it is cut for whoever reads the result.
        how: How to look.
        notes: What else the result should say.

    Returns:
        What was found.

    Raises:
        RavineError: Something is not finite.
    """
    structure.check_finite(x, "classify(fun, x): x must be finite")
    value, gradient = objective.value_and_gradient(x)
    _check_finite("fun", torch.tensor(value), x)
    _check_finite("its gradient", gradient, x)
    product, curvature, total = _curvature(objective, x, how)
    scale = max(1.0, float(x.abs().max()))
    model = Quadratic(value, gradient, product)
    seen = predicted(
        model, lambda there: objective.value_and_gradient(there)[0], x, how.radius or 0.1 * scale, how.directions,
        how.seed,
    )  # fmt: skip
    off = unseen(model, objective.value_and_gradient, x, scale, seen.bend, how.seed)
    notes = (*([UNSEEN.format(100 * off)] if off > 0.01 else ()), *notes)
    rounding = ROUNDING * len(x) ** 0.5 * torch.finfo(x.dtype).eps * max(curvature.largest, seen.bend)
    noise, near = 10 * rounding * scale, how.tolerance * seen.radius
    step, left = newton_step(model, curvature, rounding, noise, near)
    critical = float(step.norm()) <= near and left <= noise
    if critical and float(gradient.norm()) > noise and bool(step.any()):
        slope = float(objective.value_and_gradient(x + step)[1].norm())
        critical = slope <= max(SMALLER * float(gradient.norm()), noise)
        notes = notes if critical else (MISLED, *notes)
    doubt = curvature.off + rounding
    if critical and bool(step.any()):
        doubt = np.maximum(doubt, _shifts(objective.products(x + step), curvature) / SHIFT)
    signs = np.where(np.abs(curvature.eigenvalues) > doubt, np.sign(curvature.eigenvalues), 0).astype(int)
    down, flat, up, unknown = counts(signs, curvature, doubt)
    return Classification(
        kind(down, flat, up, unknown) if critical else "not critical", structure.hand_back(x), value,
        float(gradient.norm()), float(step.norm()), len(x), down, flat, up, unknown, curvature.eigenvalues,
        structure.hand_back(_escape(curvature, gradient, noise)) if signs[0] < 0 else None,
        *total, seen.radius, seen.error, objective.counts.evaluations, model, notes,
    )  # fmt: skip


def _checked(fun: Callable[..., Any], structure: Structure) -> Callable[[Tensor], Tensor]:
    def flat(x: Tensor) -> Tensor:
        value = fun(structure.tensors(x))
        if not isinstance(value, Tensor) or value.numel() != 1 or value.is_complex():
            what = f"a tensor of shape {list(value.shape)}" if isinstance(value, Tensor) else f"{value!r}"
            raise RavineError(f"classify(fun, x): fun must return one number as a tensor, got {what} at {place(x)}.")
        if x.requires_grad and not value.requires_grad:
            raise RavineError(
                f"classify(fun, x): fun returned {float(value):g} without a trace of x, so it has no gradient at "
                f"{place(x)}: compute it from x with PyTorch's functions."
            )
        return value

    return flat


def _check_finite(what: str, found: Tensor, x: Tensor) -> None:
    if not bool(torch.isfinite(found).all()):
        wrong = float(found[~torch.isfinite(found)][0]) if found.ndim else float(found)
        raise RavineError(f"classify(fun, x): {what} is {wrong} at {place(x)}: give a point where it is finite.")


def _curvature(objective: Objective, x: Tensor, how: How) -> tuple[Product, Curvature, tuple[float, float]]:
    """Products with the Hessian, its eigenvalues, and its trace with a standard error."""
    try:
        product = objective.products(x)
        _check_finite("its second derivative", product(torch.ones_like(x)), x)
    except (RuntimeError, NotImplementedError) as error:
        why = str(error).split("\n", 1)[0]
        raise RavineError(f"classify(fun, x): fun cannot be differentiated twice: {why}") from error
    if len(x) <= max(how.dense_up_to, 2):
        hessian = objective.hessian(x)
        _check_finite("its second derivative", hessian, x)
        return (lambda v: hessian @ v), dense(hessian), (float(hessian.trace()), 0.0)
    return product, lanczos(product, x, how.count, how.most, how.seed), trace(product, x, PROBES, how.seed)


def _shifts(product: Product, curvature: Curvature) -> NDArray[np.float64]:
    """By how much each eigenvalue is another at another point, to first order."""
    there = [float(v @ product(v)) for v in curvature.vectors.T]
    return np.abs(np.array(there) - curvature.eigenvalues)


def _escape(curvature: Curvature, gradient: Tensor, noise: float) -> Tensor:
    way = curvature.vectors[:, 0] / curvature.vectors[:, 0].norm()
    slope = float(gradient @ way)
    turned = slope > 0 if abs(slope) > noise else float(way[way.abs().argmax()]) < 0
    return -way if turned else way
