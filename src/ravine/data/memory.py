"""Examples: inputs and targets of any origin, from which batches are taken by number.

Arrays, tables and tensors are held as tensors and never pass through a `DataLoader`: a batch is one
`index_select` per tensor. Any other map-style `Dataset` is kept as it is (see `dataset.py`).
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from .coding import Coding

Batch = tuple[Any, ...] | dict[str, Any]
"""What a model or a step sees: a tuple whose last member is the target, or a dict with a key for it."""


class Examples:
    """Examples by number, 0 ... n-1 (abstract)."""

    target: str | None
    """The key of the target in a batch that is a dict."""
    coding: Coding
    """What the numbers mean."""
    groups: np.ndarray | None
    """One label for each example; folds never split what carries the same one."""
    in_memory: bool
    """Whether all examples are held as tensors."""

    def __len__(self) -> int:
        raise NotImplementedError

    @property
    def has_targets(self) -> bool:
        """Whether there is something to compare outputs with."""
        raise NotImplementedError

    @property
    def targets(self) -> Tensor | None:
        """All targets, `[n, ...]`; None where there are none."""
        raise NotImplementedError

    @property
    def inputs(self) -> Any:
        """All inputs, as a batch holds them; None where they aren't held in memory."""
        raise NotImplementedError

    def batch(self, indices: Tensor) -> Batch:
        """Gives some examples as one batch.

        Args:
            indices: Which ones, `[b]`, whole numbers from 0.

        Returns:
            A tuple or a dict, as the user's model or step sees it.
        """
        raise NotImplementedError

    def batches(self, plan: Iterable[Tensor]) -> Iterator[Batch]:
        """Yields one batch after the other.

        Args:
            plan: Which examples each batch holds.

        Yields:
            The batches in that order.
        """
        for indices in plan:
            yield self.batch(indices)

    def subset(self, indices: Tensor) -> "Examples":
        """Gives some examples, counted from 0 again.

        Args:
            indices: Which ones, `[m]`.

        Returns:
            Examples of the same kind.
        """
        raise NotImplementedError

    def to(self, device: torch.device | str) -> "Examples":
        """Gives the same examples on another device.

        Args:
            device: Where batches shall be.

        Returns:
            Examples of the same kind.
        """
        raise NotImplementedError

    def fingerprint(self) -> str:
        """Gives a short text that is the same for the same examples, in every process and on every day."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class InMemory(Examples):
    """Examples held as tensors, one row for each.

    `columns` are the tensors by name; `as_dict` tells whether batches are dicts or tuples.

    >>> data = InMemory({"inputs": torch.arange(6.0).reshape(3, 2), "target": torch.tensor([0, 1, 0])}, "target")
    >>> data.batch(torch.tensor([2, 0]))
    (tensor([[4., 5.],
            [0., 1.]]), tensor([0, 0]))
    """

    columns: Mapping[str, Tensor]
    target: str | None = None
    as_dict: bool = False
    coding: Coding = Coding()
    groups: np.ndarray | None = None
    in_memory = True

    def __len__(self) -> int:
        return next(iter(self.columns.values())).shape[0]

    @cached_property
    def _tensors(self) -> tuple[Tensor, ...]:
        return tuple(self.columns.values())

    @property
    @override
    def has_targets(self) -> bool:
        return self.target is not None

    @property
    @override
    def targets(self) -> Tensor | None:
        return None if self.target is None else self.columns[self.target]

    @property
    @override
    def inputs(self) -> Any:
        inputs = {name: values for name, values in self.columns.items() if name != self.target}
        if self.as_dict:
            return inputs
        return next(iter(inputs.values())) if len(inputs) == 1 else tuple(inputs.values())

    @override
    def batch(self, indices: Tensor) -> Batch:
        indices = indices.to(self._tensors[0].device)
        if self.as_dict:
            return {name: values.index_select(0, indices) for name, values in self.columns.items()}
        return tuple([values.index_select(0, indices) for values in self._tensors])

    @override
    def subset(self, indices: Tensor) -> "InMemory":
        groups = None if self.groups is None else self.groups[indices.cpu().numpy()]
        rows = indices.to(self._tensors[0].device)
        return self.with_columns({name: v.index_select(0, rows) for name, v in self.columns.items()}, groups)

    @override
    def to(self, device: torch.device | str) -> "InMemory":
        return self.with_columns({name: v.to(device) for name, v in self.columns.items()}, self.groups)

    def with_columns(self, columns: Mapping[str, Tensor], groups: np.ndarray | None) -> "InMemory":
        """Gives other numbers under the same names.

        Args:
            columns: The tensors by name, in the same order.
            groups: One label for each row, or None.

        Returns:
            The new examples.
        """
        return dataclasses.replace(self, columns=columns, groups=groups)

    @override
    def fingerprint(self) -> str:
        digest = hashlib.blake2b(digest_size=16)
        for name, values in self.columns.items():
            digest_tensor(digest, name, values)
        return digest.hexdigest()


def digest_tensor(digest: Any, name: str, values: Tensor) -> None:
    """Stirs a tensor's name, type, shape and bytes into a digest.

    Args:
        digest: One of hashlib's.
        name: The tensor's name.
        values: The tensor.
    """
    digest.update(f"{name} {values.dtype} {tuple(values.shape)}".encode())
    if values.numel():
        rows = values.detach().cpu().contiguous()
        digest.update(rows.reshape(-1).view(torch.uint8).numpy().data)
