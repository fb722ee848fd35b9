"""Newton's method: to the minimum of the quadratic that fits the function here."""

import torch
from torch import Tensor

from ..fields import option
from .backtracking import Fixed
from .descent import Descent, Escape, Model
from .objective import Objective
from .search import Search
from .spectral import SpectralModel
from .state import Memory, Point
from .strong_wolfe import StrongWolfe


class Newton(Descent):
    """Goes along d = -H^-1 g with the Hessian H [n, n], made positive definite first.

    By its eigenvalues: |lambda| stands for lambda, so that a saddle is left along what leads down. By a modified
    Cholesky factorization: H + tau I with the first tau that has one. With `safeguard=None` it is the textbook's step,
    which lands on the minimum of a convex quadratic at once, walks into saddles and maxima, and fails far from a
    quadratic.

    Nocedal & Wright 2006, section 3.4 and Algorithm 3.3; the trust region is that of section 4.3.
    """

    needs = "second derivatives"
    by_region = True
    looks = True

    safeguard: str | None = option("eigenvalues", ("eigenvalues", "cholesky", None), "what makes H positive definite")

    def default_search(self) -> Search:
        """Strong Wolfe from the full step; nothing but the full step where there is no safeguard."""
        return Fixed(1.0) if self.safeguard is None else StrongWolfe()

    def direction(self, objective: Objective, point: Point, memory: Memory) -> Tensor:
        """Newton's step, or the safe one in its place."""
        del memory
        hessian = objective.hessian(point.x)
        if not bool(torch.isfinite(hessian).all()):
            return torch.full_like(point.x, torch.nan)
        if self.safeguard == "cholesky":
            return _by_cholesky(hessian, point.gradient)
        if self.safeguard == "eigenvalues":
            return SpectralModel(point.gradient, hessian).newton_step(safe=True)
        step, failed = torch.linalg.solve_ex(hessian, -point.gradient)
        return torch.full_like(step, torch.nan) if int(failed) else step

    def model(self, objective: Objective, point: Point, memory: Memory) -> Model:
        """The quadratic with the Hessian as it is."""
        del memory
        return SpectralModel(point.gradient, objective.hessian(point.x))

    def escape(self, objective: Objective, point: Point, memory: Memory) -> Escape | None:
        """The lowest eigenvector; none for the textbook's step."""
        del memory
        if self.safeguard is None:
            return None
        hessian = objective.hessian(point.x)
        return SpectralModel(point.gradient, hessian).escape() if bool(torch.isfinite(hessian).all()) else None


def _by_cholesky(hessian: Tensor, gradient: Tensor) -> Tensor:
    """Adds tau I, tau growing from 1e-4 of the Hessian's norm, until there is a factorization."""
    diagonal = hessian.diagonal()
    beta = 1e-4 * float(hessian.norm()) or 1.0
    tau = 0.0 if float(diagonal.min()) > 0 else beta - float(diagonal.min())
    while tau < torch.inf:
        factor, failed = torch.linalg.cholesky_ex(hessian + tau * torch.eye(len(gradient)).to(hessian))
        if not int(failed):
            return -torch.cholesky_solve(gradient[:, None], factor)[:, 0]
        tau = max(2 * tau, beta)
    return torch.full_like(gradient, torch.nan)
