"""The ground that methods move on: a surface, how its gradient is asked for, and how far away is too far."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import RavineError
from ..functions import SURFACES, NoisyGradient, Sampled, Surface
from ..functions.find import surface
from ..functions.noisy import normal
from ..rules import counter
from ..text import read

Noisy = NoisyGradient | Sampled

FAR = 10.0
"""How many widths of the box from its middle a course is followed: beyond, nothing comes back."""

ASTRAY = 0.25
"""How far out of the box a course may swing and come back, in widths: further has nothing to do with what is seen."""

ON = 1e-6
"""How near to a known saddle or maximum a point lies on it, in widths of the box."""

FLAT = 1e-10
"""Largest component of a slope that has vanished."""

STEEP = 1e-6
"""How steeply, as a share of the Hessian's largest eigenvalue, a way leads down that rounding did not make."""

GRID = 65
"""How many points along each coordinate are looked at for the lowest, where no minimum is known."""


@dataclass(frozen=True)
class Ground:
    """A surface, and the gradient that methods are told: its own, or a noisy one.

    Attributes:
        surface: What is made small, and drawn.
        noisy: What gives gradients with noise; None where they have none.
        seed: Decides the noise.
    """

    surface: Surface
    noisy: Noisy | None = None
    seed: int = 0

    def slope(self, x: Tensor, draw: int) -> Tensor:
        """Gives gradients at points; every point meets the same added noise, so that luck decides between no two.

        Args:
            x: The points `[..., n]`.
            draw: Which draw of the noise: the same number, the same noise.

        Returns:
            The gradients `[..., n]`.
        """
        if self.noisy is None:
            return self.surface.gradient(x)
        generator = torch.Generator().manual_seed(counter.key(self.seed, draw, 0) >> 1)
        if isinstance(self.noisy, NoisyGradient):
            one = x.reshape(-1, x.shape[-1])[0]
            return self.surface.gradient(x) + self.noisy.std * normal(one, generator)
        return self.noisy.gradient(x, generator)

    @cached_property
    def lowest(self) -> float:
        """The value of the deepest known minimum; where none is known, the lowest one in the box."""
        if self.surface.minima:
            return min(point.value for point in self.surface.minima)
        axes = [np.linspace(low, high, GRID) for low, high in self.surface.box]
        return float(self.surface(np.stack(np.meshgrid(*axes), -1)).min())

    @cached_property
    def _box(self) -> np.ndarray:
        return np.array(self.surface.box)

    def is_far(self, points: np.ndarray) -> np.ndarray:
        """Tells which points are so far away that nothing comes back from there.

        Args:
            points: The points `[..., n]`.

        Returns:
            One answer for each; a point that is not finite is far.
        """
        middle, width = self._box.mean(1), self._box[:, 1] - self._box[:, 0]
        return ~(np.abs(points - middle) <= FAR * width).all(-1)

    def is_inside(self, point: np.ndarray) -> bool:
        """Tells whether a point lies in the box, which is what a picture shows."""
        return bool(((point >= self._box[:, 0]) & (point <= self._box[:, 1])).all())

    def strays(self, points: np.ndarray) -> bool:
        """Tells whether a course swings far out of the box and comes back.

        Args:
            points: Its points [k, n].

        Returns:
            Whether it does; one that leaves for good does not.
        """
        room = ASTRAY * (self._box[:, 1] - self._box[:, 0])
        outside = (points < self._box[:, 0] - room) | (points > self._box[:, 1] + room)
        return bool(outside.any()) and self.is_inside(points[-1])

    def distance(self, point: np.ndarray) -> float:
        """Measures how far the nearest known minimum is.

        Args:
            point: A point [n].

        Returns:
            The distance; NaN where no minimum is known.
        """
        return min((float(np.linalg.norm(point - np.array(m.x))) for m in self.surface.minima), default=math.nan)

    def rests_on(self, point: np.ndarray) -> str:
        """Tells on what that is no minimum a point lies, so that a method which stands there comes to rest.

        Args:
            point: A point [n].

        Returns:
            "saddle" or "maximum" where it lies on a known one, or where the slope vanishes and the Hessian has ways
            down; else nothing.
        """
        width = self._box[:, 1] - self._box[:, 0]
        for kind, known in (("saddle", self.surface.saddles), ("maximum", self.surface.maxima)):
            if any((np.abs(point - np.array(each.x)) <= ON * width).all() for each in known):
                return kind
        if not np.abs(self.surface.gradient(point)).max() <= FLAT:
            return ""
        bends = np.linalg.eigvalsh(self.surface.hessian(point))
        down = bends < -STEEP * np.abs(bends).max()
        return ("maximum" if down.all() else "saddle") if down.any() else ""


def read_ground(given: str | Surface | Noisy, noise: float = 0.0, seed: int = 0) -> Ground:
    """Reads what methods are to move on.

    Args:
        given: A surface, its name, its text such as `ravine(kappa=1000)`, or one whose gradient is noisy.
        noise: Standard deviation of the noise that is added to every element of the gradient.
        seed: Decides the noise.

    Returns:
        The ground.

    Raises:
        RavineError: There is no such surface, it has not two coordinates, or noise is no number of at least 0.

    >>> read_ground("ravine(kappa=1000)").surface
    Ravine(kappa=1000)
    """
    if isinstance(noise, bool) or not isinstance(noise, (int, float)) or not 0 <= noise < math.inf:
        raise RavineError(f"--noise {noise}: must be a standard deviation, at least 0, such as 0.5.")
    found = _surface(given) if isinstance(given, str) else given
    if isinstance(found, (NoisyGradient, Sampled)):
        if noise:
            raise RavineError(f"{found!r} has noise of its own: leave --noise {noise:g} out.")
        ground = Ground(found.surface, found, seed)
    elif isinstance(found, Surface):
        ground = Ground(found, NoisyGradient(found, noise) if noise else None, seed)
    else:
        raise RavineError(f"watch({given!r}): give a surface or its name, one of {', '.join(SURFACES)}.")
    if ground.surface.dimensions != 2:
        raise RavineError(
            f"{ground.surface!r} has {ground.surface.dimensions} coordinates, and a picture shows two: give one of two."
        )
    return ground


def _surface(text: str) -> Any:
    if "(" not in text:
        return surface(text)
    kinds = {known.name: type(known) for known in SURFACES.values()}
    return read(text, kinds | {kind.__name__: kind for kind in kinds.values()})


def check_place(ground: Ground, start: tuple[float, ...]) -> None:
    """Refuses a surface that is no function with a slope at the start.

    Args:
        ground: The ground.
        start: Where the methods start.

    Raises:
        RavineError: It gives no finite number there, or one that does not depend on the place.
    """
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    value = ground.surface(x)
    typed = f"{ground.surface!r} at {', '.join(f'{each:g}' for each in start)}"
    if not isinstance(value, Tensor) or not value.requires_grad:
        raise RavineError(f"{typed} gives {value!r} whatever the place, so no method can move: write it in x and y.")
    if value.shape != ():
        raise RavineError(f"{typed} gives {list(value.shape)} numbers, and must give one.")
    if not math.isfinite(float(value.detach())):
        raise RavineError(f"{typed} is {float(value.detach())}: start where it is finite.")
