"""Critical points: stated ones are found and told apart, both ends of a spectrum, and what cannot be told."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from ravine.data.task import Task
from ravine.diagnose.critical import classify
from ravine.diagnose.curvature import lanczos, trace
from ravine.diagnose.find_critical import _places, find_critical_points
from ravine.diagnose.network_loss import NetworkLoss, classify_network
from ravine.diagnose.saddle_share import random_field_share, styblinski_tang_share
from ravine.functions import (
    STATED,
    SURFACES,
    GoldsteinPrice,
    Himmelblau,
    MonkeySaddle,
    Rastrigin,
    StrictSaddle,
    StyblinskiTang,
    Surface,
    surface,
)
from ravine.minimize import minimize

from ..docs.pages import blocks, numberless
from ..refused import check_refused

KINDS = {"minima": "minimum", "saddles": "saddle (1 direction down)", "maxima": "maximum"}
FEW = [name for name in SURFACES if name not in {"ackley", "rastrigin"}]


def stated(each: Surface) -> list[tuple[tuple[float, ...], str]]:
    found = [(point.x, kind) for name, kind in KINDS.items() for point in getattr(each, name)]
    return [(x, "degenerate") for x, _ in found] if isinstance(each, MonkeySaddle) else found


def columns(n: int, seed: int) -> torch.Tensor:
    luck = torch.Generator().manual_seed(seed)
    return torch.linalg.qr(torch.randn(n, n, dtype=torch.float64, generator=luck))[0]


@pytest.mark.parametrize("name", FEW)
def test_stated_points_are_what_they_are_stated_to_be(name: str):
    for x, kind in stated(surface(name)):
        found = classify(surface(name), x)
        assert found.verdict == kind
        assert found.distance <= 1e-12
        np.testing.assert_allclose(found.eigenvalues, np.linalg.eigvalsh(surface(name).hessian(x)), atol=1e-9)
        assert found.trace == pytest.approx(found.eigenvalues.sum())


@pytest.mark.parametrize("name", [name for name in FEW if name != "goldstein_price"])
def test_all_stated_points_are_found_and_no_others(name: str):
    each = surface(name)
    found, known = find_critical_points(each, starts=400), stated(each)
    assert [one.value for one in found] == sorted(one.value for one in found)
    assert sorted(one.verdict for one in found) == sorted(kind for _, kind in known)
    for x, kind in known:
        away = [float((one.x - torch.tensor(x, dtype=torch.float64)).abs().max()) for one in found]
        assert min(away) <= 1e-14
        assert found[int(np.argmin(away))].verdict == kind


@pytest.mark.slow
@pytest.mark.parametrize(("each", "counts"), [
    (Rastrigin(), (121, 220, 100)), (GoldsteinPrice(), (4, 4, 1)), (StyblinskiTang(n=4), (16, 64, 1)),
])  # fmt: skip
def test_many_points_are_all_found(each: Surface, counts: tuple[int, ...]):
    found = find_critical_points(each, starts=4096 if each.dimensions > 2 else 1024)
    kinds = [one.kind for one in found]
    assert tuple(map(kinds.count, ("minimum", "saddle", "maximum"))) == counts
    assert len(found) == sum(counts)
    if each.dimensions == 4:
        by_down = np.bincount([one.down for one in found]) / len(found)
        np.testing.assert_allclose(by_down, styblinski_tang_share(4).by_down)


@pytest.mark.parametrize(("starts", "used"), [(1, 1), (2, 4), (3, 4), (4, 4), (5, 9), (1024, 1024)])
def test_no_fewer_starts_are_used_than_were_asked_for(starts: int, used: int):
    assert len(_places(starts, 2, 0)) == used
    assert len(_places(starts, 1, 0)) == len(_places(starts, 3, 0)) == starts


def test_a_box_of_ones_own_is_kept_to():
    found = find_critical_points(Himmelblau(), box=[(0, 5), (-5, 5)], starts=400)
    assert {one.verdict for one in found} == {"minimum", "saddle (1 direction down)"}
    assert len(found) == 4
    assert all(0 <= one.x[0] <= 5 for one in found)


@given(st.lists(st.sampled_from([-3.0, -1e-6, 0.0, 1e-6, 2.0]), min_size=1, max_size=6), st.integers(0, 9))
def test_the_kind_of_a_quadratic_is_that_of_its_eigenvalues(eigenvalues: list[float], seed: int):
    n, q = len(eigenvalues), columns(len(eigenvalues), seed)
    h = (q * torch.tensor(eigenvalues, dtype=torch.float64)) @ q.T
    center = torch.arange(n, dtype=torch.float64)
    found = classify(lambda x: (x - center) @ h @ (x - center) / 2, center)
    counts = [sum(test(each) for each in eigenvalues) for test in (lambda e: e < 0, lambda e: e == 0, lambda e: e > 0)]
    assert [found.down, found.flat, found.up] == counts
    down, flat, up = counts
    assert found.kind == ("saddle" if down and up else "degenerate" if flat else "minimum" if up else "maximum")
    if down:
        assert float(found.escape @ h @ found.escape) == pytest.approx(min(eigenvalues), rel=1e-6)
        assert float(found.escape.norm()) == pytest.approx(1)
    else:
        assert found.escape is None
    if any(eigenvalues):
        assert found.prediction_error < 1e-6


@given(st.floats(1e-12, 1e12), st.floats(1e-3, 1e3), st.sampled_from(["rosenbrock", "strict_saddle", "monkey_saddle"]))
def test_units_of_the_function_do_not_matter(unit: float, size: float, name: str):
    each = surface(name)
    for x, kind in stated(each):
        found = classify(lambda u: unit * each(u / size), [size * v for v in x], radius=0.1 * size)
        assert found.verdict == kind


@pytest.mark.parametrize("power", [3, 4, 5, 6])
@pytest.mark.parametrize("away", [0.0, 1e-12, 1e-9, 1e-7, 1e-5])
@pytest.mark.parametrize("center", [0.0, 0.1])
def test_a_root_of_higher_order_is_degenerate_however_close_one_comes(power: int, away: float, center: float):
    found = classify(lambda x: (x[0] - center) ** power + x[1] ** 2, [center + away, 0.0])
    assert (found.kind, found.flat, found.up) == ("degenerate", 1, 1)


def test_a_cubic_written_out_is_degenerate_though_rounding_bends_it():
    found = classify(lambda x: x**3 - 0.3 * x**2 + 0.03 * x, 0.1)
    assert found.kind == "degenerate"


def test_what_slopes_is_not_critical():
    slope = classify(lambda x: 1e-9 * x[0] + x[1] ** 2, [0.0, 0.0])  # it falls without end along x[0]
    beside = classify(surface("rosenbrock"), [1.0, 1.0 + 1e-3])
    at_saddle = classify(StrictSaddle(), [0.01, 0.0])
    assert slope.kind == beside.kind == at_saddle.kind == "not critical"
    assert beside.distance == pytest.approx(1e-3, rel=1e-2)
    assert at_saddle.sentences()[1] == (
        "The critical point of the quadratic is 0.01 away. Here 1 direction curves down."
    )
    assert classify(StrictSaddle(), [0.01, 0.0], radius=1.0, tolerance=0.02).kind == "saddle"
    assert classify(surface("rosenbrock"), minimize(surface("rosenbrock"), [-1.2, 1.0]).x).kind == "minimum"


SLOPES = {
    "a root beside its edge": (lambda x: x.sqrt().sum(), [1e-12]),
    "a logarithm beside its edge": (lambda x: x.log().sum(), [1e-12, 1e-9]),
    "an exponential far out": (lambda x: (1e7 * (x - 1)).exp().sum(), [1.0]),
}


@pytest.mark.parametrize("name", SLOPES)
def test_a_slope_that_no_step_makes_smaller_is_not_critical(name: str):
    found = classify(*SLOPES[name])
    assert found.kind == "not critical"
    assert found.distance < 1e-5
    assert "the slope is hardly smaller" in found.notes[0]


def test_a_minimum_beside_an_edge_is_one_and_has_no_kink():
    found = classify(lambda x: (x - 1e-6 * x.log()).sum(), [1e-6])
    assert (found.kind, found.notes, found.prediction_error) == ("minimum", (), math.inf)
    assert classify(lambda x: (x - 1e-6 * x.log()).sum(), [1e-6], radius=1e-7).prediction_error < 0.1


@pytest.mark.parametrize("radius", [1e-300, 1e300, np.float32(1e-30)])
def test_no_radius_is_too_short_or_too_long_to_look_at(radius: float):
    found = classify(Himmelblau(), [3.0, 2.0], radius=radius)
    assert found.radius == radius
    assert not found.prediction_error < 1


def test_the_escape_leads_down():
    for each, x in ((StrictSaddle(), [0.0, 1e-3]), (StrictSaddle(), [0.0, -1e-3])):
        found = classify(each, x)
        ahead = torch.tensor(x) + 0.1 * torch.tensor(found.escape)
        assert float(each(ahead)) < found.value
        assert math.copysign(1, found.escape[1]) == math.copysign(1, x[1])
    assert classify(StrictSaddle(), [0.0, 0.0]).escape == [0.0, 1.0]


def test_the_quadratic_predicts_as_well_as_its_third_derivative_lets_it():
    # f = x^2 + c x^3 in one dimension: it misses c r^3 of r^2 +- c r^3.
    for c, r in ((1.0, 0.1), (1.0, 0.01), (-3.0, 0.05)):
        found = classify(lambda x, c=c: x**2 + c * x**3, 0.0, radius=r)
        assert found.prediction_error == pytest.approx(abs(c) * r, rel=2 * abs(c) * r)
        assert found.model(torch.tensor([r])) == pytest.approx(r**2)
    assert classify(MonkeySaddle(), [0.0, 0.0]).prediction_error == 1.0
    assert classify(surface("ravine"), [0.0, 0.0]).prediction_error <= 1e-14
    assert math.isinf(classify(lambda x: x**2 + 0 * (x + 0.05).log(), 0.0).prediction_error)


def test_a_kink_nearby_is_seen_by_what_the_quadratic_misses():
    found = classify(lambda x: x**2 + 5 * (x - 0.01).relu(), 0.0)
    assert found.kind == "minimum"
    assert found.prediction_error > 0.9


SPECTRA = {
    "minimum": np.linspace(0.1, 5, 60),
    "maximum": -np.linspace(0.1, 5, 60),
    "saddle (3 directions down)": np.r_[[-2, -1, -0.5], np.linspace(0.1, 5, 57)],
    "saddle (20 directions down)": np.r_[-np.ones(20), np.ones(40)],  # an eigenvalue many times over
    "degenerate": np.r_[np.zeros(2), np.linspace(0.1, 5, 58)],
    "saddle (2 directions down)": np.r_[-1, -1, np.zeros(40), np.linspace(1, 3, 18)],
}


@pytest.mark.parametrize("kind", SPECTRA)
def test_products_alone_tell_what_the_whole_hessian_tells(kind: str):
    values = torch.tensor(np.sort(SPECTRA[kind]))
    q = columns(60, 1)
    h = (q * values) @ q.T
    found = classify(lambda x: x @ h @ x / 2, torch.zeros(60), dense_up_to=0)
    whole = classify(lambda x: x @ h @ x / 2, torch.zeros(60))
    assert whole.verdict == kind
    assert found.kind == whole.kind
    low = len(found.eigenvalues) - 6 if found.down < 20 else 24
    np.testing.assert_allclose(found.eigenvalues[:low], values[:low], atol=1e-7)
    np.testing.assert_allclose(found.eigenvalues[low:], values[60 - len(found.eigenvalues) + low :], atol=1e-7)
    assert abs(found.trace - whole.trace) <= 5 * found.trace_error + 1e-9
    assert found.down == whole.down
    if "saddle" not in kind:
        assert (found.flat, found.up, found.unknown) == (whole.flat, whole.up, 0) or kind == "degenerate"


def test_directions_beyond_those_looked_for_are_said_to_be_unknown():
    values = torch.tensor(np.r_[-np.linspace(1, 2, 50), np.linspace(1, 2, 50)])
    found = classify(lambda x: x @ (values * x) / 2, torch.zeros(100), dense_up_to=0, most=12)
    assert found.verdict == "saddle (at least 12 directions down)"
    assert (found.down, found.up, found.unknown) == (12, 6, 82)
    assert "Of 100 eigenvalues 18 are known by their sign; the others lie between those found." in found.sentences()
    assert classify(lambda x: x @ (values * x) / 2, torch.zeros(100)).verdict == "saddle (50 directions down)"


def test_a_large_point_beside_a_critical_one_is_not_critical():
    values = torch.tensor(np.geomspace(1e-3, 1, 300))
    x = torch.zeros(300)
    x[0] = 0.1  # flat enough there that the gradient alone is small
    for dense_up_to in (0, 1000):
        found = classify(lambda x: x @ (values * x) / 2, x, dense_up_to=dense_up_to)
        assert found.kind == "not critical"
        assert found.gradient_norm == pytest.approx(1e-4)
        assert found.distance == pytest.approx(0.1) if dense_up_to else 5e-5 < found.distance <= 1e-4
    # Where the gradient alone would let it pass, the equations for the step are solved.
    found = classify(lambda x: x @ (values * x) / 2, x, dense_up_to=0, tolerance=1e-2)
    assert (found.kind, found.distance) == ("not critical", pytest.approx(0.1))


def test_what_products_cannot_tell_is_undecided():
    for lowest, kind in ((1e-2, "minimum"), (1e-9, "undecided")):
        values = torch.tensor(np.geomspace(lowest, 1, 800))
        found = classify(lambda x: x @ (values * x) / 2, 1e-10 * torch.ones(800), dense_up_to=0)  # noqa: B023
        assert (found.kind, found.down, found.flat) == (kind, 0, 0)
    assert found.sentences()[1] == f"Too few eigenvalues were found to tell: the signs of {found.unknown} are unknown."


@pytest.mark.parametrize("seed", [0, 1])
def test_lanczos_misses_no_copy(seed: int):
    values = np.r_[[-1.0] * 4, np.zeros(300), [5.0, 5.0, 5.0, 20.0]]
    diagonal = torch.tensor(values)
    found = lanczos(lambda v: diagonal * v, diagonal, 5, 48, seed)
    np.testing.assert_allclose(found.eigenvalues, [-1, -1, -1, -1, 0, 0, 5, 5, 5, 20], atol=1e-6)
    assert found.missed < 1e-5
    estimate, error = trace(lambda v: diagonal * v, diagonal, 4, seed)
    assert (estimate, error) == (pytest.approx(values.sum()), 0)  # exact for a diagonal: signs square to one


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_copy_that_the_first_search_misses_is_found_by_the_second(seed: int):
    # ARPACK alone finds two of the three here, and goes on to 5.
    diagonal = torch.tensor(np.r_[[6.0, 6.0, 6.0], np.linspace(-5, 5, 57)])
    found = lanczos(lambda v: diagonal * v, diagonal, 4, 4, seed)
    np.testing.assert_allclose(found.eigenvalues[-4:], [5, 6, 6, 6], atol=1e-6)


def smooth(width: int = 6) -> nn.Module:
    return nn.Sequential(nn.Linear(3, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))


def points(count: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    luck = torch.Generator().manual_seed(0)
    x = torch.randn(count, 3, generator=luck)
    teacher = (x @ torch.tensor([[1.0], [-0.5], [0.3]]) + 0.5).tanh()
    return x, teacher + 0.3 * torch.randn(count, 1, generator=luck)


def task_of(model, **options) -> Task:
    data = points()
    return Task(model, data, test=data, loss="squared_error", **options)


def full_hessian(model: nn.Module) -> np.ndarray:
    """By torch.func over one batch of everything, in the order of the parameters."""
    x, y = (each.double() for each in points())
    names = [name for name, _ in model.named_parameters()]
    start = [p.detach().double() for p in model.parameters()]
    sizes = [p.numel() for p in start]

    def loss(flat: torch.Tensor) -> torch.Tensor:
        pieces = [part.reshape(p.shape) for part, p in zip(flat.split(sizes), start, strict=True)]
        return (
            (torch.func.functional_call(model.double(), dict(zip(names, pieces, strict=True)), (x,)) - y)
            .square()
            .mean()
        )

    flat = torch.cat([p.reshape(-1) for p in start])
    return torch.autograd.functional.hessian(loss, flat, vectorize=False).numpy()


def test_a_network_is_seen_by_products_alone_as_by_its_full_hessian():
    torch.manual_seed(0)
    model = smooth(8)
    task = task_of(smooth)
    found = classify_network(task, model, dense_up_to=0, most=12)
    assert found.kind == "not critical"
    h = full_hessian(model)
    values = np.linalg.eigvalsh(h)
    assert found.dimensions == len(h) == 8 * 4 + 8 * 9 + 9
    low = len(found.eigenvalues) - 6
    np.testing.assert_allclose(found.eigenvalues, np.r_[values[:low], values[-6:]], atol=1e-7 * values[-1])
    assert abs(found.trace - np.trace(h)) <= 4 * found.trace_error
    assert found.down == min((values < -1e-10).sum(), low)
    escape = torch.cat([part.reshape(-1) for part in found.escape.values()]).numpy()
    assert escape @ h @ escape == pytest.approx(values[0], rel=1e-6)
    whole = classify_network(task, model, batch_size=7)
    np.testing.assert_allclose(whole.eigenvalues, values, atol=1e-10)
    assert whole.trace == pytest.approx(np.trace(h))


def trained(task: Task, model: nn.Module) -> None:
    """Puts a network on a critical point of its loss, by minimizing as far as digits go."""
    loss = NetworkLoss(task, model.double(), 512, torch.float64)
    x, y = (each.double() for each in points())

    def value(weights: dict) -> torch.Tensor:
        outputs = torch.func.functional_call(model, weights, (x,))
        return (outputs - y).square().mean()

    start = {name: p.detach() for name, p in loss.weights.items()}
    ended = minimize(value, start, "newton", "trust_region", tolerance=1e-13, steps=500)
    model.load_state_dict(ended.x, strict=False)


def test_a_linear_network_is_at_its_minimum_after_least_squares():
    model = nn.Linear(3, 1).double()
    x, y = (each.double() for each in points())
    with torch.no_grad():
        solution = torch.linalg.lstsq(torch.cat([x, torch.ones(len(x), 1)], 1), y).solution[:, 0]
        model.weight.copy_(solution[None, :3])
        model.bias.copy_(solution[3:])
    found = classify_network(task_of(nn.Linear), model)
    assert found.kind == "minimum"
    z = torch.cat([x, torch.ones(len(x), 1)], 1)
    np.testing.assert_allclose(found.eigenvalues, np.linalg.eigvalsh(2 / len(x) * z.T @ z), rtol=1e-10)
    assert found.prediction_error < 1e-10
    half = classify_network(task_of(nn.Linear), model.float(), dtype=None, tolerance=1e-2)
    assert half.kind == "minimum"


def test_a_relu_network_is_flat_along_all_that_does_not_change_what_it_says():
    # Every unit is active on all examples, so the network is a linear one; 16 weights say what 4 could.
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 1)).double()
    x, y = (each.double() for each in points())
    solution = torch.linalg.lstsq(torch.cat([x, torch.ones(len(x), 1)], 1), y).solution[:, 0]
    with torch.no_grad():
        model[0].bias.fill_(10)
        model[2].weight.copy_(torch.linalg.solve(model[0].weight.T, solution[:3])[None])
        model[2].bias.copy_(solution[3] - 10 * model[2].weight.sum())
    for dense_up_to in (0, 1000):
        found = classify_network(task_of(smooth), model, radius=0.1, dense_up_to=dense_up_to)
        assert (found.kind, found.down) == ("degenerate", 0)
        assert (found.flat, found.up, found.unknown) == (12, 4, 0)
        assert not found.notes
    assert found.sentences()[1].startswith("12 of 16 directions are flat to second order")


def test_what_autograd_does_not_see_is_told():
    assert "does not differentiate twice" in classify(lambda x: once(x) ** 2, [1.0]).notes[0]
    assert "there is a kink" in classify(lambda x: x**2 + x.abs(), 0.0).notes[0]
    for name in FEW:
        for x, _ in stated(surface(name)):
            assert classify(surface(name), x).notes == ()
    assert classify(lambda x: x**4, 1e-5).notes == ()


def test_equal_hidden_units_are_a_saddle():
    # Two units that are copies of each other: where the smaller network is at its best, the larger one can part them.
    torch.manual_seed(0)
    small = nn.Sequential(nn.Linear(3, 1), nn.Tanh(), nn.Linear(1, 1)).double()
    task = task_of(smooth)
    trained(task, small)
    assert classify_network(task, small).kind == "minimum"
    large = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1)).double()
    with torch.no_grad():
        large[0].weight.copy_(small[0].weight.repeat(2, 1))
        large[0].bias.copy_(small[0].bias.repeat(2))
        large[2].weight.copy_(small[2].weight.repeat(1, 2) / 2)
        large[2].bias.copy_(small[2].bias)
    found = classify_network(task, large)
    assert found.kind == "saddle"
    assert found.value == pytest.approx(classify_network(task, small).value)
    with torch.no_grad():
        for name, p in large.named_parameters():
            p += 0.05 * found.escape[name]
    assert classify_network(task, large).value < found.value


def test_what_is_random_in_training_is_off_and_the_network_stays_as_it_is():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Tanh(), nn.Linear(4, 1)).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = classify_network(task_of(smooth), model)
    x, y = (each.double() for each in points())
    double = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Tanh(), nn.Linear(4, 1)).double()
    double.load_state_dict(before)
    assert found.value == pytest.approx(float((double.eval()(x) - y).square().mean().detach()))
    assert found.notes[0].startswith("Batch norm used its running statistics")
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model.training
    assert model[0].weight.dtype == torch.float32


def test_attention_has_second_derivatives():
    class Attends(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention, self.head = nn.MultiheadAttention(4, 2, batch_first=True), nn.Linear(4, 1)

        def forward(self, x):
            x = torch.stack([x, x.roll(1, 1)], 1) @ torch.eye(3, 4).to(x)
            return self.head(self.attention(x, x, x, need_weights=False)[0].mean(1))

    found = classify_network(task_of(Attends), Attends())
    assert found.dimensions == 4 * 4 * 4 + 4 * 4 + 5
    assert np.isfinite(found.eigenvalues).all()


class Loud(nn.Linear):
    def forward(self, input):
        return super().forward(input) + torch.randn(())


class Deaf(nn.Linear):
    def forward(self, input):
        return super().forward(input).detach()


def test_a_task_is_found_by_its_name_and_sparse_gradients_are_seen():
    found = classify_network("diabetes", nn.Linear(10, 1), directions=1)
    assert (found.dimensions, found.down, found.up) == (11, 0, 11)

    class Looks(nn.Module):
        def __init__(self, sparse: bool):
            super().__init__()
            torch.manual_seed(0)
            self.table, self.head = nn.Embedding(3, 2, sparse=sparse), nn.Linear(2, 1)

        def forward(self, x):
            return self.head(self.table((x[:, 0] > 0).long() + (x[:, 1] > 0).long()).tanh())

    sparse, plain = (classify_network(task_of(Looks), Looks(each)) for each in (True, False))
    np.testing.assert_array_equal(sparse.eigenvalues, plain.eigenvalues)


def once(x):
    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.square().sum()

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, grad):
            return 2 * grad * ctx.saved_tensors[0]

    return Once.apply(x)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: classify(torch.sin, [1.0, 2.0]), "must return one number as a tensor, got a tensor of shape [2] at "),
        (lambda: classify(lambda _: 3.0, [1.0]), "fun must return one number as a tensor, got 3.0 at x = (1)"),
        (lambda: classify(lambda _: nn.Parameter(torch.ones(2)).sum(), [5.0, 5.0]), "fun returned 2 at x = (5, 5) "),
        (lambda: classify(lambda _: torch.tensor(3.0), [1.0]), "fun returned 3 without a trace of x"),
        (lambda: classify(lambda x: (x - 2).log().sum(), [1.0]), "fun is nan at x = (1)"),
        (lambda: classify(lambda x: (x**2).sum().sqrt(), [0.0, 0.0]), "its gradient is nan at x = (0, 0)"),
        (lambda: classify(lambda x: (x**1.5).sum(), [0.0]), "its second derivative is "),
        (lambda: classify(SURFACES["beale"], "here"), "x must hold numbers, tensors or arrays, got 'here'."),
        (lambda: classify(SURFACES["beale"], [1.0, math.nan]), "x must be finite, got nan at x[1]."),
        (lambda: classify(SURFACES["beale"], [1.0, 2.0, 3.0]), "a point has 2 coordinates, got 3"),
        (lambda: classify(SURFACES["beale"], [1.0, 2.0], radius=0), "classify(radius=0): radius must be above 0"),
        (lambda: classify(SURFACES["beale"], [1.0, 2.0], radius="a"), "classify(radius='a'): radius must be above 0"),
        (lambda: classify(SURFACES["beale"], [1.0, 2.0], tolerance=None), "classify(tolerance=None): tolerance must"),
        (lambda: classify(SURFACES["beale"], [1.0, 2.0], tolerance=math.inf), "tolerance must be above 0 and finite"),
        (lambda: classify(SURFACES["beale"], [1.0, 2.0], directions=1.5), "directions must be a whole number"),
        (lambda: classify(SURFACES["beale"], [1.0, 2.0], directions=None), "classify(directions=None): directions mus"),
        (lambda: classify(SURFACES["beale"], [1.0, 2.0], dense_up_to="a"), "dense_up_to must be a whole number, at le"),
        (lambda: classify(SURFACES["beale"], [1.0, 2.0], dense_up_to=math.nan), "classify(dense_up_to=nan): dense_up_"),
        (lambda: classify(SURFACES["beale"], [1.0, 2.0], most=math.nan), "most must be a whole number, at least 1"),
        (lambda: classify(SURFACES["beale"], [1.0, 2.0], count=True), "count must be a whole number, at least 1"),
        (lambda: classify(SURFACES["beale"], [1.0, 2.0], dtype=torch.half), "classify(dtype=torch.float16): dtype"),
        (lambda: classify(SURFACES["beale"], [1.0, 2.0], seed=-1), "seed must be a whole number, at least 0"),
        (lambda: classify(SURFACES["beale"], [1.0, 2.0], tolerance=0), "tolerance must be above 0"),
        (lambda: classify(SURFACES["beale"], [1.0, 2.0], directions=0), "directions must be a whole number"),
        (lambda: find_critical_points(lambda x: x), "must be a ravine.functions.Surface, got <function "),
        (lambda: find_critical_points(StrictSaddle), "your function as its method value(self, x, y), made once"),
        (lambda: find_critical_points(SURFACES["beale"], starts=0), "starts must be a whole number, at least 1"),
        (lambda: find_critical_points(SURFACES["beale"], radius=0), "find_critical_points(radius=0): radius must be"),
        (lambda: find_critical_points(SURFACES["beale"], seed=1.5), "find_critical_points(seed=1.5): seed must be a "),
        (lambda: find_critical_points(SURFACES["beale"], box="ab"), "box='ab'): beale needs 2 pairs of (low, high)"),
        (lambda: find_critical_points(SURFACES["beale"], box=[(1, 2)]), "beale needs 2 pairs of (low, high)"),
        (lambda: find_critical_points(SURFACES["beale"], box=[(1, 2), (3, 3)]), "with low below high"),
        (lambda: classify_network(task_of(Loud), Loud(3, 1)), "in evaluation mode: switch off what is random"),
        (lambda: classify_network(task_of(nn.Flatten), nn.Flatten()), "the model has no weights that are trained"),
        (lambda: classify_network(task_of(nn.Flatten), nn.Linear(3, 1), batch_size=0), "batch_size must be a whole "),
        (lambda: classify_network(task_of(nn.Flatten), nn.Linear(3, 1), batch_size=None), "(batch_size=None): batch_s"),
        (lambda: classify_network(task_of(nn.Flatten), nn.Linear(3, 1), dtype="float64"), "(dtype='float64'): dtype "),
        (lambda: classify_network(task_of(nn.Flatten), nn.Linear(3, 1).half(), dtype=None), "own is torch.float16, "),
        (lambda: classify_network(task_of(nn.Flatten), None), "model must be a network, as train(...).model, got None"),
        (lambda: classify_network(task_of(nn.Flatten), nn.Linear), "as train(...).model, got the class Linear."),
        (lambda: classify_network(nn.Linear(3, 1), nn.Linear(3, 1)), "a task or the name of one, got a Linear."),
        (lambda: classify_network("digit", nn.Linear(3, 1)), "there is no task 'digit'"),
        (lambda: classify_network(task_of(nn.Flatten), nn.Linear(7, 1)), "Linear and the loss can't take a batch of "),
        (lambda: classify_network(task_of(nn.Flatten), Deaf(3, 1)), "loss does not depend on the network's weights"),
        (lambda: random_field_share(2, samples=0), "random_field_share(samples=0): samples must be a whole number"),
        (lambda: random_field_share(2, seed=-1), "random_field_share(seed=-1): seed must be a whole number"),
        (lambda: styblinski_tang_share(0), "styblinski_tang_share(n=0): n must be a whole number, at least 1"),
    ],
)  # fmt: skip
def test_one_line_says_what_is_wrong(wrong, says: str):
    check_refused(wrong, says)


def test_a_function_that_stays_the_same_is_degenerate():
    found = classify(lambda x: 0 * x.sum() + 2, [1.0, 2.0])
    assert (found.kind, found.flat) == ("degenerate", 2)
    assert found.prediction_error == 0
    assert classify(lambda x: x.sum(), [1.0, 2.0]).kind == "not critical"


@pytest.mark.parametrize("problem", STATED, ids=repr)
def test_minima_of_problems_are_minima_or_too_flat_to_tell(problem):
    # Where residuals vanish the Hessian is 2 J^T J, and J tells its rank more exactly than the Hessian itself.
    for point in problem.minima:
        found = classify(problem, point.x)
        assert found.down == 0
        assert found.kind == ("degenerate" if found.flat else "minimum")
        if point.value == 0:
            x = torch.tensor(point.x, dtype=torch.float64)
            singular = torch.linalg.svdvals(torch.autograd.functional.jacobian(problem.residuals, x))
            assert found.flat == int((singular < 1e-7 * singular[0]).sum())
        else:
            assert found.flat == (type(problem).__name__ == "Biggs")  # two of its exponentials have become one


def test_the_share_of_saddles_in_random_fields_is_the_one_in_closed_form():
    # Longuet-Higgins 1957 in two dimensions; Bardeen, Bond, Kaiser & Szalay 1986, section IV, in three.
    for n, exact in ((1, 0.0), (2, 0.5), (3, (29 + 6 * 6**0.5) / 58)):
        found = random_field_share(n)
        assert abs(found.saddles - exact) <= 4 * found.error
        assert sum(found.by_down) == pytest.approx(1)
        assert found.error < 0.002
    shares = [random_field_share(n, samples=4000) for n in range(1, 16)]
    assert [one.saddles for one in shares] == sorted(one.saddles for one in shares)
    assert [one.minima for one in shares] == sorted((one.minima for one in shares), reverse=True)


def test_random_fields_are_those_of_the_determinants():
    luck, n = np.random.default_rng(1), 4
    a = luck.standard_normal((200_000, n, n))
    h = np.linalg.eigvalsh((a + a.transpose(0, 2, 1)) / 2**0.5 + luck.standard_normal((len(a), 1, 1)) * np.eye(n))
    weight = np.abs(h.prod(-1))
    by_down = np.bincount((h < 0).sum(-1), weight, n + 1) / weight.sum()
    np.testing.assert_allclose(random_field_share(n).by_down, by_down, atol=0.01)


@pytest.mark.slow
def test_a_random_field_has_the_saddles_that_theory_gives_it():
    luck = np.random.default_rng(0)
    waves, phases = (torch.tensor(each) for each in (luck.standard_normal((2, 60)), luck.uniform(0, 2 * math.pi, 60)))

    class Waves(Surface):
        box = ((-12.0, 12.0), (-12.0, 12.0))

        def value(self, x, y):
            return (torch.stack([x, y], -1) @ waves + phases).cos().sum(-1)

    kinds = [one.kind for one in find_critical_points(Waves(), starts=4096)]
    assert len(kinds) > 150
    # Counted in one box, saddles and the others differ by what lies near its edge alone.
    assert kinds.count("saddle") / len(kinds) == pytest.approx(0.5, abs=0.04)


def test_the_result_reads_well():
    found = classify(Himmelblau(), Himmelblau().saddles[0].x)
    assert str(found) == "Saddle (1 direction down): f = 13.3, |gradient| = 0, curvature from −26.7 to 105." or (
        found.gradient_norm > 0
    )
    lines = repr(found).splitlines()
    assert lines[0] == "Classification"
    assert lines[1].split(": ") == ["            kind", "saddle (1 direction down)"]
    assert found.sentences()[-1].startswith("At a distance of 0.339 the quadratic misses ")
    with pytest.raises(AttributeError):
        found.kind = "minimum"  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.slow
def test_the_programs_of_the_page_print_what_it_says(capsys):
    names: dict = {}
    programs = [block for block in blocks("critical_points.md") if block.language == "python"]
    assert len(programs) == sum(bool(block.shown) for block in programs) == 7
    for block in programs:
        exec(compile(block.code, "critical_points.md", "exec"), names)  # noqa: S102 - it is the page's own
        assert numberless(capsys.readouterr().out) == numberless(block.shown)
