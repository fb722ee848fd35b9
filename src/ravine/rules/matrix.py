"""Matrices: a tensor's first dimension against all others, and the matrix nearest to it whose columns are orthogonal.

Newton-Schulz: Kovarik 1970, Björck & Bowie 1971; the quintic one: Jordan et al. 2024.
https://kellerjordan.github.io/posts/muon/
"""

from typing import Any

import torch
from torch import Tensor

from ..errors import RavineError
from .arithmetic import divide

Coefficients = tuple[float, float, float]


def rows(x: Any) -> Any:
    """Counts the rows of a tensor seen as a matrix.

    Args:
        x: A tensor of at least two dimensions, or many.

    Returns:
        The length of its first dimension; at least 1, so that an empty one may be divided by.

    Raises:
        RavineError: It has fewer dimensions.

    >>> rows(torch.zeros(16, 3, 5, 5)), columns(torch.zeros(16, 3, 5, 5))
    (16, 75)
    """
    return max(1, _checked(x).shape[0]) if isinstance(x, Tensor) else x.map(rows)


def columns(x: Any) -> Any:
    """Counts the columns of a tensor seen as a matrix.

    Args:
        x: A tensor of at least two dimensions, or many.

    Returns:
        The product of all its lengths but the first, at least 1.

    Raises:
        RavineError: It has fewer dimensions.
    """
    return max(1, _checked(x).shape[1:].numel()) if isinstance(x, Tensor) else x.map(columns)


def newton_schulz(x: Any, steps: Any, coefficients: Coefficients, eps: Any, bfloat16: bool = False) -> Any:
    """Draws the singular values of a matrix toward 1 and leaves its singular vectors alone.

    The matrix is divided by its norm; then, `steps` times, `X <- a X + b X X' X + c X X' X X' X`.

    Args:
        x: A tensor of at least two dimensions, those behind the first taken as one; or many, of which those of the
            same shape go through one stacked product.
        steps: How often, a whole number.
        coefficients: a, b and c.
        eps: Floor under the norm.
        bfloat16: Whether it is worked out in bfloat16, whatever the tensor's own precision.

    Returns:
        A tensor of the same shape and precision.

    Raises:
        RavineError: It has fewer than two dimensions.

    >>> x = torch.tensor([[3.0, 0.0], [0.0, -0.5]], dtype=torch.float64)
    >>> newton_schulz(x, 12, (1.5, -0.5, 0.0), 1e-7).round(decimals=6).tolist()
    [[1.0, 0.0], [0.0, -1.0]]
    """
    if not isinstance(x, Tensor):
        return x.newton_schulz(steps, coefficients, eps, bfloat16)
    return stacked_newton_schulz([x], steps, coefficients, eps, bfloat16)[0]


def stacked_newton_schulz(
    xs: list[Tensor], steps: int, coefficients: Coefficients, eps: float, bfloat16: bool
) -> list[Tensor]:
    """Takes tensors of one shape, precision and device through `newton_schulz` in one stacked product.

    Args:
        xs: The tensors.
        steps: How often.
        coefficients: a, b and c.
        eps: Floor under each norm.
        bfloat16: Whether it is worked out in bfloat16.

    Returns:
        A tensor for each.
    """
    a, b, c = coefficients
    wide = rows(xs[0]) <= columns(xs[0])  # the shorter side makes the smaller product
    matrices = torch.stack([_checked(x).flatten(1) for x in xs])
    y = matrices if wide else matrices.mT
    y = y.bfloat16() if bfloat16 else y
    y = divide(y, torch.linalg.vector_norm(y, dim=(-2, -1), keepdim=True).clamp(min=eps))
    for _ in range(int(steps)):
        square = y @ y.mT
        y = torch.baddbmm(y, torch.baddbmm(square, square, square, beta=b, alpha=c), y, beta=a)
    y = (y if wide else y.mT).to(matrices.dtype)
    return [matrix.reshape(x.shape) for matrix, x in zip(y, xs, strict=True)]


def _checked(x: Tensor) -> Tensor:
    if x.dim() < 2:
        raise RavineError(
            f"Muon() moves matrices, and a parameter has the shape {tuple(x.shape)}: write Split(Muon(), AdamW()), "
            "which gives AdamW the biases and all else that is no matrix."
        )
    return x
