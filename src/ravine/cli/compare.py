"""What `ravine compare` and `ravine report` print."""

import json
import math
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from rich.console import Console

from ..data import ledger
from ..errors import RavineError
from ..numbers import count, counted
from ..report import write
from ..rules import learning_rates
from ..study.compare import compare
from ..study.course import Entry
from ..study.entries import YOURS
from ..study.prepare import Plan
from ..study.study import Study
from .leaderboard import print_leaderboard
from .machines import export_runs, for_machines, table_file
from .progress import duration, shown

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
    table = None if export is None else table_file(export)
    console = Console(stderr=True)
    numbers = {"matters": _share(matters), "budget": None if budget is None else _seconds(budget)}
    begun: list[Plan] = []

    def before(plan: Plan) -> None:
        begun.append(plan)
        _announce(plan, console)

    try:
        with shown(console) as progress, redirect_stdout(sys.stderr):  # a task file may print, too
            study = compare(task, methods=methods, before=before, progress=progress, **numbers, **options)
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
    untuned = [entry for entry in plan.entries if not entry.field.contender.searched and entry.name != YOURS]
    said += [f"{entry.name} holds no range, so nothing of it is tuned{_advice(entry)}." for entry in untuned]
    said += [f"Going on: {counted(known, 'run')} of it ended before."] if known else []
    for line in said:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _advice(entry: Entry) -> str:
    return "; write lr=log(1e-4, 1e-1), say" if learning_rates(entry.field.contender.recipe.rule) else ""


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
