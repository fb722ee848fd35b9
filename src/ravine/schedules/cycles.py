"""Schedules that rise as well as fall."""

import math

from ..errors import RavineError
from ..fields import Number, field, inner, option
from .decays import cosine, linear
from .length import Length, duration, whole
from .schedule import LONG, Schedule


class warm_restarts(Schedule):  # noqa: N801 - typed as a function
    """Falls along a cosine again and again: cycle i takes `first growth^i`, and `cosine(start, end)` within it.

    Equal cycles: `first=0.25` makes four. Growing ones fill the training when their lengths add up to it:
    `first=epochs(10), growth=2` ends a cycle at epochs 10, 30 and 70. Cycles begin at whole steps.

    Loshchilov & Hutter 2017, "SGDR: Stochastic Gradient Descent with Warm Restarts", equation 5, with T_0 =
    `first` and T_mult = `growth`. https://arxiv.org/abs/1608.03983

    >>> [warm_restarts(1.0, first=0.5)(t, 4) for t in range(4)]
    [1.0, 0.5, 1.0, 0.5]
    """

    start: Number = field(..., "value at the beginning of a cycle", also=("a0", "initial value"))
    first: Number = field(
        ..., "duration of the first cycle, as a fraction of training, epochs(n) or steps(n)", within="(0, 1)",
        holds=(Length,), also=("T_0", "cycle length"),
    )  # fmt: skip
    growth: Number = field(1.0, "length of each cycle over that of the one before", at_least=1, also=("T_mult",))
    end: Number = field(0.0, "value that would be reached at the end of a cycle", also=("minimum", "eta min"))

    def _at(self, t: int, T: int) -> float:
        begin, following = self.cycle(t, T)
        phase = (t - begin) / (following - begin)
        return self.end + (self.start - self.end) / 2 * (1 + math.cos(math.pi * phase))

    def cycle(self, t: int, T: int) -> tuple[int, int]:
        """Gives the cycle in which a step lies.

        Args:
            t: The step.
            T: The length of training in steps.

        Returns:
            The cycle's first step and the next one's.

        Raises:
            RavineError: The first cycle is shorter than a step.

        >>> warm_restarts(1.0, first=0.1, growth=2).cycle(50, 100)
        (30, 70)
        """
        first = duration(self.first, T)
        if first < 1:
            raise RavineError(f"{self!r}: of {T} steps, the first cycle takes {first:g}; it must take one at least.")
        i = int(t / first if self.growth == 1 else math.log1p(t * (self.growth - 1) / first) / math.log(self.growth))
        while self._begin(i + 1, first) <= t:  # it begins at a whole step, which may be earlier than that says
            i += 1
        return self._begin(i, first), self._begin(i + 1, first)

    def _begin(self, i: int, first: float) -> int:
        return round(first * (i if self.growth == 1 else (self.growth**i - 1) / (self.growth - 1)))

    def _extremes(self) -> tuple[float, ...]:
        fall = cosine(self.start, self.end)
        return fall(0, LONG), fall(LONG - 1, LONG)


class one_cycle(Schedule):  # noqa: N801 - typed as a function
    """Rises from `start` to `peak` and falls to `end`, on half cosines or straight lines.

    The peak is reached one step before `rise` is over, and `end` at the last step, as in PyTorch's OneCycleLR;
    its momentum is another one, the other way round: `beta1=one_cycle(0.85, start=0.95, end=0.95)`.

    Smith 2018, "A disciplined approach to neural network hyper-parameters". https://arxiv.org/abs/1803.09820.
    The paper's own three lines are `linear(a, b).then(linear(b, a), at=0.45).then(linear(a), at=0.9)`.

    >>> [round(one_cycle(1.0, rise=0.5, shape="linear")(t, 6), 3) for t in range(6)]
    [0.04, 0.52, 1.0, 0.667, 0.333, 0.0]
    """

    peak: Number = field(..., "value at the top", also=("max lr", "base momentum"))
    start: Number = field(None, "value at t = 0; peak/25 where nothing is given", also=("initial lr", "div factor"))
    end: Number = field(None, "value at the last step; peak/250000 where nothing is given", also=("final div factor",))
    rise: Number = field(
        0.3, "duration of the rise, as a fraction of training, epochs(n) or steps(n)", within="(0, 1)",
        holds=(Length,), also=("pct start", "warmup"),
    )  # fmt: skip
    shape: str = option("cosine", ("cosine", "linear"), "on what it moves", also=("anneal strategy",))

    def _at(self, t: int, T: int) -> float:
        start, end = self._ends()
        top = duration(self.rise, T) - 1
        if t <= top:
            return self._between(start, self.peak, t / top if top else 1.0)
        return self._between(self.peak, end, (t - top) / (T - 1 - top))

    def _ends(self) -> tuple[float, float]:
        start = self.peak / 25 if self.start is None else self.start
        return start, self.peak / 250_000 if self.end is None else self.end

    def _between(self, a: float, b: float, share: float) -> float:
        if self.shape == "linear":
            return a + (b - a) * share
        return b + (a - b) / 2 * (1 + math.cos(math.pi * share))

    def _extremes(self) -> tuple[float, ...]:
        start, end = self._ends()
        return start, self.peak, end


class warmup_stable_decay(Schedule):  # noqa: N801 - typed as a function
    """Rises to `peak`, stays there, and falls straight to `end`, so that the length may be settled late.

    The same as `warmup(w).then(constant(peak)).then(linear(peak, end), at=1 - decay)`.

    Hu et al. 2024, "MiniCPM: Unveiling the Potential of Small Language Models", section 4.
    https://arxiv.org/abs/2404.06395

    >>> [warmup_stable_decay(1.0, warmup=0.1, decay=0.2)(t, 10) for t in (0, 1, 7, 8, 9)]
    [0.5, 1.0, 1.0, 1.0, 0.5]
    """

    peak: Number = field(..., "value between rise and fall", also=("max lr", "a0"))
    warmup: Number = field(
        0.05, "duration of the rise, as a fraction of training, epochs(n) or steps(n)", within="[0, 1)",
        holds=(Length,), also=("rise",),
    )  # fmt: skip
    decay: Number = field(
        0.2, "duration of the fall, as a fraction of training, epochs(n) or steps(n)", within="(0, 1]",
        holds=(Length,), also=("cooldown", "anneal"),
    )  # fmt: skip
    end: Number = field(0.0, "value that would be reached at t = T", also=("minimum", "eta min"))

    def _at(self, t: int, T: int) -> float:
        n, m = whole(self.warmup, T), whole(self.decay, T)
        if n + m > T:
            raise RavineError(f"{self!r}: of {T} steps, warmup takes {n} and decay {m}; together they must fit.")
        if t < n:
            return self.peak * (t + 1) / (n + 1)
        return float(self.peak) if t < T - m else self.peak + (self.end - self.peak) * (t - (T - m)) / m

    def _extremes(self) -> tuple[float, ...]:
        fall = linear(self.peak, self.end)
        return self.peak / (LONG + 1), fall(0, LONG), fall(LONG - 1, LONG)


class hold(Schedule):  # noqa: N801 - typed as a function
    """Follows a schedule until a moment, and stands still from then on, at the value it has come to or another.

    >>> [round(hold(cosine(1.0), at=0.5)(t, 4), 3) for t in range(4)]
    [1.0, 0.854, 0.5, 0.5]
    """

    schedule: Schedule = inner("schedule that is followed", holds=(Schedule,))
    at: Number = field(
        0.75, "moment from which on it stands still, as a fraction of training, epochs(n) or steps(n)",
        within="[0, 1)", holds=(Length,), also=("swa start",),
    )  # fmt: skip
    value: Number = field(None, "value it has from then on; None for the one it has come to", also=("swa lr",))

    def _at(self, t: int, T: int) -> float:
        moment = whole(self.at, T)
        if t >= moment and self.value is not None:
            return float(self.value)
        return self.schedule(min(t, moment), T)

    def _extremes(self) -> tuple[float, ...]:
        return (*self.schedule.extremes(), *(() if self.value is None else (float(self.value),)))
