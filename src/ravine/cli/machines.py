"""What machines read of a study: every run as a table, and the verdict as JSON."""

import math
from pathlib import Path
from typing import Any

from ..errors import RavineError
from ..study.study import Study
from ..verdict import Verdict

TABLES = (".parquet", ".csv")


def table_file(text: str) -> Path:
    """Reads the name of a table to be written, before there is anything to write.

    Args:
        text: As it was typed.

    Returns:
        The file.

    Raises:
        RavineError: Its ending or its folder is not as it must be.
    """
    path = Path(text)
    if path.suffix not in TABLES:
        raise RavineError(f"--export {text!r}: the file must end in {' or '.join(TABLES)}.")
    if not path.absolute().parent.is_dir():
        raise RavineError(f"--export {text!r}: there is no folder {str(path.parent)!r}; make it first.")
    return path


def export_runs(study: Study, file: Path) -> None:
    """Writes every run to a table.

    Args:
        study: The study.
        file: A .parquet or .csv file.

    Raises:
        RavineError: It cannot be written.
    """
    table = study.table()
    searched = [field for fields in study.searched.values() for field, *_ in fields]
    for field in searched:
        if (
            table[field].dtype == object
        ):  # words and numbers, such as a batch size of 8 or 'all': Parquet takes one kind
            table[field] = table[field].map(str, na_action="ignore")
    try:
        table.to_parquet(file) if file.suffix == ".parquet" else table.to_csv(file, index=False)
    except OSError as error:
        raise RavineError(
            f"cannot write {str(file)!r}: {error.strerror}. The study in {str(study.folder)!r} is safe."
        ) from error


def for_machines(study: Study) -> dict[str, Any]:
    """Gives the verdict as JSON holds it.

    Args:
        study: The study.

    Returns:
        Sentences, the leaderboard, all pairs, warnings, and the winning recipe.
    """
    found = {
        "task": study.task_name,
        "metric": study.metric_name,
        "finished": study.finished,
        "verdict": study.sentences(),
        "methods": study.summary().to_dict(orient="records"),
        "pairs": _pairs(study.verdict),
        "proper": study.proper_name,
        "proper_pairs": _pairs(study.proper_verdict),
        "warnings": study.warnings(),
        "train_this_way": study.train_this_way(),
        "versions": study.versions(),
        "folder": str(study.folder),
    }
    return _plain(found)


def _pairs(verdict: Verdict | None) -> list[dict[str, Any]]:
    return [] if verdict is None else [vars(pair) for pair in verdict.pairs]


def _plain(value: Any) -> Any:
    """Makes a value one that every JSON reader takes: numbers that are none become null."""
    if isinstance(value, dict):
        return {str(key): _plain(below) for key, below in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(below) for below in value]
    number = value.item() if hasattr(value, "item") else value
    return None if isinstance(number, float) and not math.isfinite(number) else number
