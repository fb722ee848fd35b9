"""Where runs run: worker processes of this machine, behind the interface of `concurrent.futures`.

loky's workers take functions and classes from notebooks and need no `if __name__ == "__main__"` guard in a
script. What is added here is what a long study needs: no worker outlives its parent, and a worker that dies
costs one run, not the study.
"""

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from typing import Any, Generic, TypeVar

import loky

from .errors import RavineError
from .training.machine import device_named

Job = TypeVar("Job")
Result = TypeVar("Result")

MOST_WORKERS = 1024
"""More than any machine has cores."""
PARENT_SECONDS = 0.5
"""How often a worker looks whether its parent is still there: what an orphan lives on at most."""
TICK_SECONDS = 0.25
"""How often the caller gets a turn while no run has ended, to show progress and to see Ctrl-C."""


@dataclass(frozen=True)
class Death:
    """What became of a job whose worker died, with what is known of it."""

    sentence: str


def worker_count(workers: int | None, device: str | None, typed: str = "workers={}") -> int:
    """Gives how many runs go on at once.

    Args:
        workers: What was asked; None for one per core that this process may use, or one on a GPU.
        device: Where they train; None for the GPU where there is one.
        typed: How it was asked, with a place for the number.

    Returns:
        The count.

    Raises:
        RavineError: It is no whole number from 1 to 1024.
    """
    if workers is None:
        return 1 if device_named(device).type != "cpu" else loky.cpu_count()
    if isinstance(workers, bool) or not isinstance(workers, int) or not 1 <= workers <= MOST_WORKERS:
        raise RavineError(f"{typed.format(repr(workers))}: must be a whole number from 1 to {MOST_WORKERS}.")
    return workers


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
    # First of all, since what follows takes seconds, in which the parent may die.
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    os.dup2(2, 1)  # what a model prints must not mix with what the command prints
    import torch

    torch.set_num_threads(1)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    os._exit(1)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Lets nobody hear Ctrl-C while a process is started: the parent hears it afterwards, the process never.

    It reaches all processes at once, and the parent decides what it means. A parent that left halfway would leave a
    process behind that has not been told what to do, and complains.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows has none
        yield
        return
    resource_tracker.ensure_running()  # it would start below, and let interrupts in again
    heard: list[int] = []
    in_main = threading.current_thread() is threading.main_thread()
    # The mask is this thread's alone. Where another thread takes the signal, Python still has this one handle it.
    handler = signal.signal(signal.SIGINT, lambda number, _: heard.append(number)) if in_main else None
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if heard:
            signal.raise_signal(signal.SIGINT)


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
    alone: bool = False
    """Whether the job in flight is a suspect."""

    def __enter__(self) -> "Crew[Job, Result]":
        return self

    def __exit__(self, *_: object) -> None:
        self.dismiss()

    def submit(self, job: Job) -> None:
        """Hands a job to the workers.

        Args:
            job: The job.
        """
        if self.executor is None:
            self.executor = self.start()
        try:
            with _deaf_to_interrupts():
                self.in_flight[self.executor.submit(self.work, job)] = job
        except BrokenProcessPool:  # a worker has died since the last look
            self.alone = False
            self.suspects += [*self._bury(), job]

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Runs a function in a worker, and waits for it.

        Args:
            function: The function.
            *arguments: Its arguments.

        Returns:
            What it returns, or its worker's death.
        """
        if self.executor is None:
            self.executor = self.start()
        try:
            with _deaf_to_interrupts():
                future = self.executor.submit(function, *arguments)
            return future.result()
        except BrokenProcessPool as error:
            self.dismiss()
            return Death(f"Failed: its worker process died{_causes(error)}.")

    @property
    def free(self) -> int:
        """How many jobs may be handed over now; one more than there are workers, so that none waits for its next."""
        return 0 if self.suspects or self.alone else self.size + 1 - len(self.in_flight)

    def ended(self) -> Iterator[tuple[Job, Result | Death]]:
        """Waits a moment for jobs to end.

        Yields:
            Each job that ended, with its result or its worker's death.

        Raises:
            Exception: What the work itself raised.
        """
        if self.suspects and not self.in_flight:
            self.alone = True
            self.submit(self.suspects.pop(0))
        done, _ = wait(self.in_flight, timeout=TICK_SECONDS, return_when=FIRST_COMPLETED)
        death = None
        for future in done:
            try:
                result = future.result()
            except BrokenProcessPool as error:
                death = error
            else:
                self.alone = False
                yield self.in_flight.pop(future), result
        if death is not None:
            yield from self._after(death)

    def _after(self, death: BrokenProcessPool) -> Iterator[tuple[Job, Death]]:
        was_alone, self.alone = self.alone, False
        jobs = self._bury()
        if was_alone:
            yield from ((job, Death(f"Failed: its worker process died twice{_causes(death)}.")) for job in jobs)
        else:
            self.suspects += jobs

    def _bury(self) -> list[Job]:
        """Takes back all jobs of workers that are no more."""
        jobs = list(self.in_flight.values())
        self.in_flight.clear()
        self.dismiss()
        return jobs

    def dismiss(self) -> None:
        """Ends all workers, whatever they are at."""
        executor, self.executor = self.executor, None
        if isinstance(executor, loky.ProcessPoolExecutor):
            executor.shutdown(wait=True, kill_workers=True)
        elif executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)


def _causes(death: BrokenProcessPool) -> str:
    """Tells how workers ended, as far as loky knows: by which signal, or with which exit code."""
    codes = re.search(r"exit codes of the workers are \{(.*)\}", str(death))
    return f" ({codes[1]})" if codes else ""
