"""One recorded sequence of gradients for parameters of many kinds, which a rule walks along by any engine.

Gradients that were recorded are the same whoever asks, so that two walks differ by rounding alone: along gradients of
a loss, a difference in the last digit may grow without bound.
"""

import math
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from ...rules import Rule
from ..optimizer import Optimizer

STEPS = 100
"""How long the sequence is."""
FROZEN = (*range(10, 20), *range(50, 53))
"""The steps at which the second parameter has no gradient."""

Column = list[Tensor]


def starts(dtype: torch.dtype, device: str = "cpu", matrices: bool = False, wide: int = 1) -> Column:
    """Makes parameters of many kinds: matrices, no dimensions, strided, transposed, empty, a stack of filters.

    Args:
        dtype: What they hold; in wider dtypes than float32, the same numbers as in that.
        device: Where they are.
        matrices: Whether to leave out all that have less than two dimensions, or no elements.
        wide: What one side of each is multiplied by, to have another model.

    Returns:
        The parameters.
    """
    generator = torch.Generator().manual_seed(1)

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator).to(device, dtype)

    vectors = [] if matrices else [draw(), draw(7 * wide), draw(0, 3), draw(1)]
    filters = draw(4 * wide, 3, 3, 3).contiguous(memory_format=torch.channels_last)
    found = [draw(5, 3 * wide), draw(9, 8), draw(4, 6 * wide)[:, ::2], draw(3, 4 * wide).T, filters, *vectors]
    return [p.requires_grad_() for p in found]


@cache
def _sizes(shape: torch.Size) -> Tensor:
    """Gives every element's usual size of the gradient, over four decades."""
    generator = torch.Generator().manual_seed(2)
    return 10 ** (4 * torch.rand(shape, generator=generator) - 3)


def gradients(params: Sequence[Tensor], t: int) -> list[Tensor | None]:
    """Gives the gradients of one step.

    Args:
        params: The parameters.
        t: The step, from 0.

    Returns:
        For each its gradient, in the parameter's dtype but not always in its strides; None where it is frozen.
    """
    draw = partial(torch.randn, generator=torch.Generator().manual_seed(1000 + t))
    found: list[Tensor | None] = []
    for p in params:
        g = _sizes(p.shape) * draw(p.shape)
        found.append(g.to(p.device, p.dtype))
    if t in FROZEN:
        found[1] = None
    return found


class Walk:
    """An optimizer on its way along the recorded gradients.

    Args:
        rule: The rule; schedules in it see `STEPS` steps, in ten epochs.
        engine: Who executes it.
        dtype: What the parameters hold.
        device: Where they are.
        matrices: Whether there are matrices alone.
        wide: What one side of each parameter is multiplied by.
    """

    def __init__(
        self,
        rule: Rule,
        engine: str,
        dtype: torch.dtype = torch.float32,
        *,
        device: str = "cpu",
        matrices: bool = False,
        wide: int = 1,
    ) -> None:
        self.params = starts(dtype, device, matrices, wide)
        self.optimizer = Optimizer(self.params, rule, steps=STEPS, steps_per_epoch=STEPS // 10, engine=engine)
        self.done = 0
        self.changed: tuple[int, int] | None = None
        """The number of the first parameter whose gradient a step changed, and that step."""

    def to(self, last: int, spoiled: int | None = None) -> "Walk":
        """Goes on.

        Args:
            last: The step before which it stops, from 0.
            spoiled: The step whose gradients have a NaN as their first element.

        Returns:
            The walk itself.
        """
        for t in range(self.done, last):
            given = gradients(self.params, t)
            for p, g in zip(self.params, given, strict=True):
                if g is not None and g.numel() and t == spoiled:
                    g.view(-1)[0] = math.nan
                p.grad = g
            before = [None if g is None else g.clone() for g in given]
            self.optimizer.step(lambda: 0.0)
            for k, (p, old) in enumerate(zip(self.params, before, strict=True)):
                if old is not None and self.changed is None and not _alike(p.grad, old):
                    self.changed = k, t
        self.done = last
        return self

    def columns(self) -> dict[str, Column]:
        """Gives where it is.

        Returns:
            The parameters under "p", and under its name each slot of those that have it.
        """
        found: dict[str, Column] = {"p": [p.detach() for p in self.params]}
        for p in self.params:
            for name, slot in self.optimizer.state[p].items():
                if name != "step":
                    found.setdefault(name, []).append(slot)
        return found

    def resumed(self, saved: dict[str, Any], params: Sequence[Tensor]) -> "Walk":
        """Takes over where another walk was.

        Args:
            saved: The other optimizer's state, saved and loaded.
            params: The other's parameters.

        Returns:
            The walk itself.
        """
        with torch.no_grad():
            for own, other in zip(self.params, params, strict=True):
                own.copy_(other)
        self.optimizer.load_state_dict(saved)
        self.done = saved["param_groups"][0]["count"]
        return self


def _alike(g: Tensor | None, old: Tensor) -> bool:
    return g is not None and torch.equal(g.isnan(), old.isnan()) and torch.equal(g.nan_to_num(), old.nan_to_num())


def distance(ours: Sequence[Tensor], reference: Sequence[Tensor]) -> float:
    """Measures how far numbers are from others, in units of the others' size.

    Args:
        ours: Tensors.
        reference: As many, in float64.

    Returns:
        The Euclidean norm of the difference over all elements, by that of the reference where that is not 0.
    """
    there = torch.cat([x.reshape(-1).cpu().double() for x in reference])
    away = torch.cat([x.reshape(-1).cpu().double() for x in ours]) - there
    return float(away.norm() / (there.norm() or 1.0))
