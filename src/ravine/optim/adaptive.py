"""Adagrad, Adadelta and RMSprop: drop-ins for `torch.optim` that divide by the size of past gradients."""

from typing import Any

from torch import Tensor
from torch.optim.optimizer import ParamsT
from typing_extensions import override

from .. import rules
from ..errors import RavineError
from ..rules import Rule
from .bad_input import check_numbers
from .drop_in import DropIn, decayed
from .optimizer import begin, no_steps
from .torch_names import SLOTS, STEP


class Adagrad(DropIn):
    """Adagrad: `torch.optim.Adagrad` by Ravine's engines.

    The arguments are PyTorch's. `foreach` and `fused` name PyTorch's engines and decide nothing here; `engine` does, as
    for `Optimizer`. The state is there from the beginning, as PyTorch's is.

    Raises:
        RavineError: A hyperparameter is out of bounds; the sentence is PyTorch's.
    """

    _deciding = ("lr_decay", "weight_decay", "maximize")
    _slots = "Adagrad"

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        engine: str = "auto",
    ) -> None:
        initial = {"initial_accumulator_value": initial_accumulator_value}
        check_numbers(lr=lr, lr_decay=lr_decay, weight_decay=weight_decay, **initial, eps=eps)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            **initial,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults, engine)
        start = rules.Adagrad(initial=initial_accumulator_value).slots()["s"]
        for p, _ in self._owned():
            self.state[p] |= {STEP: no_steps(), SLOTS["Adagrad"]["s"]: begin(start, p)}

    def share_memory(self) -> None:
        """Moves the sums to where other processes see them."""
        for p, _ in self._owned():
            self.state[p][SLOTS["Adagrad"]["s"]].share_memory_()

    @override
    def _form(self, on: set[str]) -> Rule:
        return decayed(rules.Adagrad(lr_decay=0.0 if "lr_decay" in on else None), on)

    @override
    def _value(self, group: dict[str, Any], name: str) -> Any:
        return self.defaults["initial_accumulator_value"] if name == "initial" else super()._value(group, name)


class Adadelta(DropIn):
    """Adadelta: `torch.optim.Adadelta` by Ravine's engines.

    The arguments are PyTorch's. `foreach` names an engine of PyTorch's and decides nothing here; `engine` does, as for
    `Optimizer`.

    Raises:
        RavineError: A hyperparameter is out of bounds; the sentence is PyTorch's.
    """

    _deciding = ("weight_decay", "maximize")
    _slots = "Adadelta"

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
        engine: str = "auto",
    ) -> None:
        check_numbers(lr=lr, rho=rho, eps=eps, weight_decay=weight_decay)
        if not rho <= 1:
            raise RavineError(f"Invalid rho value: {rho}")
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults, engine)

    @override
    def _form(self, on: set[str]) -> Rule:
        return decayed(rules.Adadelta(), on)


class RMSprop(DropIn):
    """RMSprop, with momentum and without its mean where asked for: `torch.optim.RMSprop` by Ravine's engines.

    The arguments are PyTorch's. `foreach` names an engine of PyTorch's and decides nothing here; `engine` does, as for
    `Optimizer`. Where rounding makes a centered mean square negative, it counts as 0; PyTorch's root of it is NaN.

    Raises:
        RavineError: A hyperparameter is out of bounds; the sentence is PyTorch's.
    """

    _deciding = ("momentum", "centered", "weight_decay", "maximize")
    _slots = "RMSprop"

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        *,
        engine: str = "auto",
    ) -> None:
        check_numbers(lr=lr, eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults, engine)

    @override
    def _form(self, on: set[str]) -> Rule:
        momentum = 0.0 if "momentum" in on else None
        return decayed(rules.RMSprop(centered="centered" in on, momentum=momentum), on)
