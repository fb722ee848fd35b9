"""Any rule with the face of `torch.optim.Optimizer`."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from typing_extensions import override

from ..engines import plain
from ..errors import RavineError
from ..rules import Rule
from .groups import KEPT, read_fields


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
        self.fields = read_fields(rule, steps, steps_per_epoch)
        self.shown = self.fields.at(0)
        super().__init__(params, self.fields.defaults())

    @property
    def rule(self) -> Rule:
        """The rule, every `epochs(n)` in it told how many steps an epoch has."""
        return self.fields.rule

    @property
    def lr_factor(self) -> float:
        """What lr is multiplied by, in all groups: 1 until something such as `plateau` lowers it."""
        return self.param_groups[0]["lr_factor"]

    @lr_factor.setter
    def lr_factor(self, factor: float) -> None:
        if "lr" not in self.fields.paths:
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
        self.fields.check_shown(self.shown, self.param_groups)
        self._show(self.param_groups[0]["count"])
        loss = self._gradients(closure) if closure is not None else None
        moving = [(number, p, group) for number, (p, group) in enumerate(self._owned()) if p.grad is not None]
        if moving:
            parameters = [self._parameter(number, p, group) for number, p, group in moving]
            new = plain.step(self.fields.rule_of([group for _, _, group in moving]), parameters)
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
        self.fields.check_own(param_group)
        _bare(torch.optim.Optimizer.add_param_group)(self, param_group)
        first, new = self.param_groups[0], self.param_groups[-1]
        new |= {**{name: first[name] for name in KEPT}, **self.shown}

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
            for name, value in self.fields.defaults().items():
                group.setdefault(name, value)
        self._show(max(0, self.param_groups[0]["count"] - 1))

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"fields": self.fields, "shown": self.shown}

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
            state |= {name: start.begin(_real(p)) for name, start in self.fields.rule_of([group]).slots().items()}
        return state

    def _gradients(self, closure: Callable[[], Any]) -> Any:
        """Calls the closure where the rule wants its gradient, and comes back."""
        ahead = [(p, group) for p, group in self._owned() if p.requires_grad] if self.rule.looks_ahead() else []
        before = [_real(p).clone() for p, _ in ahead]
        if ahead:
            rule = self.fields.rule_of([group for _, group in ahead])
            states = [self._state_of(p, group) for p, group in ahead]
            for (p, _), point in zip(ahead, plain.gradient_points(rule, before, states), strict=True):
                _real(p).copy_(point)
        try:
            with torch.enable_grad():
                return closure()
        finally:
            for (p, _), old in zip(ahead, before, strict=True):
                _real(p).copy_(old)

    def _show(self, t: int) -> None:
        """Asks every schedule, and shows its value in all groups."""
        self.shown = self.fields.at(t)
        for group in self.param_groups:
            group |= self.shown


def _bare(method: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a method of PyTorch's without its guard against a compiler, which imports that: over a second a process."""
    return getattr(method, "__wrapped__", method)


def _real(x: Tensor) -> Tensor:
    """Gives a tensor without its history; a complex number counts as two, as in PyTorch's optimizers."""
    return torch.view_as_real(x.detach()) if x.is_complex() else x.detach()
