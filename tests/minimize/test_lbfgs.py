"""L-BFGS's memory: what a history of another length goes on with, and the room that it takes."""

import copy

import pytest
import torch

from ravine.minimize import LBFGS, FunctionObjective, State, StrongWolfe, advance, begin

from .cases import ROSENBROCK
from .test_quasi_newton import OBJECTIVE, two_loops, walk


@pytest.mark.parametrize("after", [1, 3, 4, 9, 40])
@pytest.mark.parametrize("before", [1, 3, 5, 20, 50])
@pytest.mark.parametrize("steps", [2, 9, 37])
def test_a_memory_of_another_history_goes_on_with_its_latest_pairs(before, after, steps):
    descent, more = LBFGS(history=after), 4
    _, pairs, last, _ = walk(LBFGS(), steps + more, n=9)
    memory, _, point, _ = walk(LBFGS(history=before), steps, n=9)
    kept = pairs[max(0, steps - before) : steps]
    for s, y in pairs[steps:]:
        expected = -two_loops(kept[-after:], point.gradient, descent.longer)
        found = descent.direction(OBJECTIVE, point, memory)
        assert (found - expected).norm() <= 1e-7 * expected.norm()
        following = point._replace(x=point.x + s, gradient=point.gradient + y)
        memory, point, kept = descent.learn(memory, point, following), following, [*kept[-after:], (s, y)]
    torch.testing.assert_close(point.gradient, last.gradient)


def test_a_run_goes_on_with_a_longer_history():
    objective = FunctionObjective(ROSENBROCK)
    state = begin(LBFGS(), objective, torch.tensor([-1.2, 1.0], dtype=torch.float64))
    for history in (5,) * 9 + (10,) * 60:
        state = advance(LBFGS(history=history), StrongWolfe(), objective, State(**copy.deepcopy(vars(state))))
    assert state.success
    assert state.x.tolist() == pytest.approx([1, 1], abs=1e-8)


@pytest.mark.parametrize("steps", [3, 128, 129, 300])
def test_a_history_longer_than_memory_takes_the_room_of_its_pairs(steps):
    descent = LBFGS(history=10**9)
    memory, pairs, point, _ = walk(descent, steps)
    assert len(memory["pairs"]) <= max(2 * 128, 4 * steps)
    expected = -two_loops(pairs, point.gradient, descent.longer)
    assert (descent.direction(OBJECTIVE, point, memory) - expected).norm() <= 1e-7 * expected.norm()
