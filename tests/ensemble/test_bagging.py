"""Bagging agrees with scikit-learn's on the same members and data, and draws samples as it should."""

import warnings

import numpy as np
import pytest
import torch
from scipy.stats import binom
from sklearn.datasets import load_diabetes, load_wine
from sklearn.ensemble import BaggingClassifier, BaggingRegressor
from sklearn.linear_model import LinearRegression, Perceptron
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ravine.data.combining import combined, votes
from ravine.data.examples import FromDataset, InMemory
from ravine.data.folds import split_test
from ravine.data.metrics import METRICS
from ravine.data.task import Task
from ravine.ensemble import bag, out_of_bag, train_ensemble
from ravine.ensemble.bagging import out_of_bag_outputs
from ravine.ensemble.sample import bootstrap, out_of, resampled, thirds
from ravine.errors import RavineError

from .cases import QUICK, Rows, X, labels, numbers, words


def test_a_sample_leaves_out_as_many_as_chance_does():
    train = InMemory({"inputs": torch.arange(1000.0), "target": torch.zeros(1000)}, "target")
    drawn = torch.stack([torch.bincount(bootstrap(train, seed)[1], minlength=1000) for seed in range(50)]).numpy()
    assert (drawn.sum(1) == 1000).all()
    for times in range(4):  # each example is drawn as a binomial says, on average over all of them
        expected = binom.pmf(times, 1000, 1 / 1000)
        share = (drawn == times).mean(1)
        assert abs(share.mean() - expected) < 4 * share.std(ddof=1) / 50**0.5
    assert len({tuple(row) for row in drawn.tolist()}) == 50


def test_groups_are_drawn_whole():
    groups = np.repeat(np.arange(20), 3)
    train = InMemory({"inputs": torch.arange(60.0)}, groups=groups)
    sample, rows = bootstrap(train, seed=1)
    times = np.bincount(rows.numpy(), minlength=60).reshape(20, 3)
    assert (times == times[:, :1]).all()
    assert times[:, 0].sum() == 20
    assert (sample.groups == groups[rows.numpy()]).all()


def test_what_is_drawn_twice_is_a_group_of_its_own():
    """So an early stopping inside a member watches nothing that it has learned from."""
    for train in (InMemory({"inputs": torch.arange(30.0)}), FromDataset(Rows(), torch.arange(30))):
        sample, rows = bootstrap(train, seed=0)
        assert (sample.groups == rows.numpy()).all()
        assert len(set(rows.tolist())) < 30


def test_examples_are_drawn_as_often_as_they_weigh():
    train = InMemory({"inputs": torch.arange(3.0)})
    weights = torch.tensor([1.0, 0.0, 3.0], dtype=torch.float64)
    drawn = torch.cat([resampled(train, weights, seed).inputs for seed in range(400)])
    counts = torch.bincount(drawn.long(), minlength=3).double() / 1200
    assert counts[1] == 0
    assert abs(counts[2] - 0.75) < 4 * (0.75 * 0.25 / 1200) ** 0.5


def test_thirds_hold_every_example_once_and_all_classes_in_any_order():
    targets = np.repeat([0, 1], [60, 30])
    task = Task(lambda: None, (np.arange(90, dtype=np.float32), targets))
    parts = thirds(task, task.training_data, seed=4)
    assert sorted(torch.cat(parts).tolist()) == list(range(90))
    for part in parts:
        assert np.bincount(targets[part]).tolist() == [20, 10]
        assert not torch.equal(part, part.sort().values)


def test_members_count_out_of_the_bag_as_they_weigh():
    said = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [70.0, 80.0, 90.0]])
    samples = [torch.tensor([0, 0, 0]), torch.tensor([0, 2, 2]), torch.tensor([1, 1, 1])]
    outputs, rows = out_of_bag_outputs(said, samples, "numbers", weights=[3.0, 1.0, 0.0])
    assert rows.tolist() == [1, 2]  # who is left to tell of the first has no say
    np.testing.assert_allclose(outputs, [(3 * 2 + 5) / 4, 3.0])


def bagged(theirs, inputs, targets):
    """What scikit-learn's members say, and the samples that they learned from."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of examples that are in every bag
        theirs.fit(inputs, targets)
    return theirs, [torch.from_numpy(rows) for rows in theirs.estimators_samples_]


@pytest.mark.parametrize("members", [3, 25])
def test_scikit_learns_classifier_says_the_same(members):
    inputs, targets = load_wine(return_X_y=True)
    tree = DecisionTreeClassifier(max_depth=2, random_state=0)
    theirs, samples = bagged(BaggingClassifier(tree, members, oob_score=True, random_state=3), inputs, targets)
    said = np.stack([tree.predict_proba(inputs) for tree in theirs.estimators_])
    logits = torch.from_numpy(np.log(np.maximum(said, 1e-300)))
    np.testing.assert_allclose(combined(logits, "classes").exp(), theirs.predict_proba(inputs), atol=1e-12)
    outputs, rows = out_of_bag_outputs(logits, samples, "classes")
    known = ~np.isnan(theirs.oob_decision_function_).any(1)
    assert (len(rows) < len(inputs)) == (members == 3)
    np.testing.assert_array_equal(rows, np.flatnonzero(known))
    np.testing.assert_allclose(outputs.exp(), theirs.oob_decision_function_[known], atol=1e-12)
    if members == 25:  # scikit-learn counts an example that is in every bag as one of the first class
        score = METRICS["accuracy"].value(outputs, torch.from_numpy(targets)[rows])
        assert score == pytest.approx(theirs.oob_score_, abs=1e-12)


def test_scikit_learns_voters_say_the_same():
    """Learners without probabilities vote: shares of votes are its probabilities."""
    inputs, targets = load_wine(return_X_y=True)
    theirs, samples = bagged(BaggingClassifier(Perceptron(), 25, oob_score=True, random_state=3), inputs, targets)
    labels = np.stack([one.predict(inputs) for one in theirs.estimators_]).astype(int)
    chosen = torch.nn.functional.one_hot(torch.from_numpy(labels), 3).float()
    np.testing.assert_allclose(votes(chosen, torch.ones(25, 1, 1)) / 25, theirs.predict_proba(inputs), atol=1e-12)
    shares = (combined(chosen, "classes", "vote").double().exp() * (25 + 1) - 1 / 3) / 25
    np.testing.assert_allclose(shares, theirs.predict_proba(inputs), atol=1e-6)
    outputs, rows = out_of_bag_outputs(chosen, samples, "classes", "vote")
    voters = np.array([sum(out_of(sample, len(inputs))[row] for sample in samples) for row in rows.tolist()])
    shares = (outputs.double().exp().numpy() * (voters + 1)[:, None] - 1 / 3) / voters[:, None]
    np.testing.assert_allclose(shares, theirs.oob_decision_function_[rows.numpy()], atol=1e-6)


def test_scikit_learns_regressor_says_the_same():
    inputs, targets = load_diabetes(return_X_y=True)
    tree = DecisionTreeRegressor(max_depth=3, random_state=0)
    theirs, samples = bagged(BaggingRegressor(tree, 25, oob_score=True, random_state=3), inputs, targets)
    said = torch.from_numpy(np.stack([tree.predict(inputs) for tree in theirs.estimators_]))
    np.testing.assert_allclose(combined(said, "numbers"), theirs.predict(inputs), rtol=1e-12)
    outputs, rows = out_of_bag_outputs(said, samples, "numbers")
    np.testing.assert_allclose(outputs, theirs.oob_prediction_[rows.numpy()], rtol=1e-12)
    score = METRICS["r2"].value(outputs, torch.from_numpy(targets)[rows])
    assert score == pytest.approx(theirs.oob_score_, abs=1e-12)


def test_bagged_networks_come_to_bagged_least_squares():
    """From end to end: a linear network that is trained out is what scikit-learn solves for, sample by sample."""
    luck = np.random.default_rng(5)
    inputs = luck.normal(size=(60, 3)).astype(np.float32)
    targets = (inputs @ [1.0, -2.0, 0.5] + 0.3 * luck.normal(size=60)).astype(np.float32)
    task = Task(lambda: torch.nn.Linear(3, 1), (inputs, targets), test=(inputs[:10], targets[:10]))
    together = bag(task, "Recipe(Momentum(lr=0.1), batch_size='all', epochs=300)", members=4, workers=1)
    fits = [LinearRegression().fit(inputs[m.rows], targets[m.rows]) for m in together.members]
    mean = np.mean([fit.predict(inputs) for fit in fits], axis=0)
    np.testing.assert_allclose(together.outputs(task.training_data).squeeze(1), mean, atol=2e-6)
    says = np.array([out_of(m.rows, 60).numpy() for m in together.members])
    found = out_of_bag(together)
    np.testing.assert_array_equal(found.rows, np.flatnonzero(says.any(0)))
    alone = np.ma.array([fit.predict(inputs) for fit in fits], mask=~says).mean(0).compressed()
    np.testing.assert_allclose(found.outputs.squeeze(1), alone, atol=2e-6)
    assert found.proper == pytest.approx(np.mean((alone - targets[found.rows]) ** 2), rel=1e-4)
    assert (found.metric, found.proper_name) == ("r2", "squared_error")


def test_the_score_out_of_bag_is_of_what_no_member_has_learned():
    """On noise, members know what they have learned by heart; out of the bag they are no better than chance."""
    luck = np.random.default_rng(0)
    inputs, targets = luck.normal(size=(100, 20)).astype(np.float32), luck.integers(2, size=100)
    wide = lambda: torch.nn.Sequential(torch.nn.Linear(20, 64), torch.nn.ReLU(), torch.nn.Linear(64, 2))  # noqa: E731
    task = Task(wide, (inputs, targets), test=(inputs, targets))
    together = bag(task, "Recipe(Adam(lr=0.01), batch_size=20, epochs=40)", members=10, workers=1)
    known = METRICS["accuracy"].value(together.outputs(task.training_data), torch.from_numpy(targets))
    found = out_of_bag(together)
    assert known > 0.95
    assert abs(found.score - 0.5) < 3 * 0.05
    assert len(found.rows) > 90


def test_a_task_without_a_test_set_is_bagged_on_what_is_left_for_training():
    task = Task(lambda: torch.nn.Linear(4, 3), (X, labels().train[1]))
    train, _ = split_test(task, 0)
    together = bag(task, QUICK, members=2, workers=1)
    assert all(len(member.rows) == len(train) == 40 for member in together.members)
    assert out_of_bag(together).outputs.shape[1] == 3


def test_only_what_was_bagged_has_a_score_out_of_bag():
    with pytest.raises(RavineError, match="a member has learned from all examples: only `bag` leaves some out"):
        out_of_bag(train_ensemble(labels(), QUICK, members=2, workers=1))


def test_samples_and_luck_follow_the_seed():
    one, again, other = (bag(numbers(), QUICK, members=2, workers=1, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(one.members[1].rows, again.members[1].rows)
    assert not torch.equal(one.members[1].rows, other.members[1].rows)
    assert not torch.equal(one.members[0].rows, one.members[1].rows)
    by_name = train_ensemble(words(), QUICK, members=2, by="bags", workers=1)
    assert torch.equal(by_name.members[1].rows, one.members[1].rows)
