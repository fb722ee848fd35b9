"""The noisy quadratic: a model of training late in its course, all of whose means are known exactly."""

import math
from typing import Any

import numpy as np
import torch

from ..errors import RavineError
from ..fields import Interval, field
from ..part import Part
from .elementary import like, sqrt
from .noisy import checked, normal
from .points import as_points


class NoisyQuadratic(Part):
    """A bowl `f(x) = 1/2 sum_i h_i x_i^2`, h_i = 1/i, whose gradient has noise of variance h_i / batch_size.

    It starts at x from N(0, I). Zhang et al. 2019, "Which Algorithmic Choices Matter at Which Batch Sizes? Insights
    From a Noisy Quadratic Model". https://arxiv.org/abs/1907.04164

    >>> NoisyQuadratic(n=4)([1.0, 1.0, 1.0, 1.0]).round(4)
    np.float64(1.0417)
    """

    n: int = field(100, "number of dimensions", at_least=1, whole=True)

    @property
    def dimensions(self) -> int:
        """The number of coordinates."""
        return self.n

    @property
    def curvatures(self) -> np.ndarray:
        """The second derivative along each coordinate, `1/i`, `[n]` in float64."""
        return 1 / np.arange(1, self.n + 1)

    def __call__(self, x: Any) -> Any:
        """Gives the losses at points.

        Args:
            x: The points, `[..., n]`: a tensor, an array, or numbers.

        Returns:
            The losses `[...]`, in the points' dtype.
        """
        points = as_points(self, x)
        return (like(points, self.curvatures) * points * points).sum(-1) / 2

    def begin(self, runs: int, generator: torch.Generator) -> torch.Tensor:
        """Draws where runs start.

        Args:
            runs: The number of runs.
            generator: Where the draws come from.

        Returns:
            One start per run, `[runs, n]` in float64.
        """
        return torch.randn(runs, self.n, generator=checked(generator), dtype=torch.float64)

    def gradient(self, x: Any, generator: torch.Generator, batch_size: float = 1) -> Any:
        """Gives the gradients at points as a batch shows them, each with noise of its own.

        Args:
            x: The points, `[..., n]`: a tensor, an array, or numbers.
            generator: Where the noise comes from.
            batch_size: How many examples are averaged; infinite for no noise.

        Returns:
            The gradients `[..., n]`, of the kind and dtype of the points.
        """
        check_number("batch_size", batch_size, "[1, inf]")
        points = as_points(self, x)
        h = like(points, self.curvatures)
        return h * points + sqrt(h / batch_size) * normal(points, generator)

    def floor(self, lr: float, momentum: float = 0.0, batch_size: float = 1) -> float:
        """Gives the expected loss that SGD or heavy ball comes down to with a constant step length.

        Each coordinate's second moment settles at
        `s = lr (1 + momentum) / (batch_size (1 - momentum) (2 (1 + momentum) - lr h))`, and the loss is 1/2 sum(h s).

        Args:
            lr: The step length.
            momentum: The share of the velocity that a step keeps; 0 for SGD.
            batch_size: How many examples a gradient averages.

        Returns:
            The floor; infinite where the step is too long for the steepest coordinate.

        Raises:
            RavineError: Something lies outside its bounds.

        >>> NoisyQuadratic(n=1).floor(lr=1.0), NoisyQuadratic(n=1).floor(lr=1.0, batch_size=4)
        (0.5, 0.125)
        """
        check_number("lr", lr, "[0, inf)")
        check_number("momentum", momentum, "[0, 1)")
        check_number("batch_size", batch_size, "[1, inf]")
        h = self.curvatures
        room = 2 * (1 + momentum) - lr * h
        if not (room > 0).all():
            return math.inf
        return float((h * lr * (1 + momentum) / (batch_size * (1 - momentum) * room)).sum() / 2)


def check_number(name: str, value: Any, interval: str) -> None:
    """Refuses a number outside its bounds.

    Args:
        name: What it is called.
        value: The number.
        interval: The bounds, as `Interval.read` takes them.

    Raises:
        RavineError: It lies outside, or is no number.

    >>> check_number("momentum", 1.0, "[0, 1)")
    Traceback (most recent call last):
    ravine.errors.RavineError: momentum must be in [0, 1), got 1.0.
    """
    known = Interval.read(interval)
    if not isinstance(value, (int, float)) or value not in known:  # NaN lies in no interval
        raise RavineError(f"{name} must be {known}, got {value!r}.")
