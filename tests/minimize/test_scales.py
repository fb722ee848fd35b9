"""Functions so steep, so flat, so large or so far away that squares overflow and short steps are lost in rounding."""

import numpy as np
import pytest
import torch

from ravine.minimize import Fixed, minimize

METHODS = ("lbfgs", "bfgs", "sr1", "newton", "newton_cg", "nonlinear_cg", "gradient_descent")
KNOWING_LENGTHS = METHODS[:5]


def steep(x):
    return (x**2).exp().sum()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("fun", "start"),
    [(steep, [20.0]), (lambda x: 1e200 * ((x - 1) ** 2).sum(), [3.0, 4.0]), (lambda x: -(x**4).sum(), [0.1])],
    ids=["slopes of 1e175", "slopes of 1e200", "no lower bound"],
)
def test_a_slope_whose_square_overflows_ends_in_a_minimum_or_a_sentence(method, fun, start):
    result = minimize(fun, start, method, evaluations=2000)
    assert np.isfinite(result.fun)
    assert result.success == (result.fun in (0.0, 1.0)), result


@pytest.mark.parametrize("method", ["lbfgs", "bfgs", "sr1", "newton"])
def test_a_slope_of_1e175_leads_to_the_minimum(method):
    assert minimize(steep, [20.0], method).fun == 1.0


@pytest.mark.parametrize("method", KNOWING_LENGTHS)
def test_a_start_so_far_away_that_a_step_of_1_changes_no_digit(method):
    result = minimize(lambda x: ((x - 3) / 1e3).square().sum(), [1e8], method, dtype=torch.float32)
    assert result.success
    assert abs(result.x[0] - 3) < 1e-5


@pytest.mark.parametrize("method", METHODS[:6])
def test_a_component_far_away_does_not_hide_one_nearby(method):
    def fun(x):
        return ((x[0] - 3e8) / 1e2) ** 2 + (x[1] - 1) ** 2

    result = minimize(fun, [1e9, 0.0], method, dtype=torch.float32)
    assert (result.success, result.x) == (True, [3e8, 1.0])


@pytest.mark.parametrize("method", KNOWING_LENGTHS)
def test_a_function_without_curvature_is_followed_down(method):
    result = minimize(lambda x: x.sum(), [1.0, 1.0], method, evaluations=100)
    assert not result.success
    assert "derivatives" not in result.message
    hinge = minimize(lambda x: torch.relu(x).sum(), [1.0, 1.0], method)
    assert (hinge.success, hinge.fun) == (True, 0.0)


@pytest.mark.parametrize(
    ("fun", "method", "dtype"),
    [
        (lambda x: (x**2).sum() / 2 + 50 * x[1] ** 2, "bfgs", torch.float32),
        (lambda x: 1e-170 * ((x - 1) ** 2).sum(), "sr1", torch.float64),
        (lambda x: 1e-20 * (x**2).sum(), "sr1", torch.float32),
    ],
)
def test_slopes_that_underflow_end_in_a_sentence(fun, method, dtype):
    assert minimize(fun, [3.0, 2.0], method, dtype=dtype, tolerance=0).message.endswith(".")


@pytest.mark.parametrize("method", ["gradient_descent", "nonlinear_cg"])
def test_a_fixed_step_goes_on_where_the_slope_is_zero(method):
    result = minimize(lambda x: (x**2).sum() / 2, [3.0, 2.0], method, Fixed(0.3), tolerance=0, steps=3000)
    assert result.fun < 1e-300


@pytest.mark.parametrize("budget", [1, 2, 10, 11])
def test_least_squares_keeps_its_budget(budget):
    def residuals(x):
        return torch.stack([1 - x[0], 10 * (x[1] - x[0] ** 2)])

    result = minimize(residuals, [-1.2, 1.0], "levenberg_marquardt", evaluations=budget)
    assert result.evaluations <= budget
