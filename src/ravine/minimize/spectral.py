"""A quadratic model whose matrix is taken apart into eigenvectors: every question about it has an exact answer."""

import torch
from torch import Tensor

from .descent import Escape, Proposal


class SpectralModel:
    """The model m(p) = g^T p + p^T B p / 2, by the eigenvalues and eigenvectors of B.

    Its minimum within a radius solves (B + lambda I) p = -g with B + lambda I positive semidefinite.
    More & Sorensen 1983, "Computing a trust region step", SIAM Journal on Scientific and Statistical Computing 4(3).
    """

    def __init__(self, gradient: Tensor, matrix: Tensor) -> None:
        self.eigenvalues, self.eigenvectors = torch.linalg.eigh(matrix)
        self.gradient = self.eigenvectors.T @ gradient

    def floor(self) -> float:
        """The smallest eigenvalue that is told from zero."""
        largest = float(self.eigenvalues.abs().max())
        return len(self.eigenvalues) * torch.finfo(self.eigenvalues.dtype).eps * largest

    def newton_step(self, *, safe: bool) -> Tensor:
        """Gives -B^-1 g; with |B| for B where it shall be safe, which leads down from anywhere.

        Args:
            safe: Whether eigenvalues are taken by their size, and not below what is told from zero.

        Returns:
            The step [n].
        """
        if not safe:
            return self.eigenvectors @ (-self.gradient / self.eigenvalues)
        least = self.floor() or float(self.gradient.norm())  # where nothing bends: straight down by a length of 1
        return self.eigenvectors @ (-self.gradient / self.eigenvalues.abs().clamp(min=least))

    def escape(self) -> Escape | None:
        """Gives the direction of the lowest eigenvalue, where that is below 0 by more than second derivatives err."""
        lowest, largest = float(self.eigenvalues[0]), float(self.eigenvalues.abs().max())
        if lowest >= -(torch.finfo(self.eigenvalues.dtype).eps ** 0.5) * largest:
            return None
        return Escape(self.eigenvectors[:, 0], lowest)

    def first_radius(self) -> float:
        """The length of the best step straight down, or of the gradient where the model falls without end."""
        size = float(self.gradient.norm())
        bend = float(self.eigenvalues @ (self.gradient / size) ** 2) if size > 0 else 0.0
        return size / bend if bend > 0 else size

    def within(self, radius: float) -> Proposal:
        """Finds the model's minimum within a radius."""
        lowest = float(self.eigenvalues[0])
        if lowest > 0:
            p = -self.gradient / self.eigenvalues
            if float(p.norm()) <= radius:
                return self._proposal(p)
        shift = self._shift(radius, max(0.0, -lowest))
        p = self._shifted(shift)
        missing = radius * radius - float(p @ p)
        if missing > 0.01 * radius * radius and lowest <= 0:  # the hard case: no slope along the lowest direction
            p[0] += missing**0.5 * (-1 if float(self.gradient[0]) > 0 else 1)
        return self._proposal(p)

    def _shifted(self, shift: float) -> Tensor:
        below = self.eigenvalues + shift
        return torch.where(below > 0, -self.gradient / below, torch.zeros_like(below))

    def _shift(self, radius: float, low: float) -> float:
        """Solves 1/|p(lambda)| = 1/radius for lambda > low by Newton's method, kept inside an interval."""
        high = low + float(self.gradient.norm()) / radius
        shift = high
        for _ in range(100):
            p = self._shifted(shift)
            length = float(p.norm())
            if abs(length - radius) <= 1e-3 * radius:
                break
            low, high = (shift, high) if length > radius else (low, shift)
            below = self.eigenvalues + shift
            bend = float((torch.where(below > 0, p**2 / below, torch.zeros_like(p))).sum())
            newton = shift + (length / radius - 1) * length * length / bend if bend > 0 else low
            shift = newton if low < newton < high else max((low * high) ** 0.5, low + 1e-3 * (high - low))
        return shift

    def _proposal(self, p: Tensor) -> Proposal:
        predicted = -float(self.gradient @ p + 0.5 * (self.eigenvalues @ p**2))
        return Proposal(self.eigenvectors @ p, predicted, float(p.norm()))
