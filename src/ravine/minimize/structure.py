"""What a user calls x, and the flat vector that methods work on: arrays, lists, and any nesting of them."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils import _pytree as pytree

from ..errors import RavineError

PRECISIONS = torch.float64, torch.float32
"""What derivatives are worked out in: of less, rounding hides curvature."""

Restore = Callable[[Tensor], Any]
"""Gives a tensor the kind that its leaf had: an array, a list, a number."""


@dataclass(frozen=True)
class Structure:
    """How a flat vector is cut into the tensors that a user's function takes, and how these are handed back."""

    tree: pytree.TreeSpec
    shapes: tuple[torch.Size, ...]
    restores: tuple[Restore, ...]
    names: tuple[str, ...]

    def tensors(self, flat: Tensor) -> Any:
        """Cuts a flat vector into tensors, nested as x was; differentiable.

        Args:
            flat: The vector [n].

        Returns:
            What the user's function takes: copies, which it may change.
        """
        return pytree.tree_unflatten([piece.clone() for piece in self._pieces(flat)], self.tree)

    def hand_back(self, flat: Tensor) -> Any:
        """Cuts a flat vector into what x was made of: tensors, arrays, lists, numbers.

        Args:
            flat: The vector [n].

        Returns:
            The same structure and kinds as x.
        """
        pieces = self._pieces(flat.detach().clone())
        return pytree.tree_unflatten([f(each) for f, each in zip(self.restores, pieces, strict=True)], self.tree)

    def flat(self, tree: Any) -> Tensor:
        """Joins what is nested as x is, such as a gradient of one's own.

        Args:
            tree: Tensors, arrays or numbers.

        Returns:
            The vector [n].

        Raises:
            RavineError: It is nested otherwise, has other shapes, or holds something else.
        """
        leaves, found = pytree.tree_flatten(tree, is_leaf=_is_numbers)
        tensors = [_tensor(each, "gradient") for each in leaves]
        if found != self.tree or tuple(each.shape for each in tensors) != self.shapes:
            shapes = [list(each.shape) for each in tensors]
            raise RavineError(f"The gradient must have the shapes of x0, {self._shapes()}, got {shapes}.")
        return torch.cat([each.reshape(-1) for each in tensors])

    def name(self, at: int) -> str:
        """Names one component of the flat vector.

        Args:
            at: Its place.

        Returns:
            Such as `x[3]` or `x['weight'][1, 0]`.

        Raises:
            IndexError: There is no such place.
        """
        for name, shape in zip(self.names, self.shapes, strict=True):
            if at < shape.numel():
                inside = ", ".join(str(int(i)) for i in np.unravel_index(at, tuple(shape))) if shape else ""
                return f"x{name}[{inside}]" if inside else f"x{name}"
            at -= shape.numel()
        raise IndexError(at)

    def _pieces(self, flat: Tensor) -> list[Tensor]:
        if len(self.shapes) == 1:
            return [flat.reshape(self.shapes[0])]
        sizes = [shape.numel() for shape in self.shapes]
        return [piece.reshape(shape) for piece, shape in zip(flat.split(sizes), self.shapes, strict=True)]

    def check_finite(self, flat: Tensor, said: str) -> None:
        """Refuses a vector with a number that is not finite.

        Args:
            flat: The vector [n].
            said: What must be finite, for the error's sentence.

        Raises:
            RavineError: One is not; it is named.
        """
        for at in (~torch.isfinite(flat)).nonzero()[:1, 0].tolist():
            raise RavineError(f"{said}, got {float(flat[at])} at {self.name(at)}.")

    def _shapes(self) -> list[list[int]]:
        return [list(shape) for shape in self.shapes]


def check_precision(dtype: Any, call: str) -> None:
    """Refuses a precision that hides what derivatives tell.

    Args:
        dtype: What everything is to be worked out in.
        call: The function that it was given to.

    Raises:
        RavineError: It is neither double nor single.
    """
    if dtype not in PRECISIONS:
        raise RavineError(f"{call}(dtype={dtype!r}): dtype must be torch.float64 or torch.float32.")


def read_start(x0: Any, dtype: torch.dtype, called: str = "x0") -> tuple[Tensor, Structure]:
    """Reads where a minimization begins.

    Args:
        x0: A tensor, an array, numbers in lists, or any nesting of them in lists, tuples and dicts.
        dtype: What everything is worked out in.
        called: What the errors call it.

    Returns:
        The flat vector [n], and how it is cut.

    Raises:
        RavineError: There are no numbers in it, or something else, or tensors of several devices.
    """
    with_paths, tree = pytree.tree_flatten_with_path(x0, is_leaf=_is_numbers)
    tensors = [_tensor(leaf, called) for _, leaf in with_paths]
    if not sum(each.numel() for each in tensors):
        raise RavineError(f"{called} = {x0!r} holds no numbers, so there is nothing to change.")
    if len(devices := {str(each.device) for each in tensors}) > 1:
        raise RavineError(f"{called} must lie on one device, got tensors on {' and '.join(sorted(devices))}.")
    if tensors[0].is_meta:
        raise RavineError(f"{called} must hold numbers, got tensors on the meta device, which have none.")
    restores = tuple(_restore(leaf) for _, leaf in with_paths)
    names = tuple(pytree.keystr(path) for path, _ in with_paths)
    structure = Structure(tree, tuple(each.shape for each in tensors), restores, names)
    return torch.cat([each.reshape(-1).to(dtype, copy=True) for each in tensors]), structure


def _is_numbers(tree: Any) -> bool:
    """Whether this is a list or a tuple of numbers, or of such lists: one vector or matrix, not many scalars."""
    if type(tree) not in (list, tuple) or not tree:
        return False
    return all(isinstance(each, (int, float, Real)) or _is_numbers(each) for each in tree)


def _tensor(leaf: Any, what: str) -> Tensor:
    return _dense(leaf.detach(), what) if isinstance(leaf, Tensor) else torch.from_numpy(_array(leaf, what))


def _dense(leaf: Tensor, what: str) -> Tensor:
    if leaf.is_complex():
        raise RavineError(f"{what} must be real, got {leaf.dtype}: give real and imaginary parts as two tensors.")
    if leaf.layout != torch.strided or leaf.is_nested:
        raise RavineError(f"{what} must hold dense tensors, got one of {leaf.layout}: give its to_dense().")
    return leaf


def _array(leaf: Any, what: str) -> NDArray[np.floating[Any]]:
    """A copy that PyTorch can read: it takes no other byte order, no long numbers, and no steps backwards."""
    with suppress(TypeError, ValueError, OverflowError):
        found = np.asarray(leaf)
        if found.dtype.kind in "biuf" or all(isinstance(each, Real) for each in found.flat):
            return np.array(found, np.float32 if found.dtype == np.float32 else np.float64, order="C")
    shown = " ".join(repr(leaf).split())
    if isinstance(leaf, complex) or (isinstance(leaf, np.ndarray) and leaf.dtype.kind == "c"):
        raise RavineError(f"{what} must be real, got {shown}: give real and imaginary parts as two arrays.")
    rows = ": rows must be of equal lengths" if isinstance(leaf, (list, tuple)) else ""
    raise RavineError(f"{what} must hold numbers, tensors or arrays, got {shown}{rows}.")


def _restore(leaf: Any) -> Restore:
    if isinstance(leaf, Tensor):
        return lambda tensor: tensor
    if isinstance(leaf, np.ndarray):
        return lambda tensor: tensor.cpu().numpy()
    if isinstance(leaf, tuple):
        return lambda tensor: tuple(tensor.tolist())
    return lambda tensor: tensor.tolist()
