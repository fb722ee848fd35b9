"""Runs side by side, in worker processes as studies have them; one at a time they run in this process.

Every run has one thread and a seed of its own, so the number of workers changes no number.
"""

import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import cloudpickle
import loky

from ..data.task import Task
from ..engines.choice import check_engine
from ..errors import RavineError
from ..executor import Crew, Death, worker_processes
from ..study.code import LOADED
from ..training.carrying import task_of, write_task
from ..training.machine import device_named, one_thread
from .sampled import Sample, SampledRun, sampled_run

MOST_WORKERS = 1024
"""More than any machine has cores."""


@dataclass(frozen=True)
class Where:
    """Where runs take place: how many at once, on which device, by which engine."""

    workers: int | None = None
    device: str | None = None
    engine: str = "auto"

    def __post_init__(self) -> None:
        check_engine(self.engine)
        if self.workers is not None and not 1 <= self.workers <= MOST_WORKERS:
            raise RavineError(f"workers={self.workers!r}: must be a whole number from 1 to {MOST_WORKERS}, or None.")

    def at_once(self, runs: int) -> int:
        """Gives how many runs go on at once.

        Args:
            runs: How many there are.

        Returns:
            As many as asked, else one for each core that this process may use; one on a GPU.
        """
        alone = device_named(self.device).type != "cpu"
        return min(runs, self.workers or (1 if alone else loky.cpu_count()))


def sampled_runs(
    task: Task, samples: Sequence[Sample], where: Where, progress: Callable[[SampledRun], None] = lambda _: None
) -> list[SampledRun]:
    """Does runs side by side.

    Args:
        task: The task.
        samples: What each run is trained and judged on.
        where: Where they take place.
        progress: Called after each run, in the order in which they end.

    Returns:
        How each ended, in the order of the samples.

    Raises:
        RavineError: The task's own code raised, or a worker died.
    """
    if where.at_once(len(samples)) > 1:
        return _in_workers(task, samples, where, progress)
    found = []
    for sample in samples:
        with one_thread():
            found.append(sampled_run(task, sample, where.device, where.engine))
        progress(found[-1])
    return found


def _in_workers(
    task: Task, samples: Sequence[Sample], where: Where, progress: Callable[[SampledRun], None]
) -> list[SampledRun]:
    found: dict[int, SampledRun] = {}
    waiting, workers = deque(enumerate(samples)), where.at_once(len(samples))
    with TemporaryDirectory() as folder:
        work = partial(_work, _carried(task, Path(folder)), where.device, where.engine)
        with Crew(partial(worker_processes, workers), work, workers) as crew:
            while len(found) < len(samples):
                for _ in range(min(crew.free, len(waiting))):
                    crew.submit(waiting.popleft())
                for (place, _), result in crew.ended():
                    if isinstance(result, Death):
                        raise RavineError(result.sentence)
                    found[place] = result
                    progress(result)
    return [found[place] for place in range(len(samples))]


def _carried(task: Task, folder: Path) -> str:
    """Gives the text by which workers find the task, as it is, whatever was replaced in it since it was found."""
    for name, module in list(sys.modules.items()):
        if name.startswith(LOADED):  # workers have not run the user's file, so what it defines travels whole
            cloudpickle.register_pickle_by_value(module)
    return write_task(task, folder)


def _work(text: str, device: str | None, engine: str, job: tuple[int, Sample]) -> SampledRun:
    return sampled_run(task_of(text, None), job[1], device, engine)
