"""Who trains the members: worker processes side by side, or this very process where one is enough."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ..data.task import Task
from ..errors import RavineError
from ..executor import Crew, Death, worker_count, worker_processes
from ..training.carrying import CARRIED, task_of, write_task
from ..training.run import CHECKPOINT_SECONDS
from .job import Job
from .member import Member
from .work import data_of, member_in, stage_for, train_member


@dataclass(frozen=True)
class Place:
    """Where members are trained: what all of them share."""

    folder: str
    device: str | None = None
    engine: str = "auto"
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    task: str = ""
    """The text by which a worker finds the task, or the file that it was written to."""


def name_of(number: int) -> str:
    """Names the folder of a member."""
    return f"member-{number}"


@contextmanager
def folder_for(out: str | Path | None) -> Iterator[Path]:
    """Gives the folder that was asked for, or one that vanishes.

    Args:
        out: The folder; None for none.

    Yields:
        The folder.
    """
    if out is not None:
        yield Path(out)
        return
    with tempfile.TemporaryDirectory(prefix="ravine-") as folder:
        yield Path(folder)


def train_all(
    task: Task,
    jobs: Sequence[Job],
    place: Place,
    workers: int | None = None,
    executor: Callable[[], Executor] | None = None,
    progress: Callable[[Member], None] = lambda _: None,
) -> None:
    """Trains members, each in a folder of its own.

    Args:
        task: The task.
        jobs: The members.
        place: Where they are trained.
        workers: How many at once; None for one per core, or one on a GPU.
        executor: Starts another executor than this machine's worker processes.
        progress: Called as members end.
    """
    count = min(len(jobs), worker_count(workers, place.device))
    if count > 1 or executor is not None:
        _side_by_side(task, jobs, place, executor or partial(worker_processes, count), count, progress)
        return
    for number, job in enumerate(jobs):
        _train(task, place, number, job)
        progress(_member(task, place, number, job))


def _side_by_side(
    task: Task,
    jobs: Sequence[Job],
    place: Place,
    executor: Callable[[], Executor],
    count: int,
    progress: Callable[[Member], None],
) -> None:
    place = replace(place, task=task.source or _written(task, Path(place.folder)))
    task_of.cache_clear()  # an executor may work in this process, which has met other tasks
    left = list(enumerate(jobs))
    try:
        with Crew(executor, partial(_work, place), count) as crew:
            while left or crew.in_flight or crew.suspects:
                for job in left[: crew.free]:
                    crew.submit(job)
                    left.remove(job)
                for (number, job), death in crew.ended():
                    if death is not None:
                        raise RavineError(f"member {number}: {death.sentence} The same call goes on with what is kept.")
                    progress(_member(task, place, number, job))
    finally:
        (Path(place.folder) / CARRIED).unlink(missing_ok=True)  # it is there only while they work


def _written(task: Task, folder: Path) -> str:
    in_a_file = "Write it in a file, and give that, as in 'my_task.py'; or train with workers=1."
    return write_task(task, folder, elsewhere="Choose another folder.", in_a_file=in_a_file)


def _work(place: Place, numbered: tuple[int, Job]) -> Death | None:
    _train(task_of(place.task), place, *numbered)


def _train(task: Task, place: Place, number: int, job: Job) -> None:
    folder = Path(place.folder) / name_of(number)
    train_member(
        lambda: stage_for(task, job), job, folder, data=data_of(task, job), source=task.source, device=place.device,
        engine=place.engine, checkpoint_seconds=place.checkpoint_seconds,
    )  # fmt: skip


def _member(task: Task, place: Place, number: int, job: Job) -> Member:
    return member_in(Path(place.folder) / name_of(number), task, job)[0]
