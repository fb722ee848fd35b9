"""What SGD, momentum and averages of weights expect on the noisy quadratic, exactly, after any number of steps."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..errors import RavineError
from .noisy_quadratic import NoisyQuadratic, check_number

PerStep: TypeAlias = float | Sequence[float] | np.ndarray | Callable[[int, int], float]
"""One number for all steps, one for each, or a schedule: whatever gives one when called with (t, T)."""


class Expected(NamedTuple):
    """What is expected after 0, 1, ..., steps.

    `loss` is that of the weights, `averaged` that of the mean of the weights, both `[steps + 1]` in float64.
    """

    loss: np.ndarray
    averaged: np.ndarray


def expected(
    quadratic: NoisyQuadratic,
    steps: int,
    lr: PerStep,
    *,
    momentum: float = 0.0,
    nesterov: bool = False,
    batch_size: PerStep = 1,
    decay: float | None = None,
    start: int = 0,
) -> Expected:
    """Gives the exact mean losses of SGD, heavy ball or Nesterov's momentum, and of the mean of their weights.

    Along a coordinate of curvature h a step is linear in z = (x, velocity, mean), with one normal number e of variance
    h/batch_size: `z <- A z + b e`. So the matrix of second moments moves as `S <- A S A' + b b' h/batch_size`, and the
    expected loss is the sum of h S_xx / 2. For SGD that is `s <- (1 - lr h)^2 s + lr^2 h / batch_size`.
    Zhang et al. 2019. https://arxiv.org/abs/1907.04164

    Args:
        quadratic: The noisy quadratic.
        steps: The number of steps.
        lr: The step length of each step.
        momentum: The share of the velocity that a step keeps, in [0, 1); 0 for SGD. v <- momentum v + g; x <- x - lr v.
        nesterov: Whether x moves by -lr (g + momentum v) instead.
        batch_size: How many examples each step's gradient averages; infinite for no noise.
        decay: Memory of an exponential mean of the weights, corrected for its start; None for the plain mean.
        start: Count of steps before the mean begins; it is the weights themselves until then.

    Returns:
        The expected losses after each step, before the first one too; infinite where they are beyond float64.

    Raises:
        RavineError: Something lies outside its bounds, or there are not as many numbers as steps.

    >>> quadratic = NoisyQuadratic(n=10)
    >>> constant = expected(quadratic, 1000, lr=0.5)
    >>> print(f"{constant.loss[0]:.3f} {constant.loss[-1]:.3f} {quadratic.floor(0.5):.3f} {constant.averaged[-1]:.3f}")
    1.464 0.427 0.427 0.005
    """
    if not isinstance(quadratic, NoisyQuadratic):
        raise RavineError(f"quadratic must be a NoisyQuadratic, whose moments are known, got {quadratic!r}.")
    _check_count("steps", steps)
    _check_count("start", start)
    check_number("momentum", momentum, "[0, 1)")
    if decay is not None:
        check_number("decay", decay, "[0, 1)")
    lrs = _each_step("lr", lr, steps, "[0, inf)")
    batch_sizes = _each_step("batch_size", batch_size, steps, "[1, inf]")
    h = quadratic.curvatures
    second = np.zeros((quadratic.n, 3, 3))
    second[:, [0, 0, 2, 2], [0, 2, 0, 2]] = 1.0  # x from N(0, I); the mean starts on it, the velocity at 0
    losses = [_losses(h, second)]
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(steps):
            n = max(t + 1 - start, 1)
            w = 1 / n if decay is None else (1 - decay) / (1 - decay**n)
            a, b = _step(h, lrs[t], momentum, nesterov, w)
            second = a @ second @ a.transpose(0, 2, 1) + np.multiply.outer(h / batch_sizes[t], np.outer(b, b))
            losses.append(_losses(h, second))
    found = np.array(losses).T
    return Expected(*np.where(np.isnan(found), math.inf, found))  # what has overflown is infinite, however combined


def _step(h: np.ndarray, lr: float, momentum: float, nesterov: bool, w: float) -> tuple[np.ndarray, np.ndarray]:
    """Writes one step as `z <- A z + b e` for every coordinate: A is `[n, 3, 3]` and b, the same for all, `[3]`."""
    by_gradient, by_velocity = (1 + momentum, momentum**2) if nesterov else (1.0, momentum)
    a = np.zeros((len(h), 3, 3))
    a[:, 0, 0], a[:, 0, 1] = 1 - lr * by_gradient * h, -lr * by_velocity
    a[:, 1, 0], a[:, 1, 1] = h, momentum
    a[:, 2] = w * a[:, 0]
    a[:, 2, 2] = 1 - w
    return a, np.array([-lr * by_gradient, 1.0, -lr * by_gradient * w])


def _losses(h: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    return float(h @ second[:, 0, 0]) / 2, float(h @ second[:, 2, 2]) / 2


def _check_count(name: str, given: Any) -> None:
    if isinstance(given, bool) or not isinstance(given, (int, np.integer)) or given < 0:
        raise RavineError(f"{name} must be a whole number, at least 0, got {given!r}.")


def _each_step(name: str, given: Any, steps: int, interval: str) -> np.ndarray:
    numbers = [given(t, steps) for t in range(steps)] if callable(given) else given
    try:
        found = np.array(numbers, np.float64)
    except (TypeError, ValueError):
        raise RavineError(f"{name} must be one number, or one for each of {steps} steps, got {given!r}.") from None
    if found.shape not in {(), (steps,)}:
        raise RavineError(f"{name} must be one number, or one for each of {steps} steps, got {found.size} numbers.")
    for number in found.flat:
        check_number(name, float(number), interval)
    return np.broadcast_to(found, (steps,))
