"""Closures that are called twice: the same luck, and buffers as the first call left them."""

import pytest
import torch
from torch import nn

from ravine.optim import Optimizer
from ravine.optim.repeatable import repeatable
from ravine.rules import SAM, SGD, Momentum


def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1))


X = torch.randn(16, 4, generator=torch.Generator().manual_seed(1))


def test_every_call_draws_the_same_and_the_next_step_goes_on_drawing():
    model = network()
    torch.manual_seed(3)
    closure = repeatable(lambda: (torch.rand(5), model(X)), model)
    (one, first), (two, second), (three, _) = closure(), closure(), closure()
    after = torch.rand(5)
    assert torch.equal(one, two)
    assert torch.equal(one, three)
    assert torch.equal(first == 0, second == 0)
    torch.manual_seed(3)
    _ = torch.rand(5), model(X)
    assert torch.equal(torch.rand(5), after)


@pytest.mark.parametrize("norm", [nn.BatchNorm1d, nn.InstanceNorm1d])
def test_running_statistics_see_each_batch_once_at_the_weights_that_step(norm):
    x = torch.randn(16, 4, 3, generator=torch.Generator().manual_seed(1))
    models = [
        nn.Sequential(nn.Conv1d(4, 4, 1), norm(4, track_running_stats=True), nn.Flatten(), nn.Linear(12, 1))
        for _ in range(2)
    ]
    models[1].load_state_dict(models[0].state_dict())
    optimizer = Optimizer(models[0].parameters(), SAM(SGD(lr=0.1), radius=0.5))

    def closure():
        optimizer.zero_grad()
        models[0](x).square().mean().backward()

    for _ in range(5):
        for ours, theirs in zip(models[0].parameters(), models[1].parameters(), strict=True):
            theirs.data.copy_(ours)
        models[1](x)
        optimizer.step(repeatable(closure, models[0]))
    for ours, theirs in zip(models[0].buffers(), models[1].buffers(), strict=True):
        assert torch.equal(ours, theirs)
    before = models[0][1].running_mean.clone()
    optimizer.step(closure)  # as it is, both gradients count
    if norm is nn.BatchNorm1d:  # the other never counts
        assert models[0][1].num_batches_tracked == 7
    assert not torch.equal(models[0][1].running_mean, before)


class Remembering(nn.Module):
    """Keeps its input in buffers: in place, as another tensor, and one that nobody can write to."""

    def __init__(self):
        super().__init__()
        self.register_buffer("inside", torch.zeros(4))
        self.register_buffer("other", torch.zeros(4))
        self.register_buffer("spread", torch.zeros(1).expand(4))

    def forward(self, x):
        self.inside += x
        self.other = self.other + x
        return x + self.spread


def test_buffers_of_any_kind_are_kept():
    model = Remembering()
    numbers = iter(torch.eye(4))
    closure = repeatable(lambda: model(next(numbers)), model)
    for _ in range(3):
        closure()
    assert model.inside.tolist() == model.other.tolist() == [1.0, 0.0, 0.0, 0.0]


def test_buffers_are_put_back_where_the_second_call_raises():
    model = Remembering()
    closure = repeatable(lambda: model(torch.ones(5 if model.inside.any() else 4)), model)
    closure()
    with pytest.raises(RuntimeError):
        closure()
    assert model.inside.tolist() == [1.0] * 4


def test_a_step_that_takes_one_gradient_is_what_it_was():
    def path(wrapped):
        model = network()
        optimizer = Optimizer(model.parameters(), Momentum(lr=0.1))

        def closure():
            optimizer.zero_grad()
            model(X).square().mean().backward()

        torch.manual_seed(0)
        for _ in range(4):
            optimizer.step(repeatable(closure, model) if wrapped else closure)
        return model.state_dict()

    ours, theirs = path(True), path(False)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
