"""What the search found at each setting: the numbers behind several pictures."""

from typing import NamedTuple

import numpy as np

from .scales import Floats
from .source import Frame, Source


class Settings(NamedTuple):
    """The settings of one method that were tried.

    Attributes:
        method: The method.
        number: Which setting each is.
        mean: Its score, the mean over folds: at the end, or by averaged weights where halving stopped it.
        low: The lowest over folds.
        high: The highest over folds.
        finished: Whether it was trained to the end.
        diverged: Whether it diverged or failed in any fold.
        chosen: Whether it is the one that was chosen.
    """

    method: str
    number: np.ndarray
    mean: Floats
    low: Floats
    high: Floats
    finished: np.ndarray
    diverged: np.ndarray
    chosen: np.ndarray


def chosen_settings(source: Source) -> dict[str, int]:
    """Finds each method's chosen setting: the one refitted, else the best so far of those trained furthest.

    Args:
        source: The study.

    Returns:
        The setting's number by method; methods without a usable run are left out.
    """
    table = source.table()
    tuned = table[table["stage"] == "tuned"].groupby("method")["setting"].first()
    chosen = {str(method): int(number) for method, number in tuned.items()}
    for method, runs in _search(table).groupby("method"):
        if str(method) not in chosen:
            best = _best(runs, source.higher_is_better)
            chosen |= {} if best is None else {str(method): best}
    return chosen


def settings(source: Source) -> dict[str, Settings]:
    """Gathers the search's runs by method and setting.

    Args:
        source: The study.

    Returns:
        The settings of each method, in the order of the table; methods that were not searched have one.
    """
    chosen = chosen_settings(source)
    runs = _search(source.table())
    return {str(method): _gather(str(method), mine, chosen) for method, mine in runs.groupby("method", sort=False)}


def ended(runs: Frame) -> Frame:
    """Tells which runs of the search were trained to the end.

    Args:
        runs: Rows of the study's table.

    Returns:
        Whether halving kept the run, or let it go on to the end as the random loser.
    """
    furthest = runs.groupby("method")["rung"].transform("max")
    return runs["kept"].astype(bool) | (runs["loser"].astype(bool) & (runs["rung"] == furthest))


def judged(runs: Frame) -> Frame:
    """Gives each run the score that it was judged by.

    Args:
        runs: Rows of the study's table.

    Returns:
        The score where the run was trained to the end; else that of its averaged weights, where it is known.
    """
    return runs["score"].where(ended(runs), runs["averaged_score"].fillna(runs["score"]))


def _search(table: Frame) -> Frame:
    runs = table[(table["stage"] == "search") & (table["fold"] >= 0)]
    bad = runs["outcome"].isin(["diverged", "failed"])
    return runs.assign(judged=judged(runs), bad=bad, ended=ended(runs))


def _best(runs: Frame, higher_is_better: bool) -> int | None:
    """The best mean score among the settings that went furthest in every fold."""
    by = runs[~runs["bad"]].groupby("setting")
    folds, rungs = by["fold"].nunique(), by["rung"].min()
    everywhere = folds == runs["fold"].nunique()
    furthest = rungs.index[everywhere & (rungs == rungs[everywhere].max())]
    means = by["judged"].mean().loc[furthest].dropna()
    if means.empty:
        return None
    return int(means.idxmax() if higher_is_better else means.idxmin())


def _gather(method: str, runs: Frame, chosen: dict[str, int]) -> Settings:
    by = runs.groupby("setting")
    number = np.array(list(by.groups), dtype=np.int64)
    scores = by["judged"]
    diverged = by["bad"].any().to_numpy(dtype=bool)
    return Settings(
        method,
        number,
        scores.mean().to_numpy(dtype=np.float64),
        scores.min().to_numpy(dtype=np.float64),
        scores.max().to_numpy(dtype=np.float64),
        by["ended"].all().to_numpy(dtype=bool) & ~diverged,
        diverged,
        number == chosen.get(method, -2),
    )
