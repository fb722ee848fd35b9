"""A closure as an objective: the loss and its gradient where the parameters are put, as one flat vector."""

import math
from collections.abc import Callable, Sequence
from typing import Any, SupportsFloat

import torch
from torch import Tensor

from ..errors import RavineError
from ..minimize.objective import Objective, Product


class ClosureObjective(Objective):
    """What a closure computes from parameters, seen as a function of one vector.

    With `backward` the closure leaves gradients behind, as for any optimizer of PyTorch; without it the closure only
    returns its loss, from which first and second derivatives are taken.
    """

    def __init__(
        self, closure: Callable[[], Any], params: Sequence[Tensor], *, backward: bool = True, budget: float = math.inf
    ) -> None:
        super().__init__(budget)
        self.closure, self.params, self.backward = closure, params, backward
        self.second_order = not backward
        self.loss: Any = None
        """What the closure returned first."""

    def _value_and_gradient(self, x: Tensor) -> tuple[float, Tensor]:
        put(self.params, x)
        loss = self._loss()
        gradients = [p.grad for p in self.params] if self.backward else self._gradients(loss, create_graph=False)
        if all(gradient is None for gradient in gradients):
            why = (
                "left no gradients: call loss.backward() in it"
                if self.backward
                else "computes no loss of the parameters"
            )
            raise RavineError(f"step(closure): the closure {why}.")
        return float(loss.detach() if isinstance(loss, Tensor) else loss), joined(self.params, gradients).to(x)

    def _products(self, x: Tensor) -> Product:
        put(self.params, x)
        wanted = [p for p in self.params if p.requires_grad]
        gradients = self._gradients(self._loss(), create_graph=True)
        reached = [(g, p) for g, p in zip(gradients, self.params, strict=True) if g is not None and g.requires_grad]

        def product(v: Tensor) -> Tensor:
            pieces = dict(zip(map(id, self.params), parted(self.params, v), strict=True))
            if not reached:  # the loss is linear
                return torch.zeros_like(v)
            found = torch.autograd.grad(
                [g for g, _ in reached], wanted, [pieces[id(p)].to(g) for g, p in reached], retain_graph=True,
                allow_unused=True, materialize_grads=True,
            )  # fmt: skip
            by_place = dict(zip(map(id, wanted), found, strict=True))
            return joined(self.params, [by_place.get(id(p)) for p in self.params]).to(v)

        return product

    def _loss(self) -> Any:
        with torch.enable_grad():
            loss = self.closure()
        if not _is_number(loss):
            kind = "complex tensor" if isinstance(loss, Tensor) and loss.is_complex() else "tensor"
            got = f"a {kind} of shape {list(loss.shape)}" if isinstance(loss, Tensor) else _shown(loss)
            raise RavineError(f"step(closure): the closure must return the loss, one real number, got {got}.")
        self.loss = loss if self.loss is None else self.loss
        return loss

    def _gradients(self, loss: Any, *, create_graph: bool) -> list[Tensor | None]:
        wanted = [p for p in self.params if p.requires_grad]
        if not isinstance(loss, Tensor) or not loss.requires_grad:
            raise RavineError(
                "step(closure): this method takes second derivatives, so the closure must return the loss as a tensor "
                f"that depends on the parameters, got {_shown(loss)}."
            )
        try:
            with torch.enable_grad():
                found = torch.autograd.grad(loss, wanted, create_graph=create_graph, allow_unused=True)
        except RuntimeError as error:
            raise RavineError(
                "step(closure): this method takes second derivatives, so the closure must return the loss and not call "
                f"loss.backward(): {' '.join(str(error).split())[:120]}"
            ) from error
        by_place = dict(zip(map(id, wanted), found, strict=True))
        return [by_place.get(id(p)) for p in self.params]


def joined(params: Sequence[Tensor], values: Sequence[Tensor | None]) -> Tensor:
    """Joins a value for each parameter into one vector.

    Args:
        params: The parameters.
        values: A tensor of each one's shape; None counts as zeros.

    Returns:
        The vector [n], on the device of the first parameter, in the widest precision of all; a complex number is two.
    """
    device = params[0].device
    flat = [
        _real(torch.zeros_like(p) if value is None else value.detach()).reshape(-1).to(device)
        for p, value in zip(params, values, strict=True)
    ]
    return torch.cat(flat)


def parted(params: Sequence[Tensor], x: Tensor) -> list[Tensor]:
    """Cuts a vector into a tensor for each parameter.

    Args:
        params: The parameters.
        x: The vector [n].

    Returns:
        Tensors of their shapes.
    """
    real = [_real(p.detach()) for p in params]
    pieces = x.split([each.numel() for each in real])
    shaped = [piece.reshape(each.shape) for piece, each in zip(pieces, real, strict=True)]
    return [torch.view_as_complex(s) if p.is_complex() else s for s, p in zip(shaped, params, strict=True)]


@torch.no_grad()
def put(params: Sequence[Tensor], x: Tensor) -> None:
    """Puts the parameters where a vector says.

    Args:
        params: The parameters, which are changed in place.
        x: The vector [n].
    """
    for p, value in zip(params, parted(params, x), strict=True):
        p.copy_(value)


def _shown(value: Any) -> str:
    return " ".join(repr(value).split())[:60]


def _is_number(loss: Any) -> bool:
    """Whether it is one real number, as a tensor or as Python and NumPy have them."""
    if isinstance(loss, Tensor):
        return loss.numel() == 1 and not loss.is_complex()
    if not isinstance(loss, SupportsFloat):
        return False
    try:
        float(loss)
    except (TypeError, ValueError):  # such as an array of several
        return False
    return True


def _real(tensor: Tensor) -> Tensor:
    dense = tensor.to_dense() if tensor.is_sparse else tensor
    return torch.view_as_real(dense.resolve_conj()) if dense.is_complex() else dense
