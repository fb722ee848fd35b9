"""A study's runs as tables: one row for each run, and one for each of its epochs."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from ..training.run import Epoch
from .record import Record

RUN_COLUMNS = (
    "fold", "seed", "epochs", "outcome", "sentence", "rung", "score", "proper", "train_score", "train_proper",
    "averaged_score", "averaged_proper", "evaluations", "steps", "seconds",
)  # fmt: skip


def runs(facts: Mapping[str, Any], latest: Sequence[Record]) -> pd.DataFrame:
    """Gives every run as a row.

    Args:
        facts: What is known of the study.
        latest: The last stretch of every run.

    Returns:
        The table; where no run has ended yet, without rows.
    """
    names = tuple(dict.fromkeys(one["field"] for c in facts["contenders"] for one in c["searched"]))
    columns = ("method", "stage", "setting", "recipe", *names, *RUN_COLUMNS, "kept", "loser")
    return pd.DataFrame([_run(one.record, names, facts["epochs"]) for one in latest], columns=columns)


def _run(r: Mapping[str, Any], names: Sequence[str], epochs: int) -> dict[str, Any]:
    to_the_end = r["stage"] != "search" or r["until"] == epochs
    return {
        "method": r["method"], "stage": r["stage"], "setting": r["setting"], "recipe": r["recipe"],
        **{name: r["values"].get(name, np.nan) for name in names},
        **{column: r[column] for column in RUN_COLUMNS},
        "kept": to_the_end and not r["loser"], "loser": r["loser"],
    }  # fmt: skip


def curves(latest: Sequence[Record]) -> pd.DataFrame:
    """Gives every epoch of every run as a row.

    Args:
        latest: The last stretch of every run.

    Returns:
        The table; where no run has ended yet, without rows.
    """
    keys = ("method", "stage", "setting", "fold", "seed")
    rows = [{key: one.record[key] for key in keys} | epoch for one in latest for epoch in one.curve]
    return pd.DataFrame(rows, columns=[*keys, *(f.name for f in fields(Epoch))])
