"""The functions that formulas are written in: of a number, an array, a tensor, or whatever has torch's methods."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor


def sqrt(x: Any) -> Any:
    """Takes the square root of every element.

    Args:
        x: A number, an array, or something with torch's methods.

    Returns:
        The root, of the same kind and dtype.

    >>> sqrt(9.0), sqrt(np.float32([4, 16]))
    (3.0, array([2., 4.], dtype=float32))
    """
    return _apply("sqrt", x)


def exp(x: Any) -> Any:
    """Takes the exponential of every element.

    Args:
        x: A number, an array, or something with torch's methods.

    Returns:
        e to the power of it, of the same kind and dtype.
    """
    return _apply("exp", x)


def cos(x: Any) -> Any:
    """Takes the cosine of every element.

    Args:
        x: A number, an array, or something with torch's methods, in radians.

    Returns:
        The cosine, of the same kind and dtype.
    """
    return _apply("cos", x)


def sin(x: Any) -> Any:
    """Takes the sine of every element.

    Args:
        x: A number, an array, or something with torch's methods, in radians.

    Returns:
        The sine, of the same kind and dtype.
    """
    return _apply("sin", x)


def angle(y: Any, x: Any) -> Any:
    """Gives the angle of the point (x, y), seen from the origin.

    Args:
        y: An array or a tensor.
        x: Likewise.

    Returns:
        The angle in (-pi, pi], of the same kind and dtype.
    """
    return torch.atan2(y, x) if isinstance(x, Tensor) else np.arctan2(y, x)


def join(*parts: Any) -> Any:
    """Puts arrays or tensors side by side, along the last axis.

    Args:
        parts: Arrays or tensors `[..., k]`, alike but for k.

    Returns:
        One of them, of the same kind and dtype.
    """
    return torch.cat(parts, -1) if isinstance(parts[0], Tensor) else np.concatenate(parts, -1)


def like(x: Any, numbers: Any) -> Any:
    """Gives numbers the kind, dtype and device of an array or a tensor, so that arithmetic keeps its precision.

    Args:
        x: The array or tensor.
        numbers: The numbers.

    Returns:
        The numbers as such an array or tensor.
    """
    if isinstance(x, Tensor):
        return torch.as_tensor(numbers, dtype=x.dtype, device=x.device)
    return np.asarray(numbers, x.dtype)


def _apply(name: str, x: Any) -> Any:
    if isinstance(x, (np.ndarray, np.generic)):
        return getattr(np, name)(x)
    if isinstance(x, (int, float)):
        return getattr(math, name)(x)
    return getattr(x, name)()  # a tensor, or a symbol that remembers what was asked of it
