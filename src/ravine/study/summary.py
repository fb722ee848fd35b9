"""A study's leaderboard: one row per method, in the order in which cross-validation ranks them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..verdict import Verdict, judge

if TYPE_CHECKING:
    from .study import Study

TARGET_SHARE = 0.25
"""The common target is a score that all but this share of the methods reach: one bad method does not set it."""


def summary(study: Study) -> pd.DataFrame:
    """Gives the leaderboard.

    Args:
        study: The study, finished or not.

    Returns:
        One row per method, best cross-validation score first; NaN where a number is not there yet.
    """
    table, curves = study.table(), study.curves()
    chosen = {name: race["chosen"] for name, race in study.facts.get("races", {}).items()}
    means = _mean_curves(curves, chosen)
    target = _target(study, means)
    defaults = _defaults(study)
    rows = [
        {
            **_choice(contender, table, chosen.get(contender["name"])),
            **_test(study, contender["name"], table, defaults),
            "epochs_to_target": _epochs_to(study, means.get(contender["name"]), target),
            "target": target,
            "tuning_evaluations": _spent(table, contender["name"]),
            "state_bytes_per_parameter": contender["state_bytes"],
        }
        for contender in study.facts["contenders"]
    ]
    return pd.DataFrame(rows).sort_values(
        ["cv_score", "cv_proper"], ascending=[not study.higher_is_better, True], kind="stable", ignore_index=True
    )


def _choice(contender: Mapping[str, Any], table: Any, chosen: int | None) -> dict[str, Any]:
    """What cross-validation chose, and its score there, which is optimistic: it is the best of several."""
    name = contender["name"]
    runs = table[(table.method == name) & (table.stage == "search")]
    tried = len(contender["settings"])
    lost = runs[runs.outcome == "diverged"].setting.nunique() / tried
    if chosen is None:
        return {"method": name, "recipe": contender["recipe"], "setting": "", "cv_score": math.nan,
                "cv_proper": math.nan, "cv_spread": math.nan, "settings_diverged": lost}  # fmt: skip
    folds = runs[runs.setting == chosen]
    tuned = table[(table.method == name) & (table.stage == "tuned")]
    values = contender["settings"][chosen]
    return {
        "method": name,
        "recipe": tuned.recipe.iloc[0] if len(tuned) else folds.recipe.iloc[0],
        "setting": ", ".join(f"{field}={_short(value)}" for field, value in values.items()) or "as given",
        "cv_score": folds.score.mean(),
        "cv_proper": folds.proper.mean(),
        "cv_spread": folds.score.std() if len(folds) > 1 else math.nan,
        "settings_diverged": lost,
    }


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _test(study: Study, name: str, table: Any, defaults: Verdict | None) -> dict[str, Any]:
    """What the test set says, over fresh seeds and its own examples."""
    tuned = table[(table.method == name) & (table.stage == "tuned")]
    found: dict[str, Any] = {"diverged": int((tuned.outcome == "diverged").sum())}
    worse = -1.0 if study.higher_is_better else 1.0  # an error grows as a score shrinks
    found["gap"] = worse * (tuned.score - tuned.train_score).mean() if len(tuned) else math.nan
    for prefix, verdict in (("", study.verdict), ("proper", study.proper_verdict)):
        one = None if verdict is None else verdict.of(name)
        keys = ("score", "score_low", "score_high") if not prefix else ("proper", "proper_low", "proper_high")
        found |= dict(zip(keys, _interval(one), strict=True))
        found["p_best_proper" if prefix else "p_best"] = math.nan if one is None else one.p_best
    there = defaults is not None and name in {one.name for one in defaults.methods}
    default = defaults.of(name) if there and defaults is not None else None
    return found | dict(zip(("default_score", "default_low", "default_high"), _interval(default), strict=True))


def _interval(one: Any) -> tuple[float, float, float]:
    return (math.nan, math.nan, math.nan) if one is None else (one.mean, one.low, one.high)


def _defaults(study: Study) -> Verdict | None:
    scores = {method: pair[0] for method, pair in study.test_scores("default").items()}
    return judge(scores, higher_is_better=study.higher_is_better) if scores else None


def _mean_curves(curves: Any, chosen: Mapping[str, int | None]) -> dict[str, np.ndarray]:
    """The mean over folds of the validation score by epoch, at each method's chosen setting."""
    if curves.empty:
        return {}
    search = curves[curves.stage == "search"]
    found = {
        name: search[(search.method == name) & (search.setting == setting)].groupby("epoch").score.mean()
        for name, setting in chosen.items()
        if setting is not None
    }
    return {name: series.to_numpy() for name, series in found.items() if series.notna().any()}


def _target(study: Study, means: Mapping[str, np.ndarray]) -> float:
    if not means:
        return math.nan
    best = [np.nanmax(mean) if study.higher_is_better else np.nanmin(mean) for mean in means.values()]
    share = TARGET_SHARE if study.higher_is_better else 1 - TARGET_SHARE
    method = "lower" if study.higher_is_better else "higher"
    return float(np.quantile(best, share, method=method))


def _epochs_to(study: Study, mean: np.ndarray | None, target: float) -> float:
    if mean is None or math.isnan(target):
        return math.nan
    reached = np.flatnonzero(mean >= target if study.higher_is_better else mean <= target)
    return float(reached[0] + 1) if len(reached) else math.nan


def _spent(table: Any, name: str) -> int:
    return int(table[(table.method == name) & (table.stage == "search")].evaluations.sum())
