"""The arguments of a rule's methods: p, g, the slots in order, and what else a method asks for by name."""

import inspect
from collections.abc import Sequence
from functools import cache
from typing import Any

from ..errors import RavineError


@cache
def arguments(rule: type, method: str = "update") -> tuple[str, ...]:
    """Names the arguments of a rule's method.

    Args:
        rule: The rule's class.
        method: The method's name.

    Returns:
        Their names, `self` first.
    """
    return tuple(inspect.signature(getattr(rule, method)).parameters)


def asked_by(rule: type, **offered: Any) -> dict[str, Any]:
    """Picks what the `update` of a rule asks for.

    Args:
        rule: The rule's class.
        offered: What it may ask for, by name.

    Returns:
        What it does ask for.
    """
    return {name: value for name, value in offered.items() if name in arguments(rule)}


def named(rule: Any, out: Any, names: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    """Gives the slots that `update` returned their names.

    Args:
        rule: The rule.
        out: What its `update` returned.
        names: The names of its slots, as the state has them.

    Returns:
        The new parameter, and those slots that are there.

    Raises:
        RavineError: It did not return p and its slots.
    """
    if not names:
        return out, {}
    if not isinstance(out, tuple) or len(out) != 1 + len(names):
        got = f"{len(out)} values" if isinstance(out, tuple) else "one value"
        raise RavineError(
            f"{type(rule).__name__}.update: it must return p and its slots, {', '.join(['p', *rule.state])}, got {got}."
        )
    p, *new = out
    return p, {name: slot for name, slot in zip(names, new, strict=True) if slot is not None}


def check_arguments(rule: type, method: str, first: Sequence[str], offered: Sequence[str]) -> None:
    """Refuses a method whose arguments are not its first ones, the slots in order, and what else it may ask for.

    Args:
        rule: The rule's class.
        method: The method's name.
        first: The names of the first arguments, `self` aside.
        offered: What it may ask for behind the slots.

    Raises:
        RavineError: Its arguments are others.
    """
    names, slots = arguments(rule, method)[1:], tuple(rule.state)
    wanted, needed = [*first, *slots], rule.needed if method == "update" else ()
    asked = set(names[len(wanted) :])
    if names[len(first) : len(wanted)] != slots or not set(needed) <= asked <= {*needed, *offered}:
        raise RavineError(
            f"{rule.__name__}.{method}({', '.join(['self', *names])}): its arguments must be "
            f"{', '.join(['self', *wanted, *needed])}, as `state` has its slots, and then any of {', '.join(offered)}."
        )
