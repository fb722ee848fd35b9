"""Closures that a step may call more than once: the same luck in every call, and running statistics from the first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


def repeatable(closure: Callable[[], Any], model: nn.Module) -> Callable[[], Any]:
    """Makes a closure whose later calls repeat the first, at other weights, for steps such as SAM's.

    Dropout and all else that PyTorch's generators draw on the CPU and on the model's devices is the same in every call,
    and what a call leaves in the model's buffers, such as the running statistics of batch norm, counts only once: each
    batch is seen once, by the weights that step.

    Args:
        closure: Computes the loss and its gradients, from gradients that it has set to zero.
        model: The model.

    Returns:
        A closure for one step; the next step needs a new one.

    >>> model = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm1d(1))
    >>> closure = repeatable(lambda: model(torch.ones(8, 1)), model)
    >>> torch.equal(closure(), closure()), int(model[1].num_batches_tracked)
    (True, 1)
    """
    began: list[Any] = []

    def call() -> Any:
        if not began:
            began.append(_luck(model))
            return closure()
        torch.random.set_rng_state(began[0][0])
        for device, state in began[0][1].items():
            torch.cuda.set_rng_state(state, device)
        with _buffers_kept(model):
            return closure()

    return call


def _luck(model: nn.Module) -> tuple[torch.Tensor, dict[torch.device, torch.Tensor]]:
    devices = {p.device for p in model.parameters() if p.is_cuda}
    return torch.random.get_rng_state(), {device: torch.cuda.get_rng_state(device) for device in devices}


@contextmanager
def _buffers_kept(model: nn.Module) -> Iterator[None]:
    """Lets a call write to copies: the buffers themselves are what an earlier call's graph may still need."""
    held = [(module, name, buffer) for module in model.modules() for name, buffer in module._buffers.items()]
    for module, name, buffer in held:
        module._buffers[name] = None if buffer is None else buffer.clone()
    try:
        yield
    finally:
        for module, name, buffer in held:
            module._buffers[name] = buffer
