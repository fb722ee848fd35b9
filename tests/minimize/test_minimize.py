"""The function: what it takes, what it gives back, what it counts, and steps one by one."""

import io
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
import torch
from scipy import optimize

import ravine.minimize
from ravine.minimize import (
    BFGS,
    LBFGS,
    SR1,
    FunctionObjective,
    LevenbergMarquardt,
    NewtonCG,
    NonlinearCG,
    State,
    StrongWolfe,
    advance,
    begin,
    minimize,
    read_descent,
    read_search,
)

from .cases import EVERY, ROSENBROCK, quadratic


def squares(tree) -> torch.Tensor:
    return sum(((leaf - 2) ** 2).sum() for leaf in torch.utils._pytree.tree_leaves(tree))


class Pair(NamedTuple):
    first: object
    second: object


@pytest.mark.parametrize(
    "start",
    [
        torch.zeros(2, 3),
        np.zeros((2, 2)),
        [0.0, 1.0, 5],
        (0.0, 1.0),
        [[0.0, 1.0], [2.0, 3.0]],
        3.0,
        {"weight": torch.zeros(2, 2), "bias": [0.0, 1.0], "scale": 1.0},
        [torch.zeros(1), np.ones(2)],
        Pair(np.zeros(2), 1.0),
        np.array([1.0, 3.0])[::-1],
        np.ones((2, 3)).T,
        np.array([1.0, 3.0], dtype=">f8"),
        np.array([1.0, 3.0], dtype=np.longdouble),
        np.array([1, 3], dtype=np.uint16),
    ],
    ids=str,
)
def test_x_comes_back_as_it_went_in(start):
    result = minimize(squares, start)
    leaves, tree = torch.utils._pytree.tree_flatten(start)
    found, found_tree = torch.utils._pytree.tree_flatten(result.x)
    assert tree == found_tree == torch.utils._pytree.tree_structure(result.grad)
    for before, after in zip(leaves, found, strict=True):
        assert isinstance(after, type(before)) or isinstance(before, int)
        assert np.shape(before) == np.shape(after)
        assert np.allclose(after, 2)
    assert result.success


@pytest.mark.parametrize("start", [[np.float64(1), np.float32(3)], [np.int64(1), 3], [Fraction(1), 10**30]], ids=str)
def test_numbers_of_any_kind_in_a_list_are_one_vector(start):
    result = minimize(lambda x: ((x / x.new_tensor([1, 3]) - 2) ** 2).sum(), start)
    assert result.success
    assert result.x == pytest.approx([2, 6])


def test_a_start_is_read_to_the_last_digit():
    for start in (np.array([0.1, 2.0])[::-1], np.array([2.0, 0.1], dtype=">f8"), np.array([2.0, 0.1])):
        assert minimize(squares, start, steps=0).x.tolist() == [2.0, 0.1]


@pytest.mark.parametrize("start", [[3.0, 4.0], {"a": np.ones((2, 2)), "b": 3.0}], ids=str)
@pytest.mark.parametrize("given", [None, lambda x: torch.utils._pytree.tree_map(lambda leaf: leaf.sub_(2).mul_(2), x)])
def test_a_function_may_change_the_tensors_that_it_gets(start, given):
    def fun(x):
        return sum(leaf.sub_(2).square_().sum() for leaf in torch.utils._pytree.tree_leaves(x))

    result, plain = minimize(fun, start, gradient=given), minimize(squares, start)
    assert result.success
    for a, b in zip(*(torch.utils._pytree.tree_leaves(each.x) for each in (result, plain)), strict=True):
        assert np.allclose(a, b, atol=1e-12)
    assert (result.fun, result.nfev) == (pytest.approx(0, abs=1e-15), plain.nfev)


def test_it_works_in_float64_unless_told_otherwise():
    seen = set()

    def fun(x):
        seen.add(x.dtype)
        return squares(x)

    assert minimize(fun, torch.zeros(2)).x.dtype == torch.float64
    assert minimize(fun, np.zeros(2, dtype=np.float32)).x.dtype == np.float64
    assert seen == {torch.float64}
    assert minimize(fun, torch.zeros(2), dtype=torch.float32).x.dtype == torch.float32


def test_the_start_is_left_alone():
    start = torch.zeros(3, dtype=torch.float64)
    minimize(squares, start)
    assert torch.equal(start, torch.zeros(3, dtype=torch.float64))


@pytest.mark.parametrize("descent", EVERY, ids=str)
def test_every_call_is_counted(descent):
    calls = []

    def fun(x):
        calls.append(x)
        return ROSENBROCK(x)

    result = minimize(fun, [-1.2, 1.0], descent, tolerance=1e-6, steps=30)
    prepared = result.nit if isinstance(descent, NewtonCG) else result.nhev  # values for the second derivatives
    assert abs(len(calls) - result.nfev - prepared) <= 1
    assert result.ngev == result.nfev
    assert result.nit <= result.nfev


@pytest.mark.parametrize("descent", EVERY, ids=str)
def test_a_budget_is_kept(descent):
    for budget in (1, 7, 20):
        result = minimize(ROSENBROCK, [-1.2, 1.0], descent, evaluations=budget)
        assert result.evaluations <= budget
        assert not result.success
        assert result.message.startswith("budget spent")
    few = minimize(ROSENBROCK, [-1.2, 1.0], descent, steps=3)
    assert (few.nit, few.success, few.message) == (3, False, "budget spent: 3 steps.")


def test_the_callback_sees_every_step_and_may_end_it():
    seen = []
    result = minimize(ROSENBROCK, [-1.2, 1.0], callback=seen.append)
    assert [each.nit for each in seen] == list(range(1, result.nit + 1))
    assert seen[-1].x == result.x
    assert all(a.fun > b.fun for a, b in zip(seen, seen[1:], strict=False))
    ended = minimize(ROSENBROCK, [-1.2, 1.0], callback=lambda result: result.nit == 4)
    assert (ended.nit, ended.message, ended.success) == (4, "stopped by the callback.", False)


@pytest.mark.parametrize("kind", [bool, np.bool_, torch.tensor])
def test_any_true_from_the_callback_ends_it_and_nothing_else_does(kind):
    assert minimize(ROSENBROCK, [-1.2, 1.0], callback=lambda result: kind(result.nit == 4)).nit == 4
    assert minimize(ROSENBROCK, [-1.2, 1.0], callback=lambda result: result).success


def test_bounds_may_be_numbers_of_numpy():
    few = minimize(ROSENBROCK, [-1.2, 1.0], evaluations=np.int64(5))
    assert (few.evaluations, few.message) == (5, "budget spent: 5 of 5 evaluations.")
    assert minimize(ROSENBROCK, [-1.2, 1.0], steps=np.int64(3)).nit == 3
    loose = minimize(ROSENBROCK, [-1.2, 1.0], tolerance=np.float32(0.5))
    assert loose.message == "converged: no component of the gradient exceeds 0.5."


def test_a_gradient_of_ones_own_is_used():
    def fun(x):
        return float((x["a"] ** 2).sum() + (x["b"] - 1) ** 2)  # a number that autograd cannot follow

    result = minimize(fun, {"a": np.ones(2), "b": 3.0}, gradient=lambda x: {"a": 2 * x["a"], "b": 2 * (x["b"] - 1)})
    assert np.allclose(result.x["a"], 0)
    assert result.x["b"] == pytest.approx(1)
    assert result.success


@pytest.mark.parametrize("kind", [float, np.float32, np.float64, lambda value: np.array([value])])
def test_a_function_written_with_numpy_needs_a_gradient_of_its_own(kind):
    def fun(x):
        return kind(optimize.rosen(np.asarray(x)))

    result = minimize(fun, np.array([-1.2, 1.0]), gradient=lambda x: optimize.rosen_der(np.asarray(x)), tolerance=1e-3)
    assert result.success
    assert result.x == pytest.approx([1, 1], abs=1e-2)


@pytest.mark.parametrize("method", ["lbfgs", "newton", "newton_cg"])
def test_a_leaf_that_is_not_used_stays_where_it_is(method):
    result = minimize(lambda x: (x["used"] ** 2).sum(), {"used": [1.0, 2.0], "not": [3.0]}, method)
    assert result.success
    assert result.x == {"used": pytest.approx([0, 0], abs=1e-8), "not": [3.0]}


def test_residuals_give_the_sum_of_their_squares():
    a = torch.randn(9, 3, dtype=torch.float64)
    b = torch.randn(9, dtype=torch.float64)
    result = minimize(lambda x: a @ x - b, torch.zeros(3), "levenberg_marquardt")
    expected = torch.linalg.lstsq(a, b).solution
    assert (result.x - expected).abs().max() < 1e-10
    assert result.fun == pytest.approx(float((a @ expected - b).square().sum()))
    assert result.nit == 1


@pytest.mark.parametrize("m", [3, 9])
def test_residuals_may_be_of_another_precision_and_shape_and_asked_for_without_gradients(m):
    a, b = torch.randn(m, 4), torch.randn(m)
    with torch.no_grad():
        result = minimize(lambda x: (a @ x.float() - b)[None], torch.zeros(4), "levenberg_marquardt", tolerance=1e-5)
    assert result.success
    assert torch.allclose(a.T.double() @ (a.double() @ result.x - b), torch.zeros(4).double(), atol=1e-5)


@pytest.mark.parametrize(("m", "n"), [(3, 5), (5, 3), (4, 4)])
def test_jacobians_by_rows_and_by_columns(m, n):
    weight = torch.randn(m, n, dtype=torch.float64)

    def residuals(x):
        return torch.tanh(weight @ x) + x.sum() ** 2

    x = torch.randn(n, dtype=torch.float64)
    objective = ravine.minimize.ResidualObjective(residuals)
    r, jacobian = objective.residuals_and_jacobian(x)
    assert torch.allclose(jacobian, torch.autograd.functional.jacobian(residuals, x), atol=1e-12)
    value, gradient = objective.value_and_gradient(x)
    assert value == pytest.approx(float(r @ r))
    assert torch.allclose(gradient, 2 * jacobian.T @ r)


def test_second_derivatives_are_those_of_autograd():
    x = torch.randn(5, dtype=torch.float64)

    def fun(x):
        return (x**3).sum() + (x[0] * x[1:]).sum() ** 2

    objective = FunctionObjective(fun)
    expected = torch.autograd.functional.hessian(fun, x)
    assert torch.allclose(objective.hessian(x), expected)
    assert torch.allclose(objective.hessian_vector(x, x), expected @ x)
    linear = FunctionObjective(lambda x: 3 * x.sum())
    assert not linear.hessian(x).any()


def test_the_package_is_the_function():
    assert ravine.minimize(ROSENBROCK, [-1.2, 1.0]).x == minimize(ROSENBROCK, [-1.2, 1.0]).x


def test_methods_and_searches_are_read_from_names_and_texts():
    assert read_descent("L-BFGS") == read_descent("LBFGS()") == LBFGS()
    assert read_descent("levenberg-marquardt") == LevenbergMarquardt()
    assert read_search("strong wolfe") == StrongWolfe()
    assert read_search(repr(StrongWolfe(curvature=0.5))) == StrongWolfe(curvature=0.5)
    by_text = minimize(ROSENBROCK, [-1.2, 1.0], "LBFGS(history=3)", "HagerZhang(decrease=0.2)")
    assert by_text.nfev != minimize(ROSENBROCK, [-1.2, 1.0]).nfev
    assert by_text.success


@pytest.mark.parametrize("descent", EVERY, ids=str)
def test_a_state_can_be_written_down_and_taken_up_again(descent):
    search, x = descent.default_search(), torch.tensor([-1.2, 1.0], dtype=torch.float64)
    objective = FunctionObjective(ROSENBROCK)
    state = begin(descent, objective, x)
    for _ in range(5):
        state = advance(descent, search, objective, state)
    file = io.BytesIO()
    torch.save(vars(state), file)
    file.seek(0)
    again = State(**torch.load(file, weights_only=True))
    for _ in range(5):
        state, again = (advance(descent, search, objective, each) for each in (state, again))
    assert torch.equal(state.x, again.x)
    assert (state.value, state.steps) == (again.value, again.steps)
    assert state.steps == 10


def test_steps_one_by_one_are_the_same_as_all_at_once():
    x, objective, descent = torch.tensor([-1.2, 1.0], dtype=torch.float64), FunctionObjective(ROSENBROCK), BFGS()
    state = begin(descent, objective, x)
    while not state.over:
        state = advance(descent, descent.default_search(), objective, state)
    result = minimize(ROSENBROCK, x, descent)
    assert torch.equal(state.x, result.x)
    assert (objective.counts.nfev, state.steps) == (result.nfev, result.nit)
    assert advance(descent, descent.default_search(), objective, state) is state


@pytest.mark.parametrize("beta", ["hager_zhang", "polak_ribiere", "fletcher_reeves", "hestenes_stiefel", "dai_yuan"])
def test_every_formula_of_conjugate_gradients_ends_a_quadratic_in_n_steps(beta):
    """With searches that are all but exact, all five are the linear method, which ends after as many steps as it has
    different eigenvalues."""
    a, b = quadratic(6)
    search = StrongWolfe(decrease=1e-12, curvature=1e-9)
    result = minimize(lambda x: x @ a @ x / 2 - b @ x, torch.zeros(6), NonlinearCG(beta), search, tolerance=1e-6)
    assert result.nit == 6


def test_it_finds_what_scipy_finds():
    a, b = quadratic(20, lowest=1e-3)

    def fun(x):
        return x @ a @ x / 2 - b @ x + (x**4).sum() / 100

    theirs = optimize.minimize(
        lambda x: float(fun(torch.tensor(x))), np.zeros(20), method="BFGS", options={"gtol": 1e-6}
    )
    for descent in (BFGS(), SR1(), NewtonCG(), LBFGS()):
        assert np.allclose(minimize(fun, np.zeros(20), descent).x, theirs.x, atol=1e-4)


def test_the_result_reads_well():
    text = repr(minimize(lambda x: ((x - 1) ** 2).sum(), torch.zeros(1000)))
    assert text.splitlines()[0] == "Result"
    assert "success: True" in text
    assert max(map(len, text.splitlines())) < 330
