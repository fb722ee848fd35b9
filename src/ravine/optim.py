"""Any rule with the face of `torch.optim.Optimizer`."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from typing_extensions import override

from .engines import plain
from .errors import RavineError, nearest
from .fields import text
from .part import leaves, look_up, meanings, substitute
from .ranges import is_range
from .rules import Rule, Wrapper
from .schedules import bind, is_schedule

KEPT = {"count": 0, "lr_factor": 1.0}
"""What every parameter group keeps beside the rule's fields: the steps taken, and a factor on lr, for `plateau`."""

MARKS = {"params", "param_names", "name", *KEPT}
"""What else a parameter group may say of itself."""


def field_names(rule: Rule) -> dict[str, tuple[Any, ...]]:
    """Names every numeric field of a rule, those of wrappers with the wrapper's name in front.

    Args:
        rule: The rule.

    Returns:
        Where each field stands, by its name.

    >>> from ravine.rules import SGD, Clip
    >>> field_names(Clip(SGD(), norm=1.0))
    {'lr': ('rule', 'lr'), 'clip_norm': ('norm',)}
    """
    wraps = isinstance(rule, Wrapper)
    names = {name: ("rule", *path) for name, path in field_names(rule.rule).items()} if wraps else {}
    prefix = f"{type(rule).__name__.lower()}_" if wraps else ""
    for field, known in meanings(rule).items():
        if known.interval is not None and getattr(rule, field) is not None:
            name = prefix + field
            while name in names:  # a wrapper inside another of its kind
                name = prefix + name
            names[name] = (field,)
    return names


class Optimizer(torch.optim.Optimizer):
    """Moves parameters by a rule, behind the interface that PyTorch's users know.

    Every numeric field of the rule stands in the parameter groups under its name, where a group may have a
    value of its own and where it may be changed between steps. A field that holds a schedule is asked at
    every step, shows its present value there, and is changed by nobody else.

    Args:
        params: Tensors, named tensors or parameter groups, as for any `torch.optim` optimizer.
        rule: The rule.
        steps: The length of training in steps, which schedules refer to.
        steps_per_epoch: How many steps an epoch has, for lengths in epochs.

    Raises:
        RavineError: The rule holds a range, or a schedule whose length is not known.

    >>> from ravine.rules import SGD
    >>> weight = torch.nn.Parameter(torch.ones(2))
    >>> optimizer = Optimizer([weight], SGD(lr=0.5))
    >>> weight.sum().backward()
    >>> optimizer.step()
    >>> weight.tolist()
    [0.5, 0.5]
    """

    def __init__(
        self, params: Iterable[Any], rule: Rule, *, steps: int | None = None, steps_per_epoch: int | None = None
    ) -> None:
        _check(rule, steps)
        self.rule = bind(rule, steps_per_epoch) if steps_per_epoch is not None else rule
        self.steps = steps
        self._fields = field_names(self.rule)
        schedules = leaves(self.rule, is_schedule)
        self._schedules = {name: schedules[path] for name, path in self._fields.items() if path in schedules}
        self._shown = {name: schedule(0, steps) for name, schedule in self._schedules.items()}
        fixed = {name: look_up(self.rule, path) for name, path in self._fields.items()}
        super().__init__(params, {**KEPT, **fixed, **self._shown})

    @property
    def lr_factor(self) -> float:
        """What lr is multiplied by, in all groups: 1 until something such as `plateau` lowers it."""
        return self.param_groups[0]["lr_factor"]

    @lr_factor.setter
    def lr_factor(self, factor: float) -> None:
        if "lr" not in self._fields:
            raise RavineError(f"{self.rule!r} has no lr that could be lowered.")
        for group in self.param_groups:
            group["lr_factor"] = factor

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Takes one step.

        Args:
            closure: Computes the loss and its gradients; needed by rules that take the gradient elsewhere.

        Returns:
            What the closure returned, or None.

        Raises:
            RavineError: The rule takes its gradient elsewhere, and there is no closure; or training is over, or
                a field that holds a schedule was changed from outside.
        """
        if closure is None and self.rule.looks_ahead():
            raise RavineError(
                f"{self.rule!r} takes the gradient ahead of the parameters: call step(closure), or use the "
                "form that needs only the gradient at hand, such as Nesterov()."
            )
        self._refuse_changes()
        self._show(self.param_groups[0]["count"])
        loss = self._gradients(closure) if closure is not None else None
        moving = [(number, p, group) for number, (p, group) in enumerate(self._owned()) if p.grad is not None]
        if moving:
            parameters = [self._parameter(number, p, group) for number, p, group in moving]
            new = plain.step(self._rule_now([group for _, _, group in moving]), parameters)
            for parameter, value in zip(parameters, new, strict=True):
                parameter.value.copy_(value)
                parameter.state["t"] = parameter.count
        for group in self.param_groups:
            group["count"] += 1
        return loss

    @contextmanager
    def predicting(self) -> Iterator[None]:
        """Puts the weights that predict, such as averaged ones, in the parameters' place for a while.

        Yields:
            Nothing; on leaving, the parameters are back.
        """
        pairs = self.predicting_weights().values()
        before = [p.clone() for p, _ in pairs]
        for p, mean in pairs:
            p.copy_(mean)
        try:
            yield
        finally:
            for (p, _), old in zip(pairs, before, strict=True):
                p.copy_(old)

    def predicting_weights(self) -> dict[int, tuple[Tensor, Tensor]]:
        """Finds the weights that predict in the parameters' place.

        Returns:
            By its number, each parameter that has stepped, without its history, and its slot of such weights; none
            where the rule keeps none.
        """
        slot = self.rule.predicting_slot()
        owned = enumerate(p for p, _ in self._owned())
        return {number: (_real(p), self.state[p][slot]) for number, p in owned if slot in self.state.get(p, {})}

    @override
    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Takes more parameters in.

        Args:
            param_group: The parameters under "params", and values of its own for any field that holds a number.

        Raises:
            RavineError: It has a value for a field that isn't there, is out of bounds, or holds a schedule.
        """
        for name, value in param_group.items():
            if name not in MARKS:
                self._check_own(name, value)
        _bare(torch.optim.Optimizer.add_param_group)(self, param_group)
        first, new = self.param_groups[0], self.param_groups[-1]
        new |= {**{name: first[name] for name in KEPT}, **self._shown}

    @override
    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets all gradients.

        Args:
            set_to_none: Whether they are given back, not only set to zero.
        """
        _bare(torch.optim.Optimizer.zero_grad)(self, set_to_none)

    @override
    def state_dict(self) -> dict[str, Any]:
        """Gives everything that `load_state_dict` takes.

        Returns:
            Numbers and tensors, as PyTorch's optimizers give them.
        """
        return _bare(torch.optim.Optimizer.state_dict)(self)

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes back what `state_dict` gave.

        Args:
            state_dict: The state of an optimizer with the same rule and parameters.

        Raises:
            RavineError: The state is of another rule.
        """
        slots = ["t", *self.rule.slots()]
        for held in state_dict["state"].values():
            if set(held) != set(slots):
                raise RavineError(
                    f"the state is of another rule: for each parameter it has {', '.join(held)}, and {self.rule!r} "
                    f"has {', '.join(slots)}."
                )
        _bare(torch.optim.Optimizer.load_state_dict)(self, state_dict)
        for group in self.param_groups:
            for name in (*KEPT, *self._fields):
                group.setdefault(name, self.defaults[name])
        self._show(max(0, self.param_groups[0]["count"] - 1))

    def __getstate__(self) -> dict[str, Any]:
        own = ("rule", "steps", "_fields", "_schedules", "_shown")
        return super().__getstate__() | {name: getattr(self, name) for name in own}

    def _owned(self) -> Iterator[tuple[Tensor, dict[str, Any]]]:
        return ((p, group) for group in self.param_groups for p in group["params"])

    def _parameter(self, number: int, p: Tensor, group: dict[str, Any]) -> plain.Parameter:
        """Gives a parameter as the rule sees it at the step that is being taken."""
        assert p.grad is not None
        state = self._state_of(p, group)
        gradient = p.grad.to_dense() if p.grad.is_sparse else p.grad
        return plain.Parameter(number, _real(p), _real(gradient), state, state["t"] + 1)

    def _state_of(self, p: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        state = self.state[p]
        if not state:
            state["t"] = 0
            state |= {name: start.begin(_real(p)) for name, start in self._rule_now([group]).slots().items()}
        return state

    def _gradients(self, closure: Callable[[], Any]) -> Any:
        """Calls the closure where the rule wants its gradient, and comes back."""
        ahead = [(p, group) for p, group in self._owned() if p.requires_grad] if self.rule.looks_ahead() else []
        before = [_real(p).clone() for p, _ in ahead]
        if ahead:
            rule = self._rule_now([group for _, group in ahead])
            states = [self._state_of(p, group) for p, group in ahead]
            for (p, _), point in zip(ahead, plain.gradient_points(rule, before, states), strict=True):
                _real(p).copy_(point)
        try:
            with torch.enable_grad():
                return closure()
        finally:
            for (p, _), old in zip(ahead, before, strict=True):
                _real(p).copy_(old)

    def _rule_now(self, groups: list[dict[str, Any]]) -> Rule:
        """Gives the rule with every field as it stands in the groups of the given parameters."""
        values: dict[tuple[Any, ...], Any] = {}
        for name, path in self._fields.items():
            now = plain.together([group[name] for group in groups])
            if name == "lr":
                now = plain.together([group["lr_factor"] for group in groups]) * now
            if isinstance(now, plain.Each) or now != look_up(self.rule, path):
                values[path] = now
        return substitute(self.rule, values)

    def _check_own(self, name: str, value: Any) -> None:
        """Refuses a group's own value that would be ignored, or that the rule could not take."""
        if name not in self._fields:
            raise RavineError(
                f"a parameter group has {name}={text(value)}, which {self.rule!r} does not have: "
                f"its fields are {', '.join(self._fields)}.{nearest(name, self._fields)}"
            )
        if name in self._schedules or is_schedule(value):
            schedule = self._schedules.get(name, value)
            raise RavineError(
                f"a parameter group has {name}={text(value)}: the schedule {schedule!r} is for all groups; "
                f"give the rule a number for {name} where groups differ in it."
            )
        *above, field = self._fields[name]
        replace(look_up(self.rule, tuple(above)), **{field: value.item() if isinstance(value, Tensor) else value})

    def _show(self, t: int) -> None:
        """Asks every schedule, and shows its value in all groups."""
        for name, schedule in self._schedules.items():
            self._shown[name] = schedule(t, self.steps)
            for group in self.param_groups:
                group[name] = self._shown[name]

    def _refuse_changes(self) -> None:
        """Tells of somebody else's hand on a field that holds a schedule: one of the two would be ignored."""
        for name, shown in self._shown.items():
            for group in self.param_groups:
                if group[name] != shown:
                    raise RavineError(
                        f"{name} holds the schedule {self._schedules[name]!r}, and was set to {group[name]!r} from "
                        f"outside, as PyTorch's schedulers do: give the rule a number for {name}, or leave it alone."
                    )


def _bare(method: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a method of PyTorch's without its guard against a compiler, which imports that: over a second a process."""
    return getattr(method, "__wrapped__", method)


def _check(rule: Any, steps: Any) -> None:
    if not isinstance(rule, Rule):
        raise RavineError(f"Optimizer(params, {text(rule)}): a rule must come second, such as Adam(lr=0.001).")
    for each in leaves(rule, is_range).values():
        raise RavineError(f"{rule!r}: {each!r} is a range; an optimizer needs one number.")
    if steps is None and leaves(rule, is_schedule):
        raise RavineError(f"{rule!r} holds a schedule: say how long training is, as in Optimizer(..., steps=1000).")
    if steps is not None and (not isinstance(steps, int) or isinstance(steps, bool) or steps < 1):
        raise RavineError(f"Optimizer(steps={steps!r}): steps must be a whole number, at least 1, got {steps!r}.")


def _real(x: Tensor) -> Tensor:
    """Gives a tensor without its history; a complex number counts as two, as in PyTorch's optimizers."""
    return torch.view_as_real(x.detach()) if x.is_complex() else x.detach()
