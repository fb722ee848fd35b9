"""The plain engine: calls a rule's `update` with tensors.

It is differentiable, takes any dtype on any device, and is the reference that faster engines are held
against. All tensors move through `update` together, so that a norm over all of them is one call inside it.
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..part import leaves, substitute
from ..rules import Rule, counter
from ..rules.arithmetic import in_precision_of, where
from ..rules.matrix import stacked_newton_schulz
from .row import Row
from .symbols import Symbol

HALVES = (torch.float16, torch.bfloat16)
"""What is too coarse to compute in."""


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
                given = {key: whole(_at(other, k)) for key, other in named.items()}
                return getattr(_tensor(item), name)(*(whole(_at(other, k)) for other in others), **given)

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
        return Each([where(item, _at(x, k), _at(y, k)) for k, item in enumerate(self.items)])

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
            alike.setdefault((x.shape, x.dtype, x.device, _at(steps, k), _at(eps, k)), []).append(k)
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


class Plain:
    """The plain engine: `update` is called with tensors.

    Where `recorded`, autograd sees the step, so that it can be differentiated.
    """

    def __init__(self, rule: Rule, recorded: bool = False) -> None:
        self.rule, self.recorded = rule, recorded
        self.places = {symbol.detail: path for path, symbol in leaves(rule, lambda x: isinstance(x, Symbol)).items()}
        self.fields = tuple(self.places)

    def step(self, rows: Sequence[Row], gradients: Sequence[Tensor], values: Sequence[Sequence[Any]]) -> None:
        """Takes one step.

        Args:
            rows: The parameters that have a gradient.
            gradients: Their gradients.
            values: For each group its `fields`.
        """
        with torch.set_grad_enabled(self.recorded):
            self._step(rows, gradients, values)

    def _step(self, rows: Sequence[Row], gradients: Sequence[Tensor], values: Sequence[Sequence[Any]]) -> None:
        rule, names = self.rule_of(rows, values), list(self.rule.slots())
        read = _recorded if self.recorded else real_or_spread
        for row in rows:
            if row.count is not None:
                row.state[row.count] += 1
        there = [[name for name in names if name in row.keys] for row in rows]
        parameters = [
            Parameter(
                row.number,
                read(row.p).clone() if self.recorded else read(row.p),  # derivatives need it as it was
                read(g.to_dense() if g.is_sparse else g),
                {name: read(slot) for name, slot in zip(own, row.slots(own), strict=True)},
                1 if row.count is None else int(row.state[row.count]),
            )
            for row, g, own in zip(rows, gradients, there, strict=True)
        ]
        new = step(rule, parameters)
        for row, parameter, value, own in zip(rows, parameters, new, there, strict=True):
            read(row.p).copy_(value)
            for name in own:
                self._put(row, name, parameter.state[name])

    def gradient_points(self, rows: Sequence[Row], values: Sequence[Sequence[Any]]) -> list[tuple[Tensor, Tensor]]:
        """Gives the point at which the rule wants the gradient of each parameter.

        Args:
            rows: The parameters.
            values: For each group its `fields`.

        Returns:
            Each parameter, without its history, and the point.
        """
        rule, names = self.rule_of(rows, values), list(self.rule.slots())
        states = [dict(zip(names, map(real_or_spread, row.slots(names)), strict=True)) for row in rows]
        params = [real_or_spread(row.p) for row in rows]
        points = rule.gradient_point(Each(params), _slots(rule, states)).items
        return list(zip(params, points, strict=True))

    def _put(self, row: Row, name: str, new: Tensor) -> None:
        if self.recorded:
            held = row.state[row.keys[name]]
            row.state[row.keys[name]] = (torch.view_as_complex(new) if held.is_complex() else new).to(held.dtype)
            row.held = list(row.state.values())
        else:
            real_or_spread(row.state[row.keys[name]]).copy_(new)

    def rule_of(self, rows: Sequence[Row], values: Sequence[Sequence[Any]]) -> Rule:
        """Gives the rule with every field as it stands in groups.

        Args:
            rows: The parameters, at least one.
            values: For each group its `fields`.

        Returns:
            The rule; where groups differ in a field, it holds one value per parameter.
        """
        columns = [together([values[row.group][k] for row in rows]) for k in range(len(self.fields))]
        return substitute(self.rule, dict(zip(self.places.values(), columns, strict=True)))


def real_or_spread(x: Tensor) -> Tensor:
    """Gives a tensor without its history; a complex number counts as two, as in PyTorch's optimizers.

    Args:
        x: Any tensor.

    Returns:
        The same numbers in the same memory; one that is spread over processes stays so, and norms are taken over all.
    """
    return _recorded(x.detach())


def _recorded(x: Tensor) -> Tensor:
    return torch.view_as_real(x) if x.is_complex() else x


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
    p = Each([_wide(parameter.value) for parameter in parameters])
    g = Each([_wide(parameter.gradient) for parameter in parameters])
    t = together([parameter.count for parameter in parameters])
    slots = _slots(rule, [parameter.state for parameter in parameters])
    p, new = rule.step(p, g, slots, t, Each([parameter.number for parameter in parameters]))
    for name, slot in new.items():
        for k, parameter in enumerate(parameters):
            value = _at(slot, k)
            if value is not None:
                parameter.state[name] = _own(value, parameter)
    return p.items


def _wide(x: Tensor) -> Tensor:
    """Gives numbers of half precision room for arithmetic; they are rounded once, when they are put back."""
    return x.float() if x.dtype in HALVES else x


def _own(value: Any, parameter: Parameter) -> Any:
    """Copies a slot that is the parameter or its gradient itself, both of which are about to change in place."""
    passing = (parameter.value.data_ptr(), parameter.gradient.data_ptr())
    return value.clone() if isinstance(value, Tensor) and value.data_ptr() in passing else value


def _slots(rule: Rule, states: Sequence[dict[str, Any]]) -> dict[str, Each]:
    """Joins the slots of all parameters; one that a parameter does not have is None."""
    slots = {name: [state.get(name) for state in states] for name in rule.slots()}
    return {name: Each([None if x is None else _wide(x) for x in column]) for name, column in slots.items()}
