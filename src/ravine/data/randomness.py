"""Random numbers that depend on a seed alone, and leave everybody else's as they were."""

import random
from collections.abc import Generator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def seeded(seed: int) -> Generator[None]:
    """Seeds PyTorch's, NumPy's and Python's generators inside, and puts them back afterwards.

    Args:
        seed: A whole number from 0.

    Yields:
        Nothing.

    >>> before = torch.random.get_rng_state()
    >>> with seeded(3):
    ...     drawn = torch.rand(2)
    >>> with seeded(3):
    ...     torch.equal(drawn, torch.rand(2))
    True
    >>> torch.equal(before, torch.random.get_rng_state())
    True
    """
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002 - what a user's data set may draw from
    try:
        with torch.random.fork_rng(devices):
            torch.manual_seed(seed)
            random.seed(seed)
            np.random.seed(seed % 2**32)  # noqa: NPY002 - as above
            yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002 - as above
