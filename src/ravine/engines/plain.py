"""The plain engine: calls a rule's `update` with tensors.

It is differentiable, takes any dtype on any device, and is the reference that faster engines are held
against. All tensors move through `update` together, so that a norm over all of them is one call inside it.
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..rules import Rule, counter
from ..rules.arithmetic import in_precision_of, where


class Each:
    """One value per parameter tensor, taking every operation together.

    The values are tensors, or numbers where something differs between parameters: a step count, a learning
    rate of one group.

    >>> (2 * Each([torch.ones(2), torch.zeros(1)]) + Each([1.0, 5.0])).items
    [tensor([3., 3.]), tensor([5.])]
    """

    __slots__ = ("items",)

    def __init__(self, items: Sequence[Any]) -> None:
        self.items = list(items)

    def map(self, function: Callable[[Any], Any]) -> "Each":
        """Applies a function to every value.

        Args:
            function: Takes one value.

        Returns:
            The results.
        """
        return Each([function(item) for item in self.items])

    def zip(self, function: Callable[[Any, Any], Any], other: Any) -> "Each":
        """Applies a function to pairs of values.

        Args:
            function: Takes one value of each.
            other: Another `Each`, or one value that all are paired with.

        Returns:
            The results.
        """
        if isinstance(other, Each):
            return Each([function(a, b) for a, b in zip(self.items, other.items, strict=True)])
        return Each([function(item, other) for item in self.items])

    def __add__(self, other: Any) -> "Each":
        return self.zip(operator.add, other)

    def __sub__(self, other: Any) -> "Each":
        return self.zip(operator.sub, other)

    def __rsub__(self, other: Any) -> "Each":
        return self.zip(lambda a, b: b - a, other)

    def __mul__(self, other: Any) -> "Each":
        return self.zip(operator.mul, other)

    def __truediv__(self, other: Any) -> "Each":
        return self.zip(operator.truediv, other)

    def __rtruediv__(self, other: Any) -> "Each":
        return self.zip(lambda a, b: b / a, other)

    def __pow__(self, other: Any) -> "Each":
        return self.zip(operator.pow, other)

    def __rpow__(self, other: Any) -> "Each":
        return self.zip(lambda a, b: b**a, other)

    def __neg__(self) -> "Each":
        return self.map(operator.neg)

    def __gt__(self, other: Any) -> "Each":
        return self.zip(operator.gt, other)

    def __lt__(self, other: Any) -> "Each":
        return self.zip(operator.lt, other)

    def __ge__(self, other: Any) -> "Each":
        return self.zip(operator.ge, other)

    def __le__(self, other: Any) -> "Each":
        return self.zip(operator.le, other)

    def __bool__(self) -> bool:
        raise TypeError("values that may differ between parameters cannot decide an if: write where(condition, x, y)")

    __radd__ = __add__
    __rmul__ = __mul__

    def __getattr__(self, name: str) -> Callable[..., "Each"]:
        """Gives torch's method of that name, applied to every value."""
        if name.startswith("__"):
            raise AttributeError(name)  # copying and pickling ask for hooks that are not there

        def method(*others: Any, **named: Any) -> Each:
            return Each(
                [
                    getattr(_tensor(item), name)(
                        *(_at(other, k) for other in others), **{key: _at(other, k) for key, other in named.items()}
                    )
                    for k, item in enumerate(self.items)
                ]
            )

        return method

    def pick(self, x: Any, y: Any) -> "Each":
        """Picks one of two for every parameter; these values are comparisons.

        Args:
            x: What is taken where a comparison holds: an `Each`, or one value for all.
            y: What is taken where it does not, likewise.

        Returns:
            What was taken.

        >>> (Each([1, 9]) > 5).pick(Each([0.1, 0.2]), 1.0).items
        [1.0, 0.2]
        """
        return Each([where(item, _at(x, k), _at(y, k)) for k, item in enumerate(self.items)])

    def in_precision_of(self, old: Any) -> "Each":
        """Gives every value the precision of what it takes the place of.

        Args:
            old: What came before, parameter by parameter.

        Returns:
            The same values.
        """
        return self.zip(in_precision_of, old)

    def global_norm(self) -> Any:
        """Takes the Euclidean norm over all values together.

        Returns:
            A tensor of no dimensions; where values are on several devices, an `Each` of it on the device of each.
        """
        norms = [torch.linalg.vector_norm(item) for item in self.items]
        devices = {norm.device for norm in norms}
        whole = torch.linalg.vector_norm(torch.stack([norm.to(norms[0].device) for norm in norms]))
        return whole if len(devices) == 1 else Each([whole.to(norm.device) for norm in norms])

    def normal(self, seed: Any, t: Any, tensor: Any) -> "Each":
        """Draws standard normal numbers in every value's shape.

        Args:
            seed: Which sequence of numbers.
            t: The step count, or one per parameter.
            tensor: The number of each parameter.

        Returns:
            Tensors of numbers.
        """
        drawn = [counter.normal(x, _at(seed, k), _at(t, k), _at(tensor, k)) for k, x in enumerate(self.items)]
        return Each(drawn)


def _at(value: Any, k: int) -> Any:
    return value.items[k] if isinstance(value, Each) else value


def _tensor(item: Any) -> Tensor:
    # A number of its own per parameter keeps its double precision until it meets a tensor.
    return item if isinstance(item, Tensor) else torch.tensor(item, dtype=torch.float64)


def together(values: Sequence[Any]) -> Any:
    """Joins one value per parameter, as a single number where all agree.

    Args:
        values: One value per parameter.

    Returns:
        The number that all share, which is faster and leaves `update` free to branch on it, or an `Each`.

    >>> together([3, 3]), together([3, 4]).items
    (3, [3, 4])
    """
    first = values[0]
    return first if all(value == first for value in values) else Each(values)


@dataclass(frozen=True)
class Parameter:
    """A parameter as a rule sees it: its number among all, its gradient, its slots, and its own step count."""

    number: int
    value: Tensor
    gradient: Tensor
    state: dict[str, Any]
    count: int


def step(rule: Rule, parameters: Sequence[Parameter]) -> list[Tensor]:
    """Takes one step of a rule on all parameters and puts the new slots into their states.

    Args:
        rule: The rule, every field a number or an `Each` of numbers.
        parameters: The parameters that have a gradient; their states are changed in place.

    Returns:
        The new values.

    >>> from ravine.rules import SGD
    >>> step(SGD(lr=0.5), [Parameter(0, torch.ones(2), torch.ones(2), {}, count=1)])
    [tensor([0.5000, 0.5000])]
    """
    p = Each([parameter.value for parameter in parameters])
    g = Each([parameter.gradient for parameter in parameters])
    t = together([parameter.count for parameter in parameters])
    slots = _slots(rule, [parameter.state for parameter in parameters])
    p, new = rule.step(p, g, slots, t, Each([parameter.number for parameter in parameters]))
    for name, slot in new.items():
        for k, parameter in enumerate(parameters):
            parameter.state[name] = _own(_at(slot, k), parameter)
    return p.items


def _own(value: Any, parameter: Parameter) -> Any:
    """Copies a slot that is the parameter or its gradient itself, both of which are about to change in place."""
    passing = (parameter.value.data_ptr(), parameter.gradient.data_ptr())
    return value.clone() if isinstance(value, Tensor) and value.data_ptr() in passing else value


def gradient_points(rule: Rule, params: Sequence[Tensor], states: Iterable[dict[str, Any]]) -> list[Tensor]:
    """Gives the point at which a rule wants the gradient of each parameter.

    Args:
        rule: The rule, every field a number or an `Each` of numbers.
        params: The parameters.
        states: Their slots by name.

    Returns:
        One point per parameter.
    """
    return rule.gradient_point(Each(params), _slots(rule, list(states))).items


def _slots(rule: Rule, states: Sequence[dict[str, Any]]) -> dict[str, Each]:
    return {name: Each([state[name] for state in states]) for name in rule.slots()}
