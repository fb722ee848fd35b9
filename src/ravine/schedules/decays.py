"""Schedules that fall, each a closed form of `(t, T)`."""

import math
from typing import Any

from ..errors import RavineError
from ..fields import Number, field, inner
from .length import Length, check_length, whole
from .schedule import Schedule


class constant(Schedule):  # noqa: N801 - typed as a function
    """Stays: `value`.

    >>> constant(0.1)(7, 10)
    0.1
    """

    value: Number = field(..., "value")

    def _at(self, t: int, T: int) -> float:  # noqa: ARG002 - it does not move
        return float(self.value)


class step(Schedule):  # noqa: N801 - typed as a function
    """Falls by a factor at regular times: `start factor^floor(t/n)`, n the length of `every` in whole steps.

    >>> [step(1.0, every=0.5)(t, 4) for t in range(4)]
    [1.0, 1.0, 0.1, 0.1]
    """

    start: Number = field(..., "value at t = 0", also=("a0", "initial value"))
    every: Number = field(
        ..., "time between falls, as a fraction of training, epochs(n) or steps(n)", within="(0, 1)", holds=(Length,),
        also=("step size", "drop every"),
    )  # fmt: skip
    factor: Number = field(0.1, "what the value is multiplied by", within="(0, 1]", also=("gamma", "decay rate"))

    def _at(self, t: int, T: int) -> float:
        n = whole(self.every, T)
        if n < 1:
            raise RavineError(f"{self!r}: of {T} steps, every={self.every!r} is less than one.")
        return self.start * self.factor ** (t // n)

    def _extremes(self) -> tuple[float, ...]:
        falls = 10 if isinstance(self.every, Length) else int(1.5 / self.every)  # a length may round down to 2/3
        return float(self.start), self.start * self.factor**falls


class multistep(Schedule):  # noqa: N801 - typed as a function
    """Falls by a factor at given times: `start factor^k`, k the number of times in `at` that have come.

    >>> [multistep(1.0, at=(0.5, 0.75))(t, 4) for t in range(4)]
    [1.0, 1.0, 0.1, 0.010000000000000002]
    """

    start: Number = field(..., "value at t = 0", also=("a0", "initial value"))
    at: tuple[Any, ...] = inner("times of the falls, each a fraction of training, epochs(n) or steps(n)")
    factor: Number = field(0.1, "what the value is multiplied by", within="(0, 1]", also=("gamma", "decay rate"))

    def __post_init__(self) -> None:
        Schedule.__post_init__(self)
        if not isinstance(self.at, tuple):
            raise RavineError(f"{self!r}: at must be a tuple of times, as in at=(0.5, 0.75), got {self.at!r}.")
        for time in self.at:
            check_length(self, "at", time)

    def _at(self, t: int, T: int) -> float:
        return self.start * self.factor ** sum(whole(time, T) <= t for time in self.at)

    def _extremes(self) -> tuple[float, ...]:
        return float(self.start), self.start * self.factor ** len(self.at)


class exponential(Schedule):  # noqa: N801 - typed as a function
    """Falls by the same share every time: `start e^{-k t}`.

    The unit of k is one over that of t: steps, or epochs inside `per_epoch`. With t in steps instead of
    epochs the same k decays hundreds of times faster. PyTorch's `gamma` is `e^{-k}`.

    >>> from ravine.schedules import per_epoch
    >>> round(exponential(1.0, k=0.1)(40, 50), 3), round(per_epoch(exponential(1.0, k=0.1), 10)(40, 50), 3)
    (0.018, 0.67)
    """

    start: Number = field(..., "value at t = 0", also=("a0", "initial value"))
    k: Number = field(
        ..., "rate of decay, per step (per epoch inside per_epoch)", at_least=0, also=("decay rate", "gamma")
    )

    def _at(self, t: int, T: int) -> float:  # noqa: ARG002 - it falls at its own pace
        return self.start * math.exp(-self.k * t)


class inverse_time(Schedule):  # noqa: N801 - typed as a function
    """Falls like one over the time: `start / (1 + k t)`, with k per step (per epoch inside `per_epoch`).

    Robbins & Monro 1951, "A Stochastic Approximation Method".

    >>> [inverse_time(1.0, k=1.0)(t, 4) for t in range(4)]
    [1.0, 0.5, 0.3333333333333333, 0.25]
    """

    start: Number = field(..., "value at t = 0", also=("a0", "initial value"))
    k: Number = field(..., "rate of decay, per step (per epoch inside per_epoch)", at_least=0, also=("decay rate",))

    def _at(self, t: int, T: int) -> float:  # noqa: ARG002 - it falls at its own pace
        return self.start / (1 + self.k * t)


class inverse_sqrt(Schedule):  # noqa: N801 - typed as a function
    """Falls like one over the root of the time: `start / sqrt(t + 1)`, t in steps (epochs inside `per_epoch`).

    >>> [inverse_sqrt(1.0)(t, 9) for t in (0, 3, 8)]
    [1.0, 0.5, 0.3333333333333333]
    """

    start: Number = field(..., "value at t = 0", also=("a0", "initial value"))

    def _at(self, t: int, T: int) -> float:  # noqa: ARG002 - it falls at its own pace
        return self.start / math.sqrt(t + 1)


class linear(Schedule):  # noqa: N801 - typed as a function
    """Goes straight from `start` to `end`: `start + (end - start) t/T`, which is `start (1 - t/T)` with end 0.

    >>> [linear(1.0)(t, 4) for t in range(4)]
    [1.0, 0.75, 0.5, 0.25]
    """

    start: Number = field(..., "value at t = 0", also=("a0", "initial value"))
    end: Number = field(0.0, "value that would be reached at t = T", also=("minimum", "eta min"))

    def _at(self, t: int, T: int) -> float:
        return self.start + (self.end - self.start) * t / T


class cosine(Schedule):  # noqa: N801 - typed as a function
    """Falls along half a cosine: `end + (start - end)/2 (1 + cos(pi t/T))`.

    Loshchilov & Hutter 2017, "SGDR: Stochastic Gradient Descent with Warm Restarts", with one cycle.
    https://arxiv.org/abs/1608.03983

    >>> [round(cosine(1.0)(t, 4), 3) for t in range(4)]
    [1.0, 0.854, 0.5, 0.146]
    """

    start: Number = field(..., "value at t = 0", also=("a0", "initial value"))
    end: Number = field(0.0, "value that would be reached at t = T", also=("minimum", "eta min"))

    def _at(self, t: int, T: int) -> float:
        return self.end + (self.start - self.end) / 2 * (1 + math.cos(math.pi * t / T))


class polynomial(Schedule):  # noqa: N801 - typed as a function
    """Falls like a power of the time that remains: `end + (start - end) (1 - t/T)^power`.

    >>> [polynomial(1.0, power=2)(t, 4) for t in range(4)]
    [1.0, 0.5625, 0.25, 0.0625]
    """

    start: Number = field(..., "value at t = 0", also=("a0", "initial value"))
    power: Number = field(..., "power, 1 for a straight line", within="(0, inf)", also=("degree",))
    end: Number = field(0.0, "value that would be reached at t = T", also=("minimum", "eta min"))

    def _at(self, t: int, T: int) -> float:
        return self.end + (self.start - self.end) * (1 - t / T) ** self.power
