"""Jobs: one run, or a stretch of one, with all that a worker needs to do it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..part import substitute
from ..recipe import Recipe, early_stopping
from .contenders import Contender

REFIT = 500
"""Refits count their seeds from here, so that none of them meets the luck of a fold (a study has fewer folds)."""


def first_seed(seed: int) -> int:
    """Gives the first of the seeds that belong to a study: those of its folds, and from `REFIT` on of its refits.

    Args:
        seed: The study's seed.

    Returns:
        The seed of all runs on its first fold.
    """
    return seed * 1000


@dataclass(frozen=True)
class Job:
    """One run, or the stretch of it between two rungs: enough for a worker to do it alone."""

    method: str
    stage: str
    setting: int
    values: Mapping[str, Any]
    recipe: Recipe
    arguments: Mapping[str, Any]
    fold: int
    seed: int
    rung: int
    until: int
    start: int = 0
    loser: bool = False
    """Whether halving has dropped it, and it is brought to the end all the same."""

    @property
    def key(self) -> str:
        """Names the job in the store."""
        return f"{self.method}|{self.stage}|{self.setting}|{self.fold}|{self.seed}|{self.until}"

    @property
    def before(self) -> str:
        """Names the job that this one goes on from."""
        return f"{self.method}|{self.stage}|{self.setting}|{self.fold}|{self.seed}|{self.start}"


def refitted(recipe: Recipe) -> Recipe:
    """Gives the recipe that a contender is refitted by: the folds have already chosen how long it trains.

    Args:
        recipe: Its recipe in the search.

    Returns:
        The same without early stopping.
    """
    return substitute(recipe, {("stop",): None}) if isinstance(recipe.stop, early_stopping) else recipe


def refits(
    contender: Contender, stage: str, setting: int, values: Mapping[str, Any], epochs: int, seeds: int, seed: int
) -> list[Job]:
    """Gives the jobs that train a settled contender on all training data.

    Args:
        contender: The contender, without ranges.
        stage: "tuned" or "default".
        setting: The number of its setting; -1 for the defaults.
        values: What was searched.
        epochs: For how many epochs it is trained.
        seeds: How many fresh seeds.
        seed: The study's seed.

    Returns:
        One job per seed.
    """
    recipe = refitted(contender.recipe)
    return [
        Job(
            contender.name, stage, setting, values, recipe, contender.arguments,
            -1, first_seed(seed) + REFIT + k, 0, epochs,
        )
        for k in range(seeds)
    ]  # fmt: skip
