"""Where a run takes place: its device, and the one thread that makes it repeatable."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def device_named(name: str | None) -> torch.device:
    """Picks the device to train on.

    Args:
        name: Its name as torch knows it; None for the GPU where there is one, else the CPU.

    Returns:
        The device.
    """
    return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))


@contextmanager
def one_thread() -> Iterator[None]:
    """Lets a run have one thread, since the same seed with two gives different weights, and luck of its own.

    Yields:
        Nothing; on leaving, threads and the caller's random numbers are as they were.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng():
            yield
    finally:
        torch.set_num_threads(threads)
