"""The head of a network: its last layer of weights, made anew with as many outputs as the labels need."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from torch import nn

from ..errors import RavineError, nearest
from .examples import Examples

KINDS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
"""Layers that a network may end in, each with a number of outputs."""


def outputs_needed(data: Examples, kind: str) -> int | None:
    """Tells how many outputs suit the targets, for each example or each of its places.

    Args:
        data: The training examples.
        kind: What the loss wants of targets: "classes", "binary", "numbers" or "given".

    Returns:
        The number of classes, or of numbers to predict; None where it depends on the network, as for dense numbers,
        or on a user's own loss.
    """
    if kind == "given":
        return None
    if kind == "classes" and data.coding.classes:
        return len(data.coding.classes)
    targets = data.targets
    assert targets is not None
    if kind == "classes":
        return int(targets.max()) + 1
    return targets.shape[1:].numel() if targets.dim() <= 2 else None


def heads(model: nn.Module, replace: bool | str | None, outputs: int | None) -> list[str]:
    """Finds the layers that are to be made anew.

    Args:
        model: The network.
        replace: A pattern of layer names; True for the last layer; None for that where it has not `outputs` outputs;
            False for none.
        outputs: How many outputs the labels need, if known.

    Returns:
        Their names.

    Raises:
        RavineError: No layer is called so, or the network ends in no layer of a known kind.
    """
    if isinstance(replace, str):
        return _called(model, replace)
    last = _last(model)
    if last is None and replace:
        raise RavineError(
            f"replace_head=True: {type(model).__name__} has no linear layer and no convolution to replace; name its "
            "head by a pattern, as in replace_head='classifier*'."
        )
    if last is None or replace is False:
        return []
    differs = outputs is not None and _outputs(model.get_submodule(last)) != outputs
    return [last] if replace or differs else []


def _called(model: nn.Module, pattern: str) -> list[str]:
    names = [name for name, _ in model.named_modules() if name]
    found = [name for name in names if fnmatchcase(name, pattern)]
    if not found:
        raise RavineError(
            f"replace_head={pattern!r}: no layer of {type(model).__name__} is called so, and it has "
            f"{', '.join(names[-4:]) or 'none that has a name'} last.{nearest(pattern, names)}"
        )
    return found


def resize(model: nn.Module, names: Iterable[str], outputs: int | None) -> nn.Module:
    """Gives the last layer, if it is made anew, as many outputs as the labels need, from PyTorch's generator.

    Args:
        model: The network; it is changed in place.
        names: What is made anew; layers that stand in these count too.
        outputs: How many outputs the labels need; None to leave it.

    Returns:
        The network; a new layer where the network is nothing else.

    Raises:
        RavineError: The last layer is of a kind of its own.
    """
    last = _last(model)
    if outputs is None or last is None or not below(last, names) or _outputs(model.get_submodule(last)) == outputs:
        return model
    above, _, own = last.rpartition(".")
    layer = _with_outputs(model.get_submodule(last), outputs, last)
    if not own:
        return layer
    setattr(model.get_submodule(above), own, layer)
    return model


def _last(model: nn.Module) -> str | None:
    return next((name for name, layer in reversed([*model.named_modules()]) if isinstance(layer, KINDS)), None)


def below(name: str, layers: Iterable[str]) -> bool:
    """Tells whether a layer or tensor is one of some layers, or stands in one.

    Args:
        name: Its name.
        layers: The names of the layers; "" is the whole network.

    Returns:
        Whether it does.

    >>> below("block.0.weight", ["block"]), below("block2.weight", ["block"]), below("weight", [""])
    (True, False, True)
    """
    return any(layer in ("", name) or name.startswith(f"{layer}.") for layer in layers)


def _outputs(layer: Any) -> int:
    return layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels


def _with_outputs(layer: Any, outputs: int, name: str) -> nn.Module:
    if type(layer) not in KINDS:
        raise RavineError(
            f"the head {name!r} is a {type(layer).__name__} with {_outputs(layer)} outputs, and the labels need "
            f"{outputs}: let the model's factory build it so."
        )
    here = {"bias": layer.bias is not None, "device": layer.weight.device, "dtype": layer.weight.dtype}
    if isinstance(layer, nn.Linear):
        return nn.Linear(layer.in_features, outputs, **here)
    kept = ("kernel_size", "stride", "padding", "dilation", "groups", "padding_mode")
    return type(layer)(layer.in_channels, outputs, **{one: getattr(layer, one) for one in kept}, **here)
