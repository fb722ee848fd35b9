"""ByDepth: gives every layer its own step size, smaller by a factor with each layer below the last.

Howard & Ruder 2018, "Universal Language Model Fine-tuning for Text Classification", section 3.2 (discriminative
fine-tuning). https://arxiv.org/abs/1801.06146

Choose it when a network begins with the weights of another: its first layers fit other data already and want small
steps, its last ones have to learn what is new.
Departs from the paper: nothing. The paper divides by 2.6 from layer to layer, which is the default here; networks of
tens of layers want a factor nearer to one, for 2.6 to the power of 50 leaves nothing.

The last layer has depth 0 and the rule's own lr, the one before it depth 1 and `factor lr`, and so on. A depth begins
with every parameter of two dimensions or more, in the model's order; biases, gains and all other vectors have that of
the weights before them. Where a model lists its layers otherwise, say the depth of each parameter:
`depths=(1, 1, 0, 0)`. Every lr in the rule is multiplied, so what depends on lr follows: `ByDepth(Decay(...))`, or
`ByDepth(AdamW())`, decays the first layers less. A norm over all that stands around it is over all layers.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p = np.array([1.0, 10.0]), np.array([1.0, 1.0])
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     p = p - 0.05 * (1 / 2.6) ** 2 * g

    >>> from ravine.rules import SGD, walk
    >>> from ravine.rules.by_depth import ByDepth
    >>> rule = ByDepth(SGD(lr=0.05), depths=(2,))  # the only parameter is two layers below the last
    >>> bool(np.allclose(walk(rule, [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from torch import Tensor

from ..errors import RavineError
from ..fields import Number, field, inner, text
from ..part import leaves, look_up, meanings, substitute
from ..ranges import Range, uniform
from .arithmetic import where
from .rule import Rule, State
from .wrapper import Wrapper


class ByDepth(Wrapper):
    """Steps at `lr factor^depth`, where the last layer has depth 0 and the first the greatest."""

    factor: Number = field(
        1 / 2.6,
        "what lr is multiplied by from one layer to the one below it",
        within="(0, 1]",
        search=uniform(0.2, 1.0),
        also=("discriminative fine-tuning", "layer-wise lr decay", "layerwise learning rate decay"),
    )
    depths: Any = inner("depth of each parameter, counted from the last layer: 'layers', or their numbers", "layers")

    def __post_init__(self) -> None:
        Wrapper.__post_init__(self)
        if self.depths != "layers" and not _are_numbers(self.depths):
            raise RavineError(
                f"ByDepth(depths={text(self.depths)}): depths must be 'layers' or a tuple with the depth of each "
                f"parameter such as (1, 1, 0, 0), got {text(self.depths)}."
            )
        for rule in self.rule.extremes() if isinstance(self.rule, Range) else (self.rule,):
            if not _step_sizes(rule):
                raise RavineError(f"{self!r}: {rule!r} has no lr that could differ between layers.")
            if leaves(rule, lambda value: isinstance(value, ByDepth)):
                raise RavineError(f"{self!r}: there is ByDepth inside already, and one is enough; take one out.")

    def update(self, p: Any, g: Any, inner: Any) -> Any:
        return inner(p, g)

    def step(self, p: Any, g: Any, state: Mapping[str, Any], t: Any, tensor: Any = 0) -> tuple[Any, State]:
        scale = self.factor ** self._depth(tensor)
        scaled = {("rule", *path): scale * look_up(self.rule, path) for path in _step_sizes(self.rule)}
        return Wrapper.step(substitute(self, scaled), p, g, state, t, tensor)

    def _depth(self, tensor: Any) -> Any:
        """Gives the depth of a parameter by comparisons of its number, so that one kernel serves all of them."""
        if self.depths == "layers":
            raise RavineError(f"{self!r}: how deep each parameter lies is still open; say so by placed(rule, params).")
        first, runs = 0, []
        for depth, alike in groupby(self.depths):
            runs.append((first, depth))
            first += len([*alike])
        return _found(runs, tensor)


def _found(runs: Sequence[tuple[int, int]], tensor: Any) -> Any:
    """Halves the runs, each with its first parameter and the depth of all in it: no more nested than need be."""
    if len(runs) == 1:
        return runs[0][1]
    half = len(runs) // 2
    return where(tensor < runs[half][0], _found(runs[:half], tensor), _found(runs[half:], tensor))


def depths(params: Sequence[Tensor]) -> tuple[int, ...]:
    """Counts how deep each parameter lies below the last layer.

    Args:
        params: All parameters, in the model's order.

    Returns:
        The depth of each; the last layer has 0.

    >>> import torch
    >>> depths([torch.zeros(4, 2), torch.zeros(4), torch.zeros(4), torch.zeros(3, 4), torch.zeros(3)])
    (1, 1, 1, 0, 0)
    """
    begins = [p.dim() >= 2 for p in params]
    before = [sum(begins[: k + 1]) for k in range(len(params))]
    layers = before[-1] if before else 0
    return tuple(layers - max(1, number) if layers else 0 for number in before)


def at_depths(rule: Rule, params: Sequence[Tensor]) -> Rule:
    """Settles the depth of every parameter for each ByDepth in a rule.

    Args:
        rule: Any rule.
        params: All parameters, in their order.

    Returns:
        The rule with numbers in the place of the word; unchanged where there is no ByDepth in it.

    Raises:
        RavineError: Depths were given, and not one for each parameter.

    >>> import torch
    >>> from ravine.rules import SGD
    >>> at_depths(ByDepth(SGD()), [torch.zeros(4, 2), torch.zeros(4), torch.zeros(3, 4)])
    ByDepth(SGD(), depths=(1, 1, 0))
    """
    found = leaves(rule, lambda value: isinstance(value, ByDepth))
    for each in found.values():
        if each.depths != "layers" and len(each.depths) != len(params):
            raise RavineError(
                f"{each!r}: there are {len(params)} parameters, and {len(each.depths)} depths; give each one."
            )
    return substitute(rule, {(*path, "depths"): _settled(each, params) for path, each in found.items()})


def _settled(each: ByDepth, params: Sequence[Tensor]) -> tuple[int, ...]:
    return depths(params) if each.depths == "layers" else each.depths


def _step_sizes(rule: Rule, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Finds every lr in a rule, however deep."""
    found: list[tuple[str, ...]] = []
    for name in meanings(rule):
        value = getattr(rule, name)
        if isinstance(value, Rule):
            found += _step_sizes(value, (*path, name))
        elif name == "lr":
            found.append((*path, name))
    return found


def _are_numbers(given: Any) -> bool:
    return isinstance(given, tuple) and bool(given) and all(type(depth) is int and depth >= 0 for depth in given)
