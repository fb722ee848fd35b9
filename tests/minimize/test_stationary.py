"""What a method does where it would stop: a saddle is left, a kink is told from rounding, a constant is told of."""

import numpy as np
import pytest
import torch

from ravine.functions import surface
from ravine.minimize import Newton, minimize

KNOWING = ("newton", "newton_cg", Newton(safeguard="cholesky"))
STARTS = {"on the axis into the saddle": [1.0, 0.0], "on the saddle": [0.0, 0.0]}


@pytest.mark.parametrize("method", KNOWING, ids=str)
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_a_method_that_knows_curvature_leaves_a_saddle_that_it_starts_on(method, start):
    result = minimize(surface("strict_saddle"), start, method)
    assert result.success
    np.testing.assert_allclose(result.fun, -1, atol=1e-10)


@pytest.mark.parametrize("method", KNOWING, ids=str)
@pytest.mark.parametrize("name", ["himmelblau", "branin"])
def test_every_stated_saddle_and_maximum_is_left_for_a_minimum(method, name):
    here = surface(name)
    lowest = [minimum.value for minimum in here.minima]
    for point in (*here.saddles, *here.maxima):
        result = minimize(here, list(point.x), method)
        assert result.success
        assert min(abs(result.fun - value) for value in lowest) <= 1e-10


def test_the_textbooks_step_stays_on_the_saddle():
    result = minimize(surface("strict_saddle"), [1.0, 0.0], Newton(safeguard=None))
    assert result.x == [0.0, 0.0]


@pytest.mark.parametrize("method", KNOWING, ids=str)
def test_a_saddle_is_left_that_is_reached_from_where_all_curves_up(method):
    result = minimize(lambda x: x[0] ** 2 + (x[0] - 0.5) * x[1] ** 2 + x[1] ** 4, [1.0, 0.0], method)
    assert result.success
    np.testing.assert_allclose(result.fun, -1 / 12, atol=1e-12)


@pytest.mark.parametrize("budget", [4, 5, 6])
def test_a_budget_that_ends_the_look_is_no_success(budget):
    result = minimize(surface("strict_saddle"), [0.0, 0.0], "newton", evaluations=budget)
    assert not result.success
    assert result.message.startswith("budget spent: ")
    assert result.evaluations <= budget


def test_leaving_a_saddle_is_a_step_like_any_other():
    seen = []
    result = minimize(surface("strict_saddle"), [1.0, 0.0], "newton", callback=lambda state: seen.append(state.nit))
    assert seen == list(range(1, result.nit + 1))
    assert minimize(surface("strict_saddle"), [0.0, 0.0], "newton", steps=0).x == [0.0, 0.0]
    assert minimize(surface("strict_saddle"), [0.0, 0.0], "newton", steps=1).nit == 1


def test_no_weak_way_down_is_overlooked():
    for k in range(120):
        c, s = np.cos(k * np.pi / 120), np.sin(k * np.pi / 120)

        def rotated(x, c=c, s=s):
            u, v = c * x[0] + s * x[1], c * x[1] - s * x[0]
            return u**2 - 0.01 * v**2 + v**4

        assert minimize(rotated, [0.0, 0.0], "newton_cg").fun < -2.4e-5


def test_a_degenerate_minimum_is_not_left():
    result = minimize(lambda x: (x**4).sum(), [0.0, 0.0], "newton_cg")
    assert result.nit == 0


def lasso(x):
    return (x[0] - 2) ** 2 + 3 * (x[1] - 0.3) ** 2 + 2 * x.abs().sum() + x[0] * x[1]


@pytest.mark.parametrize("method", ["lbfgs", "bfgs", "sr1", "newton", "newton_cg", "nonlinear_cg"])
def test_a_kink_is_no_minimum_by_rounding(method):
    result = minimize(lasso, [3.0, -4.0], method)
    assert not result.success
    assert result.message.startswith("a kink: the slope jumps, and no lower value was found at x = (")


@pytest.mark.parametrize(("method", "search"), [("newton", "trust_region"), ("gradient_descent", "hager_zhang")])
def test_a_method_that_is_held_above_the_minimum_by_a_kink_says_so(method, search):
    result = minimize(lasso, [3.0, -4.0], method, search)
    assert result.fun > 3.4  # the minimum is 3.27
    assert not result.success


@pytest.mark.parametrize("offset", [1e3, 1e8])
def test_rounding_is_not_taken_for_a_kink(offset):
    result = minimize(lambda x: offset + 1e4 * (x[0] - 1) ** 2 + (x[1] - 2) ** 4 + x[1] ** 2, [3.0, 4.0], tolerance=0.0)
    assert result.success
    assert "as far as rounding lets it" in result.message


@pytest.mark.parametrize("method", ["lbfgs", "bfgs", "sr1", "newton", "newton_cg", "nonlinear_cg", "gradient_descent"])
def test_a_smooth_turn_between_the_digits_of_a_large_x_is_not_taken_for_a_kink(method):
    def fun(x):
        return 1e3 * torch.nn.functional.softplus(x[0] - 5e9) - 400 * (x[0] - 5e9) + (x[1] - 1) ** 2

    assert minimize(fun, [5e9 + 1, 3.0], method).success


def test_a_wrong_gradient_is_not_taken_for_a_kink():
    result = minimize(lambda x: (x**2).sum(), [3.0, 4.0], "bfgs", gradient=lambda x: -2 * x)
    assert "the gradient may be wrong" in result.message


def test_a_constant_is_told_of():
    result = minimize(lambda x: (0 * x + 5).sum(), [3.0, 4.0])
    assert "zero at the start, as it is wherever a function is constant" in result.message
