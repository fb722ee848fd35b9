"""Hyperparameters that PyTorch refuses, in PyTorch's words."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from ..errors import RavineError

WORDS = {"lr": "Invalid learning rate", "eps": "Invalid epsilon value"}
"""What PyTorch says of a value below 0, where that is not "Invalid <name> value"."""


class UnsupportedError(RavineError, RuntimeError):
    """A mistake that PyTorch tells by a RuntimeError, and that is caught as one."""


def check_numbers(**given: Any) -> None:
    """Refuses hyperparameters below 0, and a tensor of several learning rates.

    Args:
        **given: Their values by PyTorch's names.

    Raises:
        RavineError: One is out of bounds.

    >>> check_numbers(lr=0.1, eps=-1.0)
    Traceback (most recent call last):
    ravine.errors.RavineError: Invalid epsilon value: -1.0
    """
    if isinstance(given.get("lr"), Tensor) and given["lr"].numel() != 1:
        raise RavineError("Tensor lr must be 1-element")
    for name, value in given.items():
        if not value >= 0:  # NaN too
            raise RavineError(f"{WORDS.get(name, f'Invalid {name} value')}: {value}")


def check_betas(betas: Sequence[Any]) -> None:
    """Refuses betas outside [0, 1).

    Args:
        betas: Both.

    Raises:
        RavineError: One is out of bounds.
    """
    for k in (0, 1):
        if not 0 <= betas[k] < 1:
            raise RavineError(f"Invalid beta parameter at index {k}: {betas[k]}")


def check_tensors(lr: Any, betas: Sequence[Any], foreach: bool | None, capturable: bool) -> None:
    """Refuses what Adam and AdamW of PyTorch do not take as tensors.

    Args:
        lr: The learning rate.
        betas: Both betas.
        foreach: Whether PyTorch's engine for lists was asked for.
        capturable: Whether numbers may stay on the device.

    Raises:
        RavineError: The betas are neither two floats nor two tensors of one element; or `foreach` was asked for, which
            takes no tensors.
    """
    listed = foreach and not capturable
    if listed and isinstance(lr, Tensor):
        raise RavineError("lr as a Tensor is not supported for capturable=False and foreach=True")
    if not any(all(isinstance(beta, kind) for beta in betas[:2]) for kind in (float, Tensor)):
        raise RavineError("betas must be either both floats or both Tensors")
    for k, beta in enumerate(betas[:2]):
        if isinstance(beta, Tensor) and listed:
            raise RavineError(f"betas[{k}] as a Tensor is not supported for capturable=False and foreach=True")
        if isinstance(beta, Tensor) and beta.numel() != 1:
            raise RavineError(f"Tensor betas[{k}] must be 1-element")


def check_engines(foreach: bool | None = None, fused: bool | None = None, differentiable: bool = False) -> None:
    """Refuses PyTorch's names of engines that exclude each other; else they decide nothing here, where `engine` does.

    Args:
        foreach: Whether PyTorch's engine for lists was asked for.
        fused: Whether PyTorch's compiled engine was.
        differentiable: Whether autograd is to record the step.

    Raises:
        UnsupportedError: `fused` goes with neither of the others.
    """
    if fused and differentiable:
        raise UnsupportedError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise UnsupportedError("`fused` and `foreach` cannot be `True` together.")
