"""Searches along a line: what they accept, on functions that were made to be hard for them."""

import math

import pytest
import torch

from ravine.errors import RavineError
from ravine.minimize import Backtracking, Fixed, FunctionObjective, HagerZhang, Line, Point, Sample, StrongWolfe


def steep(x):
    """Moré & Thuente's first function, with beta = 2."""
    return -x / (x**2 + 2)


def narrow(x):
    """Their second, with beta = 0.004."""
    return (x + 0.004) ** 5 - 2 * (x + 0.004) ** 4


def wavy(x):
    """Their third, with beta = 0.01 and l = 39."""
    b, waves = 0.01, 39
    f = torch.where(x <= 1 - b, 1 - x, torch.where(x >= 1 + b, x - 1, (x - 1) ** 2 / (2 * b) + b / 2))
    return f + 2 * (1 - b) / (waves * math.pi) * torch.sin(waves * math.pi / 2 * x)


def bent(b1, b2):
    """Their fourth to sixth."""

    def gamma(b):
        return (1 + b**2) ** 0.5 - b

    return lambda x: gamma(b1) * ((1 - x) ** 2 + b2**2).sqrt() + gamma(b2) * (x**2 + b1**2).sqrt()


FUNCTIONS = {
    "steep": steep, "narrow": narrow, "wavy": wavy, "4": bent(1e-3, 1e-3), "5": bent(1e-2, 1e-3), "6": bent(1e-3, 1e-2),
}  # fmt: skip


def along(fun, at: float = 0.0) -> Line:
    objective = FunctionObjective(lambda x: fun(x[0]))
    x = torch.tensor([at], dtype=torch.float64)
    point = Point(x, *objective.value_and_gradient(x))
    return Line(objective, point, torch.ones(1, dtype=torch.float64))


@pytest.mark.parametrize("first", [1e-3, 1e-1, 1e1, 1e3])
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("curvature", [0.001, 0.1, 0.9])
def test_strong_wolfe_meets_both_conditions(name, first, curvature):
    line = along(FUNCTIONS[name])
    found = StrongWolfe(decrease=1e-4, curvature=curvature).find(line, first)
    assert isinstance(found, Sample)
    assert found.value <= line.start.value + 1e-4 * found.alpha * line.start.slope
    assert abs(found.slope) <= curvature * abs(line.start.slope)
    assert line.objective.counts.nfev <= 25


@pytest.mark.parametrize("first", [1e-3, 1e-1, 1e1, 1e3])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_hager_zhang_meets_the_conditions_or_the_approximate_ones(name, first):
    line = along(FUNCTIONS[name])
    found = HagerZhang().find(line, first)
    assert isinstance(found, Sample)
    enough = found.value <= line.start.value + 0.1 * found.alpha * line.start.slope
    assert enough or (found.value < line.start.value and found.slope <= -0.8 * line.start.slope)
    assert found.slope >= 0.9 * line.start.slope
    assert line.objective.counts.nfev <= 25


@pytest.mark.parametrize("first", [1e-3, 1e-1, 1e1, 1e3])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_backtracking_takes_the_first_that_falls_enough(name, first):
    line = along(FUNCTIONS[name])
    found = Backtracking(decrease=1e-4).find(line, first)
    assert isinstance(found, Sample)
    assert found.value <= line.start.value + 1e-4 * found.alpha * line.start.slope
    assert found.alpha <= first


def test_backtracking_shrinks_within_its_bounds():
    seen = []

    def fun(x):
        seen.append(float(x.detach()))
        return (x - 1e-3) ** 2

    Backtracking(shrink=0.5, shortest=0.1).find(along(fun), 1.0)
    tried = torch.tensor(seen[1:])
    shares = tried[1:] / tried[:-1]
    assert len(shares) >= 2
    assert ((shares >= 0.1 - 1e-6) & (shares <= 0.5 + 1e-6)).all()


@pytest.mark.parametrize("search", [StrongWolfe(), HagerZhang(), Backtracking()])
def test_they_come_back_from_where_nothing_is_finite(search):
    line = along(lambda x: -x - torch.log(1 - x), at=-0.5)
    found = search.find(line, 100.0)
    assert isinstance(found, Sample)
    assert found.finite
    assert found.value < line.start.value


@pytest.mark.parametrize("search", [StrongWolfe(), HagerZhang()])
def test_a_fall_without_end_is_told(search):
    assert "curvature condition failed" in search.find(along(lambda x: -x), 1.0)


@pytest.mark.parametrize("search", [StrongWolfe(), HagerZhang(), Backtracking()])
def test_near_a_minimum_slopes_decide_where_values_are_noise(search):
    """With 1 added, values of (x - 1)^2 this near are equal to the last digit: they show no fall, slopes do."""
    line = along(lambda x: 1 + (x - 1) ** 2, at=1 - 1e-9)
    found = search.find(line, 1e-9)
    assert isinstance(found, Sample)
    assert abs(found.slope) < 0.5 * abs(line.start.slope)


@pytest.mark.parametrize("search", [StrongWolfe(), HagerZhang(), Backtracking()])
def test_a_wrong_slope_is_never_taken_for_a_fall(search):
    line = along(lambda x: 1 + (x - 1) ** 2, at=3.0)  # it rises; the slope is said to be the opposite
    line.start = line.start._replace(slope=-line.start.slope)
    assert "no descent" in search.find(line, 1.0)


def test_fixed_goes_anywhere():
    found = Fixed(0.5).find(along(lambda x: x**2, at=1.0), 1.0)
    assert isinstance(found, Sample)
    assert float(found.point.x) == 1.5


def test_bounds_that_contradict_each_other_are_refused():
    with pytest.raises(RavineError, match="decrease must be below curvature"):
        StrongWolfe(decrease=0.4, curvature=0.3)
