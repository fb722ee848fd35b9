"""Problems: every stated minimum to its last digits, the formulas in plain loops, and what is refused."""

import math
from math import cos, exp, pi, sin, sqrt

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import least_squares, rosen

from ravine.functions import (
    PROBLEMS,
    STATED,
    Biggs,
    Box,
    BrownDennis,
    ExtendedPowellSingular,
    ExtendedRosenbrock,
    Gaussian,
    HelicalValley,
    Penalty1,
    Penalty2,
    PowellBadlyScaled,
    Problem,
    Trigonometric,
    Watson,
    problem,
)
from ravine.functions.elementary import like

from ..refused import check_refused


def watson(x):
    n, r = len(x), []
    for i in range(1, 30):
        t = i / 29
        r.append(
            sum((j - 1) * x[j - 1] * t ** (j - 2) for j in range(2, n + 1))
            - sum(x[j - 1] * t ** (j - 1) for j in range(1, n + 1)) ** 2 - 1
        )  # fmt: skip
    return [*r, x[0], x[1] - x[0] ** 2 - 1]


def penalty2(x):
    n, a = len(x), sqrt(1e-5)
    y = [exp(i / 10) + exp((i - 1) / 10) for i in range(1, 2 * n + 1)]
    return [
        x[0] - 0.2,
        *(a * (exp(x[i - 1] / 10) + exp(x[i - 2] / 10) - y[i - 1]) for i in range(2, n + 1)),
        *(a * (exp(x[i - n] / 10) - exp(-1 / 10)) for i in range(n + 1, 2 * n)),
        sum((n - j + 1) * x[j - 1] ** 2 for j in range(1, n + 1)) - 1,
    ]


def powell(x):
    return [
        each
        for a, b, c, d in zip(x[::4], x[1::4], x[2::4], x[3::4], strict=True)
        for each in (a + 10 * b, sqrt(5) * (c - d), (b - 2 * c) ** 2, sqrt(10) * (a - d) ** 2)
    ]


def helical(x):
    turns = math.atan(x[1] / x[0]) / (2 * pi) + (0.5 if x[0] < 0 else 0)
    return [10 * (x[2] - 10 * turns), 10 * (math.hypot(x[0], x[1]) - 1), x[2]]


BELL = (0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989, 0.3521, 0.2420, 0.1295, 0.0540, 0.0175, 0.0044)

# The residuals as the paper prints them, in scalars and loops.
BY_HAND = {
    "powell_badly_scaled": lambda x: [1e4 * x[0] * x[1] - 1, exp(-x[0]) + exp(-x[1]) - 1.0001],
    "brown_badly_scaled": lambda x: [x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2],
    "helical_valley": helical,
    "gaussian": lambda x: [
        x[0] * exp(-x[1] * ((8 - i) / 2 - x[2]) ** 2 / 2) - y for i, y in enumerate((*BELL, BELL[0]), start=1)
    ],
    "box": lambda x: [
        exp(-i / 10 * x[0]) - exp(-i / 10 * x[1]) - x[2] * (exp(-i / 10) - exp(-i)) for i in range(1, 11)
    ],
    "wood": lambda x: [
        10 * (x[1] - x[0] ** 2), 1 - x[0], sqrt(90) * (x[3] - x[2] ** 2), 1 - x[2],
        sqrt(10) * (x[1] + x[3] - 2), (x[1] - x[3]) / sqrt(10),
    ],
    "brown_dennis": lambda x: [
        (x[0] + t * x[1] - exp(t)) ** 2 + (x[2] + x[3] * sin(t) - cos(t)) ** 2 for t in (i / 5 for i in range(1, 21))
    ],
    "biggs": lambda x: [
        x[2] * exp(-t * x[0]) - x[3] * exp(-t * x[1]) + x[5] * exp(-t * x[4])
        - (exp(-t) - 5 * exp(-10 * t) + 3 * exp(-4 * t))
        for t in (i / 10 for i in range(1, 14))
    ],
    "watson": watson,
    "extended_rosenbrock": lambda x: [
        each for a, b in zip(x[::2], x[1::2], strict=True) for each in (10 * (b - a**2), 1 - a)
    ],
    "extended_powell_singular": powell,
    "penalty_1": lambda x: [*(sqrt(1e-5) * (a - 1) for a in x), sum(a * a for a in x) - 0.25],
    "penalty_2": penalty2,
    "trigonometric": lambda x: [
        len(x) - sum(map(cos, x)) + i * (1 - cos(a)) - sin(a) for i, a in enumerate(x, start=1)
    ],
}  # fmt: skip

# What others worked out, and to how many digits that is the minimum: theirs are sums in float64.
STATED_BY_OTHERS = {
    Gaussian(): (1.12793276961912e-08, 1e-12), BrownDennis(): (85822.20162635634, 1e-15),
    Watson(n=6): (0.0022876700535523838, 3e-14), Watson(n=9): (1.399760138096796e-06, 2e-12),
    Watson(n=12): (4.72238e-10, 1e-6), Penalty1(n=4): (2.2499775008999372e-05, 1e-15),
    Penalty1(n=10): (7.087651467090369e-05, 1e-15), Penalty2(n=4): (9.376293007355449e-06, 1e-15),
    Penalty2(n=10): (0.00029366053745674594, 1e-15),
}  # fmt: skip
LOCAL_BY_OTHERS = {Biggs(): (0.005655649925499929, 1e-15), Trigonometric(n=10): (2.795056121876575e-05, 2e-12)}

# How far rounding alone moves a minimum, where that is more than an ulp: 1.0001 is no number of base two, nor are the
# powers of i/29, whose sums decide the flattest directions of Watson's valley.
MOVED = {PowellBadlyScaled(): 2e-14, Watson(n=6): 1e-14, Watson(n=9): 1e-12, Watson(n=12): 1e-9}

KNOWN = [*STATED, Watson(n=12), ExtendedRosenbrock(n=2), Trigonometric(n=3)]


def hessians(each: Problem, x: np.ndarray) -> np.ndarray:
    return torch.func.vmap(torch.func.jacrev(torch.func.jacrev(each)))(torch.tensor(x)).numpy()


def extended_gradient(each: Problem, x: np.ndarray) -> np.ndarray:
    """The gradient to 18 digits, by a complex step through the very formula in extended precision."""
    step = np.longdouble(1e-40)
    return each(x[..., None, :].astype(np.clongdouble) + 1j * step * np.eye(each.dimensions)).imag / step


@pytest.mark.parametrize("each", [each for each in KNOWN if not isinstance(each, HelicalValley)], ids=repr)
def test_newton_in_extended_precision_ends_on_every_digit_stated(each: Problem):
    stated = np.array([point.x for point in each.minima])
    curved = np.linalg.eigvalsh(hessians(each, stated))[:, 0] > 1e-12
    x = stated[curved].astype(np.longdouble)
    scale = np.where(x == 0, 1e-3, x)
    x = x + 1e-6 * scale * np.random.default_rng(0).standard_normal(x.shape)
    for _ in range(12):
        h = hessians(each, x.astype(float))
        x = x - np.linalg.solve(h, extended_gradient(each, x).astype(float)[..., None])[..., 0]
    assert (np.abs(x - stated[curved]) <= np.abs(scale) * MOVED.get(each, 2.5e-16)).all()
    values = [point.value for point in each.minima]
    np.testing.assert_allclose(each(stated.astype(np.longdouble)).astype(float), values, rtol=2e-9, atol=1e-26)
    assert values == sorted(values)
    # Where the Hessian has no full rank there is no digit to hold, but the gradient vanishes all the same.
    assert np.abs(extended_gradient(each, stated[~curved].astype(np.longdouble))).max(initial=0) < 1e-15


def test_the_flat_minima_are_minima():
    rings = np.random.default_rng(0).standard_normal((2000, 1))
    box = np.concatenate([rings, rings, 0 * rings], -1)
    assert Box()(box).max() < 1e-28
    assert HelicalValley().minima[0].value == HelicalValley()([1.0, 0.0, 0.0]) == 0
    local = np.array(Biggs().minima[-1].x)
    slide = local + np.linspace(-2, 2, 5)[:, None] * [0, 0, 1, 0, 0, -1]
    np.testing.assert_allclose(Biggs()(slide), Biggs().minima[-1].value, rtol=1e-12)
    assert np.linalg.eigvalsh(hessians(Biggs(), slide)).min() > -1e-12
    assert np.linalg.eigvalsh(hessians(Biggs(), (local - [0, 0, 3.5, 0, 0, -3.5])[None])).min() < -1e-3  # same signs
    assert np.linalg.matrix_rank(hessians(ExtendedPowellSingular(), np.zeros((1, 4)))[0]) == 2


@pytest.mark.parametrize("each", STATED_BY_OTHERS, ids=repr)
def test_minima_are_those_of_the_literature(each: Problem):
    value, digits = STATED_BY_OTHERS[each]
    assert each.minima[0].value == pytest.approx(value, rel=digits, abs=0)


@pytest.mark.parametrize("each", LOCAL_BY_OTHERS, ids=repr)
def test_local_minima_are_those_of_the_literature(each: Problem):
    value, digits = LOCAL_BY_OTHERS[each]
    assert each.minima[0].value == 0
    assert each.minima[-1].value == pytest.approx(value, rel=digits, abs=0)


@pytest.mark.parametrize("each", STATED, ids=repr)
def test_every_other_stated_minimum_is_zero(each: Problem):
    assert each in STATED_BY_OTHERS or each.minima[0].value == 0


@given(st.sampled_from([*KNOWN, Watson(n=2), Penalty2(n=2), Penalty1(n=1)]), st.integers(0, 10**6))
def test_residuals_are_the_papers_for_numpy_and_torch(each: Problem, seed: int):
    x = np.array(each.start) + np.random.default_rng(seed).normal(size=each.dimensions)
    by_hand = np.array(BY_HAND[each.name](x.tolist()))
    ours = each.residuals(x)
    np.testing.assert_allclose(np.sort(ours), np.sort(by_hand), rtol=1e-11, atol=1e-11 * (1 + np.abs(by_hand).max()))
    np.testing.assert_allclose(each(x), np.sum(by_hand**2), rtol=1e-10)
    points = torch.tensor(np.stack([x, np.array(each.start)]))
    np.testing.assert_allclose(each(points).numpy(), [each(x), each(each.start)], rtol=1e-12)
    np.testing.assert_allclose(each.residuals(points)[0].numpy(), ours, rtol=1e-12, atol=1e-12 * np.abs(ours).max())


@pytest.mark.parametrize("each", STATED, ids=repr)
def test_shapes_dtypes_and_transforms(each: Problem):
    start = torch.tensor(each.start, dtype=torch.float64)
    m = len(each.residuals(start))
    assert m >= each.dimensions
    for dtype in (torch.float64, torch.float32, torch.bfloat16):
        points = start.to(dtype).expand(3, 2, -1)
        assert (each.residuals(points).dtype, each.residuals(points).shape) == (dtype, (3, 2, m))
        assert (each(points).dtype, each(points).shape) == (dtype, (3, 2))
    for kind in (np.float64, np.float32):
        points = np.tile(start.numpy().astype(kind), (3, 2, 1))
        assert (each.residuals(points).dtype, each.residuals(points).shape) == (kind, (3, 2, m))
    jacobian = torch.func.vmap(torch.func.jacrev(each.residuals))(start[None])[0]
    gradient = torch.autograd.grad(each(start.requires_grad_()), start)[0]
    torch.testing.assert_close(gradient, 2 * jacobian.T @ each.residuals(start), rtol=1e-12, atol=1e-12)
    x, h = start.detach().numpy(), 1e-6
    slopes = [(each.residuals(x + h * e) - each.residuals(x - h * e)) / (2 * h) for e in np.eye(each.dimensions)]
    size = np.abs(jacobian.detach().numpy()).max() + 1
    np.testing.assert_allclose(jacobian.detach().numpy().T, slopes, rtol=1e-5, atol=1e-7 * size)


def test_rosenbrocks_valley_is_scipys():
    x = np.random.default_rng(0).normal(size=2)
    assert ExtendedRosenbrock(n=2)(x) == pytest.approx(rosen(x), rel=1e-13)


@pytest.mark.parametrize("name", ["wood", "helical_valley", "biggs", "penalty_2"])
def test_scipy_finds_a_stated_minimum(name: str):
    each = PROBLEMS[name]
    found = least_squares(each.residuals, each.start, method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    assert min(abs(2 * found.cost - point.value) for point in each.minima) < 1e-14


def test_whole_numbers_are_worked_out_in_float64():
    found = problem("wood")(torch.tensor([200, 1, 2, 1], dtype=torch.uint8))
    assert found.dtype == torch.float64
    assert found == problem("wood")([200.0, 1.0, 2.0, 1.0])


def test_an_overflow_is_infinite_and_warns_of_nothing():
    assert problem("wood")([1e200, 0.0, 0.0, 0.0]) == math.inf
    assert problem("biggs")([-1e6, 0.0, 1.0, 0.0, 0.0, 0.0]) == math.inf


class Line(Problem):
    start = (0.0, 0.0)

    def _residuals(self, x):
        return x[..., :1] + like(x, [0.0, 1.0]) * x[..., 1:] - like(x, [1.0, 3.0])


def test_a_problem_of_ones_own():
    assert (Line().name, Line().title, Line().minima) == ("line", "Line", ())
    assert Line()([0.0, 0.0]) == 10


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: problem("watsen"), "no problem is called 'watsen'. Did you mean 'watson'? There are powell_badly_"),
        (lambda: problem(None), "problem(None): give a name. There are powell_badly_scaled, "),
        (lambda: problem("watson", m=3), "watson has no field 'm'. It has n."),
        (lambda: Watson(n=1), "Watson(n=1): n must be in [2, 31], got 1"),
        (lambda: Watson(n=32), "n must be in [2, 31], got 32"),
        (lambda: ExtendedRosenbrock(n=3), "ExtendedRosenbrock(n=3): n must be a multiple of 2, got 3; try n=4."),
        (lambda: problem("extended_powell_singular", n=6), "n must be a multiple of 4, got 6; try n=8."),
        (lambda: Penalty1(n=0), "Penalty1(n=0): n must be at least 1, got 0"),
        (lambda: Penalty2(n=2.0), "n must be a whole number, got 2.0"),
        (lambda: Box()([1.0, 2.0]), "Box(): a point has 3 coordinates, got 2; give points of shape [..., 3]."),
        (lambda: Box()(["a", "b", "c"]), "Box(): a point is made of numbers, got ['a', 'b', 'c']; give"),
        (lambda: Box().residuals(torch.ones(5, 4)), "a point has 3 coordinates, got 4"),
        (
            type("Empty", (Problem,), {}),
            "Empty is no whole problem: it needs a start and a method _residuals(self, x).",
        ),
    ],
)
def test_one_line_says_what_is_wrong(wrong, says: str):
    check_refused(wrong, says)


@pytest.mark.parametrize("each", STATED, ids=repr)
def test_its_name_finds_it(each: Problem):
    assert type(problem(each.name)) is type(problem(each.name.replace("_", " ").title())) is type(each)
    assert problem(each.name, **({"n": each.n} if hasattr(each, "n") else {})) == each
