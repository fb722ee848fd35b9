"""Methods that search, as runs: the optimum of others, at everyone's cost, without noise, resumed to the last bit."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from torch import nn

from ravine.data.task import Task
from ravine.recipe import Recipe, gradient_norm, read_recipe
from ravine.training.train import train

from .cases import CPU, LABELS, X, network

METHODS = ["LBFGS()", "BFGS()", "NewtonCG()", "NonlinearCG()", "SR1()", "Newton()", "GradientDescent()"]


def linear() -> Task:
    return Task(lambda: nn.Linear(4, 3), (X, LABELS), test=(X, LABELS), loss="cross_entropy", name="linear")


def noisy() -> Task:
    """Dropout that a search could not stand, and batch normalization."""
    return Task(network, (X, LABELS), test=(X, LABELS), loss="cross_entropy", name="noisy")


def recipe(method: str, epochs: int, **fields) -> Recipe:
    settled = read_recipe(method)
    return Recipe(settled.rule, settled.batch_size, epochs, settled.order, **fields)


@pytest.mark.parametrize("method", METHODS)
def test_it_ends_in_the_optimum_of_a_convex_task(method):
    from ravine.data.penalties import l2

    # 0.01 / 2 |w|^2 per weight beside the mean loss is C = 1 / (0.01 n) beside their sum.
    sure = LogisticRegression(C=1 / (0.01 * len(X)), tol=1e-10, max_iter=10_000).fit(X, LABELS)
    found = train(linear(), recipe(method, 400, penalties=(l2(0.01),)), seed=3)
    weight = found.model.weight.detach().numpy()
    np.testing.assert_allclose(weight - weight.mean(0), sure.coef_ - sure.coef_.mean(0), atol=2e-3)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(METHODS[:5]), st.integers(1, 12), st.sampled_from(["all", 17]))
def test_no_run_spends_more_than_its_epochs_pay_for(method, epochs, batch_size):
    settled = Recipe(read_recipe(method).rule, batch_size, epochs, "stored")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = train(noisy(), settled, seed=1)
    assert found.evaluations <= epochs * len(X)
    assert len(found.history) == epochs
    assert [e.evaluations for e in found.history] == sorted(e.evaluations for e in found.history)


def test_the_loss_never_rises_where_dropout_would_make_it():
    with pytest.warns(UserWarning, match=r"LBFGS\(\) needs a loss that stays the same .*: dropout is switched off\."):
        losses = [epoch.train_loss for epoch in train(noisy(), recipe("LBFGS()", 60), seed=1).history]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.01 * losses[0]


def test_batch_normalization_predicts_by_the_statistics_of_the_weights_that_were_found():
    with pytest.warns(UserWarning, match="dropout is switched off"):
        found = train(noisy(), recipe("LBFGS()", 30), seed=1)
    seen: dict[nn.Module, torch.Tensor] = {}
    norms = [module for module in found.model.modules() if isinstance(module, nn.BatchNorm1d)]
    for norm in norms:
        norm.register_forward_pre_hook(lambda module, given: seen.update({module: given[0]}))
    found.model.eval()
    with torch.no_grad():
        found.model(torch.from_numpy(X))
    torch.testing.assert_close(norms[0].running_mean, seen[norms[0]].mean(0))
    torch.testing.assert_close(norms[0].running_var, seen[norms[0]].var(0))


def test_augmentation_is_left_out():
    from ravine.data.augment import AUGMENTATIONS

    plain = train(linear(), recipe("LBFGS()", 6), seed=1)
    noise = recipe("LBFGS()", 6, augmentation=(AUGMENTATIONS["gaussian_noise"](0.5),))
    with pytest.warns(UserWarning, match="augmentation is switched off"):
        with_noise = train(linear(), noise, seed=1)
    assert [e.train_loss for e in plain.history] == [e.train_loss for e in with_noise.history]


def test_batches_are_warned_of():
    with pytest.warns(UserWarning, match=r"LBFGS\(\) learns curvature .* write batch_size='all'"):
        train(linear(), Recipe(read_recipe("LBFGS()").rule, 16, 1))


@pytest.mark.filterwarnings("ignore:.*dropout is switched off")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("cut", [1, 4, 7])
def test_a_run_taken_up_again_is_the_run_to_the_last_bit(method, cut, tmp_path):
    settled = recipe(method, 12)
    whole = train(noisy(), settled, seed=5, device=str(CPU))
    train(noisy(), settled, seed=5, until=cut, out=tmp_path / "run", device=str(CPU))
    card = (tmp_path / "run" / "run.json").read_text()
    (tmp_path / "run" / "run.json").write_text(card.replace(f'"until": {cut}', '"until": 12'))
    again = train(noisy(), settled, seed=5, out=tmp_path / "run", device=str(CPU))
    assert (again.evaluations, len(again.history)) == (whole.evaluations, 12)
    for one, other in zip(whole.model.state_dict().values(), again.model.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_it_stops_by_the_gradient_where_it_stands():
    found = train(linear(), recipe("LBFGS()", 500, stop=gradient_norm(1e-4)), seed=1)
    assert found.outcome == "stopped"
    data, targets = torch.from_numpy(X), torch.from_numpy(LABELS)
    nn.functional.cross_entropy(found.model(data), targets).backward()
    norm = torch.cat([p.grad.flatten() for p in found.model.parameters()]).norm()
    assert 0 < norm < 1e-4
