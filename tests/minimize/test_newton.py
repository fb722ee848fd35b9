"""Newton's method, safe and as textbooks have it."""

import math

import pytest
import torch

from ravine.minimize import Newton, TrustRegion, minimize

from .cases import HIMMELBLAU, quadratic, reached

MAXIMUM = (-0.270844590667347, -0.923038556479981)
SAFE = [(Newton(), None), (Newton(safeguard="cholesky"), None), (Newton(), TrustRegion())]


@pytest.mark.parametrize("safeguard", ["eigenvalues", "cholesky", None])
def test_one_step_lands_on_the_minimum_of_a_quadratic(safeguard):
    a, b = quadratic(7)
    result = minimize(lambda x: x @ a @ x / 2 - b @ x, torch.ones(7), Newton(safeguard))
    assert result.nit == 1
    assert (result.x - torch.linalg.solve(a, b)).abs().max() < 1e-12


def test_without_a_safeguard_it_climbs_to_the_maximum_nearby():
    result = minimize(HIMMELBLAU, [-0.3, -0.9], Newton(safeguard=None))
    assert result.x == pytest.approx(MAXIMUM, abs=1e-9)
    assert result.fun == pytest.approx(181.616521522583)
    assert result.fun > float(HIMMELBLAU(torch.tensor([-0.3, -0.9], dtype=torch.float64)))


@pytest.mark.parametrize("pair", SAFE, ids=str)
def test_with_one_it_leaves_the_maximum_for_a_minimum(pair):
    assert reached(HIMMELBLAU, minimize(HIMMELBLAU, [-0.3, -0.9], *pair).fun)


@pytest.mark.parametrize("pair", SAFE, ids=str)
def test_with_one_it_leaves_the_neighborhood_of_a_saddle(pair):
    def saddle(x):
        return x[0] ** 2 - x[1] ** 2 + x[1] ** 4 / 4

    assert minimize(saddle, [0.5, 1e-4], *pair).fun == pytest.approx(-1, abs=1e-12)
    assert minimize(saddle, [0.5, 1e-4], Newton(safeguard=None)).fun == pytest.approx(0, abs=1e-12)


def test_without_a_safeguard_it_fails_far_from_a_quadratic():
    """On sqrt(1 + x^2) the step is x -> -x^3, so it diverges from beyond 1."""
    fails = minimize(lambda x: (1 + x**2).sqrt().sum(), [1.1], Newton(safeguard=None))
    assert not fails.success
    assert fails.message.startswith("not finite")
    assert minimize(lambda x: (1 + x**2).sqrt().sum(), [1.1], Newton()).x == pytest.approx([0], abs=1e-8)
    one = minimize(lambda x: (1 + x**2).sqrt().sum(), [1.1], Newton(safeguard=None), steps=1)
    assert one.x[0] == pytest.approx(-(1.1**3))


def test_a_hessian_that_is_singular_is_told():
    result = minimize(lambda x: x[0] ** 2 + x[1], [1.0, 1.0], Newton(safeguard=None))
    assert not result.success
    assert result.x == [1.0, 1.0]
    assert "no direction at x = (1, 1)" in result.message


def test_it_counts_hessians():
    a, b = quadratic(4)
    result = minimize(lambda x: x @ a @ x / 2 - b @ x, torch.zeros(4), "newton")
    assert (result.nfev, result.ngev, result.nhev, result.evaluations) == (
        2,
        2,
        2,
        2 + 2 * 2 * 4,
    )  # the second at the minimum
    assert math.isfinite(result.fun)
