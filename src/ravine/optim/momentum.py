"""SGD and Muon: drop-ins for `torch.optim` that step along a sum of gradients."""

from collections.abc import Hashable
from typing import Any

from torch import Tensor
from torch.optim.optimizer import ParamsT
from typing_extensions import override

from .. import rules
from ..engines.row import Row
from ..errors import RavineError
from ..part import leaves
from ..rules import Rule
from .bad_input import UnsupportedError, check_numbers
from .drop_in import DropIn, decayed
from .optimizer import no_steps
from .shares import Member
from .torch_names import SLOTS, STEP


class SGD(DropIn):
    """SGD, with momentum and Nesterov's look-ahead where asked for: `torch.optim.SGD` by Ravine's engines.

    The arguments are PyTorch's. `foreach` and `fused` name PyTorch's engines and decide nothing here; `engine` does, as
    for `Optimizer`. With dampening, a parameter's state has its step count too, which PyTorch lays aside unread.

    Raises:
        RavineError: A hyperparameter is out of bounds; the sentence is PyTorch's.

    >>> import torch
    >>> weight = torch.nn.Parameter(torch.ones(2))
    >>> optimizer = SGD([weight], lr=0.5, momentum=0.9)
    >>> weight.sum().backward()
    >>> optimizer.step()
    >>> weight.tolist(), optimizer.state[weight]
    ([0.5, 0.5], {'momentum_buffer': tensor([1., 1.])})
    """

    _deciding = ("momentum", "dampening", "nesterov", "weight_decay", "maximize")
    _slots = "SGD"

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
        engine: str = "auto",
    ) -> None:
        check_numbers(lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise RavineError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults, engine)

    @override
    def _form(self, on: set[str]) -> Rule:
        if "momentum" not in on:
            rule = rules.SGD()
        elif "nesterov" in on:
            rule = rules.Nesterov()
        else:
            rule = rules.Momentum(dampening=0.0) if "dampening" in on else rules.Momentum()
        return decayed(rule, on)

    @override
    def _count(self, rule: Rule) -> str | None:
        dampened = leaves(rule, lambda part: isinstance(part, rules.Momentum) and part.dampening is not None)
        return STEP if dampened else None

    @override
    def _row(self, member: Member, rule: Rule) -> Row:
        state = self.state[member.p]
        buffer = state.get(SLOTS["SGD"]["v"])
        if buffer is not None and STEP not in state and self._count(rule) is not None:
            state[STEP] = no_steps() + 1  # the first step, which nothing dampens, is behind
        return super()._row(member, rule)


class Muon(DropIn):
    """Muon, for parameters of two dimensions: `torch.optim.Muon` by Ravine's engines.

    The arguments are PyTorch's, and `engine` as for `Optimizer`; a rule of whole matrices goes by the plain one. The
    Newton-Schulz steps run in bfloat16, as PyTorch's do.

    Raises:
        RavineError: A hyperparameter is out of bounds, or a parameter is no matrix; the sentence is PyTorch's.
    """

    _deciding = ()
    _slots = "Muon"

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
        *,
        engine: str = "auto",
    ) -> None:
        _check_muon(lr, momentum, weight_decay, adjust_lr_fn)
        _check_iteration(ns_coefficients, ns_steps)
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults, engine)

    @override
    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Takes more matrices in.

        Args:
            param_group: The parameters under "params", and what differs from the defaults.

        Raises:
            RavineError: One is no matrix.
        """
        super().add_param_group(param_group)
        for p in self.param_groups[-1]["params"]:
            if p.ndim != 2:
                self.param_groups.pop()
                raise RavineError(
                    f"Muon only supports 2D parameters whereas we found a parameter with size: {p.size()}"
                )

    @override
    def _kind(self, group: dict[str, Any]) -> Hashable:
        return bool(group["nesterov"]), tuple(group["ns_coefficients"]), group["adjust_lr_fn"] or "original"

    @override
    def _rule(self, kind: Any) -> Rule:
        nesterov, coefficients, adjust = kind
        return rules.Muon(nesterov=nesterov, coefficients=coefficients, adjust=adjust, bfloat16=True)

    @override
    def _count(self, rule: Rule) -> str | None:
        return None

    @override
    def _row(self, member: Member, rule: Rule) -> Row:
        if member.p.is_complex():
            raise UnsupportedError("Muon does not support complex parameters")
        return super()._row(member, rule)


def _check_muon(lr: Any, momentum: Any, weight_decay: Any, adjust_lr_fn: Any) -> None:
    """Refuses what PyTorch's Muon refuses, which words it in a way of its own."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise RavineError("Tensor lr must be 1-element")
    named = {"Learning rate": lr, "momentum": momentum, "weight decay": weight_decay}
    for name, value in named.items():
        if not value >= 0:
            raise RavineError(f"{name} should be >= 0 but is: {value}")
    if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
        raise RavineError(f"Adjust learning rate function {adjust_lr_fn} is not supported")


def _check_iteration(coefficients: Any, steps: Any) -> None:
    """Refuses what PyTorch's Muon refuses when it steps."""
    if len(coefficients) != 3:
        raise RavineError("Coefficients must be a tuple of exactly 3 values")
    if steps >= 100:
        raise RavineError("Number of steps must be less than 100 for computational efficiency")
