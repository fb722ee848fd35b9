"""What a wrapper is: a rule around a rule, for what cuts across methods."""

from collections.abc import Mapping
from typing import Any

from ..errors import RavineError
from ..fields import Number, inner
from ..part import substitute
from ..ranges import Range
from .arguments import asked_by, named
from .arithmetic import Start, in_precision_of
from .rule import Rule, State


class Wrapper(Rule):
    """A rule around a rule (abstract): what cuts across methods is written once and is itself a rule.

    Its `update(self, p, g, *own slots, inner)` calls `inner(p, g) -> p`, which takes the wrapped rule's
    step; the wrapped rule's state is carried along unseen. Beside `t` and `tensor` it may ask for `point`,
    which the wrapped rule looks ahead to: p itself for most. A wrapper's `gradient_at` moves on from where the
    wrapped rule wants its gradient, which it is given as `p`. Slots and fields are told apart by the wrapper's name in
    front of them.
    """

    rule: Rule = inner("wrapped rule", holds=(Rule,))

    needed = ("inner",)
    offered = ("t", "tensor", "point")

    def __post_init__(self) -> None:
        Rule.__post_init__(self)
        for rule in self.rule.extremes() if isinstance(self.rule, Range) else (self.rule,):
            self._check_alone(rule)

    @property
    def lr(self) -> Number:
        """The step size of the wrapped rule."""
        return getattr(self.rule, "lr", 1.0)  # a rule without one moves by its own full step

    def slots(self) -> dict[str, Start]:
        own = {self._own(name): start for name, start in Rule.slots(self).items()}
        return own | self.rule.slots()

    def step(self, p: Any, g: Any, state: Mapping[str, Any], t: Any, tensor: Any = 0) -> tuple[Any, State]:
        carried: State = {}

        def step_inside(p: Any, g: Any) -> Any:
            p, changed = self.rule.step(p, g, state, t, tensor)
            carried.update(changed)
            return p

        asked = asked_by(type(self), t=t, tensor=tensor, point=None)
        if "point" in asked:
            asked["point"] = self.rule.point_ahead(p, state, t, tensor)
        given = [state.get(self._own(name)) for name in self.state]
        out = self.update(p, g, *given, inner=step_inside, **asked)  # pyright: ignore[reportAttributeAccessIssue]
        new, own = named(self, out, [self._own(name) for name in self.state])
        own = {name: in_precision_of(slot, state.get(name)) for name, slot in own.items()}
        return in_precision_of(new, p), own | carried

    def for_tensor(self, number: int) -> Rule:
        inside = self.rule.for_tensor(number)
        return self if inside is self.rule else substitute(self, {("rule",): inside})

    def gradient_point(self, p: Any, state: Mapping[str, Any], t: Any, tensor: Any = 0, g: Any = None) -> Any:
        point = self.rule.gradient_point(p, state, t, tensor, None if g is None else self.first_gradient(g))
        return self._wanted(point, [state.get(self._own(name)) for name in self.state], t, tensor, g)

    def point_ahead(self, p: Any, state: Mapping[str, Any], t: Any, tensor: Any = 0) -> Any:
        return self.rule.point_ahead(p, state, t, tensor)

    def first_gradient(self, g: Any) -> Any:
        """Gives what the wrapped rule is told of a first gradient, by which it finds the point of the second.

        Args:
            g: The first gradient.

        Returns:
            The gradient itself for most wrappers: what they do to gradients, they do to the second.
        """
        return g

    def gradient_asks(self) -> set[str]:
        return Rule.gradient_asks(self) | self.rule.gradient_asks()

    def predicting_slot(self) -> str | None:
        return self._own(self.predict_with) if self.predict_with else self.rule.predicting_slot()

    def looks_ahead(self) -> bool:
        return Rule.looks_ahead(self) or self.rule.looks_ahead()

    def _own(self, name: str) -> str:
        return f"{type(self).__name__.lower()}_{name}"

    def _check_alone(self, rule: Rule) -> None:
        if any(self._own(slot) in rule.slots() for slot in self.state):
            name = type(self).__name__
            raise RavineError(f"{name}({rule!r}): there is {name} inside already, and one is enough; take one out.")
