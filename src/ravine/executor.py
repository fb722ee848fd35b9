"""Where runs run: worker processes of this machine, behind the interface of `concurrent.futures`.

loky's workers take functions and classes from notebooks and need no `if __name__ == "__main__"` guard in a
script. What is added here is what a long study needs: no worker outlives its parent, and a worker that dies
costs one run, not the study.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import loky

Job = TypeVar("Job")
Result = TypeVar("Result")

PARENT_SECONDS = 0.5
"""How often a worker looks whether its parent is still there: what an orphan lives on at most."""
TICK_SECONDS = 0.25
"""How often the caller gets a turn while no run has ended, to show progress and to see Ctrl-C."""


@dataclass(frozen=True)
class Death:
    """A job whose worker died, twice, with what is known of it."""

    sentence: str


def worker_processes(workers: int) -> Executor:
    """Starts worker processes with one thread each.

    Args:
        workers: How many.

    Returns:
        An executor; every worker ends by itself when this process does.
    """
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return loky.ProcessPoolExecutor(
        workers, timeout=None, env=threads, initializer=_begin_worker, initargs=(os.getpid(),)
    )


def _begin_worker(parent: int) -> None:
    import torch

    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides what it means
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    os._exit(1)


@dataclass
class Crew(Generic[Job, Result]):
    """Workers under way, and the jobs they are at.

    When a worker dies, every job in flight is a suspect. Suspects are tried again one at a time, so that the
    second death names the culprit.
    """

    start: Callable[[], Executor]
    work: Callable[[Job], Result]
    size: int
    in_flight: dict["Future[Result]", Job] = field(default_factory=dict)
    suspects: list[Job] = field(default_factory=list)
    executor: Executor | None = None

    def submit(self, job: Job) -> None:
        """Hands a job to the workers.

        Args:
            job: The job.
        """
        if self.executor is None:
            self.executor = self.start()
        self.in_flight[self.executor.submit(self.work, job)] = job

    @property
    def free(self) -> int:
        """How many jobs may be handed over now; one more than there are workers, so that none waits for its next."""
        return 0 if self.suspects else self.size + 1 - len(self.in_flight)

    def ended(self) -> Iterator[tuple[Job, Result | Death]]:
        """Waits a moment for jobs to end.

        Yields:
            Each job that ended, with its result or its worker's death.

        Raises:
            Exception: What the work itself raised.
        """
        if self.suspects and not self.in_flight:
            yield self._retry(self.suspects.pop(0))
            return
        done, _ = wait(self.in_flight, timeout=TICK_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            job = self.in_flight.pop(future)
            try:
                yield job, future.result()
            except BrokenProcessPool:
                self.suspects += [job, *self.in_flight.values()]
                self.in_flight.clear()
                self.dismiss()
                return

    def _retry(self, job: Job) -> tuple[Job, Result | Death]:
        self.submit(job)
        (future,) = self.in_flight
        try:
            return job, future.result()
        except BrokenProcessPool as error:
            self.dismiss()
            return job, Death(f"Its worker process died twice: {' '.join(str(error).split())}")
        finally:
            self.in_flight.clear()

    def dismiss(self) -> None:
        """Ends all workers, whatever they are at."""
        executor, self.executor = self.executor, None
        if isinstance(executor, loky.ProcessPoolExecutor):
            executor.shutdown(wait=True, kill_workers=True)
        elif executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)
