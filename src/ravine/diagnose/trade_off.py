"""`trade_off`: bias, variance and noise against the size of a network, the strength of a penalty, or any number."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..data.find import find
from ..data.task import Task
from ..ensemble.members import check_count
from ..errors import RavineError
from ..fields import text
from ..numbers import short
from ..ranges import Range, choice, is_range, log, near_one
from ..recipe import Recipe, read_method
from ..rules import Rule
from ..study.contenders import Contender
from .decomposition import TERMS, Term
from .members import BiasVariance, decompositions
from .predicted import Truth
from .sampled import SampledRun
from .side_by_side import Where

WORDS = {"bias": "bias", "variance_effect": "variance"}


@dataclass(frozen=True, eq=False)
class TradeOff:
    """What the error is made of at each value of one field."""

    field: str
    logarithmic: bool
    """Whether the values are evenly far apart by factors."""
    values: tuple[Any, ...]
    parts: tuple[BiasVariance, ...]

    @property
    def best(self) -> int:
        """The place of the value with the smallest error."""
        return int(np.argmin([one.parts.error.value for one in self.parts]))

    def terms(self, name: str) -> list[Term]:
        """Gives one term at each value.

        Args:
            name: "error", "bias", "variance", "noise", "variance_effect", "noise_effect" or "remainder".

        Returns:
            The terms, in the order of the values.
        """
        return [getattr(one.parts, name) for one in self.parts]

    def table(self) -> pd.DataFrame:
        """Gives every value as a row.

        Returns:
            The value, and each term with its standard error.
        """
        rows = []
        for value, one in zip(self.values, self.parts, strict=True):
            terms = {name: getattr(one.parts, name) for name in TERMS}
            errors = {f"{name}_standard_error": term.standard_error for name, term in terms.items()}
            rows.append({self.field: value} | {name: term.value for name, term in terms.items()} | errors)
        return pd.DataFrame(rows)

    def sentences(self) -> list[str]:
        """Gives the trade-off in words.

        Returns:
            How each term moves from the first value to the last, and where the error is smallest.
        """
        ends = f"from {self.field}={text(self.values[0])} to {text(self.values[-1])}"
        moved = [f"{word} {self._moves(name)}" for name, word in WORDS.items()]
        least = self.parts[self.best].parts.error
        lost = [sentence for one in self.parts for sentence in one.sentences()[1:]]
        return [
            f"{ends[0].upper()}{ends[1:]}, {' and '.join(moved)}.",
            f"The error is smallest at {self.field}={text(self.values[self.best])}: {least}.",
            *lost,
        ]

    def _moves(self, name: str) -> str:
        """Says how a term moves; less than two standard errors of the difference is none."""
        first, last = self.parts[0].parts, self.parts[-1].parts
        before, after, difference = getattr(first, name), getattr(last, name), last.less(first, name)
        if abs(difference.value) < 2 * difference.standard_error:
            return f"shows no difference ({difference})"
        return f"{'grows' if difference.value > 0 else 'falls'} from {short(before.value)} to {short(after.value)}"


def trade_off(
    task: Task | str,
    recipe: Recipe | Rule | str,
    *,
    arguments: Mapping[str, Any] | None = None,
    points: int = 6,
    members: int = 20,
    truth: Truth | None = None,
    holdout: float | None = 0.2,
    seed: int = 0,
    workers: int | None = None,
    device: str | None = None,
    engine: str = "auto",
    progress: Callable[[SampledRun], None] = lambda _: None,
) -> TradeOff:
    """Takes the error apart at several values of one field, which holds a range or a choice.

    `arguments={"width": choice((2, 8, 32))}` varies the size of the network, `Decay(SGD(), l2=log(1e-5, 1e-1))` the
    strength of a penalty, `Recipe(Adam(), epochs=choice((2, 8, 32)))` the length of training. All values meet on the
    same samples of the data, the same initial weights where these are as many, and the same order.

    Args:
        task: The task, or the text that finds it.
        recipe: The recipe, or the rule that stands for it, or the text of either.
        arguments: Arguments of the model factory.
        points: How many values of a range, evenly over it; a choice gives all of its own.
        members: How many networks at each value.
        truth: What is true without noise; see `bias_variance`.
        holdout: The share of the training examples held out to judge; None for the test set.
        seed: Decides what is held out, the samples and all luck.
        workers: How many runs go on at once; None for one per core, or one on a GPU. It changes no number.
        device: Where to train; None for the GPU where there is one.
        engine: Who executes the rule.
        progress: Called as runs end.

    Returns:
        A decomposition for each value.

    Raises:
        RavineError: There is no range, or more than one.
    """
    found = find(task) if isinstance(task, str) else task
    check_count("points", points, 2, 1000)
    own = {name: value for name, value in found.model_arguments.items() if is_range(value)}
    varied = Contender("", _recipe(recipe), {**own, **(arguments or {})})
    if len(varied.searched) != 1:
        names = ", ".join(varied.searched) or "none"
        raise RavineError(
            f"trade_off({text(recipe)}, arguments={text(dict(arguments or {}))}) needs exactly one field that holds a "
            f"range, got {names}: write one as in width=choice((4, 16, 64)) or l2=log(1e-5, 1e-1)."
        )
    ((name, (_, range_)),) = varied.searched.items()
    values = _values(range_, points)
    settled = [varied.at({name: value}).whole for value in values]
    parts = decompositions(found, settled, members, truth, holdout, seed, Where(workers, device, engine), progress)
    return TradeOff(name, _by_factors(range_, values), values, tuple(parts))


def _recipe(given: Recipe | Rule | str) -> Recipe:
    value = read_method(given) if isinstance(given, str) else given
    value = Recipe(value) if isinstance(value, Rule) else value
    if not isinstance(value, Recipe):
        raise RavineError(
            f"trade_off({text(given)}): write a rule such as Adam(lr=0.001), or Recipe(Adam(), epochs=20)."
        )
    return value


def _values(range_: Range, points: int) -> tuple[Any, ...]:
    if isinstance(range_, choice):
        return range_.values
    low, high = range_.extremes()
    values = [range_.at(float(u)) for u in np.linspace(0, 1, points)]
    # To the four digits that a person would copy, but for a memory near one, whose distance to one is what counts.
    short_ones = isinstance(low, float) and not isinstance(range_, near_one)
    read = [min(max(float(f"{value:.4g}"), low), high) for value in values] if short_ones else values
    return tuple(dict.fromkeys(read))


def _by_factors(range_: Range, values: tuple[Any, ...]) -> bool:
    """Tells whether values are better told apart by factors: those of a log range, and others that span a factor 8."""
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0 for value in values)
    return isinstance(range_, log) or (numbers and max(values) >= 8 * min(values))
