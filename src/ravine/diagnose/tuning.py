"""`tune`: choose on folds, then train on all training data, then test once."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from ..data import ledger
from ..data.find import find
from ..data.folds import split_test
from ..data.task import Task, judged_by
from ..executor import Crew, Death, worker_count, worker_processes
from ..fields import text
from ..numbers import in_words, short
from ..recipe import Recipe, read_method
from ..study.course import Entry, course, refits_of
from ..study.entries import Method
from ..study.job import Job
from ..study.options import Options
from ..study.plan import rank
from ..study.prepare import Plan, check_options, prepare, scene_of
from ..study.record import Record
from ..study.scene import forget
from ..study.store import Store
from ..study.work import failed, has_failed, still_failed, work
from ..text import read_list
from ..training.stage import SPLIT_SEED
from ..training.train import Run, train
from .choice import choice_of

SEARCH, RUN = "search", "run"
"""The folders of what was tried and of what was chosen, inside the one that was asked for."""
REFITS = 1
"""How many fresh seeds the chosen setting is trained under."""


@dataclass(frozen=True, eq=False)
class Tuned:
    """A choice made on folds, and the run that it led to."""

    run: Run
    """Trained on all training data, and scored once on the test set."""
    method: str
    recipe: str
    choice: pd.DataFrame = field(repr=False)
    """What was tried: one row for each method and setting, the chosen one first."""
    reads: int
    """How many runs have by now been scored on this test set, by anyone, this one among them."""

    def sentences(self) -> list[str]:
        """Gives the choice in words.

        Returns:
            What was chosen, what it scored on the folds and on the test set, and how often that was looked at.
        """
        first, metric = self.choice.iloc[0], in_words(self.run.metric)
        tried = f"{len(self.choice)} settings" if len(self.choice) > 1 else "1 setting"
        doubt = ", which is optimistic, being the best of several" if len(self.choice) > 1 else ""
        looks = "once, by this run" if self.reads == 1 else f"by {self.reads} runs, this one among them"
        return [
            f"Of {tried}, {self.recipe} was best on the folds: {metric} {short(first['score'])}{doubt}.",
            f"On the test set it has {metric} {short(self.run.score)}; that set has been looked at {looks}.",
        ]


def tune(
    task: Task | str,
    methods: Method | Sequence[Method],
    *,
    settings: int = 8,
    search: str = "sobol",
    folds: int = 5,
    holdout: float | None = None,
    epochs: int | None = None,
    metric: str | None = None,
    halving: bool = True,
    seed: int = 0,
    out: str | Path | None = None,
    workers: int | None = None,
    device: str | None = None,
    engine: str = "auto",
    executor: Callable[[], Executor] | None = None,
    progress: Callable[[Record], None] = lambda _: None,
) -> Tuned:
    """Chooses a setting on folds, trains it on all training data, and looks at the test set once.

    The search is that of `ravine.compare`, which asks what is better and how sure that is; here one answer is wanted,
    so nothing is refitted but the best, and once. With `out`, the same call goes on where it was cut off.

    Args:
        task: The task, or the text that finds it.
        methods: What is searched: names, rules, or recipes that hold ranges; a text may name several, with commas.
        settings: How many settings of each are tried, a power of two.
        search: "sobol", scattered evenly over the ranges, or "grid".
        folds: How many folds choose among them.
        holdout: The share of one validation part, instead of folds.
        epochs: The length of training; None for that of the first recipe among the methods, else 15.
        metric: The name of a metric to use instead of the task's own.
        halving: Whether bad settings are dropped at a quarter and at half of the epochs.
        seed: Decides folds, settings, initial weights and the order of the data.
        out: The folder of the search and of the run; None for none.
        workers: How many runs go on at once; None for one per core, or one on a GPU.
        device: Where to train; None for the GPU where there is one.
        engine: Who executes the rules.
        executor: Starts another executor than this machine's worker processes.
        progress: Called as runs of the search end.

    Returns:
        The trained run, and the table that the choice was made by.

    Raises:
        RavineError: An option, the task or the folder is not as it must be.
    """
    found = judged_by(find(task) if isinstance(task, str) else task, metric)
    listed = _listed(methods)
    options = Options(
        task=task if isinstance(task, str) else found.source or found.name or "task",
        methods=tuple(given if isinstance(given, str) else text(given) for given in listed),
        settings=settings, search=search, folds=folds, holdout=holdout, seeds=REFITS,
        epochs=epochs or _epochs(listed), metric=metric, halving=halving, seed=seed, device=device, engine=engine,
    )  # fmt: skip
    count = worker_count(workers, device)
    forget()
    with _folder(out) as folder, closing(Store(folder / SEARCH)) as store, store.alone():
        check_options(options, store)
        scene = scene_of(found, options, store)
        with Crew(executor or partial(worker_processes, count), partial(work, scene), count) as crew:
            plan = prepare(options, store, listed, None, scene, crew)
            records = _searched(plan, crew, progress)
        return _trained(plan, found, records, None if out is None else folder / RUN)


def _listed(methods: Method | Sequence[Method]) -> tuple[Method, ...]:
    if isinstance(methods, str):
        return read_list(methods)
    return tuple(methods) if isinstance(methods, Sequence) else (methods,)


def _epochs(methods: Sequence[Method]) -> int | None:
    read = (read_method(given) if isinstance(given, str) else given for given in methods)
    return next((given.epochs for given in read if isinstance(given, Recipe)), None)


@contextmanager
def _folder(out: str | Path | None) -> Iterator[Path]:
    if out is not None:
        yield Path(out)
        return
    with tempfile.TemporaryDirectory(prefix="ravine-") as folder:
        yield Path(folder)


def _searched(plan: Plan, crew: Crew[Job, Record], progress: Callable[[Record], None]) -> dict[str, Record]:
    """Does the search alone: what is ready after the last choice would look at the test set."""
    records = plan.store.runs()
    state = course(plan.entries, records, REFITS)
    while any(race.chosen is None for race in state.races.values()):
        ended = [(job, still_failed(records[job.before], job)) for job in state.ready if has_failed(job, records)]
        if not ended:
            under_way = {job.key for job in [*crew.in_flight.values(), *crew.suspects]}
            for job in [job for job in state.ready if job.key not in under_way][: crew.free]:
                crew.submit(job)
            ended = list(crew.ended())
        for job, result in ended:
            record = failed(plan.scene, job, result.sentence) if isinstance(result, Death) else result
            plan.store.add(record)
            records[record.key] = record
            progress(record)
        state = course(plan.entries, records, REFITS) if ended else state
    crew.dismiss()
    return records


def _trained(plan: Plan, task: Task, records: dict[str, Record], out: Path | None) -> Tuned:
    """Trains the setting that the folds chose, for the epochs that they chose, and tests it."""
    races = course(plan.entries, records, REFITS).races

    def place(entry: Entry) -> tuple[float, float]:
        chosen = races[entry.name].chosen
        assert chosen is not None
        return rank(entry.field, chosen, -1, records)[:2]

    best = min(plan.entries, key=place)
    job = refits_of(best, races[best.name], records, REFITS)[0]
    choice = choice_of(plan.entries, records, job)
    asked = plan.options
    run = train(
        task, job.recipe, seed=job.seed, arguments=job.arguments, until=job.until, out=out, device=asked.device,
        engine=asked.engine,
    )  # fmt: skip
    _, test = split_test(task, SPLIT_SEED)
    reads = sum(read.runs for read in ledger.reads(test.fingerprint()))
    return Tuned(run, best.name, repr(job.recipe), choice, reads)
