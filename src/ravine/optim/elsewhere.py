"""Gradients that a rule wants elsewhere than at the parameters: all of them move there, and come back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ..engines.choice import Engine
from ..engines.plain import Plain, real_or_spread
from ..engines.row import Row
from ..part import leaves
from ..rules import Rule, Wrapper
from .shares import Member


def without_closure(rule: Rule) -> str:
    """Says what to do where a rule wants its gradient elsewhere, and was given nothing to take it by.

    Args:
        rule: The rule.

    Returns:
        A sentence.
    """
    if leaves(rule, lambda value: isinstance(value, Wrapper) and value.gradient_at is not None):
        return (
            f"{rule!r} takes the gradient elsewhere than at the parameters: call step(closure); a GradScaler has none "
            "to give, so train in bfloat16, which needs no scaler."
        )
    return (
        f"{rule!r} takes the gradient ahead of the parameters: call step(closure), or use the "
        "form that needs only the gradient at hand, such as Nesterov()."
    )


class Elsewhere:
    """Takes the gradients of a step where a rule wants them.

    Args:
        rule: The rule of all parameters, with symbols in its fields.
        members: The parameters.
    """

    def __init__(self, rule: Rule, members: Sequence[Member]) -> None:
        self.plain, self.members = Plain(rule), members
        self.twice = rule.gradients_per_step() == 2
        self.rows: dict[int, Row] = {}

    def gradients(
        self,
        closure: Callable[[], Any],
        states: Mapping[Tensor, dict[str, Any]],
        begin: Callable[[Member, Rule], Row],
        values: Callable[[Engine], Sequence[Sequence[Any]]],
    ) -> Any:
        """Calls a closure where the rule wants its gradients: once, or where a first one decides that, twice.

        Args:
            closure: Computes the loss and its gradients.
            states: The optimizer's state.
            begin: Makes the row of a parameter, and what its state lacks.
            values: Gives what an engine wants to be told of every group.

        Returns:
            What the closure returned first. The parameters are where they were, also where it raised.
        """
        rows, told = [self._row(m, states, begin) for m in self.members if m.p.requires_grad], values(self.plain)
        params = [real_or_spread(row.p) for row in rows]
        before = [p.clone() for p in params]
        try:
            _move(params, self.plain.gradient_points(rows, told) if rows else [])
            loss = _called(closure)
            if self.twice:
                first = [(row, g) for row in rows if (g := row.p.grad) is not None]
                _move(params, before)
                if first:
                    reached, gradients = zip(*first, strict=True)
                    points = self.plain.gradient_points(reached, told, gradients)
                    _move([real_or_spread(row.p) for row in reached], points)
                _called(closure)
            return loss
        finally:
            _move(params, before)

    def _row(self, member: Member, states: Mapping[Tensor, dict[str, Any]], begin: Callable[..., Row]) -> Row:
        row = self.rows.get(member.number)
        if row is None or row.state is not states.get(member.p) or not row.is_current():
            row = self.rows[member.number] = begin(member, self.plain.rule)
        return row


def _move(params: Sequence[Tensor], points: Sequence[Tensor]) -> None:
    for p, point in zip(params, points, strict=True):
        p.copy_(point)  # which PyTorch leaves out where the two are one


def _called(closure: Callable[[], Any]) -> Any:
    with torch.enable_grad():
        return closure()
