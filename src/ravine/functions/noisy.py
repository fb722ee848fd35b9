"""Gradients with noise: any surface's with noise added, and a mean over a few examples in place of all."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import RavineError
from ..fields import Number, field, inner
from ..part import Part
from .points import as_points
from .surface import Surface, as_given, float64_leaf


class NoisyGradient(Part):
    """A surface whose gradient comes with normal noise: `g + std e`, every element of e from N(0, 1).

    >>> from ravine.functions import Ravine
    >>> noisy = NoisyGradient(Ravine(kappa=10.0), std=0.5)
    >>> noisy([1.0, 1.0]), noisy.gradient([1.0, 1.0], torch.Generator().manual_seed(0)).round(2)
    (np.float64(5.5), array([1.77, 9.85]))
    """

    surface: Surface = inner("surface", holds=(Surface,))
    std: Number = field(0.1, "standard deviation of the noise in every element of the gradient", at_least=0)

    def __call__(self, x: Any) -> Any:
        """Gives the surface's values, which have no noise."""
        return self.surface(x)

    def gradient(self, x: Any, generator: torch.Generator) -> Any:
        """Gives the gradients at points, each with noise of its own.

        Args:
            x: The points, `[..., n]`: a tensor, an array, or numbers.
            generator: Where the noise comes from: the same state, the same noise, whatever the dtype of the points.

        Returns:
            The noisy gradients `[..., n]`, of the kind and dtype of the points.
        """
        g = self.surface.gradient(x)
        return g + self.std * normal(g, generator)


class Sampled(Part):
    """A mean squared error whose gradient is that of a few examples, drawn anew at every step with replacement.

    >>> from ravine.functions import RareInputs
    >>> few = Sampled(RareInputs(), batch_size=10)
    >>> few.gradient(torch.zeros(1000, 2), torch.Generator().manual_seed(0)).mean(0)
    tensor([-0.9740, -0.1370])
    >>> RareInputs().gradient(torch.zeros(2))
    tensor([-0.9728, -0.1435])
    """

    surface: Surface = inner("surface with `residuals`, the error of each example", holds=(Surface,))
    batch_size: int = field(1, "number of examples that a gradient is taken from", at_least=1, whole=True)

    def __post_init__(self) -> None:
        Part.__post_init__(self)
        if not hasattr(self.surface, "residuals"):
            raise RavineError(
                f"{self!r}: {self.surface.name} has no examples to draw from; take NoisyGradient({self.surface!r}), "
                "or RareInputs()."
            )

    def __call__(self, x: Any) -> Any:
        """Gives the surface's values, over all examples."""
        return self.surface(x)

    def gradient(self, x: Any, generator: torch.Generator) -> Any:
        """Gives the gradients at points, each from examples of its own.

        Args:
            x: The points, `[..., n]`: a tensor, an array, or numbers.
            generator: Where the draws come from.

        Returns:
            The gradients `[..., n]` of half the mean squared error of the drawn examples, of the kind and dtype of
            the points.
        """
        points = as_points(self.surface, x)
        with torch.enable_grad():
            leaf = float64_leaf(points)
            r: Tensor = self.surface.residuals(leaf)  # pyright: ignore[reportAttributeAccessIssue] - was asked for
            count = r.shape[-1]
            shape = (*r.shape[:-1], self.batch_size)
            drawn = torch.randint(count, shape, generator=checked(generator), device=generator.device).to(r.device)
            loss = r.gather(-1, drawn).square().mean(-1).sum() / 2
            g = torch.autograd.grad(loss, leaf)[0]
        return as_given(points, g)


def normal(x: Any, generator: torch.Generator) -> Any:
    """Draws standard normal numbers in float64, of the shape, kind and dtype of an array or a tensor.

    Args:
        x: The array or tensor.
        generator: Where they come from.

    Returns:
        The numbers.
    """
    e = torch.randn(x.shape, generator=checked(generator), dtype=torch.float64, device=generator.device)
    return e.to(x) if isinstance(x, Tensor) else np.asarray(e.cpu().numpy(), x.dtype)


def checked(generator: Any) -> torch.Generator:
    """Refuses what is no generator: without one PyTorch would draw from the one that all share.

    Args:
        generator: What was given.

    Returns:
        The same.

    Raises:
        RavineError: It is no `torch.Generator`.
    """
    if not isinstance(generator, torch.Generator):
        raise RavineError(
            f"generator must be a torch.Generator, got {generator!r}: give torch.Generator().manual_seed(0)."
        )
    return generator
