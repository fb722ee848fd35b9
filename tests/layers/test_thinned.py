"""Monte-Carlo dropout: where its mean is what scaling gives, where it is not, and what stays as it was."""

import itertools
import math

import pytest
import torch
from torch import nn

from ravine.errors import RavineError
from ravine.layers import Dropout, monte_carlo, only_dropping

X = torch.tensor([[0.5, -1.0, 2.0, 1.5]])


def network(*behind: nn.Module, drop: nn.Module | None = None) -> nn.Module:
    linear = nn.Linear(4, 1)
    with torch.no_grad():
        linear.weight.fill_(1.0)
        linear.bias.fill_(-3.0)  # so that scaling gives 0, and half of the masks more
    return nn.Sequential(drop or nn.Dropout(0.5), linear, *behind)


def mean_over_all_masks(model: nn.Module) -> float:
    """The ensemble of all sixteen thinned networks, each as likely as its mask."""
    rest = model[1:]
    outputs = [rest(X * torch.tensor(mask) / 0.5) for mask in itertools.product([0.0, 1.0], repeat=4)]
    return torch.stack(outputs).double().mean().item()


def apart(model: nn.Module, expected: float, samples: int = 4000) -> float:
    """How many standard errors the mean over samples is away."""
    outputs = monte_carlo(model, X, samples=samples).double().flatten()
    return abs(outputs.mean().item() - expected) / (outputs.std().item() / math.sqrt(samples))


@pytest.mark.parametrize("drop", [nn.Dropout(0.5), Dropout(keep=0.5)], ids=repr)
def test_behind_linear_layers_the_ensemble_is_what_scaling_gives(drop):
    model = network(drop=drop)
    scaled = model.eval()(X).item()
    assert mean_over_all_masks(model) == pytest.approx(scaled, abs=1e-6)
    assert apart(model, scaled) < 4


def test_behind_other_layers_it_is_not():
    model = network(nn.ReLU())
    scaled, ensemble = model.eval()(X).item(), mean_over_all_masks(model)
    assert abs(ensemble - scaled) > 0.5
    assert apart(model, ensemble) < 4
    assert apart(model, scaled) > 10


def test_all_but_dropout_is_in_evaluation_mode():
    model = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2)).train()
    model[2].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    monte_carlo(model, torch.randn(5, 4), samples=3)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert [module.training for module in model] == [True, True, False]
    with only_dropping(model):
        assert [module.training for module in model] == [False, True, False]


def test_modes_are_put_back_after_an_error():
    model = nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 2)).train()
    with pytest.raises(RuntimeError):
        monte_carlo(model, torch.randn(5, 3))
    assert all(module.training for module in model.modules())


def test_the_same_seed_drops_the_same_and_moves_no_other_generator():
    model = network(nn.Tanh())
    before = torch.random.get_rng_state()
    first, again, other = (monte_carlo(model, X, samples=8, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == (8, 1, 1)
    assert len(first.unique()) > 1


def spread(model: nn.Module, x: torch.Tensor) -> float:
    return monte_carlo(model, x, samples=6).std(0).max().item()


def test_dropout_inside_of_recurrent_layers_and_encoders_is_at_work():
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(4, 8, num_layers=2, dropout=0.5, batch_first=True)

        def forward(self, x):
            return self.lstm(x)[0][:, -1]

    x = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(0))
    assert spread(Last(), x) > 1e-3
    encoder = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.5, batch_first=True)
    assert spread(encoder, x) > 1e-3
    encoder.self_attn.dropout = 0.0  # what is left stands in layers that the shortcut of evaluation mode would pass by
    assert spread(encoder, x) > 1e-3


def test_a_network_that_drops_nothing_is_refused():
    with pytest.raises(RavineError, match="^Linear has no dropout layer, so all its predictions would be the same.$"):
        monte_carlo(nn.Linear(4, 2), X)
    with pytest.raises(RavineError, match="has no dropout layer"):
        monte_carlo(nn.LSTM(4, 2, num_layers=2), X)
    with pytest.raises(RavineError, match="samples=0\\): samples must be a whole number of at least 1"):
        monte_carlo(network(), X, samples=0)
