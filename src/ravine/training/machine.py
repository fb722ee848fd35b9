"""Where a run takes place: its device, and the one thread that makes it repeatable."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ..data.randomness import seeded
from ..errors import RavineError


def device_named(name: str | None) -> torch.device:
    """Picks the device to train on.

    Args:
        name: Its name as torch knows it; None for the GPU where there is one, else the CPU.

    Returns:
        The device.

    Raises:
        RavineError: There is no such device here.

    >>> device_named("cpu")
    device(type='cpu')
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
        here = "cpu, cuda" if torch.cuda.is_available() else "cpu"
        raise RavineError(f"--device {name}: there is no such device on this machine; use one of {here}.") from error
    return device


@contextmanager
def one_thread() -> Iterator[None]:
    """Lets a run have one thread, since the same seed with two gives different weights, and luck of its own.

    Yields:
        Nothing; on leaving, threads and the caller's random numbers are as they were.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with seeded(0):
            yield
    finally:
        torch.set_num_threads(threads)
