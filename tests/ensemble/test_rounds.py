"""The rules of boosting, against scikit-learn's with its own learners, and by what their authors say of them."""

import math

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import AdaBoostClassifier, GradientBoostingRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ravine.data.combining import combined
from ravine.ensemble.rounds import coin_filter, filtered, residual_fitted, reweighted


@pytest.mark.parametrize("load", [load_wine, load_digits, load_breast_cancer])
@pytest.mark.parametrize("shrinkage", [1.0, 0.5])
def test_scikit_learns_adaboost_comes_to_the_same(load, shrinkage):
    inputs, targets = load(return_X_y=True)
    stump = DecisionTreeClassifier(max_depth=1, random_state=0)
    theirs = AdaBoostClassifier(stump, n_estimators=8, learning_rate=shrinkage, random_state=0).fit(inputs, targets)
    stumps = []

    def fit(weights, number):
        luck = theirs.estimators_[number].random_state
        stumps.append(DecisionTreeClassifier(max_depth=1, random_state=luck).fit(inputs, targets, weights.numpy()))
        return torch.from_numpy(stumps[-1].predict(inputs))

    classes = len(np.unique(targets))
    done = reweighted(fit, torch.from_numpy(targets), classes, members=8, shrinkage=shrinkage)
    np.testing.assert_allclose(done.errors, theirs.estimator_errors_, rtol=1e-9)
    np.testing.assert_allclose(done.weights, theirs.estimator_weights_, rtol=1e-9)
    assert done.note == ""
    labels = torch.from_numpy(np.stack([stump.predict(inputs) for stump in stumps]))
    said = combined(torch.nn.functional.one_hot(labels, classes).double(), "classes", "vote", done.weights)
    np.testing.assert_array_equal(said.argmax(1), theirs.predict(inputs))


def test_the_last_members_error_is_chance_on_the_next_weights():
    """What reweighting is for (Freund & Schapire): on the new weights the last member is no better than a coin."""
    targets = torch.tensor([0, 1, 2, 0, 1, 2, 0])
    said = torch.tensor([0, 1, 0, 0, 2, 2, 0])
    seen = []
    reweighted(lambda weights, _: seen.append(weights) or said, targets, classes=3, members=2)
    assert float(seen[1][said != targets].sum()) == pytest.approx(2 / 3, abs=1e-12)  # 1 - 1/K
    assert float(seen[1].sum()) == pytest.approx(1, abs=1e-12)


def test_no_better_than_chance_ends_it():
    targets, right = torch.tensor([0, 1, 0, 1]), torch.tensor([0, 1, 0, 0])
    worse = torch.tensor([1, 1, 0, 0])
    said = iter([right, worse, right])
    done = reweighted(lambda *_: next(said), targets, classes=2, members=3)
    assert len(done.weights) == 1
    assert (
        done.note == "Boosting ended with member 1: its error, 0.667 beyond" or "is no better than chance" in done.note
    )


def test_without_an_error_there_is_nothing_to_reweight():
    targets = torch.arange(10) % 2
    done = reweighted(lambda *_: targets, targets, classes=2, members=3)
    assert done.weights == [pytest.approx(math.log(0.95 / 0.05))]  # as if half an example of ten were wrong
    assert "it gets every training example right" in done.note


@pytest.mark.parametrize("rule", ["weights", "residuals", "filter"])
def test_a_member_that_diverged_ends_it(rule):
    targets = torch.tensor([0, 1, 0, 1, 1, 0])
    said = iter([torch.tensor([0, 1, 0, 0, 1, 1]), None])
    if rule == "weights":
        done = reweighted(lambda *_: next(said), targets, classes=2, members=5)
    elif rule == "residuals":
        done, _ = residual_fitted(lambda *_: next(said), targets.double(), members=5, shrinkage=1.0)
    else:
        thirds = [torch.tensor([0, 1]), torch.tensor([2, 3, 4, 5]), torch.tensor([0, 1])]
        done = filtered(lambda *_: next(said), targets, thirds, seed=0)
    assert len(done.weights) == 1
    assert done.note == "Boosting ended with member 1, which diverged."


@pytest.mark.parametrize("shrinkage", [0.1, 1.0])
def test_scikit_learns_gradient_boosting_comes_to_the_same(shrinkage):
    inputs, targets = load_diabetes(return_X_y=True)
    theirs = GradientBoostingRegressor(n_estimators=12, learning_rate=shrinkage, max_depth=2, random_state=0)
    theirs.fit(inputs, targets)
    trees = []

    def fit(residuals, number):
        # scikit-learn draws one generator for all its trees, which matters only where two splits are alike.
        trees.append(DecisionTreeRegressor(max_depth=2, random_state=number).fit(inputs, residuals.numpy()))
        return torch.from_numpy(trees[-1].predict(inputs))

    done, start = residual_fitted(fit, torch.from_numpy(targets), members=12, shrinkage=shrinkage)
    said = torch.from_numpy(np.stack([tree.predict(inputs) for tree in trees]))
    for count, staged in enumerate(theirs.staged_predict(inputs), start=1):
        ours = combined(said[:count], "numbers", "sum", torch.tensor(done.weights[:count], dtype=torch.float64), start)
        np.testing.assert_allclose(ours, staged, rtol=1e-9)
    before = [np.mean((targets - staged) ** 2) for staged in theirs.staged_predict(inputs)]
    np.testing.assert_allclose(done.errors[1:], before[:-1], rtol=1e-9)
    assert done.errors[0] == pytest.approx(targets.var())


def test_several_numbers_are_boosted_at_once():
    targets = torch.tensor([[1.0, 10.0], [3.0, 30.0]])
    done, start = residual_fitted(lambda residuals, _: residuals, targets, members=2, shrinkage=0.5)
    assert start.tolist() == [2.0, 20.0]
    assert done.weights == [0.5, 0.5]


def test_the_second_member_learns_from_a_set_on_which_the_first_is_a_coin():
    luck = torch.Generator().manual_seed(0)
    shares = []
    for seed in range(200):
        wrong = torch.rand(500, generator=luck) < 0.2
        passes = coin_filter(wrong, seed)
        shares.append(float(wrong[passes].double().mean()))
        assert int(passes.sum()) <= 500
        left = (wrong & ~passes).sum()
        assert left <= wrong.sum()
    mean, error = np.mean(shares), np.std(shares, ddof=1) / 200**0.5
    assert abs(mean - 0.5) < 0.01 + 4 * error  # the end of the set cuts a run short: a trace of bias


def test_the_third_member_learns_from_where_the_others_disagree():
    targets = torch.zeros(12, dtype=torch.long)
    said = [torch.tensor([0, 1] * 6), torch.tensor([0, 0, 1, 1] * 3), torch.zeros(12, dtype=torch.long)]
    thirds = [torch.arange(4), torch.arange(4, 8), torch.arange(8, 12)]
    seen = []
    done = filtered(lambda rows, number: seen.append(rows) or said[number], targets, thirds, seed=3)
    assert torch.equal(seen[0], thirds[0])
    assert set(seen[1].tolist()) <= set(thirds[1].tolist())
    assert seen[2].tolist() == [9, 10]
    assert (len(done.weights), done.note) == (3, "")


def test_the_third_decides_only_where_the_others_disagree():
    weights = (1.25, 1.0, 1.5)
    for first, second, third in np.ndindex(3, 3, 3):
        said = torch.nn.functional.one_hot(torch.tensor([[first], [second], [third]]), 3).double()
        decided = int(combined(said, "classes", "vote", weights).argmax(1))
        assert decided == (first if first == second else third)


@pytest.mark.parametrize("disagreed", [0, 1, 2])
def test_a_filter_that_lets_too_few_pass_ends_it(disagreed):
    targets = torch.arange(12) % 2
    said = [targets.clone(), 1 - targets, targets]
    said[0][4:8] = 1 - targets[4:8]  # so that the coin finds enough for the second
    said[0][[5, 7]] = targets[[5, 7]]
    said[1][8 + disagreed :] = said[0][8 + disagreed :]
    thirds = [torch.arange(4), torch.arange(4, 8), torch.arange(8, 12)]
    done = filtered(lambda _, number: said[number], targets, thirds, seed=0)
    note = f"Boosting ended before member 2: {disagreed} of 4 examples pass its filter, and it takes two to learn."
    assert (len(done.weights), done.note) == ((3, "") if disagreed == 2 else (2, note))
