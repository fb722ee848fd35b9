"""Penalties: what a recipe adds to the loss for the size of the weights, so that they stay small, or become zero.

A penalty in the loss is seen by everything that a rule does to gradients. Whether that is what is wanted, beside
`Decay`, which goes around it, is told in `docs/penalties.md`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY
from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import override

from ..errors import RavineError
from ..fields import Number, field, flag, inner
from ..optim.decay_groups import decaying
from ..part import Part
from ..ranges import log
from .name_patterns import check_patterns, matching


class Penalty(Part):
    """Adds to the loss what the size of the weights costs (abstract).

    A part of one's own derives from it and says in `of` what that is. `layers` are patterns of names, or kinds, of the
    layers or parameters that it is for. Biases, and all that a norm has, are left alone unless `everything` says
    otherwise: their size does not say how complex the function is.
    """

    _: KW_ONLY
    layers: Any = inner("pattern of names, or kind, of what is penalized, or several of them", "*")
    everything: bool = flag(False, "whether biases and norms are penalized, too")

    def __post_init__(self) -> None:
        Part.__post_init__(self)
        check_patterns(self, "layers")

    def of(self, weights: Mapping[str, Tensor]) -> Tensor:
        """Gives what is added to the loss.

        Args:
            weights: What is penalized, by its names, at least one; of complex numbers their parts, `[..., 2]`.

        Returns:
            A scalar that can be differentiated.
        """
        raise NotImplementedError


class l1(Penalty):  # noqa: N801 - typed as a function
    """Adds `strength sum |p|`, whose gradient is `strength sign(p)`: useless weights shrink to nearly zero.

    Tibshirani 1996, "Regression Shrinkage and Selection via the Lasso". Only `Decay(rule, l1=...)`, which knows where
    zero is, makes them exactly zero and keeps them there.

    >>> float(l1(0.5).of({"a": torch.tensor([3.0, -4.0])}))
    3.5
    """

    strength: Number = field(
        ..., "cost of a weight per unit of its size", at_least=0, search=log(1e-6, 1e-3), also=("lasso", "sparsity")
    )

    @override
    def of(self, weights: Mapping[str, Tensor]) -> Tensor:
        return self.strength * _sizes(weights)


class l2(Penalty):  # noqa: N801 - typed as a function
    """Adds `strength/2 sum p^2`, whose gradient is `strength p`: as the `weight_decay` of PyTorch's SGD and Adam.

    Hoerl & Kennard 1970, "Ridge Regression"; Krogh & Hertz 1991, "A Simple Weight Decay Can Improve Generalization".

    >>> float(l2(0.5).of({"a": torch.tensor([3.0, -4.0])}))
    6.25
    """

    strength: Number = field(
        ...,
        "slope of a weight's cost per unit of its size",
        at_least=0,
        search=log(1e-5, 1e-2),
        also=("weight decay", "ridge", "lambda", "tikhonov"),
    )

    @override
    def of(self, weights: Mapping[str, Tensor]) -> Tensor:
        return self.strength / 2 * _squares(weights)


class elastic(Penalty):  # noqa: N801 - typed as a function
    """Adds `l1 sum |p| + l2/2 sum p^2`: of weights that say the same, all are kept and shrink together.

    Zou & Hastie 2005, "Regularization and Variable Selection via the Elastic Net", whose second term has no 1/2.

    >>> float(elastic(l1=0.5, l2=0.5).of({"a": torch.tensor([3.0, -4.0])}))
    9.75
    """

    l1: Number = field(
        1e-5, "cost of a weight per unit of its size", at_least=0, search=log(1e-6, 1e-3), also=("lasso", "sparsity")
    )
    l2: Number = field(
        1e-4,
        "slope of a weight's further cost per unit of its size",
        at_least=0,
        search=log(1e-5, 1e-2),
        also=("ridge", "elastic net"),
    )

    @override
    def of(self, weights: Mapping[str, Tensor]) -> Tensor:
        return self.l1 * _sizes(weights) + self.l2 / 2 * _squares(weights)


PENALTIES: dict[str, type[Penalty]] = {penalty.__name__: penalty for penalty in (l1, l2, elastic)}
"""The penalties by the name under which they are typed."""


def _sizes(weights: Mapping[str, Tensor]) -> Tensor:
    return _total([p.abs().sum() for p in weights.values()])


def _squares(weights: Mapping[str, Tensor]) -> Tensor:
    return _total([(p * p).sum() for p in weights.values()])


def _total(values: Sequence[Tensor]) -> Tensor:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def penalized(penalties: Sequence[Penalty], model: nn.Module) -> Callable[[], Tensor]:
    """Finds what penalties are for in a network, once for all steps.

    Args:
        penalties: The penalties; where several are for one weight, it bears them all.
        model: The network. What is frozen in it at a step costs nothing at that step.

    Returns:
        A function that gives what a step adds to the loss: a scalar.

    Raises:
        RavineError: A pattern names nothing, or nothing but biases and norms.

    >>> network = nn.Sequential(nn.Linear(2, 1), nn.Linear(1, 1))
    >>> _ = nn.init.constant_(network[0].weight, 2.0), nn.init.constant_(network[1].bias, -3.0)
    >>> penalty = penalized((l2(0.1, layers="0"), l1(1.0, layers="*.bias", everything=True)), network)
    >>> bool(torch.isclose(penalty(), 0.1 / 2 * 8 + network[0].bias.abs() + 3.0))
    True
    """
    parameters, shrinking = dict(model.named_parameters()), decaying(model)
    chosen: list[tuple[Penalty, dict[str, nn.Parameter]]] = []
    for each in penalties:
        names = matching(each, model, each.layers)
        kept = names if each.everything else [name for name in names if name in shrinking]
        if not kept:
            raise RavineError(
                f"{each!r}: in {type(model).__name__} these are nothing but biases and norms, which penalties leave "
                "alone: add everything=True, or name weights."
            )
        chosen.append((each, {name: parameters[name] for name in kept}))
    nothing = torch.zeros((), device=next(iter(parameters.values())).device)

    def penalty() -> Tensor:
        terms = []
        for each, known in chosen:
            weights = {name: _real(p) for name, p in known.items() if p.requires_grad}
            terms += [each.of(weights)] if weights else []
        return _total(terms) if terms else nothing

    return penalty


def _real(p: Tensor) -> Tensor:
    return torch.view_as_real(p) if p.is_complex() else p
