"""Decompositions against other libraries on the same members, and against values that theory knows."""

import itertools

import numpy as np
import pytest
from mlxtend.evaluate import bias_variance_decomp
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import BaggingRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ravine.diagnose.bias_variance import squared_loss, zero_one_loss
from ravine.diagnose.decomposition import TERMS
from ravine.errors import RavineError


class Recorded:
    """An estimator that keeps what it predicted: another library's members become ours."""

    def __init__(self, estimator):
        self.estimator, self.said = estimator, []

    def fit(self, x, y):
        self.estimator.fit(x, y)
        return self

    def predict(self, x):
        self.said.append(self.estimator.predict(x))
        return self.said[-1]


def halves(x, y):
    order = np.random.default_rng(0).permutation(len(y))
    return x[order[::2]], y[order[::2]], x[order[1::2]], y[order[1::2]]


def test_squared_loss_is_mlxtends_on_the_same_members():
    data = halves(*load_diabetes(return_X_y=True))
    tree = Recorded(DecisionTreeRegressor(max_depth=4, random_state=0))
    error, bias, variance = bias_variance_decomp(tree, *data, loss="mse", num_rounds=25, random_seed=1)
    ours = squared_loss(tree.said, data[3], unbiased=False)
    assert [ours.error.value, ours.bias.value, ours.variance.value] == pytest.approx([error, bias, variance], rel=1e-10)


def test_zero_one_loss_is_mlxtends_on_the_same_members():
    data = halves(*load_iris(return_X_y=True))
    tree = Recorded(DecisionTreeClassifier(max_depth=1, random_state=0))
    error, bias, variance = bias_variance_decomp(tree, *data, loss="0-1_loss", num_rounds=25, random_seed=1)
    ours = zero_one_loss(tree.said, data[3])
    assert bias > 0
    assert [ours.error.value, ours.bias.value, ours.variance.value] == pytest.approx([error, bias, variance], rel=1e-12)


def test_squared_loss_is_that_of_scikit_learns_bagging_example():
    # "Single estimator versus bagging: bias-variance decomposition", its function, noise and arithmetic.
    luck = np.random.default_rng(0)

    def f(x):
        return np.exp(-(x**2)) + 1.5 * np.exp(-((x - 2) ** 2))

    x = np.sort(luck.uniform(-5, 5, 300))
    y = f(x)[:, None] + 0.1 * luck.normal(size=(300, 50))
    said = np.empty((300, 20))
    for member in range(20):
        train = luck.uniform(-5, 5, 50)
        bag = BaggingRegressor(DecisionTreeRegressor(), n_estimators=5, random_state=member)
        said[:, member] = bag.fit(train[:, None], f(train) + 0.1 * luck.normal(size=50)).predict(x[:, None])
    error = sum(((y[:, i] - said[:, j]) ** 2) for i in range(50) for j in range(20)) / (50 * 20)
    ours = [squared_loss(said.T, y[:, i], f(x), unbiased=False) for i in range(50)]
    np.testing.assert_allclose(ours[0].each["bias"], (f(x) - said.mean(axis=1)) ** 2, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(ours[0].each["variance"], said.var(axis=1), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(np.mean([one.each["error"] for one in ours], axis=0), error, rtol=1e-10)
    noise = np.mean([one.each["noise"] for one in ours], axis=0)
    np.testing.assert_allclose(noise, ((y - f(x)[:, None]) ** 2).mean(axis=1), rtol=1e-10)
    # The example draws 50 targets for each input, so that what chance adds is gone but for a root of 50.
    assert abs(np.mean([one.remainder.value for one in ours])) < 3e-4


def regression(luck, p=8, n=40, members=30, examples=200, sigma=0.5):
    """Least squares on fresh noise over fixed inputs, one of which the model lacks: every term is known."""
    x = luck.normal(size=(n, p + 1))
    new = luck.normal(size=(examples, p + 1))
    weights = np.linspace(-1, 1, p + 1)
    weights[-1] = 0.4
    projection = np.linalg.pinv(x[:, :p])
    y = x @ weights + sigma * luck.normal(size=(members, n))
    said = y @ projection.T @ new[:, :p].T
    truth = new @ weights
    # New inputs are spherical, so that the means over all of them are squared lengths.
    bias = np.sum((np.append(projection @ x @ weights, 0.0) - weights) ** 2)
    return (
        said,
        truth + sigma * luck.normal(size=examples),
        truth,
        bias,
        (sigma * projection**2 * sigma).sum(),
        sigma**2,
    )


def scores_of_terms(found, known):
    return [(getattr(found, name).value - value) / getattr(found, name).standard_error for name, value in known.items()]


def test_each_squared_term_is_within_monte_carlo_error_of_its_known_value():
    away = []
    for repeat in range(80):
        said, y, truth, bias, variance, noise = regression(np.random.default_rng(repeat), members=100)
        found = squared_loss(said, y, truth, seed=repeat)
        known = {"bias": bias, "variance": variance, "noise": noise, "remainder": 0.0}
        away.append(scores_of_terms(found, known))
        parts = found.bias.value + found.variance.value + found.noise.value + found.remainder.value
        assert parts == pytest.approx(found.error.value, abs=1e-12)
    check_standard(np.array(away))


def check_standard(away):
    """Sees that distances from the truth, in standard errors, are standard normal as far as repeats can tell."""
    assert np.abs(away.mean(axis=0)).max() < 3.5 / np.sqrt(len(away))
    assert np.abs(away.std(axis=0) - 1).max() < 3.5 / np.sqrt(2 * len(away))


def test_without_the_correction_few_members_make_variance_seem_small_and_bias_large():
    said, y, truth, *_ = regression(np.random.default_rng(1), members=3)
    plain, found = squared_loss(said, y, truth, unbiased=False), squared_loss(said, y, truth)
    assert plain.error == found.error
    assert plain.variance.value == pytest.approx(found.variance.value * 2 / 3)
    assert plain.bias.value - found.bias.value == pytest.approx(found.variance.value / 3)


def votes(luck, examples=400, members=25, classes=3, margin=0.0):
    """Members that name classes with known probabilities, and targets drawn with known ones."""
    p = luck.dirichlet(np.ones(classes), size=examples)
    q = luck.dirichlet(np.full(classes, 0.7), size=examples)
    q = np.where(np.eye(classes)[q.argmax(axis=1)] > 0, q + margin, q) / (1 + margin)
    draws = luck.random((members + 1, examples, 1))
    said = (draws[:members] > q.cumsum(axis=1)[:, :-1]).sum(axis=2)
    return said, (draws[members] > p.cumsum(axis=1)[:, :-1]).sum(axis=1), p, q


def domingos(p, q):
    """Section 2 of the paper, theorems 1 and 2, straight from its definitions, for one example."""
    best, main, classes = p.argmax(), q.argmax(), range(len(p))
    noise, bias, variance = 1 - p[best], float(main != best), 1 - q[main]
    same_wrong = sum(q[k] * p[k] for k in classes if k != best) / ((1 - q[best]) * (1 - p[best]))
    c1 = q[best] - (1 - q[best]) * same_wrong
    c2 = 1.0 if main == best else -q[best] / (1 - q[main])
    loss = sum(p[t] * q[y] for t, y in itertools.product(classes, classes) if t != y)
    assert loss == pytest.approx(c1 * noise + bias + c2 * variance)
    return bias, variance, noise, c2 * variance, c1 * noise


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_zero_one_terms_are_those_of_the_paper(classes):
    said, y, p, _ = votes(np.random.default_rng(classes), classes=classes, examples=60)
    shares = np.stack([(said == k).mean(axis=0) for k in range(classes)], axis=1)
    kept = (shares > 0).sum(axis=1) > 1  # where all agree, the paper's quotients are 0/0
    found = zero_one_loss(said, y, p)
    expected = np.array([domingos(p[i], shares[i]) for i in np.flatnonzero(kept & (shares.max(axis=1) < 1))])
    names = ("bias", "variance", "noise", "variance_effect", "noise_effect")
    got = np.stack([found.each[name] for name in names], axis=1)[kept]
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_each_zero_one_term_is_within_monte_carlo_error_of_its_known_value():
    names, margin = ("bias", "variance", "noise", "variance_effect", "noise_effect"), 0.5  # 200 members find the center
    _, _, p, q = votes(np.random.default_rng(10**6), examples=20_000, members=1, margin=margin)
    known = np.array([domingos(one, other) for one, other in zip(p, q, strict=True)]).mean(axis=0)
    away = []
    for repeat in range(80):
        said, y, p, _ = votes(np.random.default_rng(repeat), examples=200, members=200, margin=margin)
        found = zero_one_loss(said, y, p, seed=repeat)
        away.append(scores_of_terms(found, dict(zip(names, known, strict=True)) | {"remainder": 0.0}))
        parts = found.bias.value + found.variance_effect.value + found.noise_effect.value + found.remainder.value
        assert parts == pytest.approx(found.error.value, abs=1e-12)
    check_standard(np.array(away))


def test_a_difference_is_paired_over_members_and_examples():
    away = []
    for repeat in range(60):
        said, y, truth, _, variance, _ = regression(np.random.default_rng(repeat), members=40)
        one = squared_loss(said, y, truth)
        two = squared_loss(0.9 * said, y, truth)  # what it was, with a little bias for a fifth of the variance
        found, alone = two.less(one, "variance"), np.hypot(one.variance.standard_error, two.variance.standard_error)
        assert found.standard_error < 0.3 * alone
        away.append([(found.value - (0.81 - 1) * variance) / found.standard_error])
        assert found.value == pytest.approx(two.variance.value - one.variance.value)
    check_standard(np.array(away))


def test_variance_lowers_the_error_where_the_center_is_wrong():
    found = zero_one_loss([["a", "b"], ["b", "b"], ["b", "b"]], ["a", "b"])
    assert found.each["bias"].tolist() == [1.0, 0.0]
    assert found.each["variance_effect"][0] == pytest.approx(-1 / 3)
    assert found.error.value == pytest.approx(1 / 3)


def test_where_no_noise_is_known_it_is_part_of_the_bias():
    said, y, _, bias, _, noise = regression(np.random.default_rng(4), examples=5000)
    found = squared_loss(said, y)
    assert not found.noise_known
    assert np.isnan(found.noise.value)
    assert (found.noise_effect.value, found.remainder.value) == pytest.approx((0, 0), abs=1e-12)
    assert found.bias.value == pytest.approx(bias + noise, rel=0.1)
    assert "bias and noise, which only known noise could part" in found.sentence()


def test_dense_targets_count_by_their_mean():
    luck = np.random.default_rng(0)
    said, y = luck.normal(size=(4, 10, 3, 2)), luck.normal(size=(10, 3, 2))
    found = squared_loss(said, y)
    parts = [squared_loss(said[:, :, i, j], y[:, i, j]) for i in range(3) for j in range(2)]
    for name in TERMS:
        assert getattr(found, name).value == pytest.approx(
            np.mean([getattr(one, name).value for one in parts]), nan_ok=True
        )


def test_a_seed_decides_the_standard_errors():
    said, y, truth, *_ = regression(np.random.default_rng(2))
    first, second, other = (squared_loss(said, y, truth, seed=seed).bias for seed in (0, 0, 1))
    assert first == second
    assert first.value == other.value
    assert first.standard_error != other.standard_error


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: squared_loss([[1.0]], [1.0]), "at least 2 members, got 1"),
        (lambda: squared_loss([[1.0], [1.0, 2.0]], [1.0]), r"member 1 gives predictions of shape \(2,\).*shape \(1,\)"),
        (lambda: squared_loss([[1.0], [2.0]], [1.0], [1.0, 2.0]), r"truth must have the targets' shape \(1,\)"),
        (
            lambda: zero_one_loss([["a", "b"], ["x", "y"]], ["a", "b"]),
            "member 1 gives labels such as 'x'.*same classes",
        ),
        (lambda: zero_one_loss([[0], [1]], [0], [[0.5, 0.6]]), "sum to 1 for each example"),
        (lambda: zero_one_loss([[0], [2]], [0], [[0.5, 0.5]]), "labels must be 0 to 1"),
        (lambda: zero_one_loss(np.zeros((2, 3, 2)), np.zeros((3, 2))), "one label for each example"),
    ],
)
def test_members_that_do_not_fit_are_named(call, sentence):
    with pytest.raises(RavineError, match=sentence) as told:
        call()
    assert "\n" not in str(told.value)
