"""What holds for every test and doctest: one thread, an empty ledger, the same examples each time."""

import itertools
from collections.abc import Iterator

import hypothesis
import pytest
import torch

# A run's numbers depend on the number of threads; two test processes share two cores.
torch.set_num_threads(1)

# The same examples on every machine, so that a failure is seen by all; a slow machine is no failure.
hypothesis.settings.register_profile("ravine", derandomize=True, deadline=None)
hypothesis.settings.load_profile("ravine")

HOMES = itertools.count()


@pytest.fixture(autouse=True)
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Every test has a ledger of test-set reads of its own; the user's is never touched."""
    home = tmp_path_factory.getbasetemp() / "homes" / str(next(HOMES))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAVINE_HOME", str(home))
        yield


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names a parameter whose text holds its address by its argument: two test processes must agree on all names."""
    return argname if " at 0x" in repr(val) else None
