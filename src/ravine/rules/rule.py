"""What a rule is: a frozen dataclass of hyperparameters with an `update` in the paper's order and letters."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar

from ..errors import RavineError
from ..fields import Number, field, flag, inner, option
from ..part import Part
from ..ranges import choice, integers, log, near_one, uniform
from .arithmetic import (
    Start,
    absolute,
    clamp,
    copy_of_p,
    divide,
    exp,
    global_norm,
    in_precision_of,
    maximum,
    mean,
    minimum,
    norm,
    normal,
    sign,
    sqrt,
    times,
    where,
    zeros,
)

__all__ = [
    "Number",
    "Rule",
    "Start",
    "absolute",
    "choice",
    "clamp",
    "copy_of_p",
    "divide",
    "exp",
    "field",
    "flag",
    "global_norm",
    "inner",
    "integers",
    "log",
    "maximum",
    "mean",
    "minimum",
    "near_one",
    "norm",
    "normal",
    "option",
    "sign",
    "sqrt",
    "times",
    "uniform",
    "where",
    "zeros",
]

State = dict[str, Any]


class Rule(Part):
    """What one step does to the parameters (abstract).

    A rule defines `update(self, p, g, *slots)`: the parameter, its gradient, and its state in the order of
    `state`. It returns the new parameter and all its slots; a slot that a field leaves out is None on both
    sides. Behind the slots it may ask by name for `t`, the parameter's own step count 1, 2, ..., and for
    `tensor`, the parameter's number, which together say which random numbers are its own.
    """

    state: ClassVar[Mapping[str, Start]] = {}
    """How each slot starts."""
    parents: ClassVar[tuple[str, ...]] = ()
    """The methods that this one grew out of, by the name of their rule."""
    predict_with: ClassVar[str | None] = None
    """The slot whose values predict in the parameters' place."""
    gradient_at: ClassVar[Callable[..., Any] | None] = None
    """Where the gradient is taken, if not at p: a method `(self, p, *slots) -> point`."""
    needed: ClassVar[tuple[str, ...]] = ()
    """What `update` must ask for by name."""
    offered: ClassVar[tuple[str, ...]] = ("t", "tensor")
    """What else it may ask for."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if hasattr(cls, "update"):
            _check_arguments(cls)

    def __post_init__(self) -> None:
        Part.__post_init__(self)
        if not hasattr(self, "update") and "step" not in vars(type(self)):
            raise RavineError(f"{type(self).__name__} is no whole rule: it needs a method update(self, p, g).")

    def slots(self) -> dict[str, Start]:
        """Gives the slots that this rule keeps under its flags.

        Returns:
            How each starts, by name, in the order of `state`; values that stand in fields are looked up.
        """
        there = {name: start for name, start in self.state.items() if self._keeps(start)}
        named = {name: s.value for name, s in there.items() if isinstance(s.value, str) and s.value != "p"}
        return there | {name: replace(there[name], value=getattr(self, value)) for name, value in named.items()}

    def step(self, p: Any, g: Any, state: Mapping[str, Any], t: Any, tensor: Any = 0) -> tuple[Any, State]:
        """Takes one step, with the state by name.

        Args:
            p: The parameter.
            g: Its gradient.
            state: The slots by name.
            t: The parameter's own step count, from 1.
            tensor: The parameter's number among all parameters, from 0, for random numbers of its own.

        Returns:
            The new parameter and the new slots by name, each as precise as the old.

        Raises:
            RavineError: The rule's `update` does not return p and its slots.

        >>> from ravine.rules import SGD
        >>> SGD(lr=0.5).step(1.0, 0.2, {}, 1)
        (0.9, {})
        """
        asked = asked_by(type(self), t=t, tensor=tensor)
        given = [state.get(name) for name in self.state]
        out = self.update(p, g, *given, **asked)  # pyright: ignore[reportAttributeAccessIssue] - every rule defines it
        new, slots = named(self, out, list(self.state))
        return in_precision_of(new, p), {name: in_precision_of(slot, state.get(name)) for name, slot in slots.items()}

    def for_tensor(self, number: int) -> "Rule":  # noqa: ARG002 - wrappers look at it
        """Gives the rule of one parameter alone.

        Args:
            number: The parameter's number among all parameters, from 0.

        Returns:
            This rule itself, unless there is a `Split` in it that gives parameters rules of their own.
        """
        return self

    def gradient_point(self, p: Any, state: Mapping[str, Any]) -> Any:
        """Gives the point at which this rule wants its gradient.

        Args:
            p: The parameter.
            state: The slots by name.

        Returns:
            `p` itself for most rules.
        """
        if self.gradient_at is None:
            return p
        return self.gradient_at(p, *(state.get(name) for name in self.state))

    def predicting_slot(self) -> str | None:
        """Names the slot whose values predict in the parameters' place.

        Returns:
            Its name, or None where the parameters themselves predict.
        """
        return self.predict_with

    def looks_ahead(self) -> bool:
        """Tells whether the gradient is wanted elsewhere than at the parameters.

        Returns:
            Whether a step needs a closure that takes the gradient there.
        """
        return self.gradient_at is not None

    def _keeps(self, start: Start) -> bool:
        held = True if start.field is None else getattr(self, start.field)
        return held is not None and held is not False  # a number counts as there, zero too, for it may move


@cache
def _arguments(rule: type[Rule]) -> tuple[str, ...]:
    return tuple(inspect.signature(rule.update).parameters)  # pyright: ignore[reportAttributeAccessIssue] - all have it


def asked_by(rule: type[Rule], **offered: Any) -> dict[str, Any]:
    """Picks what the `update` of a rule asks for.

    Args:
        rule: The rule's class.
        offered: What it may ask for, by name.

    Returns:
        What it does ask for.
    """
    return {name: value for name, value in offered.items() if name in _arguments(rule)}


def named(rule: Rule, out: Any, names: Sequence[str]) -> tuple[Any, State]:
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


def _check_arguments(rule: type[Rule]) -> None:
    """Refuses an `update` whose arguments are not p, g, the slots in order, and what else it may ask for."""
    names, slots = _arguments(rule)[1:], tuple(rule.state)
    asked = set(names[2 + len(slots) :])
    if names[2 : 2 + len(slots)] != slots or not set(rule.needed) <= asked <= {*rule.needed, *rule.offered}:
        raise RavineError(
            f"{rule.__name__}.update({', '.join(['self', *names])}): its arguments must be "
            f"{', '.join(['self', 'p', 'g', *slots, *rule.needed])}, as `state` has its slots, and then any of "
            f"{', '.join(rule.offered)}."
        )
