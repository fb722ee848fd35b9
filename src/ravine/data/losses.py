"""Losses: what training makes small, as one number for a batch and as one number for each example."""

import copy
import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import RavineError, nearest

Function = Callable[[Any, Any], Tensor]


@dataclass(frozen=True, eq=False)
class Loss:
    """A loss in its two forms, and what kind of targets it wants.

    `mean(outputs, targets)` is differentiated; `each(outputs, targets)` has one value for each example,
    `[n]`, a dense target's being the mean over its places. `kind` is "classes", "binary", "numbers", or
    "given" for a user's own function, which takes targets as they come.
    """

    name: str
    kind: str
    mean: Function
    each: Function


def aligned(outputs: Tensor, targets: Tensor) -> Tensor:
    """Gives outputs the targets' shape, where they differ by a dimension of one, the last or second, and nothing else.

    Subtracting `[n, 1]` from `[n]` would give `[n, n]` without a word.

    Args:
        outputs: What the model gave.
        targets: One for each output.

    Returns:
        The outputs in the targets' shape.

    Raises:
        RavineError: The shapes differ otherwise.

    >>> aligned(torch.zeros(3, 1), torch.zeros(3)).shape
    torch.Size([3])
    """
    if outputs.shape == targets.shape:
        return outputs
    if outputs.shape == (*targets.shape, 1):
        return outputs.squeeze(-1)
    if outputs.shape == (*targets.shape[:1], 1, *targets.shape[1:]):
        return outputs.squeeze(1)
    if (*outputs.shape, 1) == targets.shape:
        return outputs.unsqueeze(-1)
    raise RavineError(
        f"the model gives outputs of shape {list(outputs.shape)} for targets of shape {list(targets.shape)}: "
        "it must give one number for each target."
    )


def mean_of_rest(values: Tensor) -> Tensor:
    """Takes the mean over all dimensions but the first, of values for each example.

    Args:
        values: `[n, ...]`.

    Returns:
        `[n]`.
    """
    return values if values.dim() == 1 else values.flatten(1).mean(1)


def _pair(function: Callable[..., Tensor], **options: Any) -> tuple[Function, Function]:
    def mean(outputs: Tensor, targets: Tensor) -> Tensor:
        return function(aligned(outputs, targets), _floating(targets), **options)

    def each(outputs: Tensor, targets: Tensor) -> Tensor:
        return mean_of_rest(function(aligned(outputs, targets), _floating(targets), reduction="none", **options))

    return mean, each


def _floating(targets: Tensor) -> Tensor:
    return targets if targets.is_floating_point() else targets.float()


def cross_entropy_of_each(outputs: Tensor, targets: Tensor) -> Tensor:
    """Computes the mean of `-log softmax(outputs)[target]` over the places of each example.

    Args:
        outputs: One score for each class, `[n, C, ...]`.
        targets: Classes, `[n, ...]`, from 0; places with -100 are left out.

    Returns:
        `[n]`; 0 for an example all of whose places are left out.

    >>> cross_entropy_of_each(torch.zeros(1, 4), torch.tensor([2])).exp().round(decimals=4)
    tensor([4.])
    """
    losses = functional.cross_entropy(outputs, targets, reduction="none")
    if losses.dim() == 1:
        return losses
    return losses.flatten(1).sum(1) / (targets != -100).flatten(1).sum(1).clamp(min=1)


LOSSES: dict[str, Loss] = {
    "cross_entropy": Loss("cross_entropy", "classes", functional.cross_entropy, cross_entropy_of_each),
    "binary_cross_entropy": Loss("binary_cross_entropy", "binary", *_pair(functional.binary_cross_entropy_with_logits)),
    "squared_error": Loss("squared_error", "numbers", *_pair(functional.mse_loss)),
    "absolute_error": Loss("absolute_error", "numbers", *_pair(functional.l1_loss)),
    "huber": Loss("huber", "numbers", *_pair(functional.huber_loss)),
}
"""The losses that have a name, all means over the batch; `huber` is quadratic up to an error of 1."""

_KINDS: dict[Any, str] = {
    functional.cross_entropy: "classes",
    functional.nll_loss: "classes",
    nn.CrossEntropyLoss: "classes",
    nn.NLLLoss: "classes",
    functional.binary_cross_entropy_with_logits: "binary",
    nn.BCEWithLogitsLoss: "binary",
    functional.mse_loss: "numbers",
    functional.l1_loss: "numbers",
    functional.huber_loss: "numbers",
    functional.smooth_l1_loss: "numbers",
    nn.MSELoss: "numbers",
    nn.L1Loss: "numbers",
    nn.HuberLoss: "numbers",
    nn.SmoothL1Loss: "numbers",
}
"""What PyTorch's own losses want."""


def read_loss(loss: Any) -> Loss:
    """Finds a loss by its name, or takes a user's own function.

    Args:
        loss: A name, or `loss(outputs, targets)`, which gives the mean over a batch.

    Returns:
        The loss. One of PyTorch's own wants what it wants there; any other function has the kind "given".

    Raises:
        RavineError: The name is unknown, or it is no function.

    >>> read_loss("squared_error").each(torch.tensor([1.0, 3.0]), torch.tensor([0.0, 0.0]))
    tensor([1., 9.])
    """
    if isinstance(loss, str):
        if loss not in LOSSES:
            raise RavineError(f"loss={loss!r} must be one of {', '.join(LOSSES)}.{nearest(loss, LOSSES)}")
        return LOSSES[loss]
    if inspect.isclass(loss):
        raise RavineError(f"loss={loss.__name__} is a class: give one of its objects, as in loss={loss.__name__}().")
    if not callable(loss):
        raise RavineError(f"loss must be a name or a function of outputs and targets, got {loss!r}.")
    if isinstance(loss, nn.BCELoss) or loss is functional.binary_cross_entropy:
        raise RavineError("loss=BCELoss wants probabilities: let the model give logits, with BCEWithLogitsLoss().")
    function: Any = _on_each_device(loss) if isinstance(loss, nn.Module) else loss
    kind = _KINDS.get(type(loss), "given") if isinstance(loss, nn.Module) else _kind_of_function(loss)
    name = str(getattr(loss, "__name__", type(loss).__name__))
    mean, each = function, _each(function, loss)
    if kind in {"binary", "numbers"}:
        mean, each = _with_aligned(mean), _with_aligned(each)
    return Loss(name, kind, mean, each)


def _on_each_device(loss: nn.Module) -> Function:
    """Lets a loss with weights of its own, such as those of classes, follow the outputs to their device."""
    copies: dict[torch.device, nn.Module] = {}

    def mean(outputs: Tensor, targets: Tensor) -> Tensor:
        if outputs.device not in copies:
            copies[outputs.device] = copy.deepcopy(loss).to(outputs.device)
        return copies[outputs.device](outputs, targets)

    return mean if any(True for _ in loss.buffers()) else loss


def _kind_of_function(loss: Any) -> str:
    return next((kind for known, kind in _KINDS.items() if known is loss), "given")


def _with_aligned(function: Function) -> Function:
    return lambda outputs, targets: function(aligned(outputs, targets), _floating(targets))


def _each(mean: Function, loss: Any) -> Function:
    """Asks a loss for its unreduced values; one that can't give them is asked about one example at a time."""
    unreduced = _unreduced(loss)

    def each(outputs: Tensor, targets: Tensor) -> Tensor:
        if unreduced is not None:
            values = unreduced(outputs, targets)
            if values.dim() and len(values) == len(targets):
                return mean_of_rest(values)
        with warnings.catch_warnings(action="ignore"):  # of one example alone, which training never meets
            losses = [mean(outputs[row : row + 1], targets[row : row + 1]) for row in range(len(targets))]
        return torch.stack([loss.reshape(()) for loss in losses])

    return each


def _unreduced(loss: Any) -> Function | None:
    if isinstance(loss, nn.Module) and hasattr(loss, "reduction"):
        unreduced = copy.copy(loss)
        unreduced.reduction = "none"  # pyright: ignore[reportArgumentType] - a plain attribute of PyTorch's losses
        return unreduced
    try:
        takes = "reduction" in inspect.signature(loss).parameters
    except ValueError:  # a function written in C tells nothing
        takes = False
    return (lambda outputs, targets: loss(outputs, targets, reduction="none")) if takes else None
