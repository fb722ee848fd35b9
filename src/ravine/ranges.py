"""Ranges: where a field is searched.

A range stands in a field in a number's place, `Adam(lr=log(1e-4, 1e-1))`, and turns a point of the unit
interval into a number: that is all a search, Sobol's or a grid, needs to know of it. The classes are
written in lower case because they are read as the functions that they are typed as.
"""

import math
from typing import Any

from .errors import RavineError
from .fields import field, inner
from .part import Part


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


def _check_ends(part: Part, low: Any, high: Any) -> None:
    Part.__post_init__(part)
    for end in (low, high):
        if isinstance(end, Part):
            raise RavineError(f"{part!r}: an end of a range must be a number, got {end!r}.")
    if not low < high:
        raise RavineError(f"{part!r}: the low end must be below the high end, got {low!r} and {high!r}.")


def _within(value: float, low: float, high: float) -> float:
    """Keeps rounding from crossing an end, which may be a bound of the field."""
    return float(min(high, max(low, value)))


class uniform(Range):  # noqa: N801 - read as a function
    """Evenly spread: `low + u (high - low)`.

    >>> uniform(0.0, 0.5).at(0.5)
    0.25
    """

    low: float = field(..., "low end")
    high: float = field(..., "high end")

    def __post_init__(self) -> None:
        _check_ends(self, self.low, self.high)

    def at(self, u: float) -> float:
        """Gives the number at `u`, exactly the ends at 0 and 1."""
        return _within(self.low * (1 - u) + self.high * u, self.low, self.high)


class log(Range):  # noqa: N801 - read as a function
    """Evenly spread in the logarithm: `low (high / low)^u`, for what matters by factors, such as lr.

    >>> round(log(1e-4, 1e-2).at(0.5), 12)
    0.001
    """

    low: float = field(..., "low end", within="(0, inf)")
    high: float = field(..., "high end", within="(0, inf)")

    def __post_init__(self) -> None:
        _check_ends(self, self.low, self.high)

    def at(self, u: float) -> float:
        """Gives the number at `u`, exactly the ends at 0 and 1."""
        if u in (0, 1):
            return float(self.high if u else self.low)
        between = math.exp((1 - u) * math.log(self.low) + u * math.log(self.high))
        return _within(between, self.low, self.high)


class near_one(Range):  # noqa: N801 - read as a function
    """Evenly spread in the logarithm of the distance to one, for a memory such as momentum or beta.

    `1 - x` runs from `1 - low` to `1 - high`, so that 0.9, 0.99 and 0.999 are equally far apart.

    >>> round(near_one(0.9, 0.999).at(0.5), 12)
    0.99
    """

    low: float = field(..., "low end", within="(-inf, 1)")
    high: float = field(..., "high end", within="(-inf, 1)")

    def __post_init__(self) -> None:
        _check_ends(self, self.low, self.high)

    def at(self, u: float) -> float:
        """Gives the number at `u`, exactly the ends at 0 and 1."""
        if u in (0, 1):
            return float(self.high if u else self.low)
        distance = math.exp((1 - u) * math.log(1 - self.low) + u * math.log(1 - self.high))
        return _within(1 - distance, self.low, self.high)


class integers(Range):  # noqa: N801 - read as a function
    """The whole numbers from `low` to `high`, both included, each as likely as the other.

    >>> [integers(1, 4).at(u) for u in (0.0, 0.3, 0.6, 1.0)]
    [1, 2, 3, 4]
    """

    low: int = field(..., "low end", whole=True)
    high: int = field(..., "high end", whole=True)

    def __post_init__(self) -> None:
        _check_ends(self, self.low, self.high)

    def at(self, u: float) -> int:
        """Gives the whole number at `u`."""
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
        """Gives the value at `u`."""
        return self.values[min(len(self.values) - 1, int(u * len(self.values)))]

    def extremes(self) -> tuple[Any, ...]:
        """Gives every value: a choice has no order to take ends of."""
        return self.values


RANGES: dict[str, type[Range]] = {kind.__name__: kind for kind in (uniform, log, near_one, integers, choice)}
"""Every range by the name that it is typed as."""


def is_range(value: Any) -> bool:
    """Tells whether a value is a range, for `leaves`.

    Args:
        value: Anything.

    Returns:
        Whether it is one.
    """
    return isinstance(value, Range)
