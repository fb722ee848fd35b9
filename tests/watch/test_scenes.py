"""The gallery's scenes: what they claim is held to numbers that were worked out another way."""

import functools
import math
import re

import numpy as np
import pytest
import torch

from ravine.diagnose.saddle_share import styblinski_tang_share
from ravine.functions import DoubleWell, Himmelblau, RareInputs, Rastrigin, StrictSaddle, StyblinskiTang
from ravine.rules import SGD, Adam, Average, walk
from ravine.watch.scenes import SCENES, THEORY, Curves, Map, Proof, batches, curved, leaving, ravine, shares
from ravine.watch.scenes.exhibit import at_least, at_most, beside, near
from ravine.watch.scenes.walking import first, wandered

SLOW = {"noise", "decay", "averaging", "rare", "valley", "budget", "lbfgs"}


@pytest.fixture(scope="module")
def exhibit():
    return functools.cache(lambda key: SCENES[key]())


@pytest.mark.parametrize("key", [pytest.param(key, marks=[pytest.mark.slow] * (key in SLOW)) for key in SCENES])
def test_every_number_is_what_the_story_needs(exhibit, key):
    scene = exhibit(key)
    assert scene.key == key
    assert [proof.what for proof in scene.proofs if not proof.holds] == []
    assert len(scene.proofs) >= 2
    assert len(re.findall(r"[.](?: |$)", scene.how_to_read)) == 2  # sentences
    named = {name for name, _ in scene.settings}
    for panel in scene.panels:
        if isinstance(panel, Map):
            assert {name for name, _ in panel.walks} <= named
            assert all(points.shape[-1] == 2 for _, points in panel.walks)
        else:
            assert {line.name for line in panel.lines} <= named | {THEORY}
            assert all(len(line.x) == len(line.y) for line in panel.lines)


def test_a_number_off_its_bounds_does_not_hold():
    assert near("", 1.04, 1.0, 0.05, "").holds
    assert not near("", 1.06, 1.0, 0.05, "").holds
    assert not near("", math.nan, 1.0, 0.05, "").holds
    assert not at_least("", 0.9, 1.0, "").holds
    assert not at_most("", 1.1, 1.0, "").holds
    losses = np.array([1.0, 2.0, 3.0])
    assert beside("", losses, 2.0 + 2.9 / math.sqrt(3)).holds
    assert not beside("", losses, 2.0 + 3.1 / math.sqrt(3)).holds


@pytest.mark.parametrize(
    ("value", "text"),
    [(49, "49"), (0.98, "0.9800"), (-0.786482, "−0.7865"), (2.3e10, "2.3 × 10¹⁰"), (1.1e-16, "1.1 × 10⁻¹⁶"), (0, "0")],
)
def test_a_number_is_written_with_the_digits_that_matter(value, text):
    assert Proof("", value, 0, 0, "").shown == text


def radius(lr, momentum, nesterov, h):
    """The largest eigenvalue of one step of (p, last p) on a slope of curvature h."""
    look = 1 - lr * h
    if nesterov:
        return max(abs(np.roots([1, -(1 + momentum) * look, momentum * look])))
    return max(abs(np.roots([1, -(look + momentum), momentum])))


@pytest.mark.parametrize("key", ["zigzag", "nesterov"])
def test_rates_are_those_of_the_eigenvalues(exhibit, key):
    root = math.sqrt(ravine.KAPPA)
    gentle = (root - 1) / (root + 1)
    known = {
        "zigzag": [(2 / (1 + ravine.KAPPA), 0, False), (0.01, gentle, False), (4 / (1 + root) ** 2, gentle**2, False)],
        "nesterov": [(0.01, 0, False), (0.01, gentle, False), (0.01, gentle, True)],
    }[key]
    for proof, settings in zip(exhibit(key).proofs, known, strict=False):
        exact = max(radius(*settings, h) for h in (1.0, ravine.KAPPA))
        assert proof.value == pytest.approx(exact, abs=0.01 * (1 - exact))


def textbook(each, start, lr, momentum, nesterov, steps):
    x, v, path = np.array(start), np.zeros(2), [start]
    for _ in range(steps):
        v = momentum * v - lr * each.gradient(x + momentum * v if nesterov else x)
        x = x + v
        path.append(x)
    return np.array(path)


def test_steps_to_leave_the_saddle_are_those_of_a_textbooks_loop(exhibit):
    for proof, momentum in zip(exhibit("saddle").proofs, (0.0, leaving.MOMENTUM), strict=False):
        path = textbook(StrictSaddle(), (1.0, leaving.OFF), leaving.LR, momentum, False, 500)
        assert proof.value == np.argmax(path[:, 1] >= leaving.AWAY)


def test_the_escape_is_that_of_the_recursion():
    for momentum in (0.0, 0.5, 0.9):
        before = y = leaving.OFF
        steps = 0
        while y < leaving.AWAY:
            before, y, steps = y, y + momentum * (y - before) + 2 * leaving.LR * y, steps + 1
        assert steps - 1 <= leaving.escape(momentum) <= steps + 0.2


def test_heavy_ball_overshoots_and_nesterov_brakes_by_as_much_as_a_textbooks_loop_does(exhibit):
    measured = {proof.what: proof.value for proof in exhibit("wells").proofs}
    each = DoubleWell()
    for name, nesterov, known in (("momentum", False, 0.59), ("nesterov", True, 0.20)):
        over = textbook(each, each.start, 0.1, 0.9, nesterov, 300)[:, 0].max() - each.minima[0].x[0]
        assert measured[f"how far {name} overshoots"] == pytest.approx(over, abs=1e-12)
        assert over == pytest.approx(known, abs=0.005)


def test_saddles_are_counted_as_they_are_elsewhere():
    for n in (1, 2, 5):
        assert shares.share(StyblinskiTang, n) == pytest.approx(styblinski_tang_share(n).saddles, abs=1e-12)
    plane = Rastrigin(n=2)
    known = len(plane.saddles) / (len(plane.minima) + len(plane.saddles) + len(plane.maxima))
    assert shares.share(Rastrigin, 2) == pytest.approx(known, abs=1e-12)


def examples(data):
    zero = data.residuals(np.zeros(2))
    return np.stack([data.residuals(unit) - zero for unit in np.eye(2)], -1), -zero


def test_the_spread_of_one_gradient_is_that_of_the_examples():
    data = batches.DATA
    inputs, targets = examples(data)
    for x in ((0.0, 0.0), (1.0, 2.0)):
        each = (inputs @ x - targets)[:, None] * inputs
        assert batches.spread_of_one(x) == pytest.approx(math.sqrt(each.var(0).sum()), rel=1e-12)


@pytest.mark.parametrize(("batch", "lr"), [(1, 0.05), (10, 0.4)])
def test_the_exact_loss_is_what_other_runs_come_to(batch, lr):
    data, runs, budget = batches.RARE, 3000, 300
    inputs, targets = examples(data)
    luck, x = np.random.default_rng(0), np.zeros((runs, 2))
    for _ in range(budget // batch):
        drawn = luck.integers(len(inputs), size=(runs, batch))
        u, t = inputs[drawn], targets[drawn]
        error = np.einsum("rbi,ri->rb", u, x) - t
        x = x - lr * np.einsum("rb,rbi->ri", error, u) / batch
    losses = data(x) - data.minima[0].value
    exact = batches.exact(batch, np.array([lr]), budget)[0]
    assert abs(losses.mean() - exact) < 4 * losses.std() / math.sqrt(runs)


def test_the_map_of_rare_inputs_shows_what_its_numbers_prove():
    scene = SCENES["rare"]()
    map_, curves = scene.panels
    losses = {name: RareInputs()(points[-1]) - RareInputs().minima[0].value for name, points in map_.walks}
    for line in curves.lines:
        assert losses[line.name] == pytest.approx(line.y[-1], rel=0.3)
    deepest = RareInputs().minima[0].x[1]
    off = {name: abs(points[-1, 1] - deepest) for name, points in map_.walks}  # the weight of the rare input
    assert off["adagrad"] < 0.5 * min(off["sgd"], off["rmsprop"])
    assert "one of these" in scene.how_to_read


@pytest.mark.parametrize("name", ["valley", "rare"])
def test_a_memory_that_is_not_the_default_is_said(name):
    assert dict(SCENES[name]().settings)["rmsprop"].startswith("beta 0.9, lr ")


def test_without_noise_the_exact_loss_is_that_of_the_whole_batch():
    data, x = RareInputs(), np.zeros(2)
    for _ in range(5):
        x = x - 1.5 * data.gradient(x)
    known = data(x) - data.minima[0].value
    assert batches.exact(200, np.array([1.5]), 1000)[0] == pytest.approx(known, rel=1e-10)


def test_the_undamped_step_is_the_textbooks():
    each = Himmelblau()
    x = np.array([0.0, 0.0])
    stood = curved.undamped(each, x, 3)
    for k in range(3):
        x = x - np.linalg.solve(each.hessian(x), each.gradient(x))
        np.testing.assert_allclose(stood[k + 1], x, rtol=1e-12)
    assert np.linalg.eigvalsh(each.hessian(stood[-1])).max() < 0


@pytest.mark.parametrize("rule", [Adam(lr=0.05), Average(SGD(lr=0.05), start=3)])
def test_runs_beside_each_other_walk_where_each_walks_alone(rule):
    starts = torch.tensor([[1.0, 1.0], [0.3, -2.0]], dtype=torch.float64)
    h = torch.tensor([1.0, 10.0], dtype=torch.float64)
    stood = wandered(lambda p: h * p, rule, starts, 20)
    for k, start in enumerate(starts.tolist()):
        alone = walk(rule, start, h.tolist(), steps=20, predict=True)
        np.testing.assert_allclose(stood[-1, k], alone.numpy(), rtol=1e-12)


def test_first_counts_steps():
    assert first(np.array([True])) == 0
    assert first(np.array([False, False])) == 2


def test_curves_that_end_at_nothing_are_seen():
    lines = [line for panel in SCENES["units"]().panels if isinstance(panel, Curves) for line in panel.lines]
    assert all(np.isfinite(np.asarray(line.y)).all() for line in lines)
