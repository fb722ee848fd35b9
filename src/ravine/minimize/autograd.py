"""Functions of PyTorch tensors as objectives: gradients, products and Jacobians by automatic differentiation."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import RavineError
from .objective import Objective, Product
from .state import place


class FunctionObjective(Objective):
    """A function from a flat vector to one number; a gradient of one's own may be given beside it."""

    second_order = True

    def __init__(
        self, function: Callable[[Tensor], Any], gradient: Callable[[Tensor], Tensor] | None = None,
        budget: float = math.inf,
    ) -> None:  # fmt: skip
        super().__init__(budget)
        self.function, self.gradient = function, gradient

    def _value_and_gradient(self, x: Tensor) -> tuple[float, Tensor]:
        if self.gradient is not None:
            with torch.no_grad():
                value = as_number(self.function(x), x)
            return value, self.gradient(x)
        x = x.detach().requires_grad_()
        value, gradient = self._differentiated(x)
        return value, gradient.detach()

    def _products(self, x: Tensor) -> Product:
        x = x.detach().requires_grad_()
        _, gradient = self._differentiated(x, twice=True)

        def product(v: Tensor) -> Tensor:
            if not gradient.requires_grad:  # the function is linear
                return torch.zeros_like(v)
            with _second(x):
                (found,) = torch.autograd.grad(
                    gradient, x, v, retain_graph=True, allow_unused=True, materialize_grads=True
                )
            return found.detach()

        return product

    def _differentiated(self, x: Tensor, *, twice: bool = False) -> tuple[float, Tensor]:
        """The value and the gradient; twice, where the gradient is to be differentiated again."""
        with torch.enable_grad():
            value = _followed(self.function, x, "compute with PyTorch's functions, or give gradient=")
        number = as_number(value, x)
        with _second(x) if twice else nullcontext():
            gradient = _gradient(value, x, twice=twice) if isinstance(value, Tensor) else None
        if gradient is None:
            raise RavineError(
                f"fun returned {number:g} at {place(x)} without a trace of x, so it has no gradient: compute it from x "
                "with PyTorch's functions, or give gradient=."
            )
        return number, gradient


def as_number(value: Any, x: Tensor) -> float:
    """Reads what a function returned as a number.

    Args:
        value: What it returned.
        x: Where, for the error's sentence.

    Returns:
        The number.

    Raises:
        RavineError: It is none.
    """
    if isinstance(value, Tensor) and value.numel() == 1 and not value.is_complex():
        return float(value.detach())
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(())[()]
    if isinstance(value, Real):
        return float(value)
    raise RavineError(
        f"fun must return one number, got {_described(value)} at {place(x)}. Residuals are for "
        "method='levenberg_marquardt' or 'gauss_newton'; sum what is meant to be summed."
    )


class ResidualObjective(Objective):
    """A function from a flat vector to residuals; its value is the sum of their squares."""

    second_order = True
    sum_of_squares = True

    def __init__(self, residuals: Callable[[Tensor], Tensor], budget: float = math.inf) -> None:
        super().__init__(budget)
        self.residuals = residuals

    def _value_and_gradient(self, x: Tensor) -> tuple[float, Tensor]:
        x, r = self._at(x)
        gradient = _gradient(r, x, 2 * r.detach())
        if gradient is None:
            raise RavineError(_no_jacobian(x))
        return float(r.detach().square().sum()), gradient.detach()

    def _products(self, x: Tensor) -> Product:
        return FunctionObjective(lambda x: self.residuals(x).square().sum())._products(x)

    @torch.enable_grad()
    def _residuals_and_jacobian(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x, r = self._at(x)
        if len(x) < len(r):
            return r.detach(), _by_columns(r, x)
        rows = [
            torch.autograd.grad(each, x, retain_graph=True, allow_unused=True, materialize_grads=True)[0] for each in r
        ]
        return r.detach(), torch.stack(rows)

    def _at(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = x.detach().requires_grad_()
        with torch.enable_grad():
            r = _followed(self.residuals, x, "compute with PyTorch's functions")
            if not isinstance(r, Tensor) or r.ndim == 0 or r.is_complex() or not r.numel():
                raise RavineError(
                    f"fun must return a vector of residuals for a least-squares method, got {_described(r)} at "
                    f"{place(x)}. Their squares are summed for you."
                )
            if not r.requires_grad:
                raise RavineError(_no_jacobian(x))
            return x, r.reshape(-1).to(x.dtype)


def _followed(fun: Callable[[Tensor], Any], x: Tensor, instead: str) -> Any:
    """Calls a function that automatic differentiation is to follow."""
    try:
        return fun(x)
    except RuntimeError as error:
        if "Can't call numpy() on Tensor" not in str(error):
            raise
        raise RavineError(f"fun uses NumPy, which leaves no trace of x for a gradient: {instead}.") from error


def _gradient(of: Tensor, x: Tensor, weights: Tensor | None = None, *, twice: bool = False) -> Tensor | None:
    """The gradient by x; None where there is no trace of x, though there may be one of another tensor."""
    return torch.autograd.grad(of, x, weights, create_graph=twice, allow_unused=True)[0] if of.requires_grad else None


@contextmanager
def _second(x: Tensor) -> Iterator[None]:
    """Says of a function that has a gradient and no more that this is what is wrong."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        why = str(error).split("\n", 1)[0].rstrip(".")
        raise RavineError(
            f"fun cannot be differentiated twice at {place(x)}: {why}. Methods such as 'lbfgs' need its gradient alone."
        ) from error


def _no_jacobian(x: Tensor) -> str:
    return (
        f"fun returned residuals without a trace of x at {place(x)}, so they have no Jacobian: compute them with "
        "PyTorch's functions."
    )


def _described(value: Any) -> str:
    if not isinstance(value, Tensor):
        return " ".join(repr(value).split())
    if value.ndim == 0 and not value.is_complex():
        return f"the number {float(value.detach()):g}"
    return f"a {'complex ' if value.is_complex() else ''}tensor of shape {list(value.shape)}"


def _by_columns(r: Tensor, x: Tensor) -> Tensor:
    """The Jacobian column by column: J v is the derivative of v^T J^T u with respect to u, whatever u is."""
    u = torch.zeros_like(r, requires_grad=True)
    with _second(x):
        (back,) = torch.autograd.grad(r, x, u, create_graph=True, allow_unused=True, materialize_grads=True)
        if not back.requires_grad:
            return r.new_zeros(len(r), len(x))
        columns = [
            torch.autograd.grad(each, u, retain_graph=True, allow_unused=True, materialize_grads=True)[0]
            for each in back
        ]
    return torch.stack(columns, dim=1)
