"""Members' outputs combined: against SciPy in float64, scikit-learn's and mlxtend's voters, and exact inequalities."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from mlxtend.classifier import EnsembleVoteClassifier
from scipy.special import expit, logit, softmax
from sklearn.datasets import load_iris
from sklearn.ensemble import VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from ravine.data.combining import check_combine, combined, votes
from ravine.data.metrics import METRICS
from ravine.ensemble.differing import ambiguity
from ravine.errors import RavineError

LUCK = np.random.default_rng(0)
LOGITS = torch.from_numpy(3 * LUCK.normal(size=(4, 6, 3)))
WEIGHTS = [0.5, 2.0, 0.0, 1.5]
SHARES = np.array(WEIGHTS)[:, None, None] / 4


def log_loss(outputs, targets):
    return METRICS["log_loss"].value(outputs, targets)


def test_average_is_the_mean_of_probabilities():
    probabilities = (SHARES * softmax(LOGITS.numpy(), axis=2)).sum(0)
    np.testing.assert_allclose(combined(LOGITS, "classes", weights=WEIGHTS).exp(), probabilities, rtol=1e-13)
    second = LOGITS[:, :, 0]
    mean = (SHARES[:, :, 0] * expit(second.numpy())).sum(0)
    np.testing.assert_allclose(combined(second, "binary", weights=WEIGHTS), logit(mean), rtol=1e-11)


def test_average_of_logits_is_the_normalized_geometric_mean():
    product = np.prod(softmax(LOGITS.numpy(), axis=2) ** SHARES, axis=0)
    expected = product / product.sum(1, keepdims=True)
    np.testing.assert_allclose(combined(LOGITS, "classes", "average_logits", WEIGHTS).exp(), expected, rtol=1e-13)
    second = LOGITS[:, :, 0]
    expected = (SHARES[:, :, 0] * second.numpy()).sum(0)
    np.testing.assert_allclose(combined(second, "binary", "average_logits", WEIGHTS), expected, rtol=1e-13)


@pytest.mark.parametrize("kind", ["numbers", "given"])
def test_numbers_are_averaged_as_they_are(kind):
    np.testing.assert_allclose(combined(LOGITS, kind, weights=WEIGHTS), (SHARES * LOGITS.numpy()).sum(0), rtol=1e-13)


def test_a_sum_adds_weighted_numbers_to_its_start():
    start = torch.tensor([10.0, 20.0, 30.0])
    expected = start.numpy() + (4 * SHARES * LOGITS.numpy()).sum(0)
    np.testing.assert_allclose(combined(LOGITS, "numbers", "sum", WEIGHTS, start), expected, rtol=1e-13)


def test_one_more_vote_is_shared_by_all_classes():
    three = torch.tensor([[[1.0, 0, 0]], [[0, 0, 1.0]], [[0, 0, 2.0]]])
    np.testing.assert_allclose(combined(three, "classes", "vote").exp(), [[4 / 12, 1 / 12, 7 / 12]], rtol=1e-6)
    two = torch.tensor([[1.0, -1.0], [2.0, -3.0], [-1.0, -5.0]])
    np.testing.assert_allclose(combined(two, "binary", "vote").sigmoid(), [5 / 8, 1 / 8], rtol=1e-6)


def test_a_tied_vote_goes_to_the_first_class():
    tied = torch.tensor([[[0.0, 1, 0]], [[0, 0, 1.0]]])
    assert combined(tied, "classes", "vote").argmax(1).tolist() == [1]
    assert combined(torch.tensor([[1.0], [-1.0]]), "binary", "vote").tolist() == [0.0]  # not above 0: the first


def test_dense_classes_are_combined_at_every_place():
    dense = torch.from_numpy(LUCK.normal(size=(3, 2, 4, 5, 6)))
    for how in ("average", "average_logits", "vote"):
        found = combined(dense, "classes", how)
        assert found.shape == (2, 4, 5, 6)
        torch.testing.assert_close(found[:, :, 1, 2], combined(dense[..., 1, 2], "classes", how))


def test_weights_keep_all_their_digits():
    """In float32, 0.1 would be off by 1.5e-9 of it."""
    assert combined(torch.tensor([[10.0]]).double(), "numbers", "sum", [0.1]).item() == 10 * 0.1


def test_members_may_count_differently_for_every_example():
    says = torch.tensor([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    for how in ("average", "average_logits", "vote"):
        found = combined(LOGITS[:, :3], "classes", how, says)
        alone = [combined(LOGITS[says[:, k] > 0, k : k + 1], "classes", how) for k in range(3)]
        torch.testing.assert_close(found, torch.cat(alone))


def test_the_surest_members_leave_no_infinity():
    sure = torch.tensor([[[1e4, 0.0]], [[-1e4, 0.0]]])
    np.testing.assert_allclose(combined(sure, "classes").exp(), [[0.5, 0.5]], rtol=1e-6)
    assert combined(sure[:1], "classes").tolist() == [[0.0, -1e4]]
    assert combined(torch.tensor([[1e4], [1e4]]), "binary").item() == 1e4
    assert combined(torch.tensor([[-1e4], [1e4]]), "binary").item() == 0


def test_one_member_says_what_it_says():
    one = LOGITS[:1].float()
    torch.testing.assert_close(combined(one, "classes"), one[0].log_softmax(1))
    torch.testing.assert_close(combined(one[:, :, 0], "binary"), one[0, :, 0])
    assert torch.equal(combined(one, "numbers"), one[0])


LOGIT = st.floats(-30, 30)
SHAPE = array_shapes(min_dims=3, max_dims=3, min_side=2, max_side=5)


@given(arrays(float, SHAPE, elements=LOGIT), st.integers(0, 1000))
def test_the_log_loss_of_averaged_probabilities_is_at_most_the_mean_members(said, seed):
    """Jensen: minus the logarithm is convex. It holds for every example, whatever the members' weights."""
    luck, outputs = np.random.default_rng(seed), torch.from_numpy(said)
    w = luck.dirichlet(np.ones(len(said)))
    per_example = METRICS["log_loss"].per_example
    targets = torch.from_numpy(luck.integers(said.shape[2], size=said.shape[1]))
    mean = w @ np.stack([per_example(one, targets) for one in outputs])
    assert (per_example(combined(outputs, "classes", weights=torch.from_numpy(w)), targets) <= mean + 1e-12).all()
    second, either = outputs[:, :, 0], torch.from_numpy(luck.integers(2, size=said.shape[1]))
    mean = w @ np.stack([per_example(one, either) for one in second])
    assert (per_example(combined(second, "binary", weights=torch.from_numpy(w)), either) <= mean + 1e-12).all()


@given(arrays(float, SHAPE, elements=st.floats(-1e3, 1e3)), st.integers(0, 1000))
def test_squared_error_is_the_mean_members_less_their_ambiguity(said, seed):
    """Krogh & Vedelsby 1995, equation 6: exact, for every example and all weights."""
    luck, outputs = np.random.default_rng(seed), torch.from_numpy(said)
    w, y = torch.from_numpy(luck.dirichlet(np.ones(len(said)))), torch.from_numpy(luck.normal(size=said.shape[1:]))
    together = (combined(outputs, "numbers", weights=w) - y).square()
    mean = torch.einsum("m,mnc->nc", w, (outputs - y).square())
    torch.testing.assert_close(together, mean - ambiguity(outputs, w), rtol=0, atol=1e-12 * float(1 + mean.max()))


@pytest.fixture(scope="module")
def voters():
    """Three learners of different kinds, what they say of the classes, and where."""
    inputs, targets = load_iris(return_X_y=True)
    learn = LUCK.random(len(inputs)) < 0.3
    learners = [LogisticRegression(C=0.01), GaussianNB(), DecisionTreeClassifier(max_depth=1, random_state=0)]
    learners = [learner.fit(inputs[learn], targets[learn]) for learner in learners]
    said = np.stack([learner.predict_proba(inputs) for learner in learners])
    with np.errstate(divide="ignore"):
        return learners, inputs, targets, torch.from_numpy(np.log(np.maximum(said, 1e-300)))


def test_mlxtend_says_the_same(voters):
    learners, inputs, targets, said = voters
    for voting, how in (("soft", "average"), ("hard", "vote")):
        for weights in ([1, 1, 1], [1, 2, 4]):
            theirs = EnsembleVoteClassifier(
                learners, voting=voting, weights=weights, fit_base_estimators=False, use_clones=False
            )
            theirs.fit(inputs, targets)
            ours = combined(said, "classes", how, weights)
            np.testing.assert_array_equal(ours.argmax(1), theirs.predict(inputs))
            if voting == "soft":
                np.testing.assert_allclose(ours.exp(), theirs.predict_proba(inputs), atol=1e-12)


def test_scikit_learn_says_the_same(voters):
    learners, inputs, targets, said = voters
    named = [(str(k), FrozenEstimator(learner)) for k, learner in enumerate(learners)]
    for voting, how in (("soft", "average"), ("hard", "vote")):
        theirs = VotingClassifier(named, voting=voting, weights=[3, 1, 1]).fit(inputs, targets)
        np.testing.assert_array_equal(combined(said, "classes", how, [3, 1, 1]).argmax(1), theirs.predict(inputs))


def test_votes_are_counted_as_they_weigh():
    found = votes(LOGITS, torch.tensor(WEIGHTS).reshape(-1, 1, 1))
    chosen = LOGITS.argmax(2).numpy()
    expected = [np.bincount(chosen[:, k], weights=WEIGHTS, minlength=3) for k in range(6)]
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize(
    ("combine", "kind", "sentence"),
    [
        ("vot", "classes", "combine='vot' must be one of average, average_logits, vote, sum. Did you mean 'vote'?"),
        ("vote", "numbers", "members vote for labels, and these targets are numbers: use 'average'"),
        ("vote", "given", "members vote for labels"),
        ("average_logits", "numbers", "numbers have no logits"),
        ("sum", "classes", "adds up numbers, and these targets are classes"),
    ],
)
def test_what_does_not_suit_the_targets_is_refused(combine, kind, sentence):
    with pytest.raises(RavineError) as refused:
        check_combine(combine, kind)
    assert sentence in str(refused.value)
