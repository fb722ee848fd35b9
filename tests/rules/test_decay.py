"""Decay: against the penalized solutions of scikit-learn, and at zero."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet, Lasso, Ridge

from ravine.errors import RavineError
from ravine.part import substitute
from ravine.rules import SGD, Adam, Clip, Decay, Momentum, Nesterov

from .cases import Walker


@pytest.fixture(scope="module")
def diabetes():
    features, target = load_diabetes(return_X_y=True)
    return features / features.std(axis=0), (target - target.mean()) / target.std()


def trained(rule, diabetes, steps=4000):
    """Where the whole set's mean squared error, halved, leads."""
    features, target = (torch.from_numpy(np.ascontiguousarray(part)) for part in diabetes)
    walker = Walker(rule, [torch.zeros(10, dtype=torch.float64)])
    for _ in range(steps):
        walker.step([features.T @ (features @ walker.params[0] - target) / len(target)])
    return walker.params[0].numpy()


def ridge(diabetes, l2):
    features, target = diabetes
    return Ridge(alpha=l2 * len(target), fit_intercept=False).fit(features, target).coef_


@pytest.mark.parametrize("through", ["weights", "gradient"])
def test_l2_ends_in_ridge_regression(diabetes, through):
    found = trained(Decay(SGD(lr=0.2), l2=0.1, through=through), diabetes)
    assert np.allclose(found, ridge(diabetes, 0.1), rtol=0, atol=1e-9)


def test_under_momentum_what_goes_through_the_weights_is_a_penalty_smaller_by_one_minus_momentum(diabetes):
    found = trained(Decay(Momentum(lr=0.05), l2=0.1, through="gradient"), diabetes)
    assert np.allclose(found, ridge(diabetes, 0.1), rtol=0, atol=1e-9)
    found = trained(Decay(Momentum(lr=0.05), l2=0.1, through="weights"), diabetes)
    assert np.allclose(found, ridge(diabetes, 0.01), rtol=0, atol=1e-9)


def test_l1_through_the_weights_ends_in_the_lasso_with_its_exact_zeros(diabetes):
    features, target = diabetes
    lasso = Lasso(alpha=0.05, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(features, target)
    found = trained(Decay(SGD(lr=0.2), l1=0.05), diabetes)
    assert np.allclose(found, lasso.coef_, rtol=0, atol=1e-9)
    assert 3 <= np.count_nonzero(found == 0) == np.count_nonzero(lasso.coef_ == 0)


def test_both_end_in_the_elastic_net(diabetes):
    features, target = diabetes
    net = ElasticNet(alpha=0.1, l1_ratio=0.3, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(features, target)
    found = trained(Decay(SGD(lr=0.2), l1=0.03, l2=0.07), diabetes)
    assert np.allclose(found, net.coef_, rtol=0, atol=1e-9)


def test_l1_through_the_gradient_hops_around_zero_by_its_own_step(diabetes):
    features, target = diabetes
    lasso = Lasso(alpha=0.05, fit_intercept=False, tol=1e-12, max_iter=100_000).fit(features, target)
    found = trained(Decay(SGD(lr=0.01), l1=0.05, through="gradient"), diabetes)
    assert np.all(found != 0)
    assert np.allclose(found, lasso.coef_, rtol=0, atol=0.01)


@given(l2=st.floats(0, 1.0), lr=st.floats(1e-4, 0.5), seed=st.integers(0, 99))
def test_for_sgd_l2_through_either_is_the_same(l2, lr, seed):
    generator = torch.Generator().manual_seed(seed)
    p, g = torch.randn(2, 5, generator=generator, dtype=torch.float64)
    ends = [Decay(SGD(lr=lr), l2=l2, through=through).step(p, g, {}, 1)[0] for through in ("weights", "gradient")]
    assert torch.allclose(*ends, rtol=1e-13, atol=1e-13)


def test_for_momentum_and_adam_it_is_not():
    for rule in (Momentum(lr=0.1), Adam(lr=0.1)):
        ends = []
        for through in ("weights", "gradient"):
            walker = Walker(Decay(rule, l2=0.5, through=through), [torch.ones(1, dtype=torch.float64)])
            for _ in range(5):
                walker.step([torch.tensor([0.3], dtype=torch.float64)])
            ends.append(walker.params[0].item())
        assert abs(ends[0] - ends[1]) > 0.01


@pytest.mark.parametrize("through", ["weights", "gradient"])
def test_at_zero_it_is_not_there_even_for_infinite_weights(through):
    p, g = torch.tensor([float("inf"), 1.0, -0.25]), torch.tensor([1.0, 1.0, 1.0])
    plain = SGD(lr=0.1).step(p, g, {}, 1)[0]
    assert torch.equal(Decay(SGD(lr=0.1), through=through).step(p, g, {}, 1)[0], plain)
    column = substitute(Decay(SGD(lr=0.1), through=through), {("l2",): torch.zeros(3), ("l1",): torch.zeros(3)})
    assert torch.equal(column.step(p, g, {}, 1)[0], plain)


def test_independent_of_lr_it_takes_the_same_share_at_any_lr():
    rule = Decay(SGD(lr=0.0), l1=0.125, l2=0.5, times_lr=False)
    assert rule.step(torch.tensor([1.0, -1.0, 0.2]), torch.ones(3), {}, 1)[0].tolist() == [0.375, -0.375, 0.0]
    assert Decay(Clip(SGD(lr=0.5), norm=9.0), l2=0.5).step(torch.ones(1), torch.zeros(1), {}, 1)[0].item() == 0.75


def test_the_penalty_sits_where_the_gradient_was_taken():
    rule = Decay(Nesterov(lr=1.0, momentum=0.5, form="look-ahead"), l1=0.01, l2=0.1, through="gradient")
    p, v = torch.tensor([1.0], dtype=torch.float64), torch.tensor([-4.0], dtype=torch.float64)
    moved, _ = rule.step(p, torch.zeros_like(p), {"v": v}, 2)
    assert moved.item() == pytest.approx(1.0 + 0.5 * -4.0 - (0.1 * -1.0 - 0.01), abs=1e-15)


def test_what_would_be_ignored_is_refused():
    with pytest.raises(RavineError, match=r"^Decay\(SGD\(\), through='gradient', times_lr=False\): .*'weights'\.$"):
        Decay(SGD(), through="gradient", times_lr=False)
