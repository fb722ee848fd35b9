"""Shares a pass through the blocks out to threads; a compiled kernel holds no lock, so that Python's own threads serve.

Numba's parallel loops are not used: their threads must not be entered from two sides at once, nor do they all live
through a fork, and either ends the process. They also take three times as long to compile and to load.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch

Kernel = Callable[[int, int, int, int], None]
"""A compiled `run(table, part, first, last)`; see `source`."""

WORTH_IT = 1 << 18
"""Elements from which on several threads are faster: waking one takes 20 microseconds, or some 70,000 elements."""

PORTION = 1 << 18
"""Elements that a thread takes at a time: a tenth of a millisecond, so that a busy processor holds up little."""

_pool: ThreadPoolExecutor | None = None
_size = 0


def run(kernel: Kernel, table: int, stages: int, portions: Sequence[tuple[int, int]], elements: int) -> None:
    """Takes one step.

    Args:
        kernel: What to run.
        table: The address of its table.
        stages: How many passes come before the one that moves the parameters.
        portions: The first block of each portion, and the one after its last.
        elements: How many elements there are in all.
    """
    threads = min(torch.get_num_threads(), len(portions))
    if threads <= 1 or elements < WORTH_IT:
        kernel(table, -1, 0, portions[-1][1] if portions else 0)
        return
    pool = _threads(threads - 1)
    for stage in range(stages + 1):
        kernel(table, 2 * stage, 0, 0)
        todo = iter(portions)
        others: list[Future[None]] = [
            pool.submit(_work, kernel, table, 2 * stage + 1, todo) for _ in range(threads - 1)
        ]
        _work(kernel, table, 2 * stage + 1, todo)
        for other in others:
            other.result()


def _work(kernel: Kernel, table: int, part: int, todo: Iterator[tuple[int, int]]) -> None:
    for first, last in todo:
        kernel(table, part, first, last)


def _threads(count: int) -> ThreadPoolExecutor:
    global _pool, _size
    if _pool is None or _size < count:
        _pool, _size = ThreadPoolExecutor(count, thread_name_prefix="ravine"), count
    return _pool


def _forget() -> None:
    global _pool  # noqa: PLW0603
    _pool = None  # threads do not live through a fork


os.register_at_fork(after_in_child=_forget)
