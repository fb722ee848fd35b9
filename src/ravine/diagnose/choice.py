"""The table that a choice on folds was made by."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..study.course import Entry
from ..study.job import Job
from ..study.record import Record, last_stretches


def choice_of(entries: Sequence[Entry], records: Mapping[str, Record], chosen: Job) -> pd.DataFrame:
    """Gives every setting that was tried as a row.

    Args:
        entries: The contenders.
        records: The runs of their searches.
        chosen: The job that refits what was chosen.

    Returns:
        Method, setting and its values; the mean score over the folds with its standard deviation and the mean proper
        score, by averaged weights where halving stopped the setting; how many epochs it was trained; whether that
        was to the end, and whether it is chosen. The chosen one comes first, what halving stopped last.
    """
    lengths = {entry.name: entry.epochs for entry in entries}
    settings: dict[tuple[str, int], list[dict[str, Any]]] = {}
    # In an order of their own, so that rounding does not tell which run ended first.
    for record in sorted((one.record for one in last_stretches(records.values())), key=_order(entries)):
        if record["fold"] >= 0:
            settings.setdefault((record["method"], record["setting"]), []).append(record)
    rows = [
        _row(folds, lengths[method], (method, setting) == (chosen.method, chosen.setting))
        for (method, setting), folds in settings.items()
    ]
    lower = not entries[0].field.higher_is_better
    columns, ascending = ["chosen", "finished", "score", "proper"], [False, False, lower, True]
    return pd.DataFrame(rows).sort_values(columns, ascending=ascending, kind="stable", ignore_index=True)


def _order(entries: Sequence[Entry]) -> Callable[[Mapping[str, Any]], tuple[int, int, int]]:
    places = {entry.name: place for place, entry in enumerate(entries)}
    return lambda record: (places[record["method"]], record["setting"], record["fold"])


def _row(folds: Sequence[Mapping[str, Any]], epochs: int, chosen: bool) -> dict[str, Any]:
    first = folds[0]
    finished = first["until"] == epochs
    prefix = "" if finished else "averaged_"
    scores, propers = (np.array([fold[prefix + name] for fold in folds]) for name in ("score", "proper"))
    return {
        "method": first["method"], "setting": first["setting"], **first["values"], "score": float(scores.mean()),
        "spread": float(scores.std(ddof=1)) if len(folds) > 1 else np.nan, "proper": float(propers.mean()),
        "epochs": first["until"], "diverged": sum(fold["outcome"] == "diverged" for fold in folds),
        "finished": finished, "chosen": chosen,
    }  # fmt: skip
