"""Courses against closed forms: what is drawn is what the methods do, and it costs what is said."""

import math

import numpy as np
import pytest
import torch

from ravine.functions import NoisyGradient, RareInputs, Ravine, Sampled, Surface, surface
from ravine.rules import SAM, SGD, Average, Clip, Momentum, Nesterov, walk
from ravine.watch import follow, read_ground, watch

START = (1.0, 1.0)


def course(method, on="ravine", **options):
    return watch(on, [method], **options).courses[0]


def test_gradient_descent_on_the_ravine_is_its_closed_form():
    kappa, lr = 100.0, 0.015
    found = course(SGD(lr=lr), Ravine(kappa), steps=150)
    t = np.arange(151)[:, None]
    exact = (1 - lr * np.array([1.0, kappa])) ** t * np.array(START)
    np.testing.assert_allclose(found.points, exact, rtol=1e-12, atol=0)
    np.testing.assert_allclose(found.values, exact**2 @ [0.5, 0.5 * kappa], rtol=1e-12)
    assert found.outcome == "finished"
    assert found.distance == pytest.approx(np.linalg.norm(exact[-1]), rel=1e-12)


def slowest(points, kappa, skipped):
    """The factor by which each step shrinks the error in the long run: the norm over windows, less the transient."""
    size = np.linalg.norm(points * np.sqrt([1.0, kappa]), axis=1)
    t = np.arange(len(size))[skipped:]
    return math.exp(np.polyfit(t, np.log(size[skipped:]), 1)[0])


@pytest.mark.parametrize("kappa", [10.0, 100.0, 1000.0])
def test_gradient_descent_at_its_best_lr_has_the_rate_of_theory(kappa):
    ravine = Ravine(kappa)
    found = course(SGD(lr=ravine.best_lr()), ravine, steps=400)
    assert slowest(found.points, kappa, 0) == pytest.approx((kappa - 1) / (kappa + 1), rel=0.01)


@pytest.mark.parametrize("kappa", [10.0, 100.0, 1000.0])
def test_heavy_ball_at_its_best_has_the_rate_of_theory(kappa):
    ravine = Ravine(kappa)
    lr, momentum = ravine.best_heavy_ball()
    length = {10.0: 400, 100.0: 1500, 1000.0: 5000}[kappa]  # its transient, t rho^t, dies slowly
    found = course(Momentum(lr=lr, momentum=momentum), ravine, steps=length)
    rate = (math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1)
    assert slowest(found.points, kappa, length // 2) == pytest.approx(rate, rel=0.01)


@pytest.mark.parametrize(
    "rule", [SGD(0.01), Momentum(0.005), Nesterov(0.005, form="look-ahead"), Clip(SGD(0.1), norm=2.0)]
)
def test_a_rule_walks_where_it_walks_elsewhere(rule):
    found = course(rule, Ravine(10.0), steps=60)
    exact = torch.stack([walk(rule, START, [1.0, 10.0], steps=t) for t in range(61)])
    np.testing.assert_allclose(found.points, exact.numpy(), rtol=1e-12, atol=1e-15)


def test_the_members_of_a_population_are_alone_in_their_norms():
    ground, rule = read_ground("rosenbrock"), Clip(Momentum(), norm=0.5)
    starts = torch.tensor([[-1.2, 1.0], [0.5, 2.0], [-1.2, 1.0]], dtype=torch.float64)
    rates = torch.tensor([0.001, 0.1, 0.02], dtype=torch.float64)
    together, _ = follow(ground, rule, [("rule", "lr")], rates, starts, 40)
    for k in range(3):
        alone, _ = follow(ground, rule, [("rule", "lr")], rates[k : k + 1], starts[k : k + 1], 40)
        np.testing.assert_allclose(together[:, k], alone[:, 0], rtol=1e-12)


def test_a_method_that_predicts_by_an_average_stands_at_its_average():
    walked = course(SGD(lr=0.015), steps=30).points
    averaged = course(Average(SGD(lr=0.015)), steps=30).points
    assert not np.allclose(averaged[5:], walked[5:])
    assert (np.abs(averaged[-1]) <= np.abs(walked).max(0)).all()


@pytest.mark.parametrize(
    ("method", "cost"), [(SGD(0.001), 1), (Nesterov(0.001, form="look-ahead"), 1), (SAM(SGD(0.001)), 2)]
)
def test_a_step_costs_the_gradients_that_it_takes(method, cost):
    found = course(method, steps=31)
    assert found.evaluations.tolist() == list(range(0, 31 // cost * cost + 1, cost))


def test_newton_pays_for_its_hessian():
    found = course("newton", steps=50)
    # The start, a Hessian of two Hessian-vector products at two each, and one look at where it leads.
    assert found.evaluations.tolist() == [0, 6]
    np.testing.assert_allclose(found.points[-1], 0, atol=1e-15)
    assert found.outcome == "finished"


def test_every_gradient_is_counted(monkeypatch):
    asked = []
    gradient = Ravine.gradient
    monkeypatch.setattr(Ravine, "gradient", lambda self, x: asked.append(x.shape) or gradient(self, x))
    for method in (SGD(0.01), SAM(SGD(0.01)), Nesterov(0.01, form="look-ahead")):
        asked.clear()
        found = course(method, steps=20)
        assert len(asked) - 1 == found.evaluations[-1] == 20  # the last one looks at where it ended


def test_no_method_spends_more_than_its_budget():
    scene = watch("rosenbrock", "SAM(SGD(lr=0.001)),lbfgs,newton,bfgs,newton_cg,SGD(lr=0.001)", steps=33)
    assert all(each.evaluations[-1] <= 33 for each in scene.courses)
    assert {each.evaluations[0] for each in scene.courses} == {0}


def test_a_method_that_diverges_is_cut_where_it_is_lost_and_says_so():
    found = course(SGD(lr=0.03), steps=200)
    assert found.outcome == "diverged"
    assert found.sentence.startswith("diverged: far outside after ")
    assert len(found.points) < 100
    assert np.isfinite(found.points).all()
    assert found.values[-1] > found.values[0]


def test_what_overflows_diverges_and_keeps_the_points_that_are_numbers():
    found = course(SGD(lr=1e200), steps=5)
    assert found.outcome == "diverged"
    assert np.isfinite(found.values).all()


def test_a_method_that_ends_outside_and_higher_diverged_even_if_it_is_not_far():
    assert course(SGD(lr=0.0205), steps=60).outcome == "diverged"


def test_a_method_that_falls_out_of_the_box_left_it():
    found = course(SGD(lr=0.05), "monkey_saddle", steps=400)
    assert found.outcome == "left"
    assert found.values[-1] < found.values[0]


def test_a_saddle_holds_gradient_descent_that_starts_on_its_axis():
    found = course(SGD(lr=0.1), "strict_saddle", steps=100)
    np.testing.assert_allclose(found.points[-1], 0, atol=1e-9)
    assert surface("strict_saddle").hessian(found.points[-1])[1, 1] < 0


@pytest.mark.parametrize(
    ("on", "method", "start", "outcome", "sentence"),
    [
        ("branin", "Newton(safeguard=None)", (0, 10), "saddle", "stopped on a saddle after 6 evaluations, at 0, 6."),
        ("himmelblau", "Newton(safeguard=None)", (0, 0), "maximum", "stopped on a maximum after "),
        ("strict_saddle", SGD(lr=0.1), (1, 0), "saddle", "stopped on a saddle after 200 evaluations, at "),
        ("branin", "lbfgs", (0, 10), "finished", "finished: 14 evaluations, at −3.14, 12.3."),
    ],
)
def test_who_rests_on_a_saddle_or_a_maximum_is_not_told_as_if_it_were_a_minimum(on, method, start, outcome, sentence):
    found = course(method, on, start=start)
    assert found.outcome == outcome
    assert found.sentence.startswith(sentence)
    bends = np.linalg.eigvalsh(surface(on).hessian(found.points[-1]))
    assert {"saddle": bends[0] < 0 < bends[1], "maximum": bends[1] < 0, "finished": bends[0] > 0}[outcome]


def test_a_known_saddle_without_any_curvature_is_one_too():
    found = course(SGD(lr=0.1), "monkey_saddle", start=(0, 0), steps=5)
    assert not surface("monkey_saddle").hessian(found.points[-1]).any()
    assert found.outcome == "saddle"


class Unknown(Surface):
    def value(self, x, y):
        return (x**2 - 1) ** 2 + y**2


def test_a_saddle_that_nobody_stated_is_seen_by_its_slope_and_its_hessian():
    ends = {course("Newton(safeguard=None)", Unknown(), start=(x, 1)).outcome for x in (0.2, -0.3)}
    assert ends == {"saddle"}
    assert course("newton", Unknown(), start=(2, 1)).outcome == "finished"
    # Moving along the ridge it is no minimum either, but it has not come to rest.
    assert course(SGD(lr=1e-4), Unknown(), start=(0, 1), steps=20).outcome == "finished"


def test_a_minimizer_that_finds_no_way_on_failed_with_its_sentence():
    found = course("newton", "monkey_saddle", steps=500)
    assert found.outcome in ("failed", "left")
    assert found.sentence.startswith(f"{'failed' if found.outcome == 'failed' else 'left the picture'}: ")


@pytest.mark.parametrize(("method", "steps"), [("lbfgs", 1), ("newton", 5), (SAM(SGD(0.01)), 1)])
def test_a_budget_that_is_too_small_for_a_step_is_told(method, steps):
    found = course(method, steps=steps)
    assert len(found.points) == 1
    assert found.outcome == "failed"
    so_many = f"{steps} evaluation{'' if steps == 1 else 's'}"
    assert found.sentence == f"failed: a budget of {so_many} is too small for a first step."
    assert course(method, steps=6).outcome == "finished"


def test_one_evaluation_is_one():
    assert watch("ravine", SGD_AT, steps=1).fairness.startswith("1 gradient evaluation each;")
    assert watch("ravine", SGD_AT, steps=2).fairness.startswith("2 gradient evaluations each;")


SGD_AT = "SGD(lr=0.01)"


def test_schedules_run_over_the_whole_budget():
    found = course("SGD(lr=linear(0.02))", steps=10)
    lr = 0.02 * (1 - np.arange(10) / 10)
    np.testing.assert_allclose(found.points[1:, 0], np.cumprod(1 - lr), rtol=1e-12)
    assert found.lr is None


def test_all_methods_meet_the_same_noise():
    scene = watch("ravine", [SGD(0.001), Momentum(0.001, momentum=0.0)], noise=3.0, steps=50)
    one, other = scene.courses
    np.testing.assert_array_equal(one.points, other.points)
    calm = course(SGD(0.001), steps=50)
    assert not np.allclose(calm.points, one.points)
    np.testing.assert_array_equal(one.values, Ravine()(one.points))  # values have no noise
    noise = (one.points[:-1] - one.points[1:]) / 0.001 - one.points[:-1] * [1.0, 100.0]
    assert noise.std() == pytest.approx(3.0, rel=0.25)


def test_all_members_of_a_population_meet_the_same_noise_as_one_alone():
    ground = read_ground("ravine", noise=2.0)
    starts, rates = torch.ones(9, 2, dtype=torch.float64), torch.full((9,), 0.001, dtype=torch.float64)
    points, _ = follow(ground, SGD(), [("lr",)], rates, starts, 20)
    alone, _ = follow(ground, SGD(), [("lr",)], rates[:1], starts[:1], 20)
    np.testing.assert_allclose(points, np.broadcast_to(alone, points.shape), rtol=1e-12)


def test_another_seed_is_another_noise():
    first, again, other = (course(SGD(0.001), noise=1.0, seed=seed, steps=20).points for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_noise_of_examples_is_a_ground_too():
    found = course(SGD(0.1), Sampled(RareInputs(), batch_size=1), steps=50)
    assert found.outcome == "finished"
    assert not np.allclose(found.points, course(SGD(0.1), RareInputs(), steps=50).points)


def test_a_surface_with_noise_of_its_own_is_the_same_as_noise_asked_for():
    own = course(SGD(0.001), NoisyGradient(Ravine(), std=2.0), steps=20)
    np.testing.assert_array_equal(own.points, course(SGD(0.001), noise=2.0, steps=20).points)


def test_lbfgs_meets_noise_at_every_evaluation():
    calm, noisy = course("lbfgs", "rosenbrock"), course("lbfgs", "rosenbrock", noise=1.0)
    assert calm.outcome == "finished"
    assert calm.values[-1] < 1e-15
    assert noisy.values[-1] > 1e-9
