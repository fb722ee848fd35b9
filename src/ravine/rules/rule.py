"""What a rule is: a frozen dataclass of hyperparameters with an `update` in the paper's order and letters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from ..errors import RavineError
from ..fields import Number, field, flag, inner, option
from ..part import Part
from ..ranges import choice, integers, log, near_one, uniform
from .arguments import arguments, asked_by, check_arguments, named
from .arithmetic import (
    Start,
    absolute,
    clamp,
    copy_of_p,
    cos,
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
    sin,
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
    "cos",
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
    "sin",
    "sqrt",
    "times",
    "uniform",
    "where",
    "zeros",
]

State = dict[str, Any]

POINT_OFFERED = ("g", "t", "tensor")
"""What `gradient_at` may ask for behind the slots."""


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
    """Where the gradient is taken, if not at p: a method `(self, p, *slots) -> point`.

    Behind the slots it may ask by name for `t` and `tensor`, as `update` may, and for `g`, a first gradient, taken
    where the rule would want it otherwise: its steps then cost two gradients.
    """
    needed: ClassVar[tuple[str, ...]] = ()
    """What `update` must ask for by name."""
    offered: ClassVar[tuple[str, ...]] = ("t", "tensor")
    """What else it may ask for."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if hasattr(cls, "update"):
            check_arguments(cls, "update", ("p", "g"), cls.offered)
        if cls.gradient_at is not None:
            check_arguments(cls, "gradient_at", ("p",), POINT_OFFERED)

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

    def gradient_point(self, p: Any, state: Mapping[str, Any], t: Any, tensor: Any = 0, g: Any = None) -> Any:
        """Gives the point at which this rule wants its gradient.

        Args:
            p: The parameter.
            state: The slots by name.
            t: The parameter's own step count, from 1.
            tensor: The parameter's number among all parameters, from 0.
            g: The first gradient of this step, where there are two; None while it is not known.

        Returns:
            `p` itself for most rules; without `g`, the point where a first gradient is wanted.
        """
        return self._wanted(p, [state.get(name) for name in self.state], t, tensor, g)

    def point_ahead(self, p: Any, state: Mapping[str, Any], t: Any, tensor: Any = 0) -> Any:
        """Gives the point that this rule looks ahead to, without what wrappers such as SAM add to it for the gradient.

        Args:
            p: The parameter.
            state: The slots by name.
            t: The parameter's own step count, from 1.
            tensor: The parameter's number among all parameters, from 0.

        Returns:
            `p` itself for most rules.
        """
        return self.gradient_point(p, state, t, tensor)

    def gradient_asks(self) -> set[str]:
        """Names what `gradient_at` asks for behind the slots.

        Returns:
            Any of "g", "t" and "tensor".
        """
        return set() if self.gradient_at is None else set(arguments(type(self), "gradient_at")) & set(POINT_OFFERED)

    def gradients_per_step(self) -> int:
        """Counts the gradients that one step takes.

        Returns:
            2 where the second is taken at a point that the first one decides, else 1.
        """
        return 2 if "g" in self.gradient_asks() else 1

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

    def _wanted(self, p: Any, slots: Sequence[Any], t: Any, tensor: Any, g: Any) -> Any:
        offered = {"g": g, "t": t, "tensor": tensor}
        asked = {name: offered[name] for name in Rule.gradient_asks(self)}
        if self.gradient_at is None or ("g" in asked and g is None):
            return p
        return self.gradient_at(p, *slots, **asked)

    def _keeps(self, start: Start) -> bool:
        held = True if start.field is None else getattr(self, start.field)
        return held is not None and held is not False  # a number counts as there, zero too, for it may move
