"""Many at once: one value per parameter tensor, each operation taken by all of them.

So a rule's `update` is called once for all parameters, and a norm over all of them is one call inside it.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ..rules import counter
from ..rules.arithmetic import in_precision_of, where
from ..rules.matrix import stacked_newton_schulz


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

    def __eq__(self, other: object) -> Any:
        return self.zip(operator.eq, other)

    def __ne__(self, other: object) -> Any:
        return self.zip(operator.ne, other)

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise TypeError("values that may differ between parameters cannot decide an if: write where(condition, x, y)")

    __radd__ = __add__
    __rmul__ = __mul__

    def __getattr__(self, name: str) -> Callable[..., "Each"]:
        """Gives torch's method of that name, applied to every value."""
        if name.startswith("__"):
            raise AttributeError(name)  # copying and pickling ask for hooks that are not there

        def method(*others: Any, **named: Any) -> Each:
            def called(k: int, item: Any) -> Any:
                whole = (lambda value: value) if isinstance(item, Tensor) else _tensor  # torch's take no two numbers
                given = {key: whole(at(other, k)) for key, other in named.items()}
                return getattr(_tensor(item), name)(*(whole(at(other, k)) for other in others), **given)

            return Each([called(k, item) for k, item in enumerate(self.items)])

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
        return Each([where(item, at(x, k), at(y, k)) for k, item in enumerate(self.items)])

    def in_precision_of(self, old: Any) -> "Each":
        """Gives every value the precision of what it takes the place of.

        Args:
            old: What came before, parameter by parameter.

        Returns:
            The same values.
        """
        return self.zip(in_precision_of, old)

    def take(self, places: Sequence[int]) -> "Each":
        """Takes the values of some parameters.

        Args:
            places: Where they stand.

        Returns:
            Those values, in that order.
        """
        return Each([self.items[k] for k in places])

    def newton_schulz(self, steps: Any, coefficients: Any, eps: Any, bfloat16: bool) -> "Each":
        """Takes every matrix through `newton_schulz`, those of the same shape in one stacked product.

        Args:
            steps: How often, for all or for each.
            coefficients: a, b and c.
            eps: Floor under the norm, for all or for each.
            bfloat16: Whether it is worked out in bfloat16.

        Returns:
            The matrices.
        """
        alike: dict[Any, list[int]] = {}
        for k, x in enumerate(self.items):
            alike.setdefault((x.shape, x.dtype, x.device, at(steps, k), at(eps, k)), []).append(k)
        new: dict[int, Tensor] = {}
        for (*_, count, floor), places in alike.items():
            stacked = stacked_newton_schulz([self.items[k] for k in places], count, coefficients, floor, bfloat16)
            new |= zip(places, stacked, strict=True)
        return Each([new[k] for k in range(len(self.items))])

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
        starts = [counter.key(*(int(at(each, k)) for each in (seed, t, tensor))) for k in range(len(self.items))]
        devices = dict.fromkeys(x.device for x in self.items)
        drawn: dict[int, Tensor] = {}
        for device in devices:
            places = [k for k, x in enumerate(self.items) if x.device == device]
            found = counter.normals([self.items[k] for k in places], [starts[k] for k in places])
            drawn |= zip(places, found, strict=True)
        return Each([drawn[k] for k in range(len(self.items))])


def at(value: Any, k: int) -> Any:
    """Gives the value of one parameter.

    Args:
        value: One value per parameter, or one for all.
        k: The parameter's place.

    Returns:
        Its value.
    """
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
