"""Where a run takes place: one thread, luck of its own, and a device that is there."""

import random

import numpy as np
import pytest
import torch

from ravine.errors import RavineError
from ravine.training.machine import device_named, one_thread


def luck():
    return torch.rand(1).item(), np.random.rand(), random.random()  # noqa: NPY002 - what users draw from


def test_inside_there_is_one_thread_and_the_same_luck_and_outside_nothing_moves():
    torch.set_num_threads(2)
    try:
        torch.manual_seed(1)
        before = torch.random.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
        with one_thread():
            assert torch.get_num_threads() == 1
            first = luck()
        after = torch.random.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
        assert torch.equal(before[0], after[0])
        assert before[1:] == after[1:]
        torch.manual_seed(2)
        with one_thread():
            assert luck() == first
        with pytest.raises(ZeroDivisionError), one_thread():
            raise ZeroDivisionError
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_a_device_is_found_by_its_name_or_by_itself():
    assert device_named("cpu") == torch.device("cpu")
    assert device_named(None).type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "", "meta", "cpu:x"])
def test_a_device_that_is_not_there_is_told_in_one_line(name):
    with pytest.raises(RavineError) as refusal:
        device_named(name)
    assert str(refusal.value).startswith(f"--device {name}: there is no such device on this machine; use one of cpu")
