"""What all drop-ins share: rules behind the very groups, states and state dicts of `torch.optim`."""

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT
from typing_extensions import override

from ..engines.choice import check_engine
from ..engines.plain import Plain
from ..engines.row import Row
from ..errors import RavineError
from ..part import substitute
from ..rules import Decay, Maximize, Rule, field_names
from .bad_input import check_engines
from .compiling import not_traced
from .hooks import hooked
from .optimizer import Optimizer, bare
from .shares import Member, Share
from .torch_names import FIELDS, LATE, SLOTS, STEP


class DropIn(Optimizer):
    """An optimizer of `torch.optim`, moved by Ravine's engines (abstract).

    Its groups and states have PyTorch's keys and no others, so that state dicts go both ways at any step. What in a
    group decides the form of the rule may change between steps, like every number.

    Args:
        params: Tensors, named tensors or parameter groups.
        defaults: What a group holds that says nothing else.
        engine: Who executes the rule, as for `Optimizer`.

    Raises:
        RavineError: There is no such engine, or it cannot do what is asked for.
    """

    _deciding: ClassVar[tuple[str, ...]]
    """The keys of a group that decide the form of its rule, by whether what they hold is 0 or False."""
    _slots: ClassVar[str]
    """The optimizer of PyTorch that names the slots."""

    def __init__(self, params: ParamsT, defaults: dict[str, Any], engine: str) -> None:
        check_engine(engine)
        flags = {name: defaults[name] for name in ("foreach", "fused", "differentiable") if name in defaults}
        check_engines(**flags)
        recorded = defaults.get("differentiable", False)
        if recorded and engine not in ("auto", "plain"):
            raise RavineError(f"differentiable=True goes by the plain engine, which autograd sees, not {engine!r}.")
        self.engine = "plain" if recorded else engine
        self._shares: list[Share] | None = None
        torch.optim.Optimizer.__init__(self, params, defaults)

    @property
    def rule(self) -> Rule:
        """The rule of the first group, with its present numbers.

        >>> from ravine.optim import SGD
        >>> SGD([torch.ones(2)], lr=0.1, weight_decay=0.01).rule
        Decay(SGD(lr=0.1), l2=0.01, through='gradient')
        """
        group = self.param_groups[0]
        rule = self._rule(self._kind(group))
        return substitute(rule, {path: self._value(group, name) for name, path in field_names(rule).items()})

    @property
    @override
    def capturable(self) -> bool:
        return any(group.get("capturable", False) for group in self.param_groups)

    @override
    def prepare_replay(self) -> None:
        """Puts the present numbers of all groups where the next replay of a captured step reads them."""
        with torch.no_grad():
            self._write_fields()

    @override
    @not_traced
    @hooked
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Takes one step.

        Args:
            closure: Computes the loss and its gradients.

        Returns:
            What the closure returned, or None.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self._move()
        return loss

    @override
    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Takes more parameters in.

        Args:
            param_group: The parameters under "params", and what differs from the defaults.
        """
        bare(torch.optim.Optimizer.add_param_group)(self, param_group)

    @override
    def state_dict(self) -> dict[str, Any]:
        """Gives everything that `load_state_dict` takes, here and in PyTorch.

        Returns:
            Numbers and tensors under PyTorch's names.
        """
        for p in [p for p, held in self.state.items() if not held]:
            del self.state[p]  # PyTorch has no entry for what it keeps nothing of
        return super().state_dict()

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes back what `state_dict` gave, here or in PyTorch, today or in an older version.

        Args:
            state_dict: The state of the same optimizer with as many parameters.
        """
        self._load(state_dict)
        self._mend_all()

    def __getstate__(self) -> dict[str, Any]:
        return torch.optim.Optimizer.__getstate__(self) | {"engine": self.engine}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name, meant in LATE.items():
                if name in self.defaults:
                    group.setdefault(name, meant)
        self._mend_all()

    def _mend_all(self) -> None:
        for p, _ in self._owned():
            mend(self.state.get(p, {}))

    @override
    def _sharing(self) -> list[Share]:
        before, shares = self._shares, super()._sharing()
        if self.defaults.get("differentiable", False) and shares is not before:
            for share in shares:
                share.choice = replace(share.choice, why="autograd sees every step of it, as differentiable=True asks")
                share.engine = Plain(share.rule, recorded=True)
        return shares

    @override
    def _kind(self, group: dict[str, Any]) -> Hashable:
        return tuple([bool(group[name]) for name in self._deciding])

    @override
    def _rule(self, kind: Any) -> Rule:
        on = {name for name, there in zip(self._deciding, kind, strict=True) if there}
        rule = self._form(on)
        return Maximize(rule) if "maximize" in on else rule

    def _form(self, on: set[str]) -> Rule:
        """Gives the rule without its sign.

        Args:
            on: What decides its form and is not 0 or False.
        """
        raise NotImplementedError

    @override
    def _value(self, group: dict[str, Any], name: str) -> Any:
        if name not in FIELDS:
            return 0.0  # a pull by l1 that PyTorch does not have
        key, place = FIELDS[name]
        value = group[key] if place is None else group[key][place]
        if not isinstance(value, Tensor):
            return value
        stays = self.defaults.get("differentiable", False) or group.get("capturable", False)
        return value.squeeze() if stays else value.item()

    @override
    def _row(self, member: Member, rule: Rule) -> Row:
        mend(self.state[member.p])
        return super()._row(member, rule)

    @override
    def _key(self, slot: str) -> str:
        return SLOTS[self._slots][slot]


def decayed(rule: Rule, on: set[str]) -> Rule:
    """Puts weight decay around a rule where there is any: 0 is no term, not a term of 0.

    Args:
        rule: The rule.
        on: What decides its form and is not 0 or False.

    Returns:
        The rule, which decays the weights themselves where that is decoupled.
    """
    if "weight_decay" not in on:
        return rule
    return Decay(rule, through="weights" if "decoupled_weight_decay" in on else "gradient")


def mend(state: dict[str, Any]) -> None:
    """Gives what was counted or multiplied up the precision in which engines keep it.

    Args:
        state: A parameter's state, which may be PyTorch's, or of an old version that kept plain numbers.
    """
    for key, dtypes in ((STEP, (torch.float32, torch.float64)), ("mu_product", (torch.float64,))):
        value = state.get(key)
        if value is not None and not (isinstance(value, Tensor) and value.dtype in dtypes):
            state[key] = torch.as_tensor(value).detach().to(dtypes[0], copy=True)
