"""What `ravine compare` and `ravine report` print."""

import json
import math
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from ..data import ledger
from ..errors import RavineError
from ..numbers import count
from ..report import write
from ..study.compare import compare
from ..study.entries import YOURS
from ..study.options import DEFAULT_METHODS
from ..study.prepare import Plan
from ..study.study import Study
from ..text import read_list
from .leaderboard import print_leaderboard
from .progress import duration, shown

TABLES = (".parquet", ".csv")
UNITS = {"min": 60, "s": 1, "m": 60, "h": 3600}
"""Units of time, in seconds; those that end another one come later."""


def run_compare(
    task: str,
    methods: str | None,
    *,
    as_json: bool,
    export: str | None,
    matters: str,
    budget: str | None,
    **options: Any,
) -> None:
    """Compares, and prints the verdict.

    Args:
        task: The task's text.
        methods: The methods, separated by commas.
        as_json: Whether to print for machines.
        export: The file to which every run is written.
        matters: The smallest difference that matters, as a number or in percent.
        budget: Seconds, with or without their unit.
        **options: The options of `ravine.compare`.

    Raises:
        RavineError: An option cannot be read, or what `ravine.compare` refuses.
        SystemExit: 130 after Ctrl-C, with the verdict so far printed.
    """
    table = None if export is None else _table_file(export)
    console = Console(stderr=True)
    named = DEFAULT_METHODS if methods is None else tuple(read_list(methods))
    numbers = {"matters": _share(matters), "budget": None if budget is None else _seconds(budget)}
    begun: list[Plan] = []

    def before(plan: Plan) -> None:
        begun.append(plan)
        _announce(plan, console)

    try:
        with shown(console) as progress:
            study = compare(task, methods=named, before=before, progress=progress, **numbers, **options)
    except KeyboardInterrupt:
        if begun:
            _finish(Study.load(begun[0].store.folder), as_json=as_json, export=table)
        what = "goes on from here; no run that had ended is lost" if begun else "starts anew; no run had begun"
        console.print(f"Stopped. The same command {what}.", highlight=False, soft_wrap=True)
        raise SystemExit(130) from None
    _finish(study, as_json=as_json, export=table)


def _announce(plan: Plan, console: Console) -> None:
    known, cost = len(plan.store.runs()), plan.cost
    methods, epochs = ", ".join(entry.name for entry in plan.entries), plan.entries[0].epochs
    who = f"{plan.options.task}: {counted(len(plan.entries), 'contender')} ({methods})"
    effort = f"{count(cost.evaluations)} gradient evaluations, about {duration(cost.seconds)} on this machine"
    said = [f"{who}, {counted(epochs, 'epoch')}, {effort}."]
    said += [
        f"{entry.name} holds no range, so nothing of it is tuned; write lr=log(1e-4, 1e-1), say."
        for entry in plan.entries
        if not entry.field.contender.searched and entry.name != YOURS
    ]
    said += [f"Going on: {counted(known, 'run')} of it ended before."] if known else []
    for line in said:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def counted(number: int, what: str) -> str:
    """Counts things in words.

    Args:
        number: How many.
        what: One of them.

    Returns:
        Such as "1 run" or "2 runs".

    >>> counted(1, "run"), counted(2, "run")
    ('1 run', '2 runs')
    """
    return f"{number} {what}{'' if number == 1 else 's'}"


def _finish(study: Study, *, as_json: bool, export: Path | None) -> None:
    if as_json:
        print(json.dumps(for_machines(study), indent=1))
    else:
        print_leaderboard(study, Console(file=sys.stdout))
    if export is not None:
        export_runs(study, export)
    page = _write_report(study)
    if not as_json:
        print(f"Report: {page}")


def _write_report(study: Study) -> Path:
    """Writes the page; what an unfinished study shows of the test set is a look, too."""
    if not study.finished and study.verdict is not None:
        ledger.note(study.facts["test_fingerprint"], str(study.folder.resolve()), int((study.table().fold < 0).sum()))
    try:
        return write(study, study.folder / "report.html")
    except OSError as error:
        raise RavineError(
            f"cannot write the report to {str(study.folder)!r}: {error.strerror}. The study is safe; "
            f"'ravine report {study.folder}' writes it later."
        ) from error


def run_report(folder: str) -> None:
    """Writes the report of a study anew.

    Args:
        folder: The study's folder.
    """
    print(_write_report(Study.load(folder)))


def export_runs(study: Study, file: Path) -> None:
    """Writes every run to a table.

    Args:
        study: The study.
        file: A .parquet or .csv file.

    Raises:
        RavineError: It cannot be written.
    """
    table = study.table()
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
    pairs = [] if study.verdict is None else [vars(pair) for pair in study.verdict.pairs]
    found = {
        "task": study.task_name,
        "metric": study.metric_name,
        "finished": study.finished,
        "verdict": study.sentences(),
        "methods": study.summary().to_dict(orient="records"),
        "pairs": pairs,
        "warnings": study.warnings(),
        "train_this_way": study.train_this_way(),
        "versions": study.versions(),
        "folder": str(study.folder),
    }
    return _plain(found)


def _plain(value: Any) -> Any:
    """Makes a value one that every JSON reader takes: numbers that are none become null."""
    if isinstance(value, dict):
        return {str(key): _plain(below) for key, below in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(below) for below in value]
    number = value.item() if hasattr(value, "item") else value
    return None if isinstance(number, float) and not math.isfinite(number) else number


def _table_file(text: str) -> Path:
    path = Path(text)
    if path.suffix not in TABLES:
        raise RavineError(f"--export {text!r}: the file must end in {' or '.join(TABLES)}.")
    if not path.absolute().parent.is_dir():
        raise RavineError(f"--export {text!r}: there is no folder {str(path.parent)!r}; make it first.")
    return path


def _share(text: str) -> float:
    value = _number(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= value < math.inf:
        raise RavineError(f"--matters {text!r}: must be a number such as 0.003, or a percentage such as 0.3%.")
    return value


def _seconds(text: str) -> float:
    unit = next((unit for unit in UNITS if text.endswith(unit)), "")
    value = _number(text.removesuffix(unit)) * UNITS.get(unit, 1)
    if not 0 < value < math.inf:
        raise RavineError(f"--budget {text!r}: must be a time above 0, such as 60s, 5min or 1h.")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
