"""Any rule with the face of `torch.optim.Optimizer`."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from .engines import plain
from .errors import RavineError
from .part import leaves, look_up, meanings, substitute
from .ranges import is_range
from .rules import Rule, Wrapper
from .schedules import bind, is_schedule


def field_names(rule: Rule) -> dict[str, tuple[Any, ...]]:
    """Names every numeric field of a rule, those of wrappers with the wrapper's name in front.

    Args:
        rule: The rule.

    Returns:
        Where each field stands, by its name.

    >>> from ravine.rules import SGD
    >>> field_names(SGD())
    {'lr': ('lr',)}
    """
    names: dict[str, tuple[Any, ...]] = {}
    for name, known in meanings(rule).items():
        if known.interval is not None and getattr(rule, name) is not None:
            prefix = f"{type(rule).__name__.lower()}_" if isinstance(rule, Wrapper) else ""
            names[prefix + name] = (name,)
    if isinstance(rule, Wrapper):
        names |= {name: ("rule", *path) for name, path in field_names(rule.rule).items()}
    return names


class Optimizer(torch.optim.Optimizer):
    """Moves parameters by a rule, behind the interface that PyTorch's users know.

    Every numeric field of the rule stands in the parameter groups under its name, where a group may have a
    value of its own and where it may be changed between steps. A field that holds a schedule is asked at
    every step, and shows its present value there.

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
        searched = leaves(rule, is_range)
        if searched:
            raise RavineError(f"{rule!r}: {next(iter(searched.values()))!r} is a range; an optimizer needs one number.")
        self.rule = bind(rule, steps_per_epoch) if steps_per_epoch is not None else rule
        self.schedules = leaves(self.rule, is_schedule)
        if self.schedules and steps is None:
            raise RavineError(f"{rule!r} holds a schedule: say how long training is, as in Optimizer(..., steps=1000).")
        self.steps = steps
        self.lr_factor = 1.0
        names = field_names(self.rule)
        self._scheduled = {name: path for name, path in names.items() if path in self.schedules}
        self._fixed = {name: path for name, path in names.items() if path not in self.schedules}
        defaults = {name: look_up(self.rule, path) for name, path in self._fixed.items()}
        defaults |= {name: self.schedules[path](0, steps) for name, path in self._scheduled.items()}
        super().__init__(params, {"count": 0, **defaults})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Takes one step.

        Args:
            closure: Computes the loss and its gradients; needed by rules that take the gradient elsewhere.

        Returns:
            What the closure returned, or None.

        Raises:
            RavineError: The rule takes its gradient elsewhere, and there is no closure.
        """
        loss = self._gradients(closure) if closure is not None else None
        if closure is None and self.rule.looks_ahead():
            raise RavineError(
                f"{self.rule!r} takes the gradient ahead of the parameters: call step(closure), or use the "
                "form that needs only the gradient at hand, such as Nesterov()."
            )
        owned = [(p, group) for group in self.param_groups for p in group["params"]]
        moving = [(number, p, group) for number, (p, group) in enumerate(owned) if p.grad is not None]
        if moving:
            rule = self._rule_now([group for _, _, group in moving])
            parameters = [self._parameter(number, p) for number, p, _ in moving]
            for (_, p, _), new in zip(moving, plain.step(rule, parameters), strict=True):
                p.copy_(new)
        for group in self.param_groups:
            group["count"] += 1
        return loss

    @contextmanager
    def predicting(self) -> Iterator[None]:
        """Puts the weights that predict, such as averaged ones, in the parameters' place for a while.

        Yields:
            Nothing; on leaving, the parameters are back.
        """
        slot = self.rule.predicting_slot()
        held = [p for group in self.param_groups for p in group["params"] if slot in self.state.get(p, {})]
        present = [p.detach().clone() for p in held]
        with torch.no_grad():
            for p in held:
                p.copy_(self.state[p][slot])
        try:
            yield
        finally:
            with torch.no_grad():
                for p, before in zip(held, present, strict=True):
                    p.copy_(before)

    def _parameter(self, number: int, p: Tensor) -> plain.Parameter:
        """Gives a parameter as the rule sees it, this step counted."""
        assert p.grad is not None
        state = self._state_of(p)
        state["t"] += 1
        gradient = p.grad.to_dense() if p.grad.is_sparse else p.grad
        return plain.Parameter(number, p.detach(), gradient, state, state["t"])

    def _state_of(self, p: Tensor) -> dict[str, Any]:
        state = self.state[p]
        if not state:
            state["t"] = 0
            state |= {name: start.begin(p) for name, start in self.rule.slots().items()}
        return state

    def _gradients(self, closure: Callable[[], Any]) -> Any:
        """Calls the closure where the rule wants its gradient, and comes back."""
        if not self.rule.looks_ahead():
            with torch.enable_grad():
                return closure()
        moving = [(p, group) for group in self.param_groups for p in group["params"] if p.requires_grad]
        rule = self._rule_now([group for _, group in moving])
        params = [p for p, _ in moving]
        before = [p.detach().clone() for p in params]
        for p, point in zip(params, plain.gradient_points(rule, before, map(self._state_of, params)), strict=True):
            p.copy_(point)
        try:
            with torch.enable_grad():
                return closure()
        finally:
            for p, old in zip(params, before, strict=True):
                p.copy_(old)

    def _rule_now(self, groups: list[dict[str, Any]]) -> Rule:
        """Gives the rule with every field as it stands at this step in the groups of the given parameters."""
        values: dict[tuple[Any, ...], Any] = {}
        for name, path in self._scheduled.items():
            values[path] = self.schedules[path](self.param_groups[0]["count"], self.steps)
            for group in self.param_groups:
                group[name] = values[path]
        for name, path in self._fixed.items():
            here = plain.together([group[name] for group in groups])
            if isinstance(here, plain.Each) or here != look_up(self.rule, path):
                values[path] = here
        if self.lr_factor != 1.0:
            path = (self._scheduled | self._fixed)["lr"]
            values[path] = self.lr_factor * values.get(path, look_up(self.rule, path))
        return substitute(self.rule, values)
