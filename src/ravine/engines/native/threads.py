"""Shares a pass through the blocks out to the threads that PyTorch works with.

PyTorch's threads wait for work by spinning, so that others which want the same processors between two of its
operations get half of them: beside a backward pass, threads of our own made a step on 11.7 million parameters no
faster than one thread alone. So the very threads of PyTorch are asked, through the runtime that both then share
(GCC's OpenMP: "The GNU OpenMP Implementation", section "Implementing PARALLEL construct"). Where PyTorch was built
with another one, threads of our own serve. Numba's parallel loops would bring a third set of threads, which must not
be entered from two sides at once, nor survives a fork; either ends the process.
"""

import ctypes
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import torch

from .kernel import Kernel, share

WORTH_IT = 1 << 17
"""Elements from which on several threads are faster: waking one that sleeps takes up to 50 microseconds."""

PORTION = 8
"""Blocks that a thread takes at a time: a tenth of a millisecond, so that a busy processor holds up little."""


def run(kernel: Kernel, table: int, stages: int, blocks: int, elements: int) -> None:
    """Takes one step.

    Args:
        kernel: What to run.
        table: The address of its table.
        stages: How many passes come before the one that moves the parameters.
        blocks: How many blocks of elements there are.
        elements: How many elements there are in all.
    """
    threads = 1 if elements < WORTH_IT else min(torch.get_num_threads(), -(-blocks // PORTION))
    if threads <= 1:
        kernel.call(table, -1, 0, blocks)
        return
    in_parallel, work = _team(), share()
    for stage in range(stages + 1):
        kernel.call(table, 2 * stage, 0, 0)
        task = np.array([kernel.address, table, 2 * stage + 1, 0, blocks, PORTION], dtype=np.int64)
        in_parallel(work, task.ctypes.data, threads)


@cache
def _team() -> Callable[[Any, int, int], None]:
    """Finds who runs one function on several threads at once, PyTorch's own if they can be asked."""
    linux = sys.platform == "linux"  # elsewhere PyTorch's OpenMP is another, or its names are not seen
    parallel = getattr(ctypes.CDLL(None), "GOMP_parallel", None) if linux else None
    if parallel is None or "OpenMP" not in torch.__config__.parallel_info():
        return _threads_of_our_own
    parallel.argtypes, parallel.restype = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint], None
    return lambda work, task, threads: parallel(work.address, task, threads, 0)


def _threads_of_our_own(work: Any, task: int, threads: int) -> None:
    others = [_pool().submit(work.call, task) for _ in range(threads - 1)]
    work.call(task)
    for other in others:
        other.result()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="ravine")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not live through a fork
