"""The model of a sum of squares whose residuals are linear, by the singular values of their Jacobian."""

import math

import torch
from torch import Tensor

from .descent import Proposal


class DampedModel:
    """The model m(p) = |r + J p|^2, with lengths |D p|.

    Its minimum within a radius is p = -D^-1 V (sigma / (sigma^2 + lambda)) U^T r with J D^-1 = U diag(sigma) V^T. The
    radius need only be met to a tenth. Where J is not finite, what a step predicts is NaN.

    More 1978, sections 3 and 5.
    """

    def __init__(self, r: Tensor, jacobian: Tensor, lengths: Tensor | None = None, first: float | None = None) -> None:
        self.lengths = torch.ones_like(jacobian[0]) if lengths is None else lengths
        scaled = jacobian / self.lengths
        if not bool((torch.isfinite(scaled) & torch.isfinite(self.lengths)).all()):  # the decomposition would refuse it
            r, scaled = torch.full_like(r, torch.nan), torch.zeros_like(scaled)
        u, self.sigma, self.v = torch.linalg.svd(scaled, full_matrices=False)
        self.r = u.T @ r
        self.first = first

    def first_radius(self) -> float:
        """As given; else the length of the best step straight down, without end where it is too large to be told."""
        if self.first is not None:
            return self.first
        g = self.sigma * self.r
        size, bend = float(g.norm()), float((self.sigma * g).square().sum())
        if bend == 0:
            return 1.0
        radius = size * size * size / bend
        return radius if radius > 0 else math.inf

    def undamped_step(self) -> Tensor:
        """The shortest of the steps to the minimum."""
        return self._step(self._coefficients(0.0))

    def within(self, radius: float) -> Proposal:
        """Finds the minimum within a radius, which it may exceed by a tenth."""
        q = self._coefficients(0.0)
        if float(q.norm()) > 1.1 * radius:
            q = self._coefficients(self._damping(radius))
        after = self.r + self.sigma * q
        predicted = float((self.r - after) @ (self.r + after))
        return Proposal(self._step(q), predicted, float(q.norm()))

    def _damping(self, radius: float) -> float:
        """Solves |q(lambda)| = radius by Newton's method on its reciprocal, kept inside an interval."""
        low, high = 0.0, float((self.sigma * self.r).norm()) / radius
        damping = 1e-3 * high
        for _ in range(50):
            q = self._coefficients(damping)
            length = float(q.norm())
            if abs(length - radius) <= 0.1 * radius:
                break
            low, high = (damping, high) if length > radius else (low, damping)
            bend = float((q**2 / (self.sigma**2 + damping)).sum())
            newton = damping + (length / radius - 1) * (length * length) / bend if bend > 0 else low
            damping = newton if low < newton < high else max(1e-3 * high, (low * high) ** 0.5)
        return damping

    def _coefficients(self, damping: float) -> Tensor:
        """The step by singular vectors, in units of D; without those whose value is zero but for rounding."""
        floor = max(self.v.shape) * torch.finfo(self.r.dtype).eps * float(self.sigma.max())
        q = -self.sigma * self.r / (self.sigma**2 + damping)
        return torch.where(self.sigma > floor, q, torch.zeros_like(q))

    def _step(self, q: Tensor) -> Tensor:
        return (self.v.T @ q) / self.lengths
