"""What goes wrong: a user's mistake is one line, a method's failure is a result with a sentence, and nothing is NaN."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ravine.errors import RavineError
from ravine.minimize import (
    LBFGS,
    Backtracking,
    Fixed,
    GaussNewton,
    GradientDescent,
    HagerZhang,
    LevenbergMarquardt,
    Newton,
    StrongWolfe,
    TrustRegion,
    minimize,
)
from ravine.minimize.state import place

from .cases import EVERY, ROSENBROCK, SQUARES

START = [-1.2, 1.0]
OTHER = torch.ones(2, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"method": "lbgfs"}, r"There is no method 'lbgfs'\. Did you mean 'lbfgs'\?"),
        ({"search": "strongwolf"}, "There is no search 'strongwolf'. Did you mean 'strong_wolfe'?"),
        ({"method": LBFGS}, r"Write LBFGS\(\.\.\.\)"),
        ({"method": "LBFGS(histori=3)"}, "Did you mean 'history'"),
        ({"search": "trust_region"}, r"LBFGS\(\) gives a direction and no model to trust, so .* TrustRegion\(\)"),
        ({"fun": lambda x: x, "method": LevenbergMarquardt(), "search": Backtracking()}, "sets its step by a trust"),
        ({"fun": lambda x: x}, r"fun must return one number, got a tensor of shape \[2\] at x = \(−1\.2, 1\)"),
        ({"fun": lambda x: None}, "fun must return one number, got None"),  # noqa: ARG005
        ({"fun": lambda x: 3.0}, "returned 3 at .* without a trace of x, so it has no gradient"),  # noqa: ARG005
        ({"fun": lambda x: torch.ones(())}, "returned 1 at .* without a trace"),  # noqa: ARG005
        ({"fun": lambda x: x.sum().detach()}, "without a trace of x"),
        ({"fun": lambda x: np.sin(x).sum()}, "fun uses NumPy, .*: compute with PyTorch's functions, or give gradient="),
        ({"fun": np.sin, "method": "gauss_newton"}, r"fun uses NumPy, .*: compute with PyTorch's functions\."),
        ({"fun": lambda x: OTHER.sum()}, "returned 2 at .* without a trace of x"),  # noqa: ARG005
        ({"fun": lambda x: OTHER**2, "method": "gauss_newton"}, "residuals without a trace of x at"),  # noqa: ARG005
        ({"fun": lambda x: x.sum() * math.nan}, "The function is nan at the start, x = "),
        ({"fun": lambda x: x.sum() / 0}, "The function is -?inf at the start"),
        ({"fun": lambda x: (x + 1.2).sqrt().sum()}, "The gradient is inf at the start"),
        ({"method": "levenberg_marquardt"}, "must return a vector of residuals for .* got the number 24.2"),
        ({"fun": lambda x: x * 1j, "method": "gauss_newton"}, r"residuals .* got a complex tensor of shape \[2\]"),
        ({"fun": lambda x: x[:0], "method": "gauss_newton"}, r"vector of residuals .* got a tensor of shape \[0\]"),
        ({"fun": lambda x: np.eye(2)}, r"one number, got array\(\[\[1\., 0\.\], \[0\., 1\.\]\]\) at"),  # noqa: ARG005
        ({"method": "gauss_newton", "gradient": lambda x: x}, "gradient= has no use"),
        ({"gradient": lambda x: x[:1]}, r"The gradient must have the shapes of x0, \[\[2\]\], got \[\[1\]\]"),
        ({"gradient": lambda x: None}, "gradient must hold numbers, tensors or arrays, got None"),  # noqa: ARG005
        ({"gradient": lambda x: "a"}, "gradient must hold numbers, tensors or arrays, got 'a'"),  # noqa: ARG005
        ({"gradient": lambda x: x.to_sparse()}, "gradient must hold dense tensors, got .* give its to_dense"),
        ({"gradient": lambda x: 0 * x * 1j}, "gradient must be real"),
        ({"gradient": lambda x: {"a": x}}, "gradient must have the shapes of x0"),
        ({"gradient": 3}, r"minimize\(gradient=3\): gradient must be a function\."),
        ({"callback": 3}, r"minimize\(callback=3\): callback must be a function\."),
        ({"fun": None}, r"minimize\(fun=None\): fun must be a function\."),
        ({"fun": np.eye(2)}, r"minimize\(fun=array\(.*\): fun must be a function\."),
        ({"x0": []}, "holds no numbers"),
        ({"x0": "here"}, "must hold numbers, tensors or arrays, got 'here'"),
        ({"x0": torch.ones(2, dtype=torch.complex64)}, "must be real"),
        ({"x0": [1j, 2.0]}, "must be real"),
        ({"x0": np.ones(2, dtype=complex)}, "must be real"),
        ({"x0": [None, 1.0]}, "must hold numbers, tensors or arrays, got None"),
        ({"x0": np.array(["1", "2"])}, r"must hold numbers, tensors or arrays, got array\(\['1', '2'\]"),
        ({"x0": [[1.0, 2.0], [3.0]]}, "must hold numbers, tensors or arrays, got .* rows must be of equal lengths"),
        ({"x0": torch.ones(2).to_sparse()}, r"must hold dense tensors, got one of torch\.sparse_coo"),
        ({"x0": torch.ones(2, device="meta")}, "must hold numbers, got tensors on the meta device"),
        ({"x0": [torch.ones(2, device="meta"), torch.ones(2)]}, "must lie on one device, got tensors on cpu and meta"),
        ({"x0": [1.0, math.nan]}, r"x0 must be finite in torch.float64, got nan at x\[1\]"),
        ({"x0": {"a": np.array([[1.0, -math.inf]])}}, r"x0 must be finite .* got -inf at x\['a'\]\[0, 1\]"),
        ({"x0": [1e300], "dtype": torch.float32}, r"x0 must be finite in torch.float32, got inf at x\[0\]"),
        ({"dtype": torch.float16}, "dtype must be"),
        ({"tolerance": -1.0}, "tolerance must be"),
        ({"tolerance": math.nan}, "tolerance must be"),
        ({"tolerance": math.inf}, "tolerance must be a finite number"),
        ({"tolerance": True}, "tolerance must be"),
        ({"steps": True}, "steps must be a whole number"),
        ({"steps": 1.5}, "steps must be a whole number"),
        ({"evaluations": 0}, "evaluations must be a number, at least 1"),
        ({"evaluations": None}, "evaluations must be a number, at least 1"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(given, line):
    with pytest.raises(RavineError, match=line) as told:
        minimize(**{"fun": ROSENBROCK, "x0": START} | given)
    assert "\n" not in str(told.value)


def distance(x):
    """As PyTorch has it, with a gradient and no second derivative."""
    return torch.nn.functional.pdist(x[:, None])


@pytest.mark.parametrize(
    ("method", "fun"),
    [
        ("newton", lambda x: distance(x).sum()),
        ("newton_cg", lambda x: distance(x).sum()),
        ("levenberg_marquardt", lambda x: distance(x).expand(3)),  # more than parameters: its Jacobian by columns
    ],
)
def test_a_function_without_second_derivatives_is_one_line(method, fun):
    line = r"fun cannot be differentiated twice at x = \(−1\.2, 1\): the derivative for .* Methods such as 'lbfgs'"
    with pytest.raises(RavineError, match=line) as told:
        minimize(fun, START, method)
    assert "\n" not in str(told.value)
    assert minimize(lambda x: distance(x).square().sum(), START).success


def flipped(x):
    """The gradient with the wrong sign, which is what a slip in a derivation gives."""
    (gradient,) = torch.autograd.grad(ROSENBROCK(y := x.detach().requires_grad_()), y)
    return -gradient


@pytest.mark.parametrize("descent", EVERY, ids=str)
@pytest.mark.parametrize("search", [None, Backtracking(), HagerZhang(), StrongWolfe()], ids=str)
def test_a_wrong_gradient_is_suspected_and_moves_nothing(descent, search):
    result = minimize(ROSENBROCK, START, descent, search, gradient=flipped)
    assert not result.success
    assert "found no descent: the gradient may be wrong at x = (−1.2, 1)" in result.message
    assert result.x == START
    assert result.fun == pytest.approx(24.2)


@pytest.mark.parametrize("descent", EVERY, ids=str)
def test_a_function_that_falls_without_end_is_no_success(descent):
    for fun in (lambda x: x.sum(), lambda x: -(x**2).sum(), lambda x: x.log().sum(), lambda x: -x.exp().sum()):
        result = minimize(fun, [1.2, 1.0], descent, steps=2000)
        assert not result.success
        assert math.isfinite(result.fun)
        assert np.isfinite(result.x).all()
        assert result.message.split(" ")[0] in ("curvature", "not", "budget", "trust", "line")


def test_the_sentences_say_which():
    assert minimize(lambda x: x.sum(), START).message.startswith("curvature condition failed")
    assert minimize(lambda x: x.log().sum(), [1.2, 1.0]).message.startswith("not finite")
    assert minimize(ROSENBROCK, START, evaluations=5).message == "budget spent: 5 of 5 evaluations."


def test_a_place_that_is_not_finite_is_written_in_words():
    assert place(torch.tensor([math.nan, 2, math.inf, -math.inf, 5])) == "x = (nan, 2, inf, −inf, ...)"


def test_a_hole_in_the_function_is_stepped_around():
    """It is NaN for x > 0.5, where the first step would go."""
    result = minimize(lambda x: ((x - 0.4) ** 2 / (x < 0.5)).sum() + 0 * (0.5 - x).sqrt().sum(), [-3.0])
    assert result.success
    assert result.x[0] == pytest.approx(0.4)


def test_a_start_at_the_minimum_is_converged_at_once():
    result = minimize(ROSENBROCK, [1.0, 1.0])
    assert (result.nit, result.nfev, result.success) == (0, 1, True)


@pytest.mark.parametrize("offset", [1e3, 1e8])
@pytest.mark.parametrize("descent", EVERY[:-1], ids=str)
def test_rounding_is_told_where_the_gradient_cannot_vanish(descent, offset):
    result = minimize(lambda x: offset + ROSENBROCK(x) / 1e-3, START, descent, tolerance=0.0)
    assert result.success, result
    assert "rounding" in result.message or "converged" in result.message
    assert np.allclose(result.x, 1, atol=1e-2)


def test_a_fixed_rate_goes_on_until_nothing_is_finite_and_is_no_success():
    result = minimize(lambda x: (x**2).sum(), [1.0], GradientDescent(), Fixed(1.5))
    assert not result.success
    assert result.message.startswith("not finite after a step")
    creeping = minimize(lambda x: (x**2).sum(), [1.0], GradientDescent(), Fixed(1e-20), steps=50)
    assert (creeping.success, creeping.message) == (False, "budget spent: 50 steps.")
    converging = minimize(lambda x: (x**2).sum(), [1.0], GradientDescent(), Fixed(0.25))
    assert converging.success
    assert converging.nit == 28  # each step halves x, until 2 |x| <= 1e-8


@settings(max_examples=30)
@given(
    start=st.lists(st.floats(-5, 5), min_size=2, max_size=2),
    descent=st.sampled_from(EVERY),
    bad=st.floats(-4, 4),
)
def test_whatever_the_function_does_x_is_finite_and_never_above_the_start(start, descent, bad):
    def fun(x):
        value = ROSENBROCK(x)
        return value * math.nan if x[0] > bad >= start[0] else value

    result = minimize(fun, start, descent, evaluations=300)
    assert np.isfinite(result.x).all()
    assert result.fun <= float(fun(torch.tensor(start, dtype=torch.float64))) * (1 + 1e-9)
    assert result.fun == pytest.approx(float(fun(torch.tensor(result.x, dtype=torch.float64))))


def test_gauss_newton_says_where_it_leads_nowhere():
    result = minimize(lambda x: torch.stack([x[0] + 1, 0.1 * x[0] ** 2 + x[0] - 1]), [0.0], GaussNewton())
    assert result.success
    assert result.grad[0] == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("method", SQUARES, ids=str)
def test_residuals_that_turn_nan_are_a_sentence(method):
    """They are finite where the method asks for their squares, and not where it asks for their Jacobian."""
    calls = []

    def fun(x):
        calls.append(x)
        return x**2 - (3.0 if len(calls) == 1 else math.nan)

    result = minimize(fun, START, method)
    assert (result.success, result.x) == (False, START)
    assert result.message.startswith("not finite in its derivatives")


def test_residuals_whose_slopes_overflow_when_cubed_are_made_small():
    result = minimize(lambda x: 1e60 * (x**2 - 1), [5.0, 5.0], LevenbergMarquardt(scaled=False))
    assert result.success
    assert result.x == [1, 1]


def test_a_region_that_is_not_finite_is_left_by_a_smaller_radius():
    result = minimize(lambda x: (x - x.log()).sum(), [0.01, 30.0], Newton(), TrustRegion(radius=100.0))
    assert result.success
    assert result.x == pytest.approx([1, 1])
