"""Average: against pandas' means and PyTorch's averaged model."""

import pandas as pd
import pytest
import torch
from torch.optim.swa_utils import AveragedModel

from ravine.errors import RavineError
from ravine.rules import SGD, Adam, Average, Clip, Momentum

from .cases import Walker


def means(rule, steps=60):
    """The path and the mean beside it, on gradients that wander."""
    walker, path, mean = Walker(rule, [torch.full((2,), 50.0, dtype=torch.float64)]), [], []
    for g in torch.randn(steps, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64):
        walker.step([g])
        path.append(walker.params[0])
        mean.append(walker.states[0][rule.predicting_slot()])
    return pd.DataFrame(torch.stack(path).numpy()), torch.stack(mean).numpy()


def test_the_running_mean_is_the_mean_of_all_so_far():
    path, mean = means(Average(SGD(lr=0.5)))
    assert abs(path.expanding().mean().to_numpy() - mean).max() < 1e-12


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.9, 0.999])
def test_the_exponential_mean_weighs_what_it_has_seen_and_nothing_else(decay):
    path, mean = means(Average(SGD(lr=0.5), decay=decay))
    assert abs(path.ewm(alpha=1 - decay, adjust=True).mean().to_numpy() - mean).max() < 1e-11


@pytest.mark.parametrize("decay", [None, 0.9])
@pytest.mark.parametrize("start", [1, 20, 100])
def test_until_its_start_the_mean_is_the_weights_and_then_only_those_after(decay, start):
    path, mean = means(Average(SGD(lr=0.5), decay=decay, start=start))
    assert (path[:start].to_numpy() == mean[:start]).all()
    after = path[start:]
    wanted = after.expanding().mean() if decay is None else after.ewm(alpha=1 - decay, adjust=True).mean()
    if start < 60:
        assert abs(wanted.to_numpy() - mean[start:]).max() < 1e-12


def test_the_running_mean_is_pytorchs_averaged_model():
    model = torch.nn.Linear(3, 2).double()
    averaged = AveragedModel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    walker = Walker(Average(Momentum(lr=0.1)), [p.detach().clone() for p in model.parameters()])
    for k in range(30):
        for p in model.parameters():
            p.grad = torch.sin(p.detach() + k)
        walker.step([torch.sin(p + k) for p in walker.params])
        optimizer.step()
        averaged.update_parameters(model)
    for state, theirs in zip(walker.states, averaged.module.parameters(), strict=True):
        assert torch.allclose(state["average_mean"], theirs, rtol=0, atol=1e-12)


def test_the_rule_inside_walks_as_if_alone():
    path, _ = means(Average(Clip(Adam(lr=0.3), norm=1.0), decay=0.9))
    alone = Walker(Clip(Adam(lr=0.3), norm=1.0), [torch.full((2,), 50.0, dtype=torch.float64)])
    for g in torch.randn(60, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64):
        alone.step([g])
    assert (path.iloc[-1].to_numpy() == alone.params[0].numpy()).all()


def test_it_says_which_slot_predicts_however_deep_it_stands():
    assert Average(Adam()).predicting_slot() == "average_mean"
    assert Clip(Average(Adam()), norm=1.0).predicting_slot() == "average_mean"
    assert Clip(Adam(), norm=1.0).predicting_slot() is None
    assert list(Average(Clip(Adam(), norm=1.0)).slots()) == ["average_mean", "m", "v"]


def test_the_mean_begins_as_a_copy():
    p = torch.ones(2)
    slot = Average(SGD()).slots()["average_mean"].begin(p)
    slot += 1
    assert p.tolist() == [1.0, 1.0]


def test_two_averages_would_share_their_memory_and_are_refused():
    for rule in (Average(Adam()), Clip(Average(Adam()), norm=1.0)):
        with pytest.raises(RavineError, match="there is Average inside already, and one is enough"):
            Average(rule)
