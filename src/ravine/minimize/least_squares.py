"""Sums of squares: the Jacobian of the residuals gives most of the Hessian for nothing."""

from typing import ClassVar

import torch
from torch import Tensor

from ..fields import flag
from .damped import DampedModel
from .descent import Descent, Model
from .objective import Objective
from .search import Search
from .state import Memory, Point
from .strong_wolfe import StrongWolfe
from .trust_region import TrustRegion


class GaussNewton(Descent):
    """Goes along the shortest d that makes |J d + r| smallest, for residuals r [m] and their Jacobian J [m, n].

    It is Newton's step without the residuals' own curvature: near a minimum where they vanish it is as fast, and where
    they are large it may lead nowhere.

    Nocedal & Wright 2006, section 10.3.
    """

    needs: ClassVar[str] = "residuals"
    by_region = True

    def default_search(self) -> Search:
        """Strong Wolfe."""
        return StrongWolfe()

    def direction(self, objective: Objective, point: Point, memory: Memory) -> Tensor:
        """The Gauss-Newton step."""
        del memory
        r, jacobian = objective.residuals_and_jacobian(point.x)
        if not bool(torch.isfinite(jacobian).all()):
            return torch.full_like(point.x, torch.nan)
        return DampedModel(r, jacobian).undamped_step()

    def model(self, objective: Objective, point: Point, memory: Memory) -> Model:
        """The residuals as if they were linear."""
        del memory
        return DampedModel(*objective.residuals_and_jacobian(point.x))


class LevenbergMarquardt(Descent):
    """Solves (J^T J + lambda D^2) p = -J^T r for residuals r [m] and their Jacobian J [m, n].

    lambda is what makes |D p| the radius of a trust region. D holds the largest length that each column of J has had,
    so that units of the parameters do not matter.

    More 1978, "The Levenberg-Marquardt algorithm: implementation and theory"; Nocedal & Wright 2006, section 10.3.
    """

    needs: ClassVar[str] = "residuals"
    by_line = False
    by_region = True

    scaled: bool = flag(True, "whether lengths are measured by D, or as they are")

    def default_search(self) -> Search:
        """A trust region, whose radius sets lambda."""
        return TrustRegion()

    def model(self, objective: Objective, point: Point, memory: Memory) -> Model:
        """The residuals as if they were linear, in units of D; it notes the lengths of this Jacobian's columns."""
        r, jacobian = objective.residuals_and_jacobian(point.x)
        if not self.scaled:
            return DampedModel(r, jacobian)
        lengths = torch.linalg.vector_norm(jacobian, dim=0)
        if "scale" in memory:
            lengths = torch.maximum(memory["scale"], lengths)
        lengths = torch.where(lengths > 0, lengths, torch.ones_like(lengths))
        memory["scale"] = lengths
        return DampedModel(r, jacobian, lengths, 100 * float((lengths * point.x).norm()) or 100.0)
