"""Workers that die, and what becomes of their jobs; whole commands are killed in tests/cli/test_compare.py."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import cloudpickle
import loky
import pytest

from ravine.executor import Crew, Death, _deaf_to_interrupts, worker_processes

from .processes import descendants, gone

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import tests, so jobs travel whole


def light(workers: int = 2) -> Executor:
    """Worker processes that start in no time, since they load nothing."""
    return loky.ProcessPoolExecutor(workers, timeout=None)


def done(crew: Crew, jobs: list) -> dict:
    """Lets a crew do all jobs, as a study does; what each ended in."""
    found, left = {}, list(jobs)
    with crew:
        while left or crew.in_flight or crew.suspects:
            for job in left[: crew.free]:
                crew.submit(left.pop(0))
                assert job not in left
            found |= dict(crew.ended())
    return found


def exits(job):
    """Dies at every multiple of five."""
    if job % 5 == 0:
        os._exit(job + 1)
    return -job


def test_jobs_end_in_their_results():
    crew = Crew(light, lambda job: -job, 2)
    assert done(crew, range(20)) == {job: -job for job in range(20)}
    assert crew.executor is None


def test_a_job_that_kills_its_worker_is_named_and_no_other_is_harmed():
    found = done(Crew(light, exits, 2), [1, 2, 3, 5, 6, 7, 10, 11])
    assert {job: result for job, result in found.items() if job % 5} == {job: -job for job in (1, 2, 3, 6, 7, 11)}
    for job in (5, 10):
        assert isinstance(found[job], Death)
        assert found[job].sentence.startswith("Failed: its worker process died twice")
        assert f"EXIT({job + 1})" in found[job].sentence


@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (11, "SIGSEGV")])
def test_a_signal_is_told_by_its_name(number, name):
    def dies(_):
        os.kill(os.getpid(), number)

    (death,) = done(Crew(lambda: light(1), dies, 1), ["job"]).values()
    assert name in death.sentence


def test_bad_luck_once_is_forgiven(tmp_path):
    def dies_once(job):
        if job == 3 and not (tmp_path / "died").exists():
            (tmp_path / "died").touch()
            os._exit(1)
        return job

    assert done(Crew(light, dies_once, 2), range(6)) == {job: job for job in range(6)}
    assert (tmp_path / "died").exists()


def test_a_worker_that_dies_while_idle_costs_nothing():
    crew = Crew(lambda: light(1), lambda job: (job, os.getpid()), 1)
    with crew:
        crew.submit(1)
        pids = []
        while not pids:
            pids = [result[1] for _, result in crew.ended()]
        os.kill(pids[0], 9)
        deadline = time.monotonic() + 20
        while not crew.executor._flags.broken and time.monotonic() < deadline:
            time.sleep(0.01)  # until the pool knows
        crew.submit(2)
        found = {}
        while not found:
            found = dict(crew.ended())
    assert found[2][0] == 2
    assert found[2][1] != pids[0]


def test_what_the_work_raises_is_no_death():
    def fails(_):
        raise ValueError("a fault of the work's")

    with pytest.raises(ValueError, match="a fault"):
        done(Crew(lambda: light(1), fails, 1), [1])


def test_a_call_waits_for_its_result_or_tells_of_the_death():
    with Crew(lambda: light(1), exits, 1) as crew:
        assert crew.call(max, 2, 3) == 3
        death = crew.call(os._exit, 4)
        assert death.sentence == "Failed: its worker process died (EXIT(4))."
        assert crew.call(max, 5, 6) == 6


def test_ctrl_c_reaches_no_worker_from_its_first_moment_on():
    with Crew(lambda: light(1), lambda job: job, 1) as crew:
        pid = crew.call(os.getpid)
        os.kill(pid, signal.SIGINT)
        assert crew.call(os.getpid) == pid
        # Blocked since the process was made, not ignored since its first job: there was no moment without.
        status = Path(f"/proc/{pid}/status").read_text()
        blocked = int(re.search(r"^SigBlk:\s*(\w+)", status, re.MULTILINE)[1], 16)
        assert blocked >> (signal.SIGINT - 1) & 1
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_ctrl_c_waits_until_a_process_has_been_told_what_to_do():
    """A signal that another thread takes would break off the main one, though that has it blocked."""
    listening, reached = threading.Event(), []
    threading.Thread(target=listening.wait, daemon=True).start()

    def interrupted() -> None:
        with _deaf_to_interrupts():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
            reached.append("the end")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    listening.set()
    assert reached == ["the end"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_another_executor_of_the_same_interface_is_as_good():
    crew = Crew(lambda: ProcessPoolExecutor(1), abs, 1)
    assert done(crew, [-1, -2]) == {-1: 1, -2: 2}


class Broken(Executor):
    """Breaks at the first job it is given, and knows it at once at the next."""

    def __init__(self):
        self.first = Future()

    def submit(self, fn, /, *args, **kwargs):  # noqa: ARG002 - the interface
        if self.first.done():
            raise BrokenProcessPool("known")
        self.first.set_exception(BrokenProcessPool("found out"))
        return self.first


def test_a_pool_that_breaks_between_two_jobs_makes_both_suspects():
    pools = iter([Broken()])
    crew = Crew(lambda: next(pools, None) or light(1), lambda job: -job, 2)
    with crew:
        crew.submit(1)
        crew.submit(2)
        assert sorted(crew.suspects) == [1, 2]
        assert crew.free == 0
        assert done(crew, []) == {1: -1, 2: -2}


PARENT = """
import os, sys, time
from ravine.executor import Crew, worker_processes

def pid(_):
    return os.getpid()

def forever(_):
    while True:
        time.sleep(0.01)

crew = Crew(lambda: worker_processes(2), lambda job: pid(job) if job < 8 else forever(job), 2)
found = set()
for job in range(8):
    crew.submit(job)
while crew.in_flight:
    found |= {result for _, result in crew.ended()}
for job in (8, 9):
    crew.submit(job)
print(*found, flush=True)
time.sleep(600)
"""


@pytest.mark.slow
def test_no_worker_outlives_its_parent():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    workers = {int(word) for word in parent.stdout.readline().split()}
    family = descendants(parent.pid)
    assert workers
    assert workers <= family
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(family, seconds=3)


@pytest.mark.slow
def test_a_worker_has_one_thread():
    def threads(_):
        import torch

        return torch.get_num_threads(), os.environ["OMP_NUM_THREADS"]

    with Crew(lambda: worker_processes(1), threads, 1) as crew:
        assert crew.call(threads, None) == (1, "1")
