import numpy as np
import pytest
import torch
from torch import nn

from ravine.data import ledger
from ravine.data.folds import folds
from ravine.data.task import Task
from ravine.diagnose.interval import corrected
from ravine.diagnose.learning_curve import learning_curve
from ravine.diagnose.nested import nested_order, sizes_of
from ravine.errors import RavineError
from ravine.training.order import steps_per_epoch

from .cases import SHORT, blobs, waves
from .test_members import ONE_STEP, Constant


def constants(count=100, **options) -> Task:
    y = np.random.default_rng(0).normal(size=count)
    x = np.arange(count, dtype=np.float32)[:, None]
    return Task(Constant, (x, y), test=(x[:5], y[:5]), **options)


def test_a_constant_has_the_curve_that_theory_knows():
    # Who learns the mean of n draws with variance 1 errs by 1 + 1/n on others, and by 1 - 1/n on these.
    found = learning_curve(constants(4000), ONE_STEP, sizes=(2, 8, 32), seeds=40, same="epochs", workers=1)
    for place, n in enumerate(found.sizes):
        other, learned = found.values("proper")[place], found.values("train_proper")[place]
        assert abs(other.mean() - (1 + 1 / n)) < 3.5 * other.std() / np.sqrt(40) + 0.05  # 0.05: a test set in common
        assert abs(learned.mean() - (1 - 1 / n)) < 3.5 * learned.std() / np.sqrt(40)
    assert found.chance == pytest.approx(1.0, abs=0.05)


def test_a_run_learns_from_the_first_so_many_and_is_judged_on_what_is_held_out():
    task = constants()
    found = learning_curve(task, ONE_STEP, sizes=(5, 20), seeds=3, same="epochs", seed=6, workers=1)
    data = task.training_data
    y = data.targets.double().numpy()
    kept, left_out = (rows.numpy() for rows in folds(task, data, holdout=0.2, seed=6)[0])
    order = nested_order(task, data, kept, 6)
    assert sorted(order) == sorted(kept)
    for place, size in enumerate((5, 20)):
        run = found.runs[place * 3]
        assert float(run.outputs[0]) == pytest.approx(y[order[:size]].mean(), abs=1e-6)
        np.testing.assert_allclose(run.targets, y[left_out], rtol=1e-6)
        assert run.proper == pytest.approx(((y[left_out] - y[order[:size]].mean()) ** 2).mean(), rel=1e-4)


def test_intervals_are_widened_since_splits_share_examples():
    found = learning_curve(waves(100), SHORT, sizes=(20, 80), seeds=4, workers=1)
    proper, train = found.values("proper"), found.values("train_proper")
    expected = corrected(proper[-1] - train[-1], 20 / 80, over="")
    assert (found.gap.value, found.gap.low) == pytest.approx((expected.value, expected.low))
    slope = corrected((proper[1] - proper[0]) / 2, 20 / 80, over="")  # two doublings
    assert (found.slope.value, found.slope.high) == pytest.approx((slope.value, slope.high))


@pytest.mark.parametrize("same", ["steps", "epochs"])
def test_small_sets_are_gone_through_more_often(same):
    found = learning_curve(waves(100), SHORT, sizes=(10, 40, 80), seeds=2, same=same, workers=1)
    steps = [
        len(run.history) * steps_per_epoch(SHORT, size) for run, size in zip(found.runs[::2], found.sizes, strict=True)
    ]
    assert (steps == [30, 30, 30]) if same == "steps" else (steps == [3 * 2, 3 * 5, 3 * 10])


def test_the_first_examples_hold_every_class_and_keep_the_shares():
    labels = np.repeat([0, 1, 2], [120, 60, 20])
    task = Task(lambda: nn.Linear(1, 3), (np.zeros((200, 1), dtype=np.float32), labels))
    order = nested_order(task, task.training_data, np.arange(200), 0)
    assert set(labels[order[:3]]) == {0, 1, 2}
    for size in (10, 50, 150):
        counts = np.bincount(labels[order[:size]])
        assert np.abs(counts - size * np.array([0.6, 0.3, 0.1])).max() <= 2
    assert not np.array_equal(order, nested_order(task, task.training_data, np.arange(200), 1))


def test_groups_come_one_after_the_other():
    groups = np.random.default_rng(0).integers(0, 12, 100)
    task = constants(groups=groups)
    data = task.training_data
    order = nested_order(task, data, np.arange(100), 3)
    met = data.groups[order]
    assert (np.diff(met) != 0).sum() == len(np.unique(met)) - 1
    assert met[0] != 0 or met[-1] != 11


def test_sizes_are_shares_or_numbers():
    assert sizes_of((0.1, 0.5, 30, 1.0, 50), 100, 3) == (10, 30, 50, 100)
    assert sizes_of(None, 20, 4) == (4, 5, 10, 20)
    assert sizes_of((1.0, 4), 50, 3) == (4, 50)


def memorable(**options) -> Task:
    """Labels that have nothing to do with the inputs: all that can be learned is learned by heart."""
    luck = torch.Generator().manual_seed(0)
    x, y = torch.randn(60, 8, generator=luck), torch.randint(0, 2, (60,), generator=luck)
    return Task(lambda: nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 2)), (x, y), test=(x, y), **options)


def test_learning_by_heart_is_named():
    found = learning_curve(
        memorable(), "Recipe(Adam(lr=0.01), epochs=60, batch_size=16)", sizes=(24, 48), seeds=3, workers=1
    )
    assert found.fitting.name == "over-fitting"
    sentence = found.sentences()[0]
    for number in (found.at("train_proper").value, found.at("proper").value):
        assert f"{number:.3g}" in sentence
    assert str(found.gap) in sentence
    assert str(found.slope) in sentence
    assert "guessing misses 0.69" in sentence


@pytest.mark.parametrize("floor", [None, 0.01])
def test_too_simple_a_network_is_named(floor):
    task = waves(120, sigma=0.1)
    found = learning_curve(
        task, "Recipe(SGD(lr=0.02), epochs=5, batch_size=16)", arguments={"width": 1}, sizes=(20, 96), seeds=3,
        floor=floor, workers=1,
    )  # fmt: skip
    assert found.fitting.name == "under-fitting"
    assert ("unless what is missed is noise" in found.fitting.sentence) == (floor is None)
    assert ("the best possible 0.01" in found.fitting.sentence) == (floor is not None)


def test_a_floor_as_high_as_the_error_leaves_nothing_to_mend():
    task = waves(200, sigma=0.02)
    recipe = "Recipe(Adam(lr=0.02), epochs=30, batch_size=16)"
    found = learning_curve(task, recipe, arguments={"width": 16}, sizes=(40, 160), seeds=3, workers=1)
    assert found.fitting.name == "neither"


def test_the_test_set_is_not_looked_at():
    task = blobs()
    learning_curve(task, SHORT, sizes=(0.5, 1.0), seeds=2, workers=1)
    assert ledger.reads(task.test_data.fingerprint()) == []


def rare() -> Task:
    y = np.array([0] * 40 + [1] * 40 + [2] * 20)
    groups = np.r_[np.arange(80) // 8, 10 + np.arange(20) // 4]
    return Task(
        lambda: nn.Linear(1, 3), (np.zeros((100, 1), dtype=np.float32), y), groups=groups, test=(np.zeros((1, 1)), [0])
    )


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: learning_curve(waves(), SHORT, sizes=(10, 5000)), r"sizes=\(10, 5000\).*2 to 32 examples, got 5000"),
        (lambda: learning_curve(waves(), SHORT, sizes=(0.5, 1.5)), "share in .*got 1.5"),
        (lambda: learning_curve(waves(), SHORT, sizes=(0.01, 1.0)), "got 0.01"),
        (lambda: learning_curve(blobs(), SHORT, sizes=(2, 20)), "3 to 48 examples, got 2"),
        (lambda: learning_curve(waves(), SHORT, sizes=(True, 20)), "got True"),
        (lambda: learning_curve(waves(), SHORT, sizes=(20,)), "needs at least 2 sizes"),
        (lambda: learning_curve(waves(), SHORT, seeds=1), "seeds=1 must be a whole number from 2"),
        (lambda: learning_curve(waves(), SHORT, same="time"), "same='time'.*'steps' or 'epochs'"),
        (lambda: learning_curve(rare(), SHORT, sizes=(8, 70), seeds=2), "of 8 examples lacks the class"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(call, sentence):
    with pytest.raises(RavineError, match=sentence) as told:
        call()
    assert "\n" not in str(told.value)
