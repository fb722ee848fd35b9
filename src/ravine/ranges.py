"""Ranges: where a field is searched.

A range stands in a field in a number's place, `Adam(lr=log(1e-4, 1e-1))`, and turns a point of the unit
interval into a number: that is all a search, Sobol's or a grid, needs to know of it. The classes are
written in lower case because they are read as the functions that they are typed as.
"""

import math
from typing import Any

from .errors import RavineError
from .part import Part, field, inner


class Range(Part):
    """What a field may be searched in (abstract)."""

    def at(self, u: float) -> Any:
        """Gives the value at a place of the range.

        Args:
            u: The place, from 0 (the low end) to 1 (the high end).

        Returns:
            The value there.
        """
        raise NotImplementedError  # each range has its own scale

    def extremes(self) -> tuple[Any, ...]:
        """Gives the values between which all others lie, for checking them against a field's bounds.

        Returns:
            The low end and the high end.
        """
        return self.at(0.0), self.at(1.0)


def _check_order(part: Part, low: float, high: float) -> None:
    if not low < high:
        raise RavineError(f"{part!r}: the low end must be below the high end, got {low!r} and {high!r}.")


class uniform(Range):  # noqa: N801 - read as a function
    """Evenly spread: `low + u (high - low)`.

    >>> uniform(0.0, 0.5).at(0.5)
    0.25
    """

    low: float = field(..., "low end")
    high: float = field(..., "high end")

    def __post_init__(self) -> None:
        Part.__post_init__(self)
        _check_order(self, self.low, self.high)

    def at(self, u: float) -> float:
        return self.low + u * (self.high - self.low)


class log(Range):  # noqa: N801 - read as a function
    """Evenly spread in the logarithm: `low (high / low)^u`, for what matters by factors, such as lr.

    >>> round(log(1e-4, 1e-2).at(0.5), 12)
    0.001
    """

    low: float = field(..., "low end", within="(0, inf)")
    high: float = field(..., "high end", within="(0, inf)")

    def __post_init__(self) -> None:
        Part.__post_init__(self)
        _check_order(self, self.low, self.high)

    def at(self, u: float) -> float:
        # The end comes back exactly, so that a bound which a range touches is not crossed by rounding.
        return self.high if u == 1 else self.low * math.exp(u * math.log(self.high / self.low))


class near_one(Range):  # noqa: N801 - read as a function
    """Evenly spread in the logarithm of the distance to one, for a memory such as momentum or beta.

    `1 - x` runs from `1 - low` to `1 - high`, so that 0.9, 0.99 and 0.999 are equally far apart.

    >>> round(near_one(0.9, 0.999).at(0.5), 12)
    0.99
    """

    low: float = field(..., "low end", within="(-inf, 1)")
    high: float = field(..., "high end", within="(-inf, 1)")

    def __post_init__(self) -> None:
        Part.__post_init__(self)
        _check_order(self, self.low, self.high)

    def at(self, u: float) -> float:
        distance = (1 - self.low) * math.exp(u * math.log((1 - self.high) / (1 - self.low)))
        return self.high if u == 1 else self.low if u == 0 else 1 - distance


class integers(Range):  # noqa: N801 - read as a function
    """The whole numbers from `low` to `high`, both included, each as likely as the other.

    >>> [integers(1, 4).at(u) for u in (0.0, 0.3, 0.6, 1.0)]
    [1, 2, 3, 4]
    """

    low: int = field(..., "low end", whole=True)
    high: int = field(..., "high end", whole=True)

    def __post_init__(self) -> None:
        Part.__post_init__(self)
        _check_order(self, self.low, self.high)

    def at(self, u: float) -> int:
        return min(self.high, self.low + int(u * (self.high - self.low + 1)))


class choice(Range):  # noqa: N801 - read as a function
    """One of a few values, each as likely as the other.

    >>> choice((16, 32, 64)).at(0.5)
    32
    """

    values: tuple[Any, ...] = inner("values to choose from")

    def __post_init__(self) -> None:
        if not isinstance(self.values, tuple) or len(self.values) < 2:
            raise RavineError(f"{self!r}: give at least two values, as in choice((16, 32)).")

    def at(self, u: float) -> Any:
        return self.values[min(len(self.values) - 1, int(u * len(self.values)))]

    def extremes(self) -> tuple[Any, ...]:
        return self.values


def is_range(value: Any) -> bool:
    """Tells whether a value is a range, for `leaves`.

    Args:
        value: Anything.

    Returns:
        Whether it is one.
    """
    return isinstance(value, Range)
