"""The arithmetic that `update` is written in.

Each function takes a Python number or anything with torch's methods (a tensor, many tensors that move
together, a symbol), so that one text of a rule serves every engine.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from . import counter

SMALLEST = 1.1754943508222875e-38
"""The smallest normal float32: as a floor of a divisor it changes no quotient that float32 could hold."""


@dataclass(frozen=True)
class Start:
    """How a slot of a rule's state starts.

    `value` is a number, the name of a field that holds it, or `"p"` for a copy of the parameter. A scalar slot
    is one number per parameter tensor, in float64 whatever the parameter's own precision, because a product over
    thousands of steps would lose its digits. With a `field`, the slot is there only where that field is true, or
    holds a number.
    """

    value: float | str
    scalar: bool = False
    field: str | None = None

    def when(self, field: str) -> "Start":
        """Makes a slot depend on a field of the rule.

        Args:
            field: The field's name.

        Returns:
            The same start, for a slot that is not there where that field is False or None.
        """
        return replace(self, field=field)

    def begin(self, p: Any) -> Any:
        """Makes the slot for one parameter tensor.

        Args:
            p: The parameter.

        Returns:
            A tensor of the parameter's shape, and of its strides where its elements lie close together; of no
            dimensions for a scalar slot.
        """
        value: Any = self.value  # the name of a field was looked up before
        if value == "p":
            return p.detach().clone(memory_format=torch.preserve_format)
        if self.scalar:
            return p.new_full((), value, dtype=torch.float64)
        return torch.full_like(p.detach(), value, memory_format=torch.preserve_format)


zeros = Start(0.0)
copy_of_p = Start("p")


def sqrt(x: Any) -> Any:
    """Takes the square root of every element.

    Args:
        x: A number, or something with torch's methods.

    Returns:
        The root; NaN of what is negative.
    """
    if isinstance(x, (int, float)):
        return math.sqrt(x) if x >= 0 else math.nan  # as tensors have it, so that `where` may look away
    return x.sqrt()


def exp(x: Any) -> Any:
    """Takes the exponential of every element.

    Args:
        x: A number, or something with torch's methods.

    Returns:
        e to the power of it.
    """
    return math.exp(x) if isinstance(x, (int, float)) else x.exp()


def cos(x: Any) -> Any:
    """Takes the cosine of every element.

    Args:
        x: A number, or something with torch's methods, in radians.

    Returns:
        Its cosine; NaN of what is infinite.
    """
    if isinstance(x, (int, float)):
        return math.cos(x) if math.isfinite(x) else math.nan  # as tensors have it
    return x.cos()


def sin(x: Any) -> Any:
    """Takes the sine of every element.

    Args:
        x: A number, or something with torch's methods, in radians.

    Returns:
        Its sine; NaN of what is infinite.
    """
    if isinstance(x, (int, float)):
        return math.sin(x) if math.isfinite(x) else math.nan
    return x.sin()


def absolute(x: Any) -> Any:
    """Takes the absolute value of every element.

    Args:
        x: A number, or something with torch's methods.

    Returns:
        Its absolute value.
    """
    return abs(x) if isinstance(x, (int, float)) else x.abs()


def sign(x: Any) -> Any:
    """Gives -1, 0 or 1 for every element.

    Args:
        x: A number, or something with torch's methods.

    Returns:
        Its sign.
    """
    return (x > 0) - (x < 0) if isinstance(x, (int, float)) else x.sign()


def maximum(x: Any, y: Any) -> Any:
    """Takes the larger of two, element by element.

    Args:
        x: Something with torch's methods, or a number where `y` is one too.
        y: Likewise, or a number.

    Returns:
        The larger.
    """
    if isinstance(x, (int, float)):
        return max(x, y) if isinstance(y, (int, float)) else y.clamp(min=x)
    return x.clamp(min=y) if isinstance(y, (int, float)) else x.maximum(y)


def minimum(x: Any, y: Any) -> Any:
    """Takes the smaller of two, element by element.

    Args:
        x: Something with torch's methods, or a number where `y` is one too.
        y: Likewise, or a number.

    Returns:
        The smaller.
    """
    if isinstance(x, (int, float)):
        return min(x, y) if isinstance(y, (int, float)) else y.clamp(max=x)
    return x.clamp(max=y) if isinstance(y, (int, float)) else x.minimum(y)


def clamp(x: Any, low: Any, high: Any) -> Any:
    """Puts every element between two bounds.

    Args:
        x: A number, or something with torch's methods.
        low: The lower bound.
        high: The upper bound, of the same kind as `low`: both numbers or both tensors.

    Returns:
        `x` where it lies between them, else the bound that it passed; NaN stays NaN.
    """
    return min(max(x, low), high) if isinstance(x, (int, float)) else x.clamp(min=low, max=high)


def where(condition: Any, x: Any, y: Any) -> Any:
    """Picks between two by a comparison such as `t > 5`: what a rule writes in place of an `if` on what moves.

    Both are worked out, and one is taken: what is no number in the other does no harm.

    Args:
        condition: True or False, or a comparison of anything that moves.
        x: What is taken where it holds.
        y: What is taken where it does not.

    Returns:
        `x` or `y`, element by element where they differ between elements.

    >>> where(3 > 2, 0.5, 1.0), where(torch.tensor([1.0, 3.0]) > 2, 0.0, torch.tensor([7.0, 8.0])).tolist()
    (0.5, [7.0, 0.0])
    """
    if isinstance(condition, bool):
        return x if condition else y
    if not torch.is_tensor(condition):
        return condition.pick(x, y)
    if not torch.is_tensor(x) and not torch.is_tensor(y):
        x = torch.tensor(x, dtype=torch.float64, device=condition.device)  # torch would round both to float32
    return torch.where(condition, x, y)


def times(a: Any, x: Any) -> Any:
    """Multiplies by a coefficient whose zero means that the term is not there: 0 x = 0 even where x is infinite.

    Args:
        a: The coefficient: a number, or one number per run or per tensor.
        x: Something with torch's methods, or a number.

    Returns:
        `a x`, or 0 where `a` is 0.

    >>> times(0.0, float("inf")), times(0.5, 3.0)
    (0.0, 1.5)
    """
    if isinstance(a, (int, float)):
        return a * x if a != 0 else 0.0
    return (a * x).where(a.ne(0), 0.0)


def divide(a: Any, b: Any) -> Any:
    """Divides where `b` is never negative, with 0/0 = 0: no gradient and no floor is no step.

    Args:
        a: The numerator.
        b: The divisor, at least 0.

    Returns:
        `a / b`; the same bits as plain division wherever `b` is a normal float32.
    """
    return a / maximum(b, SMALLEST)


def norm(x: Any) -> Any:
    """Takes the Euclidean norm of one tensor.

    Args:
        x: Something with torch's methods.

    Returns:
        One number per tensor.
    """
    return x.norm()


def mean(x: Any) -> Any:
    """Takes the mean of the elements of one tensor.

    Args:
        x: Something with torch's methods.

    Returns:
        One number per tensor.
    """
    return x.mean()


def in_precision_of(new: Any, old: Any) -> Any:
    """Gives what a step made the precision of what it was made from.

    A scalar slot in float64, or a norm, would else raise the precision of a parameter of no dimensions.

    Args:
        new: A tensor, or many; anything else is left as it is.
        old: What it takes the place of.

    Returns:
        The same values.
    """
    if isinstance(new, Tensor):
        return new.to(old.dtype) if isinstance(old, Tensor) and new.dtype != old.dtype else new
    return new.in_precision_of(old) if hasattr(type(new), "in_precision_of") else new


def global_norm(x: Any) -> Any:
    """Takes the Euclidean norm over all tensors of all groups together.

    Args:
        x: What `update` was handed; a lone tensor counts as all there are.

    Returns:
        One number.
    """
    return x.global_norm() if hasattr(x, "global_norm") else x.norm()


def normal(x: Any, seed: Any, t: Any, tensor: Any) -> Any:
    """Draws one standard normal number for every element, the same in every engine and on every machine.

    Args:
        x: A tensor, which gives shape, precision and device, or something that draws for itself.
        seed: Which sequence of numbers, a whole number from 0.
        t: The parameter's step count.
        tensor: The parameter's number.

    Returns:
        Numbers that (seed, t, tensor, element) alone decide.

    >>> import torch
    >>> [round(z, 6) for z in normal(torch.zeros(2, dtype=torch.float64), seed=0, t=1, tensor=0).tolist()]
    [-1.143578, 0.269952]
    """
    return x.normal(seed, t, tensor) if hasattr(x, "normal") else counter.normal(x, seed, t, tensor)
