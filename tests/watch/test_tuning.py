"""Each method at its own lr: as much effort for all, from several starts, and nobody gains by asking again."""

import numpy as np
import pytest
import torch
from scipy.stats import rankdata

from ravine.functions import Ravine
from ravine.rules import SGD
from ravine.watch import draw_starts, follow, read_ground, read_methods, tune, watch
from ravine.watch.tuning import COARSE, FINE, STARTS


def ends(ground, method, rates, starts, steps):
    """The height at the end, by setting and start; infinite where it is not a number, or the picture was left."""
    count, tries = len(rates), len(starts)
    columns = torch.tensor(rates).double().repeat_interleave(tries), torch.from_numpy(starts).repeat(count, 1)
    points, values = follow(ground, method.part, tuple(method.tuned), *columns, steps)
    (left, right), (low, high) = ground.surface.box
    out = np.maximum(np.abs(points[..., 0] * 2 - left - right), np.abs(points[..., 1] * 2 - low - high)).max(0)
    lost = ~(out <= 1.5 * (right - left)) | ~(values[-1] <= values[0])
    return np.where(lost, np.inf, values[-1]).reshape(count, tries)


@pytest.mark.parametrize("on", ["ravine", "rosenbrock"])
@pytest.mark.parametrize("name", ["sgd", "momentum", "adam"])
def test_the_tuned_lr_beats_its_neighbors(on, name):
    ground, (method,) = read_ground(on), read_methods(name)
    starts = draw_starts(ground, ground.surface.start, seed=0)
    tuned = tune(ground, [method], starts, 100)
    found = ends(ground, method, [tuned.lr, tuned.lr / 2, tuned.lr * 2], starts, 100)
    failures = np.isinf(found).sum(1)
    order = list(zip(failures, rankdata(found, axis=0).mean(1), strict=True))  # fewest failures, then the mean rank
    assert order[0] == min(order)
    assert failures[0] == 0


@pytest.mark.parametrize("kappa", [10.0, 100.0])
def test_gradient_descent_on_the_ravine_is_tuned_near_what_theory_says(kappa):
    ravine = Ravine(kappa)
    lr = watch(ravine, "sgd", steps=200).courses[0].lr
    assert lr is not None
    assert 0.8 * ravine.best_lr() < lr < 2 / kappa  # beyond the latter it diverges


def test_the_course_at_the_tuned_lr_is_the_course_of_a_method_written_so():
    tuned = watch("rosenbrock", "adam", steps=80).courses[0]
    given = watch("rosenbrock", f"Adam(lr={tuned.lr!r})", steps=80).courses[0]
    np.testing.assert_allclose(given.points, tuned.points, rtol=1e-9)
    assert given.lr == tuned.lr


def test_every_method_is_tuned_by_as_many_evaluations(monkeypatch):
    spent: dict[str, int] = {}
    real = follow

    def counted(ground, rule, places, rates, starts, evaluations):
        points, values = real(ground, rule, places, rates, starts, evaluations)
        cost = (len(points) - 1) * rule.gradients_per_step() * len(starts)
        spent[type(rule).__name__] = spent.get(type(rule).__name__, 0) + cost
        return points, values

    monkeypatch.setattr("ravine.watch.tuning.follow", counted)
    watch("ravine", "sgd,SAM(SGD()),lamb,adadelta,Clip(Adam(), norm=1.0)", steps=20)
    once_more = STARTS * 20  # the best of the coarse settings meets the fine ones
    assert set(spent.values()) == {(COARSE + FINE) * STARTS * 20 + once_more}


def test_starts_lie_in_the_box_and_the_one_that_is_shown_is_first():
    ground = read_ground("rosenbrock")
    starts = draw_starts(ground, (-2.0, 3.0), seed=4)
    assert starts[0].tolist() == [-2.0, 3.0]
    assert all(ground.is_inside(start) for start in starts)
    assert len(np.unique(starts, axis=0)) == STARTS
    np.testing.assert_array_equal(starts, draw_starts(ground, (-2.0, 3.0), seed=4))


def test_one_start_does_not_decide():
    ground, (method,) = read_ground("ravine"), read_methods("sgd")
    along = np.array([[1.0, 0.0]])  # where it is flat any lr below 2 holds, and 1 is the best
    assert tune(ground, [method], along, 50).lr == pytest.approx(1.0, rel=0.05)
    several = np.array([[1.0, 0.0], [1.0, 1.0], [-1.0, 0.5]])
    assert tune(ground, [method], several, 50).lr < 2 / 100


def test_a_setting_that_swings_far_out_of_the_picture_is_not_chosen():
    box = np.array(Ravine().box)
    for course in watch("ravine", "adagrad,rmsprop,adam,momentum").courses:
        assert (np.abs(course.points) <= 1.25 * box[:, 1] + 0.5).all(), course.method.name


def test_a_scene_is_the_same_every_time():
    one, again = (watch("himmelblau", "momentum,adam,lbfgs", noise=0.5, seed=7, steps=60) for _ in range(2))
    for first, second in zip(one.courses, again.courses, strict=True):
        assert first.lr == second.lr
        np.testing.assert_array_equal(first.points, second.points)


def test_the_same_lr_for_all_is_said_to_be_unfair():
    scene = watch("rosenbrock", "sgd,adam,SGD(lr=0.002),lbfgs", lr="same", steps=60)
    sgd, adam, given, lbfgs = scene.courses
    assert sgd.lr == adam.lr
    assert given.lr == 0.002
    assert lbfgs.lr is None
    assert "unfair" in scene.fairness
    assert "unfair" not in watch("rosenbrock", "sgd,adam", steps=20).fairness


def test_a_number_for_all_is_that_number():
    scene = watch("rosenbrock", "sgd,adam", lr=0.001, steps=20)
    assert [course.lr for course in scene.courses] == [0.001, 0.001]
    assert "lr 0.001 for all, which is unfair" in scene.fairness


def test_a_range_is_tuned_in_and_its_end_is_warned_of():
    scene = watch("ravine", "SGD(lr=log(1e-5,1e-3))", steps=40)
    assert scene.courses[0].lr == 1e-3
    assert scene.warnings == ("SGD(lr=log(1e-5,1e-3)): lr 0.001 is an end of its range; a better one may lie beyond.",)


def test_what_has_no_lr_to_tune_is_followed_as_it_is():
    scene = watch("ravine", [SGD(lr=0.01), "newton"], steps=20)
    assert scene.fairness.endswith("lr as it was written.")
    assert watch("ravine", "SGD(lr=cosine(0.01))", steps=9).fairness.endswith("lr as it was written.")
    assert watch("ravine", "newton", steps=9).fairness.endswith("none has an lr, all search their step.")
