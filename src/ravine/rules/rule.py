"""What a rule is: a frozen dataclass of hyperparameters with an `update` in the paper's order and letters."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar

from ..part import Number, Part, field, flag, inner, option
from ..ranges import choice, integers, log, near_one, uniform
from .arithmetic import (
    Start,
    absolute,
    copy_of_p,
    divide,
    global_norm,
    maximum,
    minimum,
    norm,
    sign,
    sqrt,
    zeros,
)

__all__ = [
    "Number",
    "Rule",
    "Start",
    "Wrapper",
    "absolute",
    "choice",
    "copy_of_p",
    "divide",
    "field",
    "flag",
    "global_norm",
    "inner",
    "integers",
    "log",
    "maximum",
    "minimum",
    "near_one",
    "norm",
    "option",
    "sign",
    "sqrt",
    "uniform",
    "zeros",
]

State = dict[str, Any]


class Rule(Part):
    """What one step does to the parameters (abstract).

    A rule defines `update(self, p, g, *slots, t)`: the parameter, its gradient, its state in the order of
    `state`, and, where it asks for it, the parameter's own step count t = 1, 2, ... It returns the new
    parameter and all its slots; a slot that a flag leaves out is None on both sides.
    """

    state: ClassVar[Mapping[str, Start]] = {}
    """How each slot starts."""
    parents: ClassVar[tuple[str, ...]] = ()
    """The methods that this one grew out of, by the name of their rule."""
    predict_with: ClassVar[str | None] = None
    """The slot whose values predict in the parameters' place."""
    gradient_at: ClassVar[Callable[..., Any] | None] = None
    """Where the gradient is taken, if not at p: a method `(self, p, *slots) -> point`."""

    def slots(self) -> dict[str, Start]:
        """Gives the slots that this rule keeps under its flags.

        Returns:
            How each starts, by name, in the order of `state`; values that stand in fields are looked up.
        """
        there = {name: s for name, s in self.state.items() if s.flag is None or getattr(self, s.flag)}
        named = {name: s.value for name, s in there.items() if isinstance(s.value, str) and s.value != "p"}
        return there | {name: replace(there[name], value=getattr(self, value)) for name, value in named.items()}

    def step(self, p: Any, g: Any, state: Mapping[str, Any], t: Any) -> tuple[Any, State]:
        """Takes one step, with the state by name.

        Args:
            p: The parameter.
            g: Its gradient.
            state: The slots by name.
            t: The parameter's own step count, from 1.

        Returns:
            The new parameter and the new slots by name.

        >>> from ravine.rules import SGD
        >>> SGD(lr=0.5).step(1.0, 0.2, {}, 1)
        (0.9, {})
        """
        asked = {"t": t} if _asks_for(type(self), "t") else {}
        given = [state.get(name) for name in self.state]
        out = self.update(p, g, *given, **asked)  # pyright: ignore[reportAttributeAccessIssue] - every rule defines it
        if not self.state:
            return out, {}
        p, *new = out
        return p, {name: slot for name, slot in zip(self.state, new, strict=True) if slot is not None}

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


class Wrapper(Rule):
    """A rule around a rule (abstract): what cuts across methods is written once and is itself a rule.

    Its `update(self, p, g, *own slots, inner)` calls `inner(p, g) -> p`, which takes the wrapped rule's
    step; the wrapped rule's state is carried along unseen. Slots and fields are told apart by the
    wrapper's name in front of them.
    """

    rule: Rule = inner("wrapped rule")

    @property
    def lr(self) -> Number:
        """The step size of the wrapped rule."""
        return getattr(self.rule, "lr", 1.0)  # a rule without one moves by its own full step

    def slots(self) -> dict[str, Start]:
        own = {self._own(name): start for name, start in Rule.slots(self).items()}
        return own | self.rule.slots()

    def step(self, p: Any, g: Any, state: Mapping[str, Any], t: Any) -> tuple[Any, State]:
        carried: State = {}

        def step_inside(p: Any, g: Any) -> Any:
            p, changed = self.rule.step(p, g, state, t)
            carried.update(changed)
            return p

        asked = {"t": t} if _asks_for(type(self), "t") else {}
        given = [state.get(self._own(name)) for name in self.state]
        out = self.update(p, g, *given, inner=step_inside, **asked)  # pyright: ignore[reportAttributeAccessIssue]
        if not self.state:
            return out, carried
        p, *new = out
        own = {self._own(name): slot for name, slot in zip(self.state, new, strict=True) if slot is not None}
        return p, own | carried

    def gradient_point(self, p: Any, state: Mapping[str, Any]) -> Any:
        return self.rule.gradient_point(p, state)

    def predicting_slot(self) -> str | None:
        return self._own(self.predict_with) if self.predict_with else self.rule.predicting_slot()

    def looks_ahead(self) -> bool:
        return self.rule.looks_ahead()

    def _own(self, name: str) -> str:
        return f"{type(self).__name__.lower()}_{name}"


@cache
def _asks_for(rule: type[Rule], name: str) -> bool:
    return name in inspect.signature(rule.update).parameters  # pyright: ignore[reportAttributeAccessIssue]
