"""Checking gradients: right ones pass, wrong ones are named by component and by how much."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.functions import STATED, SURFACES
from ravine.minimize import check_gradient

from ..refused import check_refused


@pytest.mark.parametrize("known", [*SURFACES.values(), *STATED], ids=str)
def test_autograd_agrees_on_every_known_function(known):
    at = torch.tensor(known.start, dtype=torch.float64) + 0.01
    found = check_gradient(known, at)
    assert found.agrees, found
    x = at.requires_grad_()
    (exact,) = torch.autograd.grad(known(x), x)
    assert torch.allclose(found.gradient, exact)


def test_the_complex_step_is_exact():
    x = torch.tensor([0.3, 2.0], dtype=torch.float64)
    found = check_gradient(lambda x: (x.exp() * x.sin()).sum(), x)
    assert found.complex_step is not None
    assert (found.complex_step - x.exp() * (x.sin() + x.cos())).abs().max() < 1e-14
    assert (found.differences - found.complex_step).abs().max() < 1e-9
    assert "complex step" in found.message


def test_a_function_that_takes_no_complex_numbers_is_checked_by_differences():
    found = check_gradient(lambda x: torch.nn.functional.relu(x).sum(), [1.0, -2.0])
    assert found.complex_step is None
    assert found.agrees


def test_a_complex_step_that_means_nothing_is_not_believed():
    """abs of a complex number is its length, so the imaginary step shows no slope."""
    found = check_gradient(lambda x: x.abs().sum(), [1.0, -2.0])
    assert found.agrees
    assert "complex" not in found.message


@given(component=st.integers(0, 5), off=st.sampled_from([1e-6, -1e-3, 1.0, -100.0]))
def test_a_wrong_component_is_named_with_its_error(component, off):
    def gradient(x):
        wrong = torch.zeros_like(x["w"]).reshape(-1)
        wrong[component] = off
        return {"w": 3 * x["w"] ** 2 + wrong.reshape(2, 3)}

    w = torch.linspace(-1, 2, 6, dtype=torch.float64).reshape(2, 3)
    found = check_gradient(lambda x: (x["w"] ** 3).sum(), {"w": w}, gradient)
    assert not found.agrees
    assert found.component == f"x['w'][{component // 3}, {component % 3}]"
    assert found.error == pytest.approx(abs(off), rel=1e-4)
    assert found.component in repr(found)


def test_a_gradient_that_is_not_a_number_is_wrong():
    assert not check_gradient(lambda x: (x**2).sum(), [1.0], lambda x: x * torch.nan).agrees


def test_a_wrong_custom_function_is_found():
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * 2 * x**2

    found = check_gradient(lambda x: Cube.apply(x).sum(), [0.5, 2.0])
    assert not found.agrees
    assert "x[1] is 8, but should be 12 (off by 4)" in found.message


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def in_double_alone(x):
    assert x.dtype == torch.float64
    return (x**3).sum()


def without_complex(x):
    return (x**3).sum() * ([] if x.is_complex() else [1.0])[0]


def by_numpy(x):
    return float(np.sum(np.asarray(x, dtype=np.float64) ** 2))


RIGHT = {
    "rounded to float32": (lambda x: rosenbrock(x.float()), [-1.2, 1.0]),
    "rounded to float16": (lambda x: rosenbrock(x.half()), [-1.2, 1.0]),
    "beside the edge of a root": (lambda x: x.sqrt().sum(), [1e-5]),
    "closely beside it": (lambda x: x.sqrt().sum(), [1e-12, 1.0]),
    "beside the edge of a logarithm": (lambda x: x.log().sum(), [1e-4]),
    "beside a kink": (lambda x: x.abs().sum(), [1e-5]),
    "closely beside it ": (lambda x: x.abs().sum(), [-1e-12, 2.0]),
    "beside a kink, on its flat side": (lambda x: x.relu().sum(), [-1e-5, 1.0]),
    "rounded beside a pole": (lambda x: x.float().abs().log().sum(), [1e-8, 1e-6]),
    "of a million radians": (lambda x: (1e6 * x).sin().sum(), [0.3]),
    "in float64 alone": (in_double_alone, [1.0, 2.0]),
    "with an index that complex numbers miss": (without_complex, [1.0, 2.0]),
    "with a large constant": (lambda x: 1e6 + (x**2).sum(), [0.0, 1.0]),
    "flat to third order": (lambda x: (x**3).sum(), [0.0, 1e-3]),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_gradient_agrees_and_a_wrong_one_does_not(name: str):
    fun, x = RIGHT[name]
    assert check_gradient(fun, x).agrees is True
    true = torch.func.grad(fun)(torch.tensor(x, dtype=torch.float64))
    found = check_gradient(fun, x, lambda _: 0.5 * true + 0.3)
    assert found.agrees is False
    assert found.error == pytest.approx(abs(0.3 - 0.5 * float(true[int(found.component[2])])), rel=0.1)


def test_what_is_flat_everywhere_agrees_and_a_slope_beyond_both_sides_of_a_kink_is_wrong():
    assert check_gradient(lambda x: x.relu().sum(), [-20.0, -30.0]).agrees is True
    assert check_gradient(lambda x: 0 * x.sum(), [1.0]).agrees is True
    found = check_gradient(lambda x: x.relu().sum(), [0.0, 1.0], lambda _: torch.tensor([5.0, 1.0]))
    assert "x[0] is 5, but should be 0.5" in found.message


def test_arrays_and_gradients_of_ones_own_are_checked_without_a_warning():
    assert check_gradient(by_numpy, [1.0, 2.0], lambda x: 2 * x).agrees
    assert not check_gradient(by_numpy, [1.0, 2.0], lambda x: 3 * x).agrees
    assert check_gradient(lambda x: (x**3).sum(), [0.5, 1 / 3], lambda x: 3 * x.float() ** 2).agrees


def test_a_network_in_float32_is_checked_to_its_digits():
    luck = torch.Generator().manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    weights = {name: torch.randn(p.shape, generator=luck) for name, p in net.named_parameters()}
    examples = torch.randn(20, 3, generator=luck)

    def loss(p):
        return torch.func.functional_call(net, {k: v.float() for k, v in p.items()}, examples).square().mean()

    def wrong(p):
        found = torch.func.grad(loss)(p)
        return {**found, "2.bias": found["2.bias"] * 1.01}

    assert check_gradient(loss, weights).agrees
    found = check_gradient(loss, weights, wrong)
    assert (found.agrees, found.component) == (False, "x['2.bias'][0]")


@pytest.mark.parametrize(
    ("fun", "x"),
    [
        (lambda x: x.relu().sum(), [0.0, 1.0]),
        (lambda x: x.sqrt().sum(), [0.0]),
        (lambda x: rosenbrock(x.float()).double(), [-1.2, 1.0]),
    ],
    ids=["a kink", "an edge", "rounding inside"],
)
def test_what_cannot_be_told_is_not_called_wrong(fun, x):
    found = check_gradient(fun, x)
    assert found.agrees is None
    assert found.differences.isnan().any()
    assert f"it cannot be told whether the gradient is right: {found.component} is" in found.message
    assert "should be" not in found.message


def test_a_complex_step_that_repeats_a_mistake_is_not_believed():
    """With |x| held constant, the gradient and the imaginary step are half of what they should be, both."""
    found = check_gradient(lambda x: (x.abs().detach() * x).sum(), [1.0, 2.0])
    assert "x[1] is 2, but should be 4 (off by 2)" in found.message


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: check_gradient(lambda x: x.sum(), [1.0, math.nan]), "x must be finite, got nan at x[1]."),
        (lambda: check_gradient(lambda x: x.sum(), [math.inf]), "x must be finite, got inf at x[0]."),
        (lambda: check_gradient(lambda x: x.log().sum(), [-1.0]), "fun is nan at x = (−1): give a point where it is"),
        (lambda: check_gradient(lambda x: (x * 1e308).sum(), [1e5]), "fun is inf at x = (1e+05)"),
        (lambda: check_gradient(lambda x: x.sum(), "here"), "x must hold numbers, tensors or arrays, got 'here'."),
        (lambda: check_gradient(lambda x: x.sum(), [1.0], lambda x: 1j * x), "gradient must be real, got torch.com"),
    ],
)  # fmt: skip
def test_one_line_says_what_is_wrong(wrong, says: str):
    check_refused(wrong, says)


def test_a_gradient_that_is_small_because_large_terms_cancel_keeps_their_rounding():
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(50, n, generator=generator, dtype=torch.float64) for n in (5, 1))

    def fun(x):
        return (a @ x - 1e3 * b[:, 0]).square().sum()

    solution = torch.linalg.lstsq(a, 1e3 * b).solution[:, 0]
    assert check_gradient(fun, solution).agrees is True
    wrong = check_gradient(fun, solution, lambda x: 2 * a.T @ (a @ x - 1e3 * b[:, 0]) + 1e-3)
    assert wrong.agrees is False
