"""Lengths: how long a stage of training lasts, as a fraction of it, in epochs or in steps."""

from typing import Any

from ..errors import RavineError
from ..fields import Number, field
from ..part import Part
from ..ranges import Range


class Length(Part):
    """A length that is not a fraction (abstract)."""

    def in_steps(self) -> float:
        """Gives the length in the unit that t counts.

        Returns:
            The number of steps, perhaps a broken one.
        """
        raise NotImplementedError  # each length has its own unit


class steps(Length):  # noqa: N801 - typed as a function
    """A number of steps.

    >>> steps(500).in_steps()
    500
    """

    n: Number = field(..., "number of steps", at_least=0, whole=True)

    def in_steps(self) -> int:
        """Gives the length itself."""
        return self.n


class epochs(Length):  # noqa: N801 - typed as a function
    """A number of epochs, which may be a broken one; `bind` fills in how many steps an epoch has.

    >>> epochs(2.5, steps_per_epoch=32).in_steps()
    80.0
    """

    n: Number = field(..., "number of epochs", at_least=0)
    steps_per_epoch: Number = field(None, "number of steps in an epoch", at_least=1, whole=True)

    def in_steps(self) -> float:
        """Gives `n` times the steps in an epoch.

        Returns:
            The number of steps.

        Raises:
            RavineError: Nobody has said how many steps an epoch has.
        """
        if self.steps_per_epoch is None:
            raise RavineError(
                f"{self!r}: nobody has said how many steps an epoch has; "
                f"use bind(schedule, steps_per_epoch), or give {repr(self)[:-1]}, steps_per_epoch=...)."
            )
        return self.n * self.steps_per_epoch


LENGTHS: dict[str, type[Length]] = {kind.__name__: kind for kind in (epochs, steps)}
"""Every length by the name that it is typed as; a fraction needs none."""


def check_length(part: Part, name: str, length: Any) -> None:
    """Refuses what is no length, for fields that hold several.

    Args:
        part: The part that holds it, for the error's sentence.
        name: Its field.
        length: What stands there; of a range, both ends count.

    Raises:
        RavineError: It is neither a fraction nor `epochs(n)` nor `steps(n)`.
    """
    for each in length.extremes() if isinstance(length, Range) else (length,):
        if not isinstance(each, Length) and not (isinstance(each, float) and 0 < each < 1):
            raise RavineError(
                f"{part!r}: {name} must be a fraction of training in (0, 1), or epochs(n), or steps(n), got {length!r}."
            )


def duration(length: Any, T: int) -> float:
    """Gives a length in steps, without rounding.

    Args:
        length: A fraction of training, or `epochs(n)`, or `steps(n)`.
        T: The length of training (or of the stage that asks) in steps.

    Returns:
        The number of steps, at most T.

    Raises:
        RavineError: It is longer than T.

    >>> duration(0.25, 10), duration(steps(4), 10)
    (2.5, 4)
    """
    n = length.in_steps() if isinstance(length, Length) else length * T
    if n > T:
        raise RavineError(f"{length!r} is longer than what it is a part of: {n:g} of {T} steps.")
    return n


def whole(length: Any, T: int) -> int:
    """Gives a length in whole steps, the nearest.

    Args:
        length: A fraction of training, or `epochs(n)`, or `steps(n)`.
        T: The length of training (or of the stage that asks) in steps.

    Returns:
        The number of steps, from 0 to T.

    >>> whole(0.29, 10)
    3
    """
    return round(duration(length, T))
