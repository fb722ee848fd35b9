"""The functions that formulas are written in: of a number, an array, a tensor, or whatever has torch's methods."""

import math
from typing import Any

import numpy as np


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


def _apply(name: str, x: Any) -> Any:
    if isinstance(x, (np.ndarray, np.generic)):
        return getattr(np, name)(x)
    if isinstance(x, (int, float)):
        return getattr(math, name)(x)
    return getattr(x, name)()  # a tensor, or a symbol that remembers what was asked of it
