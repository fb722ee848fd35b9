"""Surfaces: every stated point to its last digits, one formula for all kinds of numbers, and what is refused."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import rosen, rosen_der, rosen_hess

from ravine.engines.symbols import Symbol
from ravine.functions import (
    SURFACES,
    Ackley,
    DoubleWell,
    MonkeySaddle,
    OpeningValley,
    RareInputs,
    Rastrigin,
    Ravine,
    Rosenbrock,
    StyblinskiTang,
    Surface,
    surface,
)

from ..refused import check_refused

ALL = [*SURFACES.values(), Ravine(1000.0), Rastrigin(n=1), StyblinskiTang(n=1), Rastrigin(n=5), StyblinskiTang(n=4)]
SMOOTH_POINTS = [
    pytest.param(each, kind, id=f"{each!r}-{kind}")
    for each in ALL
    for kind in ("minima", "saddles", "maxima")
    if getattr(each, kind) and not isinstance(each, Ackley)
]
SIGNS = {"minima": lambda e: (e > 0).all(-1), "maxima": lambda e: (e < 0).all(-1)}
SIGNS["saddles"] = lambda e: (e > 0).any(-1) & (e < 0).any(-1)

# The digits of the literature, worked out by others in 30-digit arithmetic.
STATED = {
    "himmelblau": [
        (3, 2), (-2.805118086952745, 3.131312518250573), (-3.779310253377747, -3.283185991286169),
        (3.584428340330492, -1.848126526964404),
    ],
    "branin": [(-math.pi, 12.275), (math.pi, 2.275), (9.42477796076938, 2.475)],
    "goldstein_price": [(0, -1)], "beale": [(3, 0.5)], "rosenbrock": [(1, 1)], "ravine": [(0, 0)],
    "strict_saddle": [(0, 2**0.5), (0, -(2**0.5))], "ackley": [(0, 0)], "rastrigin": [(0, 0)],
    "styblinski_tang": [(-2.903534027771177,) * 2, (2.746802770990837,) * 2],
}  # fmt: skip
LOWEST = {
    "goldstein_price": 3.0,
    "branin": 10 / (8 * math.pi),
    "strict_saddle": -1.0,
    "styblinski_tang": -2 * 39.16616570377142,
}


def extended_gradient(each: Surface, x: np.ndarray) -> np.ndarray:
    """The gradient to 18 digits, by a complex step through the very formula in extended precision."""
    step = np.longdouble(1e-40)
    points = x[..., None, :].astype(np.clongdouble) + 1j * step * np.eye(each.dimensions)
    return each(points).imag / step


@pytest.mark.parametrize(("each", "kind"), SMOOTH_POINTS)
def test_newton_in_extended_precision_ends_on_every_digit_stated(each: Surface, kind: str):
    points = getattr(each, kind)
    stated = np.array([point.x for point in points])
    if isinstance(each, MonkeySaddle):  # no Newton step where the Hessian vanishes
        assert each.gradient(stated).tolist() == [[0, 0]]
        return
    hessians = each.hessian(stated)
    assert SIGNS[kind](np.linalg.eigvalsh(hessians)).all()
    x = stated.astype(np.longdouble) + 1e-5 * np.random.default_rng(0).standard_normal(stated.shape)
    for _ in range(8):
        h = each.hessian(x.astype(float))
        x = x - np.linalg.solve(h, extended_gradient(each, x).astype(float)[..., None])[..., 0]
    size = np.abs(stated).max(-1, keepdims=True)  # of the point: the formula's own constants are rounded to its digits
    ulps = 4 if isinstance(each, RareInputs) else 1  # its constants are sums over examples
    assert (np.abs(x - stated) <= ulps * np.spacing(np.maximum(size, 0.25))).all()
    np.testing.assert_allclose(each(x).astype(float), [point.value for point in points], rtol=3e-16, atol=3e-16)


@pytest.mark.parametrize("each", ALL, ids=repr)
def test_values_at_stated_points(each: Surface):
    for point in (*each.minima, *each.saddles, *each.maxima):
        assert each(point.x) == pytest.approx(point.value, rel=1e-14, abs=2e-14)
    values = [point.value for point in each.minima]
    assert values == sorted(values)


@pytest.mark.parametrize("name", STATED)
def test_minima_are_those_of_the_literature(name: str):
    ours = np.array([point.x for point in surface(name).minima])
    for x in STATED[name]:
        assert np.abs(ours - x).max(-1).min() <= 1e-15 * max(1, *map(abs, x))
    assert surface(name).minima[0].value == pytest.approx(LOWEST.get(name, 0.0), rel=1e-15, abs=0)


@pytest.mark.parametrize("each", [each for each in ALL if each.dimensions == 2], ids=repr)
def test_no_point_in_the_box_is_lower_than_the_lowest_minimum(each: Surface):
    if not each.minima:
        assert isinstance(each, MonkeySaddle)
        return
    axes = [np.linspace(low, high, 401) for low, high in each.box]
    grid = np.stack(np.meshgrid(*axes), -1)
    values = each(grid)
    assert values.min() >= each.minima[0].value - 1e-12
    assert (
        np.abs(grid[np.unravel_index(values.argmin(), values.shape)] - [p.x for p in each.minima]).max(-1).min() < 0.2
    )


@pytest.mark.parametrize("name", [name for name in SURFACES if name not in {"ackley", "monkey_saddle"}])
def test_newton_from_a_grid_finds_all_that_is_stated_and_nothing_else(name: str):
    each = SURFACES[name]
    axes = [np.linspace(low, high, 64)[1:-1] + 0.0123 for low, high in each.box]
    x = np.stack(np.meshgrid(*axes), -1).reshape(-1, 2)
    for _ in range(40):
        x = x[np.abs(x).max(-1) < 20]
        x = x[np.abs(np.linalg.det(each.hessian(x))) > 1e-12]
        x = x - np.linalg.solve(each.hessian(x), each.gradient(x)[..., None])[..., 0]
    inside = np.all([(low <= x[:, i]) & (x[:, i] <= high) for i, (low, high) in enumerate(each.box)], axis=0)
    x = x[inside & (np.abs(each.gradient(x)).max(-1) < 1e-7)]
    stated = np.array([point.x for point in (*each.minima, *each.saddles, *each.maxima)])
    distances = np.abs(x[:, None] - stated).max(-1)
    assert distances.min(1).max() < 1e-6
    assert distances.min(0).max() < 1e-6


def goldstein_price(x: float, y: float) -> float:
    one = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x * x - 14 * y + 6 * x * y + 3 * y * y)
    return one * (30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x * x + 48 * y - 36 * x * y + 27 * y * y))


def branin(x: float, y: float) -> float:
    a, b, c, r, s, t = 1, 5.1 / (4 * math.pi**2), 5 / math.pi, 6, 10, 1 / (8 * math.pi)
    return a * (y - b * x**2 + c * x - r) ** 2 + s * (1 - t) * math.cos(x) + s


def ackley(x: float, y: float) -> float:
    ripples = math.cos(2 * math.pi * x) + math.cos(2 * math.pi * y)
    return -20 * math.exp(-0.2 * math.hypot(x, y) / 2**0.5) - math.exp(ripples / 2) + 20 + math.e


# The formulas as textbooks print them, or in other terms than ours.
BY_HAND = {
    "ravine": lambda x, y: 0.5 * np.array([x, y]) @ np.diag([1.0, 100.0]) @ np.array([x, y]),
    "rosenbrock": lambda x, y: float(rosen([x, y])),
    "beale": lambda x, y: sum((c - x * (1 - y**i)) ** 2 for i, c in ((1, 1.5), (2, 2.25), (3, 2.625))),
    "opening_valley": lambda x, y: (
        (x - y) ** 2 * math.exp(-x - y) * math.cosh(x + y) + 0.3 * (math.hypot(1, x + y) - 1)
    ),
    "strict_saddle": lambda x, y: x * x + ((y * y - 2) / 2) ** 2 - 1,
    "monkey_saddle": lambda x, y: (complex(x, y) ** 3).real,
    "himmelblau": lambda x, y: abs(complex(x * x + y - 11, x + y * y - 7)) ** 2,
    "double_well": lambda x, y: (x * x - 1) ** 2 / 4 - 0.25 - 0.3 * x + y * y,
    "goldstein_price": goldstein_price,
    "branin": branin,
    "rastrigin": lambda x, y: sum(10 + t * t - 10 * math.cos(2 * math.pi * t) for t in (x, y)),
    "styblinski_tang": lambda x, y: sum(0.5 * np.polyval([1, 0, -16, 5, 0], t) for t in (x, y)),
    "ackley": ackley,
    "rare_inputs": lambda x, y: 0.5 * np.mean(RareInputs().residuals([x, y]) ** 2),
}


@given(st.sampled_from(sorted(BY_HAND)), st.floats(-1, 1), st.floats(-1, 1))
def test_a_formula_is_the_textbooks_for_every_kind_of_number(name: str, a: float, b: float):
    each = SURFACES[name]
    x = [(low + high) / 2 + s * (high - low) / 2 for s, (low, high) in zip((a, b), each.box, strict=True)]
    expected = BY_HAND[name](*x)
    size = max(1.0, abs(expected), np.abs(x).max() ** 2)
    assert each.value(*x) == pytest.approx(expected, abs=1e-11 * size)
    assert each(np.array(x)) == pytest.approx(each.value(*x), abs=1e-12 * size)
    assert each(torch.tensor(x, dtype=torch.float64)).item() == pytest.approx(each.value(*x), abs=1e-12 * size)


@pytest.mark.parametrize("each", ALL, ids=repr)
def test_shapes_and_dtypes_are_kept(each: Surface):
    x = np.tile(each.start, (3, 2, 1))
    for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
        points = torch.tensor(x, dtype=dtype)
        assert (each(points).dtype, each(points).shape) == (dtype, (3, 2))
        assert (each.gradient(points).dtype, each.gradient(points).shape) == (dtype, x.shape)
        assert each.hessian(points).shape == (*x.shape, each.dimensions)
    for dtype in (np.float64, np.float32, np.float16):
        assert (each(x.astype(dtype)).dtype, each(x.astype(dtype)).shape) == (dtype, (3, 2))
        assert each.gradient(x.astype(dtype)).dtype == dtype
    assert np.array_equal(each.gradient(each.start), each.gradient(np.array(each.start)))
    assert np.array_equal(each.hessian(each.start), each.hessian(np.array(each.start)))
    assert each(np.ones(each.dimensions, int)) == each([1.0] * each.dimensions)
    assert isinstance(each.value(*(0.5,) * each.dimensions), float)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.bool])
@pytest.mark.parametrize("each", ALL, ids=repr)
def test_whole_numbers_are_worked_out_in_float64(each: Surface, dtype: torch.dtype):
    x = torch.tensor([200, *[3] * (each.dimensions - 1)]).to(dtype)
    for found, expected in ((each(x), each(x.double())), (each.gradient(x), each.gradient(x.double()))):
        assert found.dtype == torch.float64
        assert torch.equal(found, expected)
    assert each(x) == pytest.approx(each.value(*map(float, x)), rel=1e-12, abs=1e-12)


def test_arrays_that_torch_does_not_take_have_derivatives():
    x = np.array([1.0, 2.0, 3.0])
    assert np.array_equal(Rosenbrock().gradient(x[1::-1]), Rosenbrock().gradient([2.0, 1.0]))
    assert np.array_equal(Rosenbrock().hessian(x[::2]), Rosenbrock().hessian([1.0, 3.0]))
    extended = Rosenbrock().gradient(x[:2].astype(np.longdouble))
    assert extended.dtype == np.longdouble
    assert np.array_equal(extended, Rosenbrock().gradient(x[:2]))


def test_derivatives_are_scipys_for_rosenbrock():
    x = np.random.default_rng(1).normal(size=(50, 2))
    ours = Rosenbrock()
    np.testing.assert_allclose(ours.gradient(x), np.array([rosen_der(each) for each in x]), rtol=1e-12, atol=1e-11)
    np.testing.assert_allclose(ours.hessian(x), np.array([rosen_hess(each) for each in x]), rtol=1e-12, atol=1e-11)
    np.testing.assert_allclose(
        np.linalg.eigvalsh(ours.hessian([1.0, 1.0])), [0.3993607675, 1001.6006392325], rtol=1e-10
    )


@pytest.mark.parametrize("each", [each for each in ALL if each.dimensions <= 2], ids=repr)
def test_derivatives_are_those_of_differences(each: Surface):
    h = 1e-5
    x = np.array(each.start) + 0.137
    steps = h * np.eye(each.dimensions)
    slopes = np.stack([(each(x + e) - each(x - e)) / (2 * h) for e in steps])
    curvatures = np.stack([(each.gradient(x + e) - each.gradient(x - e)) / (2 * h) for e in steps])
    size = np.abs(each.hessian(x)).max() + 1
    np.testing.assert_allclose(each.gradient(x), slopes, rtol=1e-5, atol=1e-5 * size)
    np.testing.assert_allclose(each.hessian(x), curvatures, rtol=1e-5, atol=1e-5 * size)


@pytest.mark.parametrize("name", SURFACES)
def test_symbols_pass_through_a_formula(name: str):
    x, y = Symbol("element", detail="x"), Symbol("element", detail="y")
    traced = SURFACES[name].value(x, y)
    names = {"add", "subtract", "multiply", "divide", "power", "negative", "exp", "sqrt", "cos", "number", "element"}
    seen, left = set(), [traced]
    while left:
        node = left.pop()
        seen.add(node.operation)
        left += node.args
    assert "element" in seen
    assert seen <= names


def test_what_overflows_is_infinite_and_warns_of_nothing():
    assert Rosenbrock()([1e200, 0.0]) == math.inf
    assert OpeningValley()([-1e4, 0.0]) == math.inf
    assert math.isinf(Rosenbrock()(torch.tensor([1e30, 0.0])).item())


@pytest.mark.parametrize("kappa", [10.0, 100.0, 1000.0])
def test_the_best_rates_on_the_ravine_are_reached(kappa: float):
    rates = {10.0: (0.8182, 0.5195), 100.0: (0.9802, 0.8182), 1000.0: (0.9980, 0.9387)}
    each = Ravine(kappa)
    assert (round(each.best_rate(), 4), round(each.best_rate_of_heavy_ball(), 4)) == rates[kappa]
    x, size, lr = np.array(each.start), [], each.best_lr()
    for _ in range(50):
        x = x - lr * each.gradient(x)
        size.append(np.linalg.norm(x))
    assert size[-1] / size[-2] == pytest.approx(each.best_rate(), rel=1e-9)
    # Heavy ball's two roots coincide in the best case: the error shrinks as t rate^t, hence the root over many steps.
    lr, momentum = each.best_heavy_ball()
    for h in (1.0, kappa):
        roots = np.linalg.eigvals([[1 - lr * h, -lr * momentum], [h, momentum]])
        assert np.abs(roots).max() == pytest.approx(each.best_rate_of_heavy_ball(), rel=1e-6)
    off = max(
        abs(np.linalg.eigvals([[1 - 1.02 * lr * h, -1.02 * lr * momentum], [h, momentum]])).max() for h in (1, kappa)
    )
    assert off > each.best_rate_of_heavy_ball() * 1.0001


def walk(each: Surface, lr: float, momentum: float, nesterov: bool, steps: int = 300) -> np.ndarray:
    x, v, path = np.array(each.start), np.zeros(2), []
    for _ in range(steps):
        v = momentum * v - lr * each.gradient(x + momentum * v if nesterov else x)
        x = x + v
        path.append(x)
    return np.array(path)


def test_momentum_leaves_the_shallow_well_and_nesterov_brakes_in_the_deep_one():
    each = DoubleWell()
    deep, shallow = (point.x[0] for point in each.minima)
    ends = [walk(each, 0.1, m, n)[:, 0] for m, n in ((0.0, False), (0.9, False), (0.9, True))]
    assert [end[-1] for end in ends] == pytest.approx([shallow, deep, deep], abs=1e-6)
    heavy, nesterov = (end.max() - deep for end in ends[1:])
    assert heavy > 0.5
    assert nesterov < heavy / 2


def lowest(each: Surface, start, forget: float | None, steps: int = 300) -> float:
    """The lowest end of Adagrad, or of RMSprop with that memory, over 21 rates at once."""
    lr = torch.logspace(-3, 1, 21, dtype=torch.float64)[:, None]
    x = torch.tensor(start, dtype=torch.float64).expand(21, 2)
    s = torch.zeros_like(x)
    for _ in range(steps):
        g = each.gradient(x)
        s = s + g**2 if forget is None else forget * s + (1 - forget) * g**2
        x = x - lr * g / (s.sqrt() + 1e-10)
    return each(x).nan_to_num(math.inf).min().item()


def test_adagrad_stays_in_the_gorge_where_rmsprop_gets_through():
    each = OpeningValley()
    assert np.linalg.eigvalsh(each.hessian(each.start))[0] < 0  # not convex
    for start in (each.start, *each.other_starts):
        assert lowest(each, start, None) > 50 * lowest(each, start, 0.9)


def test_dimensions_are_combined():
    assert [len(Rastrigin(n=n).minima) for n in (1, 2, 3)] == [11, 121, 1]
    assert len(StyblinskiTang().minima) == len(StyblinskiTang().saddles) == 4
    assert len(StyblinskiTang().maxima) == 1
    assert StyblinskiTang(n=100).minima[0].value == pytest.approx(-3916.616570377142, rel=1e-15)
    assert StyblinskiTang(n=3).saddles == StyblinskiTang(n=3).maxima == ()


def test_a_surface_of_ones_own():
    class SteepBowl(Surface):
        def value(self, x, y):
            return 3 * x**2 + y**4

    own = SteepBowl()
    assert (own.name, own.title, own.dimensions) == ("steep_bowl", "Steep bowl", 2)
    assert own.hessian([1.0, 1.0]).tolist() == [[6, 0], [0, 12]]
    assert own.gradient(torch.tensor([1.0, 2.0])).tolist() == [6, 32]

    class Flat(Surface):
        def value(self, x, y):
            return 2.0 * x - y

    assert Flat().gradient([1.0, 1.0]).tolist() == [2, -1]
    assert Flat().hessian([1.0, 1.0]).tolist() == [[0, 0], [0, 0]]


class Level(Surface):
    def value(self, *_):
        return 3.0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: surface("rosenbrok"), "no surface is called 'rosenbrok'. Did you mean 'rosenbrock'? "),
        (lambda: surface("ravine", kapa=3), "ravine has no field 'kapa'. Did you mean 'kappa'?"),
        (lambda: surface("beale", n=3), "beale has no field 'n'. It has none."),
        (lambda: surface("ravine", kappa=0.5), "Ravine(kappa=0.5): kappa must be in [1, 1e+15], got 0.5"),
        (lambda: Rastrigin(n=0), "Rastrigin(n=0): n must be at least 1, got 0"),
        (lambda: Ackley(n=2.5), "n must be a whole number, got 2.5"),
        (lambda: Rosenbrock()([1.0, 2.0, 3.0]), "Rosenbrock(): a point has 2 coordinates, got 3"),
        (lambda: Rosenbrock()(1.0), "a point has 2 coordinates, got a single number"),
        (lambda: Rosenbrock()("ab"), "Rosenbrock(): a point is made of numbers, got 'ab'; give a tensor, an array"),
        (lambda: Rosenbrock()(["1", "2"]), "made of numbers, got ['1', '2']"),
        (lambda: Rosenbrock()([None, 1.0]), "made of numbers, got [None, 1.0]"),
        (lambda: Rosenbrock().gradient([[1.0], [2.0, 3.0]]), "made of numbers, got [[1.0], [2.0, 3.0]]"),
        (lambda: Rosenbrock()({"x": 1}), "made of numbers, got {'x': 1}"),
        (lambda: Rosenbrock()([torch.ones((), requires_grad=True)] * 2), "made of numbers, got a list; give a tensor"),
        (lambda: Rosenbrock()([10**400, 1]), "made of numbers, got a list"),
        (lambda: Rosenbrock().gradient([1.0, 1j]), "a gradient is taken at real points, got complex128: give x.real."),
        (lambda: Rosenbrock().hessian(torch.tensor([1.0, 1j])), "at real points, got torch.complex64"),
        (lambda: Level().gradient([1.0, 2.0]), "Level(): what value(...) returns has no trace of the coordinates"),
        (lambda: surface(None), "surface(None): give a name. There are ravine, "),
        (lambda: surface(Rosenbrock()), "surface(Rosenbrock()): give a name."),
        (lambda: Rosenbrock().check_start(None), "start None: give 2 numbers, one for each coordinate of rosenbrock."),
        (lambda: Rosenbrock().check_start(["1", 1]), "start ['1', 1]: give 2 numbers"),
        (lambda: Rosenbrock().check_start([1j, 2]), "start [1j, 2]: give 2 numbers"),
        (lambda: Rosenbrock().check_start((9, 1)), "start 9, 1: x must lie in the box of rosenbrock, [-2, 2], got 9."),
        (lambda: Rosenbrock().check_start((1, math.nan)), "start 1, nan: y must be a finite number, got nan."),
        (lambda: Rosenbrock().check_start((1, -math.inf)), "y must be a finite number, got -inf."),
        (lambda: Rosenbrock().check_start((1,)), "start 1: rosenbrock has 2 coordinates, got 1."),
        (lambda: Rastrigin(n=3).check_start((1, 1, 6)), "x3 must lie in the box of rastrigin, [-5.12, 5.12], got 6."),
        (type("Empty", (Surface,), {}), "Empty is no whole surface: it needs a method value(self, x, y)."),
    ],
)  # fmt: skip
def test_one_line_says_what_is_wrong(wrong, says: str):
    check_refused(wrong, says)


@pytest.mark.parametrize("each", ALL, ids=repr)
def test_its_starts_pass_and_its_name_finds_it(each: Surface):
    for start in (each.start, *each.other_starts):
        assert each.check_start(start) == start
    assert type(surface(each.name)) is type(each)
    assert surface(each.title) == surface(each.name.upper()) == SURFACES[each.name]
    assert each.formula
    for point in (*each.minima, *each.saddles, *each.maxima):
        each.check_start(point.x)
