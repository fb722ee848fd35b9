"""Members trained on bootstrap samples, on networks whose bias and variance are known in closed form."""

import numpy as np
import pytest
import torch
from torch import nn

from ravine.data import ledger
from ravine.data.folds import folds, split_test
from ravine.data.task import Task
from ravine.diagnose.bias_variance import squared_loss, zero_one_loss
from ravine.diagnose.bootstrap import error_632_plus
from ravine.diagnose.members import bias_variance
from ravine.diagnose.out_of_bag import out_of_bag
from ravine.ensemble.sample import bootstrap
from ravine.errors import RavineError

from .cases import SHORT, blobs, waves

ONE_STEP = "Recipe(SGD(lr=0.5), epochs=1, batch_size='all')"
"""On squared error of a constant: the very step to the mean."""


class Constant(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.w.expand(len(x))


def f(inputs):
    return np.sin(2 * np.asarray(inputs)[:, 0])


def constants(count=400, sigma=0.3, **options) -> Task:
    luck = np.random.default_rng(1)
    x = luck.uniform(-2, 2, size=(count, 1)).astype(np.float32)
    return Task(Constant, (x, f(x) + 1 + sigma * luck.normal(size=count)), **options)


def test_members_of_a_constant_have_the_bias_variance_and_noise_that_theory_knows():
    task = constants(test=(np.zeros((3, 1), dtype=np.float32), np.zeros(3)))
    found = bias_variance(task, ONE_STEP, members=200, truth=lambda x: f(x) + 1, seed=2, workers=1)
    data = task.training_data
    ((kept, left_out),) = folds(task, data, holdout=0.2, seed=2)
    y, judged = data.targets.double().numpy(), left_out.numpy()
    learned = y[kept.numpy()]
    truth = f(data.inputs.numpy()[judged]) + 1
    # A bootstrap mean is around the sample's, with the sample's variance over n (Efron & Tibshirani 1993, chapter 5).
    known = {
        "bias": ((learned.mean() - truth) ** 2).mean(),
        "variance": learned.var() / len(learned),
        "noise": ((y[judged] - truth) ** 2).mean(),
    }
    variance = found.parts.variance
    assert abs(variance.value - known["variance"]) < 3 * known["variance"] * np.sqrt(2 / 199)
    assert abs(found.parts.bias.value - known["bias"]) < 3 * 2 * np.sqrt(known["bias"] * known["variance"] / 200)
    assert found.parts.noise.value == pytest.approx(known["noise"], rel=1e-4)
    assert abs(found.parts.noise.value - 0.3**2) < 3 * found.parts.noise.standard_error
    assert abs(found.parts.remainder.value) < 3 * found.parts.remainder.standard_error
    parts = found.parts
    added = parts.bias.value + parts.variance.value + parts.noise.value
    assert abs(added - parts.error.value) < 3 * parts.remainder.standard_error


def test_a_member_learns_from_its_own_bag_alone():
    task = constants(60)
    found = bias_variance(task, ONE_STEP, members=3, seed=4, workers=1)
    data = task.training_data
    rest = torch.arange(60)[np.isin(np.arange(60), split_rows(task), invert=True)]
    ((kept, _),) = folds(task, data.subset(rest), holdout=0.2, seed=4)
    part = data.subset(rest).subset(kept)
    for k, run in enumerate(found.runs):
        bag = part.targets[bootstrap(part, 4000 + k)[1]]
        assert float(run.outputs[0]) == pytest.approx(float(bag.mean()), abs=1e-6)
        assert 0.5 < len(np.unique(bag)) / len(bag) < 0.8


def split_rows(task):
    """The rows of the test set that is split off where a task brings none."""
    _, test = split_test(task, 0)
    return np.flatnonzero(np.isin(task.training_data.targets, test.targets))


def test_the_decomposition_is_that_of_what_the_members_say():
    found = bias_variance(blobs(), SHORT, members=4, workers=1, seed=1)
    said = np.array([run.outputs.argmax(axis=1) for run in found.runs])
    expected = zero_one_loss(said, found.runs[0].targets)
    assert found.parts.loss == "error"
    assert found.parts.table().equals(expected.table())
    numbers = bias_variance(waves(), SHORT, members=3, workers=1)
    expected = squared_loss([run.outputs[:, 0] for run in numbers.runs], numbers.runs[0].targets)
    assert numbers.parts.table().equals(expected.table())


def test_one_logit_and_known_probabilities_are_classes_too():
    x = np.linspace(-2, 2, 80, dtype=np.float32)[:, None]
    p = 1 / (1 + np.exp(-2 * x[:, 0]))
    labels = (np.random.default_rng(0).random(80) < p).astype(int)
    task = Task(lambda: nn.Linear(1, 1), (x, labels), test=(x, labels), loss="binary_cross_entropy")

    def truth(inputs):
        return 1 / (1 + np.exp(-2 * np.asarray(inputs)))

    found = bias_variance(task, SHORT, members=5, truth=truth, holdout=None, workers=1)
    said = np.array([run.outputs[:, 0] > 0 for run in found.runs]).astype(int)
    expected = zero_one_loss(said, labels, np.stack([1 - p, p], axis=1))
    np.testing.assert_allclose(found.parts.each["noise"], np.minimum(p, 1 - p), atol=1e-6)
    for name in ("bias", "variance", "error"):
        assert getattr(found.parts, name) == pytest.approx(getattr(expected, name))
    assert [read.runs for read in ledger.reads(task.test_data.fingerprint())] == [5]


def test_held_out_members_leave_the_test_set_alone():
    task = blobs()
    bias_variance(task, SHORT, members=2, workers=1)
    assert ledger.reads(task.test_data.fingerprint()) == []


def test_groups_are_drawn_whole():
    groups = np.repeat(np.arange(20), 3)
    task = constants(60, groups=groups, test=(np.zeros((3, 1), dtype=np.float32), np.zeros(3)))
    found = bias_variance(task, ONE_STEP, members=2, seed=0, workers=1)
    data = task.training_data
    ((kept, _),) = folds(task, data, holdout=0.2, seed=0)
    part = data.subset(kept)
    rows = bootstrap(part, 0)[1]
    assert set(np.bincount(rows, minlength=len(part)).reshape(-1, 3).std(axis=1)) == {0.0}
    assert float(found.runs[0].outputs[0]) == pytest.approx(float(part.targets[rows].mean()), abs=1e-6)


def test_a_bag_that_stops_early_never_watches_an_example_that_it_learns_from():
    recipe = "Recipe(SGD(lr=0.5), epochs=2, batch_size='all', stop=early_stopping(held_out=0.25))"
    task = constants(40, test=(np.zeros((3, 1), dtype=np.float32), np.zeros(3)))
    found = bias_variance(task, recipe, members=6, seed=1, workers=1)
    data = task.training_data
    ((kept, _),) = folds(task, data, holdout=0.2, seed=1)
    part = data.subset(kept)
    for k, run in enumerate(found.runs):
        sample, rows = bootstrap(part, 1000 + k)
        ((learned, watched),) = folds(task, sample, holdout=0.25, seed=1000 + k)
        assert not set(rows[learned].tolist()) & set(rows[watched].tolist())
        assert float(run.outputs[0]) == pytest.approx(float(sample.targets[learned].mean()), abs=1e-6)


def test_out_of_bag_errors_are_those_by_hand():
    task = constants(30, test=(np.zeros((3, 1), dtype=np.float32), np.zeros(3)))
    found = out_of_bag(task, ONE_STEP, members=12, seed=3, workers=1)
    y = task.training_data.targets.double().numpy()
    errors = {i: [] for i in range(30)}
    for k in range(12):
        rows = bootstrap(task.training_data, 3000 + k)[1].numpy()
        for i in set(range(30)) - set(rows.tolist()):
            errors[i].append((y[i] - y[rows].mean()) ** 2)
    assert found.out_of_bag == pytest.approx(np.mean([np.mean(each) for each in errors.values() if each]), rel=1e-5)
    assert found.training == pytest.approx(y.var(), rel=1e-5)
    assert found.no_information == pytest.approx(y.var(), rel=1e-5)  # of a constant, which uses no input
    assert found.error_632_plus == error_632_plus(found.training, found.out_of_bag, found.no_information)
    classes = out_of_bag(blobs(), SHORT, members=5, workers=1)
    assert classes.measure == "error"
    said = classes.runs[0].outputs.argmax(axis=1)
    assert classes.training == pytest.approx((said != classes.runs[0].targets).mean())


def test_a_member_that_diverges_counts_at_chance_and_is_named():
    found = bias_variance(waves(), "Recipe(SGD(lr=1e30), epochs=3)", members=2, workers=1)
    assert "Member 1 counts at chance level. Diverged" in found.sentences()[2]
    for run in found.runs:
        np.testing.assert_allclose(run.outputs, run.outputs.flat[0])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: bias_variance(waves(), SHORT, members=1), "members=1 must be a whole number from 2 to 1000"),
        (lambda: bias_variance(waves(), SHORT, holdout=1.5), r"holdout must be in \(0, 1\), got 1.5"),
        (lambda: bias_variance(blobs(), SHORT, truth=lambda x: x, workers=1, members=2), "sum to 1 for each example"),
        (
            lambda: bias_variance(waves(), SHORT, truth=lambda x: x[:3], workers=1, members=2),
            "truth must have the targets",
        ),
        (lambda: bias_variance(blobs(6), SHORT, members=2), "too few for 3 classes"),
        (lambda: out_of_bag(waves(), SHORT, members=1), "members=1 must be a whole number from 2 to 999"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(call, sentence):
    with pytest.raises(RavineError, match=sentence) as told:
        call()
    assert "\n" not in str(told.value)
