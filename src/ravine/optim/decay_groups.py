"""Groups of parameters that keep weight decay off what should not shrink."""

from collections.abc import Iterator
from typing import Any

from torch import nn

from ..errors import RavineError
from ..fields import text

NORMS = (nn.LayerNorm, nn.RMSNorm, nn.GroupNorm)
"""The layers of PyTorch that normalize and may have parameters of several dimensions; all others have one."""


def decay_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Splits a model's parameters in two: those that weight decay is for, and those that it is not.

    Which those are, `decaying` says. A tensor that stands in several places, such as an embedding tied to the output
    layer, comes once. What does not require a gradient is left out.

    Args:
        model: The model.
        weight_decay: How much the first group decays, by the optimizer's own convention.

    Returns:
        One group with `weight_decay` and one with 0, each with names; a group without parameters is not there.

    Raises:
        RavineError: `weight_decay` is below 0, or nothing in the model requires a gradient.

    >>> model = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 1))
    >>> for group in decay_groups(model, 0.1):
    ...     print(group["weight_decay"], [name for name, _ in group["params"]])
    0.1 ['0.weight', '2.weight']
    0.0 ['0.bias', '1.weight', '1.bias', '2.bias']
    """
    if not weight_decay >= 0:
        raise RavineError(
            f"decay_groups(model, {text(weight_decay)}): weight_decay must be at least 0, got {text(weight_decay)}."
        )
    names = decaying(model)
    named: dict[bool, list[tuple[str, nn.Parameter]]] = {True: [], False: []}
    for name, p in model.named_parameters():  # which gives a shared one once
        if p.requires_grad:
            named[name in names].append((name, p))
    if not any(named.values()):
        raise RavineError("decay_groups(model, ...): no parameter of the model requires a gradient.")
    amounts = {True: weight_decay, False: 0.0}
    return [{"params": params, "weight_decay": amounts[decays]} for decays, params in named.items() if params]


def decaying(model: nn.Module) -> set[str]:
    """Names the parameters that weight decay, or any penalty on the size of weights, is for.

    Left alone is whatever has fewer than two dimensions (biases, gains of norms, single scales) and whatever belongs to
    a layer that normalizes, by its class or by "Norm" at the end of its name: their size does not say how complex the
    function is, and to shrink them is to shift it. Matrices, filters and embeddings decay: so nanoGPT trains GPT-2
    (Karpathy 2022, `configure_optimizers`; its predecessor minGPT left embeddings alone too), and so does Hugging
    Face's `Trainer`.

    Args:
        model: The model.

    Returns:
        Their names, as `named_parameters` gives them: of a tensor that stands in several places, the first.

    >>> sorted(decaying(nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 1))))
    ['0.weight', '2.weight']
    """
    normalizing = set(_in_norms(model))
    return {name for name, p in model.named_parameters() if p.dim() >= 2 and id(p) not in normalizing}


def _in_norms(model: nn.Module) -> Iterator[int]:
    for module in model.modules():
        if isinstance(module, NORMS) or type(module).__name__.endswith("Norm"):
            yield from map(id, module.parameters(recurse=False))
