"""Adamax: no step is longer than lr, and a large gradient is forgotten at a known rate."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.rules import Adamax

from .cases import Walker


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.floats(0.0, 0.9))
def test_no_step_is_longer_than_the_largest_share_of_lr(grads, beta1):
    walker = Walker(Adamax(lr=0.1, beta1=beta1, beta2=0.999), [torch.zeros((), dtype=torch.float64)])
    for g in grads:
        before = walker.params[0]
        walker.step([torch.tensor(g, dtype=torch.float64)])
        # |m_hat| is at most the largest |g| so far, and u at least that times beta2 to the number of steps since.
        assert (walker.params[0] - before).abs() <= 0.1 / 0.999**30 * (1 + 1e-9)


def test_a_large_gradient_is_remembered_for_as_long_as_it_is_the_largest():
    walker = Walker(Adamax(beta2=0.5, eps=0.0), [torch.zeros((), dtype=torch.float64)])
    sizes = []
    for g in (8.0, 1.0, 1.0, 1.0, 1.0, 1.0):
        walker.step([torch.tensor(g, dtype=torch.float64)])
        sizes.append(walker.states[0]["u"].item())
    assert sizes == [8, 4, 2, 1, 1, 1]


def test_eps_is_added_to_the_gradient_and_not_to_the_memory():
    _, state = Adamax(beta2=0.5, eps=0.25).step(
        torch.zeros(2), torch.tensor([0.0, 1.0]), {"m": torch.zeros(2), "u": torch.tensor([8.0, 0.0])}, 1
    )
    assert state["u"].tolist() == [4.0, 1.25]
    assert Adamax(eps=0.25).step(0.0, -1.0, {"m": 0.0, "u": 0.0}, 1)[0] == pytest.approx(2e-3 / 1.25)
