"""Split: gives each parameter its rule, one to the hidden matrices and another to all else.

Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks".
https://kellerjordan.github.io/posts/muon/

Choose it when a rule is for matrices alone: embeddings, the output layer, gains and biases then go to AdamW.
Departs from the papers: nothing. `where="hidden"` is the author's prescription as far as shapes tell it: of the
parameters with at least two dimensions, in the model's order, the first and the last are left to the others, because
a network begins with an embedding, or its first layer, and ends with its output. Where a model lists them otherwise,
say which it is: `where=(2, 4)` are the parameters of these numbers, counted from 0. `where="matrices"` leaves none
out. A norm over all that stands around it, as in `Clip(Split(...), norm=1.0)`, is over the parameters of both.

In a few lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p = np.array([1.0, 10.0]), np.array([1.0, 1.0])
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     p = p - 0.05 * g

    >>> from ravine.rules import SGD, Momentum, Split, walk
    >>> rule = Split(Momentum(lr=0.01), SGD(lr=0.05), where=())  # the only parameter is one of the others
    >>> bool(np.allclose(walk(rule, [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from ..errors import RavineError
from ..fields import inner, text
from ..part import leaves, substitute
from ..ranges import Range
from .arithmetic import Start
from .by_depth import at_depths
from .rule import Rule, State
from .wrapper import Wrapper

PLACES = ("hidden", "matrices")
"""What `where` may say in words."""


class Split(Wrapper):
    """Moves some parameters, such as the hidden matrices, by one rule and all others by another."""

    rule: Rule = inner("rule of the parameters that `where` names", holds=(Rule,))
    others: Rule = inner("rule of all other parameters", holds=(Rule,))
    where: Any = inner("which parameters the first rule gets: 'hidden', 'matrices', or their numbers", "hidden")

    def __post_init__(self) -> None:
        Wrapper.__post_init__(self)
        if self.where not in PLACES and not _are_numbers(self.where):
            raise RavineError(
                f"Split(where={text(self.where)}): where must be 'hidden' or 'matrices' or a tuple of parameter "
                f"numbers such as (2, 4), got {text(self.where)}."
            )
        for rule in (self.rule, self.others):
            for each in rule.extremes() if isinstance(rule, Range) else (rule,):
                if each.looks_ahead():
                    raise RavineError(
                        f"{self!r}: {each!r} takes its gradient ahead of the parameters, and the other rule does not; "
                        "use the form that needs only the gradient at hand, or let it be around both, as in "
                        "SAM(Split(...))."
                    )

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the parameters that the first rule gets."""
        if self.where in PLACES:
            raise RavineError(
                f"{self!r}: which parameters are {self.where} is still open; say so by placed(rule, params)."
            )
        return self.where

    def for_tensor(self, number: int) -> Rule:
        return (self.rule if number in self.numbers else self.others).for_tensor(number)

    def slots(self) -> dict[str, Start]:
        return self.rule.slots() | self.others.slots()

    def predicting_slot(self) -> str | None:
        return self.rule.predicting_slot() or self.others.predicting_slot()

    def step(self, p: Any, g: Any, state: Mapping[str, Any], t: Any, tensor: Any = 0) -> tuple[Any, State]:
        if isinstance(tensor, int):
            return self.for_tensor(tensor).step(p, g, state, t, tensor)
        first = [number in self.numbers for number in tensor.items]
        new: dict[str, list[Any]] = {name: [None] * len(first) for name in ("", *self.slots())}  # "" is p itself
        for rule, whose in ((self.rule, True), (self.others, False)):
            places = [k for k, each in enumerate(first) if each == whose]
            if places:
                values = (p, g, {name: state[name] for name in rule.slots()}, t, tensor)
                moved, changed = _taken(rule, places).step(*(_taken(value, places) for value in values))
                for name, many in {"": moved, **changed}.items():
                    for k, value in zip(places, many.items, strict=True):
                        new[name][k] = value
        return type(p)(new.pop("")), {name: type(p)(values) for name, values in new.items()}


def placed(rule: Rule, params: Sequence[Tensor]) -> Rule:
    """Settles which parameters the rules of every Split in a rule get, and how deep they lie for every ByDepth.

    Args:
        rule: Any rule.
        params: All parameters, in their order.

    Returns:
        The rule with numbers in the place of words; unchanged where there is neither in it.

    Raises:
        RavineError: The first rule of a Split gets no parameter, or one that is not there; or a ByDepth has too few
            or too many depths.

    >>> from ravine.rules import SGD, Adam, Clip
    >>> import torch
    >>> params = [torch.zeros(9, 4), torch.zeros(4, 4), torch.zeros(4), torch.zeros(4, 9)]
    >>> placed(Clip(Split(SGD(), Adam()), norm=1.0), params)
    Clip(Split(SGD(), Adam(), where=(1,)), norm=1.0)
    """
    rule = at_depths(rule, params)
    found = leaves(rule, lambda value: isinstance(value, Split))
    return substitute(rule, {path: _placed(split, params) for path, split in found.items()})


def _placed(split: Split, params: Sequence[Tensor]) -> Rule:
    numbers = split.where
    if numbers in PLACES:
        matrices = [number for number, p in enumerate(params) if p.dim() >= 2]
        numbers = tuple(matrices[1:-1] if numbers == "hidden" else matrices)
        if not numbers:
            ends = ", and the first and the last of them are not hidden" if split.where == "hidden" else ""
            raise RavineError(
                f"{split!r}: its first rule would move nothing: of {len(params)} parameters, {len(matrices)} have two "
                f"dimensions or more{ends}; say which it is to move, as in where=(0, 2)."
            )
    elif numbers and max(numbers) >= len(params):
        raise RavineError(f"{split!r}: there is no parameter {max(numbers)}; there are {len(params)}, counted from 0.")
    inside = {(name,): placed(getattr(split, name), params) for name in ("rule", "others")}
    return substitute(split, {("where",): numbers, **inside})


def _taken(value: Any, places: Sequence[int]) -> Any:
    """Takes those of many values that stand at certain places, however deep they stand in a rule or a state."""
    many = leaves(value, lambda each: hasattr(type(each), "take") and not isinstance(each, Tensor))
    return substitute(value, {path: each.take(places) for path, each in many.items()})


def _are_numbers(where: Any) -> bool:
    return isinstance(where, tuple) and all(type(number) is int and number >= 0 for number in where)
