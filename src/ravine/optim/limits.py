"""The numbers that limit a step which searches: what they may be, at the start and whenever somebody has moved them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import RavineError

Group = Mapping[str, Any]

LIMITS = ("lr", "max_iter", "max_eval", "tolerance_grad", "tolerance_change")
"""What a parameter group says of a step."""


def check_limits(given: Group) -> None:
    """Refuses numbers that limit nothing.

    Args:
        given: Any of `LIMITS`, beside whatever else.

    Raises:
        RavineError: One is out of bounds.

    >>> check_limits({"max_iter": 20, "lr": "1"})
    Traceback (most recent call last):
    ravine.errors.RavineError: lr='1': must be a finite number, at least 0.
    """
    for name in ("max_iter", "max_eval"):
        value = given.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise RavineError(f"{name}={value!r}: must be a whole number, at least 0.")
    for name, finite in (("lr", "finite "), ("tolerance_grad", ""), ("tolerance_change", "")):
        value = given.get(name, 0.0)
        number = _number(value)
        if not number >= 0 or (finite and number == math.inf):
            raise RavineError(f"{name}={value!r}: must be a {finite}number, at least 0.")


def check_budget(budget: Any, whose: str) -> None:
    """Refuses a budget in which no step could begin.

    Args:
        budget: Evaluations that a step may spend at most.
        whose: The optimizer's name.

    Raises:
        RavineError: It is no number, or below 1.
    """
    if not _number(budget) >= 1:
        raise RavineError(
            f"{whose}.budget={budget!r}: must be a number, at least 1, since a step begins by evaluating."
        )


def check_groups(groups: Sequence[Group]) -> None:
    """Refuses groups of which each wants its own way, where all parameters make one step together.

    Args:
        groups: The parameter groups.

    Raises:
        RavineError: A limit is out of bounds, or two groups differ in it.
    """
    for group in groups:
        check_limits(group)
    for name in LIMITS:
        values = {float(group[name]) for group in groups}
        if len(values) > 1:
            raise RavineError(
                f"{name} differs between groups ({', '.join(map(str, sorted(values)))}): all parameters make one step "
                "together, so give one value."
            )


def _number(value: Any) -> float:
    """Reads a number, or a tensor of one; NaN where it is neither."""
    try:
        return math.nan if isinstance(value, str) else float(value)
    except (TypeError, ValueError, RuntimeError):
        return math.nan
