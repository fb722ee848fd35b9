"""`compare`: who is trained on what, in which order, until every question of a study is answered."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..data import ledger
from ..data.task import Task, judged_by
from ..errors import RavineError
from ..executor import Crew, Death, worker_count, worker_processes
from ..fields import text
from ..recipe import Recipe
from ..rules import Rule
from ..training.carrying import CARRIED, task_of
from .asked import asked
from .course import Course, course
from .describe import results
from .entries import Method
from .job import Job
from .options import Options
from .prepare import Plan, check_options, prepare, scene_of
from .record import Record, evaluations
from .scene import forget
from .store import Store
from .study import Study
from .work import failed, has_failed, still_failed, work

READING: ContextVar[bool] = ContextVar("reading", default=False)
"""Whether a task file is being read, which may call `compare` itself."""


@dataclass(frozen=True)
class Progress:
    """How far a study is, for whoever shows it."""

    done: int
    """Gradient evaluations done, of those planned."""
    planned: int
    seconds: float
    """Seconds that this process has worked on it."""
    left: float
    """Seconds that the rest will take at the pace so far."""
    what: str
    """The last run that ended, and how."""


def compare(
    task: Task | str,
    *,
    methods: Method | Sequence[Method] | None = None,
    recipe: str | Rule | Recipe | None = None,
    vary: str | None = None,
    one_by_one: bool = False,
    recipes: str | Path | None = None,
    settings: int = 8,
    search: str = "sobol",
    folds: int = 3,
    holdout: float | None = None,
    seeds: int = 5,
    epochs: int | None = None,
    metric: str | None = None,
    matters: float = 0.0,
    budget: float | None = None,
    halving: bool = True,
    workers: int | None = None,
    seed: int = 0,
    device: str | None = None,
    engine: str = "auto",
    out: str | Path | None = None,
    keep_networks: bool = True,
    executor: Callable[[], Executor] | None = None,
    before: Callable[[Plan], None] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Study:
    """Finds out which way of training a task generalizes best, and how sure that is.

    The study is kept in `out` as it goes; the same call goes on where it was cut off, and ends in the same
    numbers.

    Args:
        task: The task, or the text that finds it: a ready-made name, a data file, `my_task.py:name`.
        methods: The methods: names, texts, rules or their classes; a text may name several, with commas, and each may
            take part under a name, as in "mild = Adam(lr=0.001)". None for eight optimizers.
        recipe: Your present recipe, which takes part as it is, under the name "yours"; with `vary` or `one_by_one`
            the one that is varied, in which ranges are searched.
        vary: What to vary about a recipe, instead of methods: "regularization", "augmentation", "batch_size",
            "ensemble", "schedule", "loss", "model" or "optimizer".
        one_by_one: Whether to take the recipe apart: each of its parts alone, and all but each.
        recipes: A file of recipes instead of methods, one a line, as `name = recipe`.
        settings: How many settings of each method are tried, a power of two.
        search: "sobol", scattered evenly over the ranges, or "grid".
        folds: How many folds choose among them.
        holdout: The share of one validation part, instead of folds.
        seeds: How many fresh seeds the test scores stand on.
        epochs: The length of training; None for the recipe's, else 15.
        metric: The name of a metric to use instead of the task's own.
        matters: The smallest difference that matters, in units of the metric.
        budget: Seconds, turned once into epochs by a timed pilot.
        halving: Whether bad settings are dropped at a quarter and at half of the epochs.
        workers: How many runs go on at once; None for one per core, or one on a GPU.
        seed: Decides folds, settings, initial weights and the order of the data.
        device: Where to train; None for the GPU where there is one.
        engine: Who executes the rules: "auto", "plain" (as a loop written by hand would, to the last bit), "native"
            or "triton".
        out: The study's folder; None for `studies/` and the task's name.
        keep_networks: Whether the refitted networks are kept in the folder, to predict by, and for `Study.ensemble`.
        executor: Starts another executor than this machine's worker processes.
        before: Called with the plan before the first run.
        progress: Called as runs end.

    Returns:
        The study.

    Raises:
        RavineError: An option, the task, or the folder is not as it must be.
    """
    found = _found(task, metric)
    contestants, recipe = asked(found, methods, recipe, axis=vary, apart=one_by_one, file=recipes, epochs=epochs)
    options = Options(
        task=task if isinstance(task, str) else found.source or found.name or "task",
        methods=tuple(given if isinstance(given, str) else text(given) for given in contestants),
        recipe=recipe if recipe is None or isinstance(recipe, str) else repr(recipe),
        settings=settings, search=search, folds=folds, holdout=holdout, seeds=seeds, epochs=epochs, metric=metric,
        matters=matters, budget=budget, halving=halving, seed=seed, device=device,
        engine=engine,
    )  # fmt: skip
    workers = worker_count(workers, device, "--workers {}")
    folder = Path(out) if out is not None else Path("studies") / (found.name or Path(options.task).stem)
    with closing(Store(folder)) as store, store.alone():
        check_options(options, store)
        scene = scene_of(found, options, store, networks=keep_networks)
        with Crew(executor or partial(worker_processes, workers), partial(work, scene), workers) as crew:
            plan = prepare(options, store, contestants, recipe, scene, crew)
            if before is not None:
                before(plan)
            _run(plan, crew, progress or (lambda _: None))
    return Study.load(folder)


def _found(task: Task | str, metric: str | None) -> Task:
    """Finds the task anew: its file may have changed since the last study."""
    if READING.get():
        raise RavineError(
            "ravine.compare was called while another study reads this file: put the call under "
            "if __name__ == '__main__':"
        )
    forget()
    if isinstance(task, Task):
        return judged_by(task, metric)
    token = READING.set(True)
    try:
        return task_of(task, metric)
    finally:
        READING.reset(token)


def _run(plan: Plan, crew: "Crew[Job, Record]", progress: Callable[[Progress], None]) -> None:
    """Keeps the workers busy until nothing is left to run; every run is kept as it ends."""
    records = plan.store.runs()
    pace = Pace(plan, time.perf_counter())
    state = course(plan.entries, records, plan.options.seeds)
    while not state.finished:
        ended = [(job, still_failed(records[job.before], job)) for job in state.ready if has_failed(job, records)]
        if not ended:
            _submit(state.ready, crew)
            ended = list(crew.ended())
        for job, result in ended:
            record = failed(plan.scene, job, result.sentence) if isinstance(result, Death) else result
            plan.store.add(record)
            records[record.key] = record
            progress(pace.see(records, record))
        if ended:
            state = course(plan.entries, records, plan.options.seeds)
    crew.dismiss()
    _finish(plan, state, records)


def _submit(ready: list[Job], crew: "Crew[Job, Record]") -> None:
    under_way = {job.key for job in [*crew.in_flight.values(), *crew.suspects]}
    for job in [job for job in ready if job.key not in under_way][: crew.free]:
        crew.submit(job)


@dataclass
class Pace:
    """How fast a study goes on, since its first run here ended: before that, workers were only starting."""

    plan: Plan
    began: float
    first: tuple[float, int] | None = None

    def see(self, records: Mapping[str, Record], last: Record) -> Progress:
        """Takes note of a run that has ended.

        Args:
            records: All runs that have.
            last: This one.

        Returns:
            How far the study is.
        """
        now, done, cost = time.perf_counter(), evaluations(records.values()), self.plan.cost
        self.first = self.first or (now, done)
        since, done_then = self.first
        each = (now - since) / (done - done_then) if done > done_then else cost.seconds / cost.evaluations
        kept = last.record
        place = f"fold {kept['fold'] + 1}" if kept["fold"] >= 0 else f"seed {kept['seed']}"
        what = f"{kept['method']} {kept['stage']}, {place}: {kept['sentence']}"
        return Progress(done, cost.evaluations, now - self.began, each * max(0, cost.evaluations - done), what)


def _finish(plan: Plan, state: Course, records: dict[str, Record]) -> None:
    """Notes the look at the test set and what the finished study shows beside its runs, once."""
    shutil.rmtree(plan.store.folder / "checkpoints", ignore_errors=True)
    (plan.store.folder / CARRIED).unlink(missing_ok=True)
    looks = plan.store.fact("looks")
    if looks and looks[-1]["seeds"] == plan.options.seeds:
        return
    read = sum(record.record["fold"] < 0 for record in records.values())
    ledger.note(plan.store.fact("test_fingerprint"), str(plan.store.folder.resolve()), read)
    look = {"seeds": plan.options.seeds, "time": time.strftime("%Y-%m-%d %H:%M:%S")}
    plan.store.set_facts({**results(plan.entries, state, records, plan.scene), "looks": [*looks, look]})
