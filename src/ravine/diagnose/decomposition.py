"""A decomposition of the error: its terms with their standard errors, whichever loss they are of."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..numbers import in_words, short

Floats = NDArray[np.float64]
TERMS = ("error", "bias", "variance", "noise", "variance_effect", "noise_effect", "remainder")
RESAMPLES = 200
"""How often members and examples are drawn again for the standard errors: they are then known to 5 %."""


class Term(NamedTuple):
    """One part of the error and its Monte-Carlo standard error, over members and test examples both."""

    value: float
    standard_error: float

    def __str__(self) -> str:
        return f"{short(self.value)} ± {short(self.standard_error)}"


@dataclass(frozen=True, eq=False)
class Decomposition:
    """What a measured error is made of: `error = bias + variance_effect + noise_effect + remainder`, to rounding.

    For squared loss (where `bias` is its square, as the error has it) the effects are the terms themselves. Where the
    noise is not known, it is NaN, its effect is 0, and what it does is part of the bias. The `remainder` is what
    chance in the test targets adds: 0 in expectation.
    """

    loss: str
    """"squared_error" or "error", the share of wrong labels."""
    error: Term
    bias: Term
    variance: Term
    noise: Term
    variance_effect: Term
    noise_effect: Term
    remainder: Term
    members: int
    each: Mapping[str, Floats] = field(repr=False)
    """The terms of each test example, `[n]`."""
    draws: Mapping[str, Floats] = field(repr=False)
    """The terms of each resample of members and examples, `[200]`; the same resamples for as many of both."""

    @property
    def noise_known(self) -> bool:
        """Whether the noise stands apart from the bias."""
        return not math.isnan(self.noise.value)

    def table(self) -> pd.DataFrame:
        """Gives the terms as rows.

        Returns:
            Columns "term", "value" and "standard_error".
        """
        rows = [(name, *getattr(self, name)) for name in TERMS]
        return pd.DataFrame(rows, columns=["term", "value", "standard_error"])

    def less(self, other: "Decomposition", name: str) -> Term:
        """Subtracts a term of another decomposition, whose members learned from the same samples.

        Args:
            other: The other, of as many members on the same examples.
            name: Which term.

        Returns:
            The difference; both are resampled alike, so that what they share cancels.
        """
        value = getattr(self, name).value - getattr(other, name).value
        return Term(value, float((self.draws[name] - other.draws[name]).std(ddof=1)))

    def sentence(self) -> str:
        """Gives the terms in words.

        Returns:
            One sentence.
        """
        first = "bias" if self.noise_known else "bias and noise, which only known noise could part"
        terms = {first: self.bias, "variance": self.variance_effect}
        terms |= {"noise": self.noise_effect, "chance in the test targets": self.remainder} if self.noise_known else {}
        said = ", ".join(f"{term} {name}" for name, term in terms.items())
        return f"{in_words(self.loss)} {self.error} over {self.members} members: {said}."


def decomposed(loss: str, terms: Callable[[Floats], Floats], members: int, known: bool, seed: int) -> Decomposition:
    """Works the terms out, and their standard errors by drawing members and examples again, both at once.

    Args:
        loss: What is decomposed.
        terms: Gives the terms of each example, `[7, n]`, where each member counts as often as its weight says.
        members: How many there are.
        known: Whether the noise is known.
        seed: Of the draws.

    Returns:
        The decomposition.
    """
    each = terms(np.ones(members))
    examples, luck = each.shape[1], np.random.default_rng(seed)
    draws = np.empty((RESAMPLES, len(TERMS)))
    for draw in draws:  # Owen 2007, "The Pigeonhole Bootstrap": it errs on the wide side
        weights = luck.multinomial(members, np.full(members, 1 / members)).astype(np.float64)
        counts = luck.multinomial(examples, np.full(examples, 1 / examples))
        draw[:] = terms(weights) @ counts / examples
    if not known:
        each[TERMS.index("noise")] = np.nan
    resampled: dict[str, Floats] = dict(zip(TERMS, draws.T, strict=True))
    found = zip(TERMS, each.mean(axis=1), draws.std(axis=0, ddof=1), strict=True)
    values = {name: Term(float(value), math.nan if np.isnan(value) else float(error)) for name, value, error in found}
    return Decomposition(loss, **values, members=members, each=dict(zip(TERMS, each, strict=True)), draws=resampled)
