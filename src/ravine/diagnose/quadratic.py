"""The quadratic that fits a function at a point, and how well it predicts the function nearby."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, minres
from torch import Tensor

from .curvature import Curvature

MINRES_PRODUCTS = 100
"""Products with the Hessian after which what is left of a slope counts as one along flat directions."""


@dataclass(frozen=True, eq=False)
class Quadratic:
    r"""Taylor's polynomial of second order, $q(s) = f + g^T s + \frac{1}{2} s^T H s$ for a step s.

    Nocedal & Wright 2006, "Numerical Optimization", Theorem 2.1.
    """

    value: float
    gradient: Tensor
    """`[n]`"""
    product: Callable[[Tensor], Tensor]
    """Multiplies a vector by H."""

    def __call__(self, step: Tensor) -> float:
        """Predicts the function.

        Args:
            step: The step s from the point, `[n]`.

        Returns:
            q(s).
        """
        step = step.to(self.gradient)
        return self.value + float(self.gradient @ step) + float(step @ self.product(step)) / 2


@dataclass(frozen=True, eq=False)
class Prediction:
    """How well a quadratic predicts a function at some distance from its point."""

    radius: float
    """The distance, in units of x."""
    error: float
    """What the quadratic misses, as a share of how much the function changes: 0 for a quadratic; NaN where the changes
    drown in rounding; infinite where the function is not finite."""
    bend: float
    """The largest curvature seen on the way there, quadratic or not, where it was finite."""


def predicted(
    model: Quadratic, function: Callable[[Tensor], float], x: Tensor, radius: float, directions: int, seed: int
) -> Prediction:
    r"""Compares a quadratic with the function that it fits.

    The error is $\sqrt{\sum_i (f(x+s_i) - q(s_i))^2 / \sum_i (f(x+s_i) - f(x))^2}$ over steps s of one length in
    random directions.

    Args:
        model: The quadratic at x.
        function: The function.
        x: The point, `[n]`.
        radius: The length of every step.
        directions: Their number.
        seed: Draws them.

    Returns:
        The error.

    >>> bowl = Quadratic(0.0, torch.zeros(2), lambda v: 2 * v)
    >>> predicted(bowl, lambda x: float(x @ x + x[0] ** 3), torch.zeros(2), 0.1, 16, seed=0).error < 0.1
    True
    """
    luck = np.random.default_rng(seed)
    missed, changes, bend, way = [], [], 0.0, torch.zeros_like(x)
    for _ in range(directions):
        normal = luck.standard_normal(len(x))
        way = torch.as_tensor(normal / np.linalg.norm(normal)).to(x)
        step = radius * way
        there = function(x + step)
        missed.append(there - model(step))
        changes.append(there - model.value)
        bent = 2 * abs(there - model.value - float(model.gradient @ step)) / radius / radius
        bend = max(bend, bent) if math.isfinite(bent) else bend
    if not all(map(math.isfinite, changes)):
        return Prediction(radius, math.inf, bend)
    if not any(changes) and not any(missed) and not bool(model.gradient.any()) and not bool(model.product(way).any()):
        return Prediction(radius, 0.0, bend)  # it stays the same, as predicted
    change, noise = math.hypot(*changes), torch.finfo(x.dtype).eps * abs(model.value) * directions**0.5
    return Prediction(radius, math.hypot(*missed) / change if change > 100 * noise else math.nan, bend)


def unseen(
    model: Quadratic,
    value_and_gradient: Callable[[Tensor], tuple[float, Tensor]],
    x: Tensor,
    scale: float,
    bend: float,
    seed: int,
) -> float:
    """Tells curvature that automatic differentiation does not see, by gradients beside the point.

    Autograd takes what it cannot differentiate twice for a constant, and a kink for the smooth side that x is on.

    Args:
        model: The quadratic at x.
        value_and_gradient: The function, and its gradient.
        x: The point, `[n]`.
        scale: The size of x, at least 1.
        bend: The largest curvature nearby.
        seed: Draws the direction.

    Returns:
        By how much H v is off, for one random v, as a share of its length; 0 where that is what differences are off by,
        and where the function is not finite beside x.
    """
    eps = torch.finfo(x.dtype).eps
    v = torch.as_tensor(np.random.default_rng(seed).standard_normal(len(x))).to(x)
    v, h = v / v.norm(), eps ** (1 / 3) * scale  # where the error of central differences is smallest
    (value, ahead), (other, behind) = value_and_gradient(x + h * v), value_and_gradient(x - h * v)
    if not math.isfinite(value + other):  # beyond the edge of its domain, where a gradient means nothing
        return 0.0
    seen = (ahead - behind) / (2 * h)
    told = model.product(v)
    off, size = float((told - seen).norm()), max(float(told.norm()), float(seen.norm()))
    # That error is of the order of eps^(2/3), in units of the curvature, times how much faster higher derivatives grow.
    return off / size if off > 1e4 * eps ** (2 / 3) * bend else 0.0


def newton_step(
    model: Quadratic, curvature: Curvature, rounding: float, noise: float, near: float
) -> tuple[Tensor, float]:
    """Steps to the critical point of a quadratic, leaving aside the directions in which it is flat.

    Where not all eigenvalues are known, H p = -g is solved by products alone (Paige & Saunders 1975, "Solution of
    sparse indefinite systems of linear equations"), but only where the step can be as short as asked for.

    Args:
        model: The quadratic.
        curvature: The eigenvalues of its Hessian.
        rounding: The |eigenvalue| up to which a direction is flat.
        noise: The length up to which a slope is one of rounding.
        near: The length up to which the step matters.

    Returns:
        The step -H^-1 g, `[n]`, or one that is no longer where that is longer than `near` anyway; and the length of the
        slope that is left, along flat directions.
    """
    gradient = model.gradient
    if not curvature.unknown():
        eigenvalues = torch.as_tensor(curvature.eigenvalues).to(gradient)
        along = curvature.vectors.T @ gradient
        curved = eigenvalues.abs() > rounding
        step = torch.where(curved, -along / eigenvalues, torch.zeros_like(along))
        return curvature.vectors @ step, float(along[~curved].norm())
    size = curvature.largest + float(curvature.off.max())
    shortest = -gradient / size if size else gradient
    if float(shortest.norm()) > near:  # whatever the other eigenvalues are, the step is no shorter
        return shortest, 0.0
    return _minres(model, noise, near)


def _minres(model: Quadratic, noise: float, near: float) -> tuple[Tensor, float]:
    gradient, product = model.gradient, model.product
    n, size = len(gradient), float(gradient.norm())
    if size <= noise:  # along flat directions rounding would lead anywhere
        return torch.zeros_like(gradient), size

    def times(v: NDArray[Any]) -> NDArray[Any]:
        return product(torch.as_tensor(np.asarray(v).ravel()).to(gradient)).double().cpu().numpy()

    operator: Any = LinearOperator((n, n), matvec=times, dtype=np.float64)  # pyright: ignore[reportCallIssue]
    right = (-gradient / size).double().cpu().numpy()  # of length 1: minres stops at absolute sizes, too
    found, _ = minres(operator, right, rtol=max(1e-10, 0.1 * noise / size), maxiter=MINRES_PRODUCTS)
    step = size * torch.as_tensor(found).to(gradient)
    left = float((product(step) + gradient).norm())
    # A hundredth of the slope that is left would change the step by a hundredth, if no eigenvalue were flat.
    return step, left if left > 1e-2 * size or float(step.norm()) > near else 0.0
