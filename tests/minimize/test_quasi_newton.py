"""What is learned from steps: BFGS, SR1 and L-BFGS, against each other and against textbooks."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ravine.minimize import BFGS, LBFGS, SR1, FunctionObjective, Point, minimize

from .cases import ROSENBROCK, quadratic

OBJECTIVE = FunctionObjective(ROSENBROCK)


def walk(descent, steps: int, n: int = 6, seed: int = 0, length: float = 1.0):
    """Lets a descent learn from random steps over a quadratic; gives its memory, the steps and the last point."""
    a, b = quadratic(n, seed)
    generator = torch.Generator().manual_seed(seed)

    def at(x: Tensor) -> Point:
        return Point(x, float(x @ a @ x / 2 - b @ x), a @ x - b)

    points = [at(length * torch.randn(n, dtype=torch.float64, generator=generator)) for _ in range(steps + 1)]
    memory = descent.begin(points[0])
    for before, after in zip(points, points[1:], strict=False):
        memory = descent.learn(memory, before, after)
    pairs = [(q.x - p.x, q.gradient - p.gradient) for p, q in zip(points, points[1:], strict=False)]
    return memory, pairs, points[-1], a


def two_loops(pairs, g: Tensor, longer: float) -> Tensor:
    """Nocedal & Wright, Algorithm 7.4, as it stands there but for the scale; with longer = 0 that too."""
    q, alphas = g.clone(), []
    for s, y in reversed(pairs):
        alphas.append(float(s @ q) / float(s @ y))
        q = q - alphas[-1] * y
    s, y = pairs[-1]
    r = (float(s @ y) / float(y @ y)) ** (1 - longer) * (float(s @ s) / float(s @ y)) ** longer * q
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        r = r + s * (alpha - float(y @ r) / float(s @ y))
    return r


@given(steps=st.integers(1, 12), history=st.integers(1, 8), seed=st.integers(0, 20), longer=st.sampled_from([0, 0.25]))
def test_lbfgs_is_the_textbooks_recursion(steps, history, seed, longer):
    descent = LBFGS(history=history, longer=longer)
    memory, pairs, point, _ = walk(descent, steps, seed=seed)
    expected = -two_loops(pairs[-history:], point.gradient, longer)
    found = descent.direction(OBJECTIVE, point, memory)
    assert (found - expected).norm() <= 1e-7 * expected.norm()


def test_its_history_is_one_matrix_made_once():
    memory, _, _, _ = walk(LBFGS(history=4), 3)
    assert memory["pairs"].shape == (8, 6)
    a, b = quadratic(6)
    before, after = (Point(x, 0.0, a @ x - b) for x in (torch.zeros(6).double(), torch.ones(6).double()))
    assert LBFGS(history=4).learn(memory, before, after)["pairs"].data_ptr() == memory["pairs"].data_ptr()


@pytest.mark.parametrize("length", [1.0, 1e-9, 1e6])
def test_the_curvature_test_is_relative(length):
    """A step of any length is learned from; an absolute test, such as y^T s > 1e-10, would leave the small ones out."""
    memory, pairs, point, _ = walk(LBFGS(), 5, length=length)
    assert memory["count"] == 5
    inverse, *_ = walk(BFGS(), 5, length=length)
    s, y = pairs[-1]
    assert (inverse["inverse"] @ y - s).norm() < 1e-6 * s.norm()
    assert point.finite


def test_a_pair_without_curvature_is_left_out():
    for descent in (BFGS(), LBFGS()):
        before = Point(torch.zeros(2).double(), 0.0, torch.tensor([1.0, 0.0]).double())
        after = Point(torch.ones(2).double(), 0.0, torch.tensor([0.5, 0.0]).double())  # the slope fell along the step
        assert descent.learn({}, before, after) == {}


@given(steps=st.integers(1, 10), seed=st.integers(0, 20))
def test_bfgs_maps_the_last_change_of_gradient_to_the_last_step_and_stays_positive_definite(steps, seed):
    memory, pairs, _, _ = walk(BFGS(), steps, seed=seed)
    s, y = pairs[-1]
    assert (memory["inverse"] @ y - s).norm() <= 1e-8 * s.norm()
    assert torch.equal(memory["inverse"], memory["inverse"].T) or torch.allclose(memory["inverse"], memory["inverse"].T)
    assert torch.linalg.eigvalsh((memory["inverse"] + memory["inverse"].T) / 2)[0] > 0


def test_sr1_finds_the_hessian_of_a_quadratic_in_n_steps_negative_curvature_included():
    """Nocedal & Wright, theorem 6.1: it needs no line search for that."""
    n = 6
    a, b = quadratic(n, lowest=-5.0)
    points = [Point(x, 0.0, a @ x - b) for x in torch.randn(n + 3, n, dtype=torch.float64)]
    memory = SR1().begin(points[0])
    for before, after in zip(points, points[1:], strict=False):
        memory = SR1().learn(memory, before, after)
    assert torch.linalg.eigvalsh(a)[0] < -1
    assert (memory["hessian"] - a).abs().max() < 1e-6


def test_the_first_step_is_short_where_the_gradient_is_long():
    result = minimize(lambda x: 1e8 * (x**2).sum(), [1.0, 1.0], LBFGS(), evaluations=2)
    assert result.nfev == 2
    seen = []
    minimize(lambda x: seen.append(x.detach().clone()) or 1e8 * (x**2).sum(), [1.0, 1.0], LBFGS(), evaluations=2)
    assert (seen[1] - seen[0]).norm() == pytest.approx(1.0)
