"""Adam and what grew out of it: drop-ins for `torch.optim.Adam`, `AdamW`, `NAdam`, `RAdam` and `Adamax`."""

from typing import Any

from torch import Tensor
from torch.optim.optimizer import ParamsT
from typing_extensions import override

from .. import rules
from ..rules import Rule
from .bad_input import check_betas, check_numbers, check_tensors
from .drop_in import DropIn, decayed

Betas = tuple[float | Tensor, float | Tensor]


class Adam(DropIn):
    """Adam: `torch.optim.Adam` by Ravine's engines.

    The arguments are PyTorch's. `foreach` and `fused` name PyTorch's engines and decide nothing here; `engine` does, as
    for `Optimizer`.

    Raises:
        RavineError: A hyperparameter is out of bounds; the sentence is PyTorch's.

    >>> import torch
    >>> weight = torch.nn.Parameter(torch.ones(2))
    >>> optimizer = Adam([weight], lr=0.5)
    >>> weight.sum().backward()
    >>> optimizer.step()
    >>> weight.tolist(), list(optimizer.state[weight])
    ([0.5, 0.5], ['step', 'exp_avg', 'exp_avg_sq'])
    """

    _deciding = ("amsgrad", "decoupled_weight_decay", "weight_decay", "maximize")
    _slots = "Adam"

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
        engine: str = "auto",
    ) -> None:
        check_numbers(lr=lr, eps=eps)
        check_betas(betas)
        check_numbers(weight_decay=weight_decay)
        check_tensors(lr, betas, foreach, capturable)
        defaults = {
            "lr": lr,
            "betas": tuple(beta.squeeze() if isinstance(beta, Tensor) else beta for beta in betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults, engine)

    @override
    def _form(self, on: set[str]) -> Rule:
        amsgrad = "amsgrad" in on
        if "decoupled_weight_decay" in on:
            return rules.AdamW(amsgrad=amsgrad)  # (1 - lr 0) p is p to the bit, so that 0 needs no form of its own
        return decayed(rules.Adam(amsgrad=amsgrad), on)


class AdamW(Adam):
    """AdamW: `torch.optim.AdamW` by Ravine's engines.

    The arguments are PyTorch's. `foreach` and `fused` name PyTorch's engines and decide nothing here; `engine` does, as
    for `Optimizer`.

    Raises:
        RavineError: A hyperparameter is out of bounds; the sentence is PyTorch's.
    """

    _deciding = ("amsgrad", "decoupled_weight_decay", "maximize")

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        engine: str = "auto",
    ) -> None:
        numbers: tuple[Any, ...] = (lr, betas, eps, weight_decay, amsgrad)
        engines = {"foreach": foreach, "capturable": capturable, "differentiable": differentiable, "fused": fused}
        super().__init__(params, *numbers, maximize=maximize, decoupled_weight_decay=True, engine=engine, **engines)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True  # older state dicts do not say so, or are of Adam


class NAdam(DropIn):
    """NAdam: `torch.optim.NAdam` by Ravine's engines.

    The arguments are PyTorch's. `foreach` names an engine of PyTorch's and decides nothing here; `engine` does, as for
    `Optimizer`. `mu_product` is kept in float64, where PyTorch has its default precision.

    Raises:
        RavineError: A hyperparameter is out of bounds; the sentence is PyTorch's.
    """

    _deciding = ("decoupled_weight_decay", "weight_decay", "maximize")
    _slots = "NAdam"

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        engine: str = "auto",
    ) -> None:
        check_numbers(lr=lr, eps=eps)
        check_betas(betas)
        check_numbers(weight_decay=weight_decay, momentum_decay=momentum_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults, engine)

    @override
    def _form(self, on: set[str]) -> Rule:
        return decayed(rules.NAdam(), on)


class RAdam(DropIn):
    """RAdam: `torch.optim.RAdam` by Ravine's engines.

    The arguments are PyTorch's. `foreach` names an engine of PyTorch's and decides nothing here; `engine` does, as for
    `Optimizer`.

    Raises:
        RavineError: A hyperparameter is out of bounds; the sentence is PyTorch's.
    """

    _deciding = ("decoupled_weight_decay", "weight_decay", "maximize")
    _slots = "RAdam"

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        engine: str = "auto",
    ) -> None:
        check_numbers(lr=lr, eps=eps)
        check_betas(betas)
        check_numbers(weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults, engine)

    @override
    def _form(self, on: set[str]) -> Rule:
        return decayed(rules.RAdam(), on)


class Adamax(DropIn):
    """Adamax: `torch.optim.Adamax` by Ravine's engines.

    The arguments are PyTorch's. `foreach` names an engine of PyTorch's and decides nothing here; `engine` does, as for
    `Optimizer`.

    Raises:
        RavineError: A hyperparameter is out of bounds; the sentence is PyTorch's.
    """

    _deciding = ("weight_decay", "maximize")
    _slots = "Adamax"

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
        engine: str = "auto",
    ) -> None:
        check_numbers(lr=lr, eps=eps)
        check_betas(betas)
        check_numbers(weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults, engine)

    @override
    def _form(self, on: set[str]) -> Rule:
        return decayed(rules.Adamax(), on)
