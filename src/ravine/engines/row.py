"""A row: one parameter as engines step it, with its state at hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import is_
from typing import Any

import torch
from torch import Tensor


@dataclass(eq=False)
class Row:
    """A parameter with its state, and where in it each slot stands.

    `number` counts all parameters and `group` their groups. `keys` gives each slot of the rule its key in the state,
    and `count` the key of the step count, None where nobody counts.
    """

    number: int
    group: int
    p: Tensor
    state: dict[str, Any]
    keys: Mapping[str, str]
    count: str | None

    def __post_init__(self) -> None:
        self.held = list(self.state.values())
        self.size, self.stride, self.dtype = self.p.numel(), self.p.stride(), self.p.dtype
        self.whole = real(self.p).numel()
        """Its real numbers: twice its size where it is complex."""

    def is_current(self) -> bool:
        """Tells whether the state still holds the same tensors.

        Returns:
            False where somebody put others there.
        """
        return len(self.held) == len(self.state) and all(map(is_, self.held, self.state.values()))

    def slots(self, names: Sequence[str]) -> list[Tensor]:
        """Gives slots of the rule by name.

        Args:
            names: Their names.

        Returns:
            The tensors in the state.
        """
        return [self.state[self.keys[name]] for name in names]


def real(x: Tensor) -> Tensor:
    """Gives a tensor without its history, and of one that is spread over processes what lies in this one.

    Args:
        x: Any tensor.

    Returns:
        The same numbers in the same memory; a complex number counts as two, as in PyTorch's optimizers.
    """
    x = x.detach()
    if hasattr(x, "to_local"):
        x = x.to_local()  # pyright: ignore[reportAttributeAccessIssue] - a DTensor has it
    return torch.view_as_real(x) if x.is_complex() else x
