"""What the report reads of a study, and its answers held still while a page is made of them."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any, Protocol, cast

import pandas as pd

from ravine.pictures.source import CURVE_COLUMNS, RUN_COLUMNS, SUMMARY_COLUMNS, Source


class Reported(Source, Protocol):
    """A study with its sentences: what the report reads beside the pictures' numbers."""

    @property
    def roles(self) -> Mapping[str, Any]:
        """What is "scientific", by part and method; "nuisance", by method and part; "fixed", by part; or nothing."""
        ...

    def sentences(self) -> Sequence[str]:
        """The verdict in two sentences, then caveats."""
        ...

    def warnings(self) -> Sequence[str]:
        """What a reader should be warned of."""
        ...

    def protocol(self) -> Sequence[str]:
        """What was done, one sentence each."""
        ...

    def halving(self) -> Sequence[str]:
        """What halving cost."""
        ...

    def ledger(self) -> Sequence[Any]:
        """Every read of the test set, each with its study, its time and its runs."""
        ...

    def versions(self) -> Mapping[str, str]:
        """Names and versions of what it ran with."""
        ...

    def hardware(self) -> str:
        """What it ran on."""
        ...

    def equations(self) -> Mapping[str, str]:
        """MathML by method."""
        ...

    def train_this_way(self) -> Mapping[str, str]:
        """The winning recipe as "ravine", "pytorch" and "command"."""
        ...


COLUMNS = {"table": RUN_COLUMNS, "curves": CURVE_COLUMNS, "summary": SUMMARY_COLUMNS}


def remembering(study: Reported) -> Reported:
    """Asks a study each question once, so that all parts of a page show the same moment of it.

    Args:
        study: The study; others may still be at work on it.

    Returns:
        The same answers, remembered; tables without rows have their columns.
    """
    names = {name for name in dir(Reported) if not name.startswith("_")}
    answers = {name: getattr(study, name) for name in names}
    for name, columns in COLUMNS.items():
        answers[name] = _with_columns(answers[name], columns)
    return cast(Reported, SimpleNamespace(**{k: cache(v) if callable(v) else v for k, v in answers.items()}))


def _with_columns(ask: Callable[[], Any], columns: Sequence[str]) -> Callable[[], Any]:
    def answer() -> Any:
        frame = ask()
        return frame if len(frame) else pd.DataFrame({name: pd.Series(dtype=float) for name in columns})

    return answer
