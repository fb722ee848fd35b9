"""Checking gradients: right ones pass, wrong ones are named by component and by how much."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.functions import STATED, SURFACES
from ravine.minimize import check_gradient


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
