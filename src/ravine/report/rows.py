"""The leaderboard as words: what each cell says, for the page and for the terminal."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ravine.numbers import MISSING, count, decimals, in_words, is_share, number, probability, short, span, unit
from ravine.pictures import strip
from ravine.pictures.source import Source
from ravine.study.roles import NOTHING

from .reported import Reported


class Row(NamedTuple):
    """One method on the leaderboard, every number as text.

    Attributes:
        method: The method.
        setting: Its tuned setting.
        score: The test score.
        interval: Its interval.
        proper: The proper score on the test set.
        proper_interval: Its interval.
        p_best: The probability that it is the best by the metric.
        p_best_share: The same as a number from 0 to 1, for a bar.
        p_best_proper: The probability that it is the best by the proper score.
        cv: The cross-validation score that chose the setting, with its spread over folds; optimistic.
        default: The test score at textbook defaults.
        gap: The generalization gap.
        epochs: Epochs to the common target.
        cost: Gradient evaluations spent on tuning.
        state: Bytes of state per parameter.
        trouble: What went wrong in its refits; empty where nothing did.
        inference: What predicting costs beside others; empty where that is what one network costs, of the least size.
    """

    method: str
    setting: str
    score: str
    interval: str
    proper: str
    proper_interval: str
    p_best: str
    p_best_share: float
    p_best_proper: str
    cv: str
    default: str
    gap: str
    epochs: str
    cost: str
    state: str
    trouble: str
    inference: str


class Leaderboard(NamedTuple):
    """All rows, the best first, with what their columns mean.

    Attributes:
        metric: The metric's name.
        percent: " %" where it is a share, else nothing.
        proper: The proper score's name.
        target: The common target, as text.
        tested: Whether there are test scores yet.
        rows: The rows.
    """

    metric: str
    percent: str
    proper: str
    target: str
    tested: bool
    rows: tuple[Row, ...]


def leaderboard(source: Source) -> Leaderboard:
    """Writes the leaderboard.

    Args:
        source: The study.

    Returns:
        A row of texts for each method.
    """
    summary = source.summary()
    share = is_share(source.metric_name)
    score, proper = strip.info(source), strip.info(source, proper=True)
    targets = [value for value in summary["target"] if math.isfinite(value)]
    target = f"{targets[0] * (100 if share else 1):.4g}{unit(share)}" if targets else MISSING
    refits = source.table().query("stage == 'tuned'").groupby("method").size()
    gaps = _digits(summary["gap"], share)
    tested = bool(np.isfinite(score.score).any())
    digits = score.digits if tested else decimals((100 if share else 1) * summary["cv_spread"])
    rows = []
    for place, row in enumerate(summary.to_dict("records")):
        texts = _tested(score, proper, place) | _beside(row, share, digits, gaps)
        trouble = _trouble(row, int(refits.get(row["method"], 0)))
        cost = _inference(source, row["method"])
        rows.append(Row(row["method"], str(row["setting"]), trouble=trouble, inference=cost, **texts))
    metric, beside = in_words(source.metric_name), in_words(source.proper_name)
    return Leaderboard(metric, unit(share), beside, target, tested, tuple(rows))


class Role(NamedTuple):
    """What a method is made of that others are not, and what was tuned for it.

    Attributes:
        method: The method.
        differs: What it has in the parts in which the methods differ; parts that it lacks are left out.
        tuned: Its tuned numbers, with their ranges.
    """

    method: str
    differs: Mapping[str, str]
    tuned: Mapping[str, str]


def roles(study: Reported) -> tuple[Role, ...]:
    """Tells for each method what differs and what was tuned.

    Args:
        study: The study.

    Returns:
        One entry for each method; none where the study was made before roles were told apart.
    """
    if not study.roles:
        return ()
    differing, tuned = study.roles["scientific"], study.roles["nuisance"]
    return tuple(
        Role(name, {part: by[name] for part, by in differing.items() if by[name] != NOTHING}, tuned[name])
        for name in tuned
    )


def _tested(score: strip.Strip, proper: strip.Strip, place: int) -> dict[str, Any]:
    texts: dict[str, Any] = {}
    for name, interval, each in (("score", "interval", score), ("proper", "proper_interval", proper)):
        share = is_share(each.measure)
        low, high = float(each.low[place]), float(each.high[place])
        texts[name] = number(float(each.score[place]), each.digits, share=share)
        texts[interval] = span(low, high, each.digits, share=share)
    return texts


def _beside(row: dict[str, Any], share: bool, digits: int, gaps: int) -> dict[str, Any]:
    spread = row["cv_spread"]
    beside = f" ± {number(spread, digits, share=share)}" if math.isfinite(spread) else ""
    p_best = float(row["p_best"])
    return {
        "p_best": probability(p_best),
        "p_best_share": 0.0 if math.isnan(p_best) else p_best,
        "p_best_proper": probability(float(row["p_best_proper"])),
        "cv": number(row["cv_score"], digits, share=share) + beside,
        "default": number(row["default_score"], digits, share=share),
        "gap": number(row["gap"], gaps, share=share),
        "epochs": number(row["epochs_to_target"], 1).removesuffix(".0"),
        "cost": count(row["tuning_evaluations"]),
        "state": short(row["state_bytes_per_parameter"]),
    }


def _digits(values: Any, share: bool) -> int:
    """Two significant digits of the typical value."""
    return decimals((100 if share else 1) * np.abs(np.asarray(values, dtype=np.float64)) / 10)


def _inference(source: Source, method: str) -> str:
    known = source.inference()
    mine = known.get(method, {})
    networks, sizes = mine.get("networks", 1), [one["parameters"] for one in known.values() if "parameters" in one]
    said = [f"predicts with {networks} networks, at {networks} times the cost of one"] if networks > 1 else []
    times = mine["parameters"] / min(sizes) if "parameters" in mine and min(sizes) else 1.0
    return ", ".join([*said, *([f"{times:.3g} times the parameters of the smallest"] if times >= 1.005 else [])])


def _trouble(row: dict[str, Any], refits: int) -> str:
    diverged = int(row["diverged"]) if math.isfinite(row["diverged"]) else 0
    return f"{diverged} of {refits} refits diverged" if diverged else ""
