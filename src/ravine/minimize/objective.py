"""What is made small, seen by a method: a function of one flat vector, whose every use is counted."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import RavineError

Product = Callable[[Tensor], Tensor]
"""Multiplies a vector by the Hessian at a point that stays."""


class BudgetSpentError(Exception):
    """An evaluation was asked for that the budget does not hold; `advance` makes a sentence of it."""


@dataclass
class Counts:
    """How often a function was used, in SciPy's words, and what that cost in gradient evaluations.

    A value with its gradient costs 1, a Hessian-vector product 2, a Hessian 2 n, a Jacobian the smaller of its sides.
    """

    nfev: int = 0
    ngev: int = 0
    nhev: int = 0
    evaluations: int = 0


class Objective(ABC):
    """A function of one flat vector; a subclass gives its value and gradient, and what more it has.

    A method drives it through the counted half alone. Value, gradient and products need not be finite: whoever asked
    for them judges that.
    """

    second_order = False
    """Whether there are Hessian-vector products, and so Hessians."""

    sum_of_squares = False
    """Whether there are residuals, and their Jacobian."""

    def __init__(self, budget: float = math.inf) -> None:
        self.counts = Counts()
        self.budget = budget

    @abstractmethod
    def _value_and_gradient(self, x: Tensor) -> tuple[float, Tensor]: ...

    def _products(self, x: Tensor) -> Product:
        raise RavineError(f"{type(self).__name__} has no second derivatives, at {len(x)} parameters or anywhere.")

    def _residuals_and_jacobian(self, x: Tensor) -> tuple[Tensor, Tensor]:
        raise RavineError(f"{type(self).__name__} has no residuals, at {len(x)} parameters or anywhere.")

    def value_and_gradient(self, x: Tensor) -> tuple[float, Tensor]:
        """Evaluates the function and its gradient at a point, which counts as one evaluation.

        Args:
            x: The point [n].

        Returns:
            The value, and the gradient [n].
        """
        self._spend(1, nfev=1, ngev=1)
        return self._value_and_gradient(x)

    def products(self, x: Tensor) -> Product:
        """Prepares for Hessian-vector products at a point, which costs one gradient evaluation and memory linear in n.

        Args:
            x: The point [n].

        Returns:
            A function from a vector [n] to the Hessian's product with it [n]; each call counts.
        """
        self._spend(1)
        product = self._products(x)

        def counted(v: Tensor) -> Tensor:
            self._spend(2, nhev=1)
            return product(v)

        return counted

    def hessian_vector(self, x: Tensor, v: Tensor) -> Tensor:
        """Multiplies one vector by the Hessian at a point.

        Args:
            x: The point [n].
            v: The vector [n].

        Returns:
            The product [n].
        """
        return self.products(x)(v)

    def hessian(self, x: Tensor) -> Tensor:
        """Works out the whole Hessian, column by column.

        Args:
            x: The point [n].

        Returns:
            The Hessian [n, n], symmetric to the last bit.
        """
        self._spend(2 * len(x), nhev=1)
        product = self._products(x)
        columns = [product(unit) for unit in torch.eye(len(x), dtype=x.dtype, device=x.device)]
        full = torch.stack(columns) if columns else x.new_zeros(0, 0)
        return (full + full.T) / 2

    def residuals_and_jacobian(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Works out the residuals, whose sum of squares is the value, and their derivatives.

        Args:
            x: The point [n].

        Returns:
            The residuals [m], and their Jacobian [m, n].
        """
        self._spend(0)
        r, jacobian = self._residuals_and_jacobian(x)
        self._spend(min(jacobian.shape), ngev=1)
        return r, jacobian

    def _spend(self, cost: int, *, nfev: int = 0, ngev: int = 0, nhev: int = 0) -> None:
        counts = self.counts
        if counts.evaluations + cost > self.budget:
            raise BudgetSpentError
        counts.evaluations += cost
        counts.nfev += nfev
        counts.ngev += ngev
        counts.nhev += nhev
