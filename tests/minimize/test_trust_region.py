"""Models inside a radius, against brute force; and the radius that follows how well they predict."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from ravine.minimize import LevenbergMarquardt, Newton, TrustRegion, minimize
from ravine.minimize.damped import DampedModel
from ravine.minimize.spectral import SpectralModel

from .cases import ROSENBROCK, quadratic


def lowest_on(a, g, radius: float) -> float:
    """The model's lowest value within a radius in two dimensions, by looking everywhere along the rim and inside."""
    angle = torch.linspace(0, 2 * torch.pi, 200_001, dtype=torch.float64)
    rim = radius * torch.stack([angle.cos(), angle.sin()], 1)
    values = rim @ g + ((rim @ a) * rim).sum(1) / 2
    best = float(values.min())
    if float(torch.linalg.eigvalsh(a)[0]) > 1e-9 and float((inside := torch.linalg.solve(a, -g)).norm()) <= radius:
        best = min(best, float(g @ inside) / 2)
    return best


@given(radius=st.floats(1e-2, 10), seed=st.integers(0, 30), lowest=st.floats(-5, 5))
def test_a_spectral_model_finds_the_lowest_point(radius, seed, lowest):
    a, g = quadratic(2, seed, lowest)
    found = SpectralModel(g, a).within(radius)
    assert found.length <= radius * 1.002
    assert -found.predicted <= lowest_on(a, g, radius) * (1 - 5e-3 * (lowest_on(a, g, radius) < 0)) + 1e-9


def test_the_hard_case_goes_both_along_the_gradient_and_across():
    a = torch.diag(torch.tensor([-1.0, 2.0], dtype=torch.float64))
    g = torch.tensor([0.0, 1.0], dtype=torch.float64)
    found = SpectralModel(g, a).within(5.0)
    assert found.length == pytest.approx(5.0)
    assert -found.predicted == pytest.approx(lowest_on(a, g, 5.0), abs=1e-6)


@given(radius=st.floats(1e-3, 10), seed=st.integers(0, 30))
def test_a_damped_model_is_a_ridge_regression_of_that_length(radius, seed):
    generator = torch.Generator().manual_seed(seed)
    jacobian = torch.randn(9, 4, dtype=torch.float64, generator=generator)
    r = torch.randn(9, dtype=torch.float64, generator=generator)
    found = DampedModel(r, jacobian).within(radius)
    free = -torch.linalg.lstsq(jacobian, r).solution
    if float(free.norm()) <= 1.1 * radius:
        assert (found.step - free).norm() < 1e-10
        return
    assert found.length == pytest.approx(radius, rel=0.1001)

    def excess(damping):
        p = -torch.linalg.solve(jacobian.T @ jacobian + damping * torch.eye(4), jacobian.T @ r)
        return float(p.norm()) - found.length

    damping = optimize.brentq(excess, 0, 1e6)
    expected = -torch.linalg.solve(jacobian.T @ jacobian + damping * torch.eye(4), jacobian.T @ r)
    assert (found.step - expected).norm() < 1e-6 * expected.norm()
    assert found.predicted == pytest.approx(float(r @ r - (r + jacobian @ found.step).square().sum()))


def test_levenberg_marquardt_does_not_care_about_units():
    """Parameters in other units give the same walk, where lengths are measured by the Jacobian's columns."""
    t = torch.linspace(0, 1, 30, dtype=torch.float64)
    y = 3 * torch.exp(-5 * t)
    unit = torch.tensor([1.0, 1e6], dtype=torch.float64)
    plain = minimize(lambda x: x[0] * torch.exp(-x[1] * t) - y, [1.0, 1.0], LevenbergMarquardt())
    other = minimize(lambda x: x[0] * torch.exp(-x[1] * 1e6 * t) - y, [1.0, 1e-6], LevenbergMarquardt(), tolerance=1.0)
    assert plain.x == pytest.approx([3, 5])
    assert (torch.tensor(other.x) * unit).tolist() == pytest.approx([3, 5], rel=1e-4)


def test_the_first_radius_is_kept():
    seen = []

    def fun(x):
        seen.append(x.detach().clone())
        return ROSENBROCK(x)

    minimize(fun, [-1.2, 1.0], Newton(), TrustRegion(radius=0.01), evaluations=20)
    steps = torch.stack(seen).diff(dim=0).norm(dim=1)
    assert steps[steps > 0][0] <= 0.01 * 1.002
