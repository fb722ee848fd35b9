"""Every method on functions whose minima are known."""

import pytest
import torch

from ravine.functions import STATED, SURFACES, Surface
from ravine.minimize import LevenbergMarquardt, minimize

from .cases import EASY, EXACT, OTHERS, SQUARES, reached

WITH_MINIMA = [known for known in SURFACES.values() if known.minima and known.name != "ackley"]  # its minimum is a tip


def found(known, descent, search=None):
    fun = known.residuals if descent.needs == "residuals" else known
    return minimize(fun, torch.tensor(known.start), descent, search, tolerance=1e-10, steps=2000)


@pytest.mark.parametrize("known", EASY, ids=lambda known: known.name)
@pytest.mark.parametrize("pair", EXACT, ids=str)
def test_what_should_converge_does(known, pair):
    result = found(known, *pair)
    assert reached(known, result.fun), result
    assert result.success, result
    assert torch.as_tensor(result.grad).abs().max() < 1e-9


@pytest.mark.parametrize("known", EASY[:3], ids=lambda known: known.name)
@pytest.mark.parametrize("pair", OTHERS, ids=str)
def test_parts_combine(known, pair):
    result = found(known, *pair)
    assert reached(known, result.fun), result
    assert result.success, result


@pytest.mark.parametrize("descent", SQUARES, ids=str)
def test_least_squares_reach_the_minimum(descent):
    for known in EASY[3:]:
        result = found(known, descent)
        assert reached(known, result.fun), result
        assert result.success, result


@pytest.mark.slow
@pytest.mark.parametrize("pair", [*EXACT, (LevenbergMarquardt(), None)], ids=str)
def test_every_stated_problem_is_solved(pair):
    assert [(known, value) for known in STATED if not reached(known, value := found(known, *pair).fun)] == []


@pytest.mark.slow
@pytest.mark.parametrize("pair", EXACT, ids=str)
def test_every_surface_ends_in_a_stated_minimum_or_another_one(pair):
    for known in WITH_MINIMA:
        start = torch.tensor(known.start, dtype=torch.float64) + 1e-6  # the strict saddle's leads right into it
        result = minimize(known, start, *pair, tolerance=1e-10, steps=2000)
        assert result.success, (known, result)
        assert reached(known, result.fun) or is_minimum(known, result.x), (known, result)


def is_minimum(known: Surface, x) -> bool:
    return bool((torch.linalg.eigvalsh(torch.as_tensor(known.hessian(x))) > 1e-6).all())
