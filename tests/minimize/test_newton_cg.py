"""Newton-CG: the path of conjugate gradients inside a radius, and memory that grows with the parameters alone."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ravine.minimize import FunctionObjective, NewtonCG, minimize
from ravine.minimize.newton_cg import KrylovModel

from .cases import quadratic


class Largest(TorchDispatchMode):
    """Notes the largest tensor that any operation makes."""

    def __init__(self):
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for each in tree_leaves(out):
            if isinstance(each, torch.Tensor):
                self.elements = max(self.elements, each.numel())
        return out


def chain(x):
    """A chain of coupled valleys; its Hessian has n^2 entries, but products with it cost as much as a gradient."""
    return ((x[1:] - x[:-1] ** 2) ** 2).sum() + ((1 - x) ** 2).sum()


@pytest.mark.parametrize(("method", "largest"), [("newton_cg", 20_000), ("lbfgs", 2 * 100 * 20_000)])
def test_memory_grows_with_the_parameters_not_with_their_square(method, largest):
    n = 20_000
    with Largest() as seen:
        result = minimize(chain, torch.full((n,), 0.5), method, tolerance=1e-6)
    assert result.success
    assert seen.elements <= largest  # a dense Hessian would have 400 million elements, 3.2 GB


def test_its_path_is_short():
    """What is kept is one position and one direction per product; a problem of this size asks for few."""
    objective = FunctionObjective(chain)
    x = torch.full((1000,), 0.5, dtype=torch.float64)
    model = NewtonCG(products=5).model(objective, point_at(objective, x), {})
    model.within(1e6)
    assert isinstance(model, KrylovModel)
    assert len(model.legs) <= 5


def point_at(objective, x):
    from ravine.minimize import Point

    return Point(x, *objective.value_and_gradient(x))


def model_of(a, g, enough=1e-12):
    calls = []

    def product(v):
        calls.append(v)
        return a @ v

    return KrylovModel(g, product, enough, 100), calls


def test_without_a_bound_it_ends_at_the_minimum():
    a, b = quadratic(8)
    found = model_of(a, b)[0].within(1e9)
    exact = -torch.linalg.solve(a, b)
    assert (found.step - exact).norm() < 1e-9
    assert found.predicted == pytest.approx(float(b @ torch.linalg.solve(a, b)) / 2)


@given(radius=st.floats(1e-3, 3.0), seed=st.integers(0, 20), lowest=st.floats(-3, 1))
def test_it_stays_inside_and_predicts_what_the_model_says(radius, seed, lowest):
    a, g = quadratic(6, seed, lowest)
    found = model_of(a, g)[0].within(radius)
    assert found.length <= radius * (1 + 1e-9)
    assert found.length == pytest.approx(float(found.step.norm()))
    assert found.predicted == pytest.approx(-float(g @ found.step + found.step @ a @ found.step / 2), rel=1e-8)
    straight = min(radius / float(g.norm()), float(g @ g) / max(float(g @ a @ g), 1e-300))
    if float(g @ a @ g) <= 0:
        straight = radius / float(g.norm())
    cauchy = straight * float(g @ g) - straight**2 * float(g @ a @ g) / 2
    assert found.predicted >= cauchy * (1 - 1e-9)


def test_negative_curvature_is_followed_to_the_radius():
    a, g = quadratic(6, lowest=-5.0)
    found = model_of(a, g)[0].within(50.0)
    assert found.length == pytest.approx(50.0)
    assert float(found.step @ a @ found.step) < 0


def test_a_shorter_radius_costs_no_new_product():
    a, g = quadratic(8)
    model, calls = model_of(a, g)
    model.within(1.0)
    asked = len(calls)
    shorter = model.within(0.1)
    assert len(calls) == asked
    assert (shorter.step - model_of(a, g)[0].within(0.1).step).norm() < 1e-14


def test_products_are_counted():
    a, b = quadratic(5)
    result = minimize(lambda x: x @ a @ x / 2 - b @ x, torch.zeros(5), "newton_cg")
    assert result.success
    assert result.nhev > 0
    assert result.evaluations == result.nfev + result.nit + 1 + 2 * result.nhev  # 1 for the last look, at the minimum
