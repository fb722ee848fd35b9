"""What a schedule is, and the two ways to put schedules together: in sequence and by product."""

import itertools
from typing import Any

from ..errors import RavineError
from ..fields import Number, field, inner
from ..part import Part, leaves, meanings, substitute
from ..ranges import Range, is_range
from .length import Length, check_length, whole

LONG = 1000
"""Steps of the training over which `extremes` looks."""


class Schedule(Part):
    """A number that moves during training (abstract): called with `(t, T)`, t = 0 ... T-1.

    Both come from whoever asks, which is the training loop with its count of steps unless `per_epoch` stands
    between. Fields of a schedule hold numbers or ranges; other schedules come in by `.then` and `*`.
    """

    def __post_init__(self) -> None:
        Part.__post_init__(self)
        for name, known in meanings(self).items():
            if Schedule not in known.holds and leaves(getattr(self, name), is_schedule):
                raise RavineError(
                    f"{self!r}: {name} must be settled before training, so it cannot hold a schedule; "
                    "schedules are put together by a.then(b) and a * b."
                )

    def __call__(self, t: int, T: int) -> float:
        """Gives the number at one moment.

        Args:
            t: How far training is: 0 at the first step, T - 1 at the last.
            T: How long it is.

        Returns:
            The number.

        Raises:
            RavineError: t lies outside.
        """
        if not 0 <= t < T:
            raise RavineError(f"{self!r}: training has {T} steps, 0 to {T - 1}, and this was asked at {t}.")
        return self._at(t, T)

    def _at(self, t: int, T: int) -> float:
        raise NotImplementedError  # each schedule has its own shape, and defines it here

    def extremes(self) -> tuple[float, ...]:
        """Gives numbers between which all others lie, for checking them against a field's bounds.

        Returns:
            Those of a training of 1000 steps; with ranges inside, those at both ends of every range.

        >>> from ravine.schedules import cosine
        >>> (0.5 * cosine(0.1, end=0.02)).extremes()[0]
        0.05
        """
        ranges = leaves(self, is_range)
        corners = itertools.product(*(each.extremes() for each in ranges.values()))
        settled = (substitute(self, dict(zip(ranges, corner, strict=True))) for corner in corners)
        return tuple(number for each in settled for number in each._extremes())

    def _extremes(self) -> tuple[float, ...]:
        return self(0, LONG), self(LONG - 1, LONG)  # the ends, where a schedule only falls or only rises

    def then(self, following: "Schedule", at: Any = None) -> "Stages":
        """Lets another schedule follow.

        Args:
            following: What comes next. It sees t = 0 where it begins, and what remains as its T.
            at: When it begins, counted from the start of the whole sequence; left out after a `warmup`, which
                knows its length.

        Returns:
            A schedule of both; a third one may follow.

        >>> from ravine.schedules import constant, cosine, warmup
        >>> schedule = warmup(0.1).then(constant(1.0)).then(cosine(1.0), at=0.5)
        >>> [schedule(t, 10) for t in (0, 1, 4, 5)]
        [0.5, 1.0, 1.0, 1.0]
        """
        stages, begins = (self.stages, self.begins) if isinstance(self, Stages) else ((self,), (0,))
        return Stages((*stages, following), (*begins, at))

    def __mul__(self, other: Any) -> "Product":
        if isinstance(other, Schedule):
            return Product(self, other)
        return Product(other, self) if _is_factor(other) else NotImplemented

    def __rmul__(self, other: Any) -> "Product":
        return Product(other, self) if _is_factor(other) else NotImplemented


def is_schedule(value: Any) -> bool:
    """Tells whether a value is a schedule, for `leaves`.

    Args:
        value: Anything.

    Returns:
        Whether it is one.
    """
    return isinstance(value, Schedule)


def _is_factor(value: Any) -> bool:
    return isinstance(value, (int, float, Range)) and not isinstance(value, bool)


class warmup(Schedule):  # noqa: N801 - typed as a function
    """Rises evenly for n steps to the value where the next schedule begins: that value times `(t+1) / (n+1)`.

    With a `start` it rises from that share of the value instead: `start + (1-start) t/n`. Alone, or in a
    product, it is the factor, and 1 once it is over. A length that rounds to no step is no warm-up.

    Goyal et al. 2017, "Accurate, Large Minibatch SGD", section 2.2. https://arxiv.org/abs/1706.02677

    >>> from ravine.schedules import constant
    >>> [warmup(0.3).then(constant(0.4))(t, 10) for t in range(5)]
    [0.1, 0.2, 0.30000000000000004, 0.4, 0.4]
    """

    length: Number = field(
        ..., "duration, as a fraction of training, epochs(n) or steps(n)", within="[0, 1)", holds=(Length,)
    )
    start: Number = field(
        None, "share of the value at t = 0; one even stride above 0 where nothing is given", within="[0, 1]",
        also=("start factor",),
    )  # fmt: skip

    def _at(self, t: int, T: int) -> float:
        n = whole(self.length, T)
        return self.factor(t, n) if t < n else 1.0

    def factor(self, t: int, n: int) -> float:
        """Gives the share of the next schedule's value.

        Args:
            t: The step, from 0 to n - 1.
            n: How many steps the warm-up takes.

        Returns:
            A number from 0 to 1.
        """
        if self.start is None:
            return (t + 1) / (n + 1)
        return self.start + (1 - self.start) * t / n

    def _extremes(self) -> tuple[float, ...]:
        return self.factor(0, LONG), 1.0


class Stages(Schedule):
    """Schedules one after another, as `.then` puts them together."""

    stages: tuple[Schedule, ...] = inner("schedules, in order")
    begins: tuple[Any, ...] = inner("moments at which they begin")

    def __post_init__(self) -> None:
        if leaves(self.begins, is_schedule):
            raise RavineError(f"{self!r}: the moment when a schedule begins cannot be a schedule.")
        for i, following in enumerate(self.stages[1:], start=1):
            if not isinstance(following, Schedule):
                raise RavineError(f"{self!r}: .then must be given a schedule, got {following!r}.")
            _check_moment(self, self.stages[i - 1], self.begins[i])
        fractions = [begin for begin in self.begins if isinstance(begin, float)]
        if fractions != sorted(fractions):
            raise RavineError(f"{self!r}: each stage must begin after the one before it.")

    def __repr__(self) -> str:
        first, *others = self.stages
        links = [_link(stage, begin) for stage, begin in zip(others, self.begins[1:], strict=True)]
        return (f"({first!r})" if isinstance(first, Product) else repr(first)) + "".join(links)

    def _at(self, t: int, T: int) -> float:
        begins = self.moments(T)
        i = max(i for i, begin in enumerate(begins[:-1]) if begin <= t)
        stage, t, n = self.stages[i], t - begins[i], begins[i + 1] - begins[i]
        if isinstance(stage, warmup) and i + 1 < len(self.stages):
            # Where the warm-up lasts to the very end, nothing remains of the next: it is asked as for one step.
            return stage.factor(t, n) * self.stages[i + 1](0, max(1, begins[i + 2] - begins[i + 1]))
        return stage(t, n)

    def moments(self, T: int) -> list[int]:
        """Gives the steps at which the stages begin.

        Args:
            T: The length of the sequence in steps.

        Returns:
            The first step of each stage, and T.

        Raises:
            RavineError: One would begin before the one in front of it, or after the end.

        >>> from ravine.schedules import cosine, warmup
        >>> warmup(0.05).then(cosine(0.1)).moments(100)
        [0, 5, 100]
        """
        found = [0]
        for stage, begin in zip(self.stages, self.begins[1:], strict=False):
            moment = found[-1] + whole(stage.length, T) if isinstance(stage, warmup) else whole(begin, T)
            if not found[-1] <= moment <= T:
                raise RavineError(
                    f"{self!r}: of {T} steps, a stage would begin at step {moment}, the one before it at {found[-1]}."
                )
            found.append(moment)
        return [*found, T]

    def _extremes(self) -> tuple[float, ...]:
        found = list(self.stages[-1].extremes())
        for stage, following in itertools.pairwise(self.stages):
            numbers = following.extremes() if isinstance(stage, warmup) else (1.0,)
            found += [number * each for each in stage.extremes() for number in numbers]
        return tuple(found)


def _link(stage: Any, begin: Any) -> str:
    return f".then({stage!r})" if begin is None else f".then({stage!r}, at={begin!r})"


def _check_moment(part: Stages, stage: Schedule, begin: Any) -> None:
    """Refuses a beginning that is missing, or that a warm-up has settled, or that is no length."""
    if isinstance(stage, warmup):
        if begin is not None:
            raise RavineError(f"{part!r}: the warm-up has its own length, so leave out at={begin!r}.")
        return
    if begin is None:
        raise RavineError(f"{part!r}: say when the next begins, as in .then(..., at=0.5).")
    check_length(part, "at", begin)


class Product(Schedule):
    """A number, or a schedule, times a schedule, as `*` puts them together.

    `extremes` multiplies the extremes of both, so it may reach further than the product itself.
    """

    factor: Any = field(..., "number or schedule on the left", holds=(Schedule,))
    schedule: Schedule = inner("schedule on the right", holds=(Schedule,))

    def __repr__(self) -> str:
        right = f"({self.schedule!r})" if isinstance(self.schedule, Product) else repr(self.schedule)
        return f"{self.factor!r} * {right}"

    def _at(self, t: int, T: int) -> float:
        factor = self.factor(t, T) if isinstance(self.factor, Schedule) else self.factor
        return factor * self.schedule(t, T)

    def _extremes(self) -> tuple[float, ...]:
        left = self.factor.extremes() if isinstance(self.factor, Schedule) else (self.factor,)
        return tuple(a * b for a in left for b in self.schedule.extremes())
