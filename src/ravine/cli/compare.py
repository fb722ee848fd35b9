"""What `ravine compare` and `ravine report` print."""

import json
import math
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from ..errors import RavineError
from ..report import write
from ..study.compare import compare
from ..study.options import DEFAULT_METHODS
from ..study.prepare import Plan
from ..study.study import Study
from ..text import read_list
from .leaderboard import print_leaderboard
from .progress import duration, shown

TABLES = (".parquet", ".csv")


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
        if not begun:
            raise SystemExit(130) from None
        study = Study.load(begun[0].store.folder)
        _finish(study, as_json=as_json, export=table)
        console.print("Stopped. The same command goes on from here; nothing that had ended is lost.", highlight=False)
        raise SystemExit(130) from None
    _finish(study, as_json=as_json, export=table)


def _announce(plan: Plan, console: Console) -> None:
    known = len(plan.store.runs())
    methods = ", ".join(entry.name for entry in plan.entries)
    said = (
        f"{plan.options.task}: {len(plan.entries)} contenders ({methods}), {plan.entries[0].epochs} epochs, "
        f"about {plan.cost.evaluations / 1e6:.2g} million gradient evaluations, {duration(plan.cost.seconds)} on this machine."
    )
    console.print(said, highlight=False, markup=False)
    for entry in plan.entries:
        if not entry.field.contender.searched and entry.name != "yours":
            console.print(
                f"{entry.name} holds no range, so nothing of it is tuned; write lr=log(1e-4, 1e-1), say.",
                highlight=False, markup=False,
            )  # fmt: skip
    if known:
        console.print(f"Going on: {known} runs of it have ended before.", highlight=False)


def _finish(study: Study, *, as_json: bool, export: Path | None) -> None:
    page = write(study, study.folder / "report.html")
    if export is not None:
        export_runs(study, export)
    if as_json:
        print(json.dumps(for_machines(study), indent=1))
    else:
        print_leaderboard(study, Console(file=sys.stdout))
        print(f"Report: {page}")


def run_report(folder: str) -> None:
    """Writes the report of a study anew.

    Args:
        folder: The study's folder.
    """
    study = Study.load(folder)
    print(write(study, study.folder / "report.html"))


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
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise RavineError(
            f"--matters {text!r}: must be a number such as 0.003, or a percentage such as 0.3%."
        ) from None


def _seconds(text: str) -> float:
    units = {"s": 1, "min": 60, "m": 60, "h": 3600}
    unit = next((unit for unit in ("min", "s", "m", "h") if text.endswith(unit)), "")
    try:
        return float(text.removesuffix(unit)) * units.get(unit, 1)
    except ValueError:
        raise RavineError(f"--budget {text!r}: must be a time such as 60s, 5min or 1h.") from None
