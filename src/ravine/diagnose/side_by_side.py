"""Runs side by side, in worker processes as studies have them; one at a time they run in this process.

Every run has one thread and a seed of its own, so the number of workers changes no number.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from ..data.task import Task
from ..engines.choice import check_engine
from ..errors import RavineError
from ..executor import Crew, Death, worker_count, worker_processes
from ..training.carrying import task_of, write_task
from ..training.machine import one_thread
from .sampled import Sample, SampledRun, sampled_run


@dataclass(frozen=True)
class Where:
    """Where runs take place: how many at once, on which device, by which engine."""

    workers: int | None = None
    device: str | None = None
    engine: str = "auto"

    def __post_init__(self) -> None:
        check_engine(self.engine)
        worker_count(self.workers, self.device)

    def at_once(self, runs: int) -> int:
        """Gives how many runs go on at once.

        Args:
            runs: How many there are.

        Returns:
            As many as asked, else one for each core that this process may use; one on a GPU.
        """
        return min(runs, worker_count(self.workers, self.device))


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
        work = partial(_work, write_task(task, Path(folder)), where.device, where.engine)
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


def _work(text: str, device: str | None, engine: str, job: tuple[int, Sample]) -> SampledRun:
    return sampled_run(task_of(text, None), job[1], device, engine)
