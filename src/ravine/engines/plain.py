"""The plain engine: calls a rule's `update` with tensors.

It is differentiable, takes any dtype on any device, and is the reference that faster engines are held
against. All tensors move through `update` together, so that a norm over all of them is one call inside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..part import leaves, substitute
from ..rules import Rule
from .each import Each, at, together
from .row import Row
from .symbols import Symbol

HALVES = (torch.float16, torch.bfloat16)
"""What is too coarse to compute in."""


class Plain:
    """The plain engine: `update` is called with tensors.

    Where `recorded`, autograd sees the step, so that it can be differentiated.
    """

    def __init__(self, rule: Rule, recorded: bool = False) -> None:
        self.rule, self.recorded = rule, recorded
        self.places = {symbol.detail: path for path, symbol in leaves(rule, lambda x: isinstance(x, Symbol)).items()}
        self.fields = tuple(self.places)

    def step(self, rows: Sequence[Row], gradients: Sequence[Tensor], values: Sequence[Sequence[Any]]) -> None:
        """Takes one step.

        Args:
            rows: The parameters that have a gradient.
            gradients: Their gradients.
            values: For each group its `fields`.
        """
        with torch.set_grad_enabled(self.recorded):
            self._step(rows, gradients, values)

    def _step(self, rows: Sequence[Row], gradients: Sequence[Tensor], values: Sequence[Sequence[Any]]) -> None:
        rule, names = self.rule_of(rows, values), list(self.rule.slots())
        read = _recorded if self.recorded else real_or_spread
        for row in rows:
            if row.count is not None:
                row.state[row.count] += 1
        there = [[name for name in names if name in row.keys] for row in rows]
        parameters = [
            Parameter(
                row.number,
                read(row.p).clone() if self.recorded else read(row.p),  # derivatives need it as it was
                read(g.to_dense() if g.is_sparse else g),
                {name: read(slot) for name, slot in zip(own, row.slots(own), strict=True)},
                1 if row.count is None else int(row.state[row.count]),
            )
            for row, g, own in zip(rows, gradients, there, strict=True)
        ]
        new = step(rule, parameters)
        for row, parameter, value, own in zip(rows, parameters, new, there, strict=True):
            read(row.p).copy_(value)
            for name in own:
                self._put(row, name, parameter.state[name])

    def gradient_points(
        self, rows: Sequence[Row], values: Sequence[Sequence[Any]], gradients: Sequence[Tensor] | None = None
    ) -> list[Tensor]:
        """Gives the point at which the rule wants the gradient of each parameter.

        Args:
            rows: The parameters.
            values: For each group its `fields`.
            gradients: Their first gradients, where the rule asks for such; None for the points of these.

        Returns:
            The points, in the order of the rows; a complex number counts as two.
        """
        rule, names = self.rule_of(rows, values), list(self.rule.slots())
        states = [
            {name: real_or_spread(row.state[row.keys[name]]) for name in names if name in row.keys} for row in rows
        ]
        p, g = Each([_wide(real_or_spread(row.p)) for row in rows]), None
        if gradients is not None:
            g = Each([_wide(real_or_spread(x.to_dense() if x.is_sparse else x)) for x in gradients])
        t = together([_next_count(row) for row in rows]) if "t" in rule.gradient_asks() else 1
        return rule.gradient_point(p, _slots(rule, states), t, Each([row.number for row in rows]), g).items

    def _put(self, row: Row, name: str, new: Tensor) -> None:
        if self.recorded:
            held = row.state[row.keys[name]]
            row.state[row.keys[name]] = (torch.view_as_complex(new) if held.is_complex() else new).to(held.dtype)
            row.held = list(row.state.values())
        else:
            real_or_spread(row.state[row.keys[name]]).copy_(new)

    def rule_of(self, rows: Sequence[Row], values: Sequence[Sequence[Any]]) -> Rule:
        """Gives the rule with every field as it stands in groups.

        Args:
            rows: The parameters, at least one.
            values: For each group its `fields`.

        Returns:
            The rule; where groups differ in a field, it holds one value per parameter.
        """
        columns = [together([values[row.group][k] for row in rows]) for k in range(len(self.fields))]
        return substitute(self.rule, dict(zip(self.places.values(), columns, strict=True)))


@dataclass(frozen=True)
class Parameter:
    """A parameter as a rule sees it: its number among all, its gradient, its slots, and its own step count."""

    number: int
    value: Tensor
    gradient: Tensor
    state: dict[str, Any]
    count: int


def step(rule: Rule, parameters: Sequence[Parameter]) -> list[Tensor]:
    """Takes one step of a rule on all parameters and puts the new slots into their states.

    Args:
        rule: The rule, every field a number or an `Each` of numbers.
        parameters: The parameters that have a gradient; their states are changed in place.

    Returns:
        The new values.

    >>> from ravine.rules import SGD
    >>> step(SGD(lr=0.5), [Parameter(0, torch.ones(2), torch.ones(2), {}, count=1)])
    [tensor([0.5000, 0.5000])]
    """
    p = Each([_wide(parameter.value) for parameter in parameters])
    g = Each([_wide(parameter.gradient) for parameter in parameters])
    t = together([parameter.count for parameter in parameters])
    slots = _slots(rule, [parameter.state for parameter in parameters])
    p, new = rule.step(p, g, slots, t, Each([parameter.number for parameter in parameters]))
    for name, slot in new.items():
        for k, parameter in enumerate(parameters):
            value = at(slot, k)
            if value is not None:
                parameter.state[name] = _own(value, parameter)
    return p.items


def _wide(x: Tensor) -> Tensor:
    """Gives numbers of half precision room for arithmetic; they are rounded once, when they are put back."""
    return x.float() if x.dtype in HALVES else x


def _next_count(row: Row) -> int:
    return 1 if row.count is None else int(row.state[row.count]) + 1


def _own(value: Any, parameter: Parameter) -> Any:
    """Copies a slot that is the parameter or its gradient itself, both of which are about to change in place."""
    passing = (parameter.value.data_ptr(), parameter.gradient.data_ptr())
    return value.clone() if isinstance(value, Tensor) and value.data_ptr() in passing else value


def _slots(rule: Rule, states: Sequence[dict[str, Any]]) -> dict[str, Each]:
    """Joins the slots of all parameters; one that a parameter does not have is None."""
    slots = {name: [state.get(name) for state in states] for name in rule.slots()}
    return {name: Each([None if x is None else _wide(x) for x in column]) for name, column in slots.items()}


def real_or_spread(x: Tensor) -> Tensor:
    """Gives a tensor without its history; a complex number counts as two, as in PyTorch's optimizers.

    Args:
        x: Any tensor.

    Returns:
        The same numbers in the same memory; one that is spread over processes stays so, and norms are taken over all.
    """
    return _recorded(x.detach())


def _recorded(x: Tensor) -> Tensor:
    return torch.view_as_real(x) if x.is_complex() else x
