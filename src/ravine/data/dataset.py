"""A user's own map-style `Dataset`, kept as it is: each example is read when its batch is due."""

import contextlib
import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Subset
from typing_extensions import override

from ..errors import RavineError
from .coding import Coding, find_target
from .memory import Batch, Examples, digest_tensor
from .randomness import seeded

SAMPLED = 64
"""How many examples the door and a fingerprint read: enough to tell data sets apart, few enough to cost nothing."""


@dataclass(frozen=True, eq=False)
class FromDataset(Examples):
    """Examples of a `Dataset`, by number; `rows` are the ones that belong to it.

    Batches are collated as PyTorch does, or by the data set's own `collate_fn`; float64 becomes float32.
    """

    dataset: Any
    rows: Tensor
    target: str | None = None
    coding: Coding = Coding()
    groups: np.ndarray | None = None
    device: torch.device | str = "cpu"
    in_memory = False

    def __len__(self) -> int:
        return len(self.rows)

    @property
    @override
    def inputs(self) -> None:
        return None

    @override
    def batch(self, indices: Tensor) -> Batch:
        return next(self.batches([indices]))

    @override
    def batches(self, plan: Iterable[Tensor]) -> Iterator[Batch]:
        order = [self.rows[indices.cpu()].tolist() for indices in plan]
        loader: DataLoader[Any] = DataLoader(
            self.dataset,
            batch_sampler=order,
            collate_fn=getattr(self.dataset, "collate_fn", None),
            generator=torch.Generator(),  # else each pass would draw from the generator that the run's luck comes from
        )
        for batch in loader:
            yield self._placed((batch,) if isinstance(batch, Tensor) else batch)

    def _placed(self, batch: Any) -> Any:
        if isinstance(batch, Tensor):
            return batch.to(self.device, torch.float32 if batch.dtype == torch.float64 else batch.dtype)
        if isinstance(batch, Mapping):
            return {key: self._placed(value) for key, value in batch.items()}
        if isinstance(batch, (list, tuple)):
            return tuple([self._placed(value) for value in batch])
        return batch

    @cached_property
    @override
    def has_targets(self) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride] - read once, then kept
        return self.target_of(self.batch(torch.tensor([0]))) is not None

    @cached_property
    @override
    def targets(self) -> Tensor | None:  # pyright: ignore[reportIncompatibleMethodOverride] - read once, then kept
        """All targets: from the data set's own table where that tells the truth, else by reading it through once."""
        if not self.has_targets:
            return None
        table = _target_table(self.dataset)
        if table is not None and self._is_true(table):
            return table[self.rows]
        step = 256
        plan = [torch.arange(start, min(start + step, len(self))) for start in range(0, len(self), step)]
        return torch.cat([target.cpu() for target in map(self.target_of, self.batches(plan)) if target is not None])

    def target_of(self, batch: Batch) -> Tensor | None:
        """Takes the target out of a batch.

        Args:
            batch: A tuple, whose last of two or more members it is, or a dict, where `target` is its key.

        Returns:
            The target; None where there is none.
        """
        if isinstance(batch, dict):
            return None if self.target is None else batch[self.target]
        return batch[-1] if isinstance(batch, tuple) and len(batch) > 1 else None

    def _is_true(self, table: Tensor) -> bool:
        """Compares the table with some examples: a `target_transform` may have changed what a batch holds."""
        some = self.some(8)
        target = self.target_of(self.batch(some))
        return target is not None and torch.equal(target.cpu(), table[self.rows[some]])

    def some(self, most: int) -> Tensor:
        """Gives the numbers of a few examples, evenly spread.

        Args:
            most: How many at most.

        Returns:
            Their numbers, `[m]`.
        """
        return torch.linspace(0, len(self) - 1, min(most, len(self)), dtype=torch.float64).round().long()

    @override
    def subset(self, indices: Tensor) -> "FromDataset":
        rows = indices.cpu()
        groups = None if self.groups is None else self.groups[rows.numpy()]
        return dataclasses.replace(self, rows=self.rows[rows], groups=groups)

    @override
    def to(self, device: torch.device | str) -> "FromDataset":
        return dataclasses.replace(self, device=device)

    @override
    def fingerprint(self) -> str:
        digest = hashlib.blake2b(digest_size=16)
        digest.update(f"{type(self.dataset).__qualname__} {len(self.dataset)}".encode())
        digest_tensor(digest, "rows", self.rows)
        with seeded(0):  # an augmenting data set draws the same numbers each time
            batch = self.batch(self.some(SAMPLED))
        for name, values in batch.items() if isinstance(batch, dict) else enumerate(batch):
            if isinstance(values, Tensor):
                digest_tensor(digest, str(name), values)
            else:
                digest.update(repr(values).encode())
        return digest.hexdigest()


def _target_table(dataset: Any) -> Tensor | None:
    """Finds the targets that torchvision's data sets, and many others, keep as a list or tensor."""
    if isinstance(dataset, Subset):
        table = _target_table(dataset.dataset)
        return None if table is None else table[torch.as_tensor(dataset.indices)]
    for name in ("targets", "labels"):
        table = getattr(dataset, name, None)
        # What is no table of numbers is left alone: the examples themselves are read instead.
        with contextlib.suppress(TypeError, ValueError, RuntimeError):
            values = torch.as_tensor(table)
            if values.dim() and len(values) == len(dataset):
                return values.float() if values.dtype == torch.float64 else values
    return None


def wrap(data: Any, target: str | None, groups: np.ndarray | None, where: str) -> FromDataset:
    """Takes a map-style `Dataset` as examples, after reading a few of them.

    Args:
        data: Something with a length and examples by number.
        target: The key of the target where examples are dicts.
        groups: One label for each example, or None.
        where: What it is, for error sentences.

    Returns:
        The examples.

    Raises:
        RavineError: It is empty, an example can't be read, or examples don't fit into one batch.
    """
    if len(data) == 0:
        raise RavineError(f"{where} is empty: give at least a few examples.")
    examples = FromDataset(data, torch.arange(len(data)), groups=groups)
    try:
        with seeded(0):
            rows = examples.some(SAMPLED)
            batch = examples.batch(rows)
    except Exception as error:  # a user's data set may raise anything
        reason = str(error).strip().splitlines()[0] if str(error).strip() else ""
        raise RavineError(
            f"{where}: {type(data).__name__} could not give a batch: {type(error).__name__}: {reason}"
        ) from error
    if not isinstance(batch, (tuple, dict)):
        raise RavineError(f"{where}: an example must be a tuple or a dict, got a {type(data[0]).__name__}.")
    _check_finite(batch, rows, where)
    if isinstance(batch, dict):
        return dataclasses.replace(examples, target=find_target(batch, target, where))
    return examples


def _check_finite(batch: Batch, rows: Tensor, where: str) -> None:
    for name, values in batch.items() if isinstance(batch, dict) else enumerate(batch):
        if isinstance(values, Tensor) and values.is_floating_point():
            bad = (~torch.isfinite(values)).flatten(1).any(1) if values.dim() > 1 else ~torch.isfinite(values)
            if bad.any():
                row = int(rows[bad][0])
                raise RavineError(f"{where} has a value that is not finite in example {row}, member {name!r}.")
