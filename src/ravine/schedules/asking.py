"""Asking schedules: per step or per epoch, and for all that a part holds at once."""

from collections.abc import Callable
from typing import Any, TypeVar

from ..errors import RavineError
from ..fields import Number, field, inner
from ..part import leaves, substitute
from ..ranges import is_range
from .length import Length, epochs
from .schedule import Schedule, is_schedule

T_ = TypeVar("T_")


class per_epoch(Schedule):  # noqa: N801 - typed as a function
    """Asks a schedule once an epoch: with t the epochs that are over, and T how many there are.

    Within it t counts epochs, so that a rate k is one per epoch, and lengths are fractions or `epochs(n)`.
    `bind` fills in how many steps an epoch has.

    >>> from ravine.schedules import linear
    >>> [per_epoch(linear(1.0), steps_per_epoch=3)(t, 6) for t in range(6)]
    [1.0, 1.0, 1.0, 0.5, 0.5, 0.5]
    """

    schedule: Schedule = inner("schedule that is asked", holds=(Schedule,))
    steps_per_epoch: Number = field(None, "number of steps in an epoch", at_least=1, whole=True)

    def __post_init__(self) -> None:
        Schedule.__post_init__(self)
        for each in leaves(self.schedule, lambda value: isinstance(value, (Length, per_epoch))).values():
            if not isinstance(each, epochs) or (isinstance(each.n, float) and not each.n.is_integer()):
                raise RavineError(
                    f"{self!r}: inside per_epoch t counts epochs, so a length is a fraction or a whole epochs(n), "
                    f"got {each!r}."
                )

    def _at(self, t: int, T: int) -> float:
        n = self.steps_per_epoch
        if n is None:
            raise RavineError(f"{self!r}: nobody has said how many steps an epoch has; use bind(..., steps_per_epoch).")
        return self.schedule(t // n, -(-T // n))  # an epoch that training does not finish is one, too

    def _extremes(self) -> tuple[float, ...]:
        return self.schedule.extremes()


def bind(part: T_, steps_per_epoch: int) -> T_:
    """Tells every schedule in a part how many steps an epoch has.

    Args:
        part: A schedule, a rule, a recipe, or anything else that holds schedules.
        steps_per_epoch: The number of steps in an epoch.

    Returns:
        The same, where each `epochs(n)` and `per_epoch(...)` that did not know it knows it.

    >>> from ravine.schedules import step
    >>> bind(step(0.1, every=epochs(30)), 32)(960, 2880)
    0.010000000000000002
    """
    values: dict[tuple[Any, ...], Any] = {}
    for path, each in leaves(part, _asks_for_epochs).items():
        values[(*path, "steps_per_epoch")] = steps_per_epoch
        if isinstance(each, per_epoch):
            lengths = leaves(each.schedule, _asks_for_epochs)
            values |= {(*path, "schedule", *below, "steps_per_epoch"): 1 for below in lengths}
    return substitute(part, values)


def _asks_for_epochs(value: Any) -> bool:
    return isinstance(value, (epochs, per_epoch)) and value.steps_per_epoch is None


def varying(part: T_) -> Callable[[int, int], T_]:
    """Makes the function that asks every schedule in a part.

    Args:
        part: A rule, a wrapper, a recipe, or anything else that holds schedules; bound, where they count epochs.

    Returns:
        A function of `(t, T)` that gives the part with a number in each schedule's place; the part itself
        where it holds none.

    Raises:
        RavineError: A schedule holds a range, so that its numbers are not settled.

    >>> from ravine.rules import Adam
    >>> from ravine.schedules import linear
    >>> varying(Adam(lr=linear(0.1), beta1=linear(0.9, end=0.5)))(5, 10)
    Adam(lr=0.05, beta1=0.7)
    """
    schedules = leaves(part, is_schedule)
    for path, schedule in schedules.items():
        for each in leaves(schedule, is_range).values():
            raise RavineError(f"{path[-1]}={schedule!r}: choose a value of {each!r} before training.")

    return lambda t, T: substitute(part, {path: schedule(t, T) for path, schedule in schedules.items()})
