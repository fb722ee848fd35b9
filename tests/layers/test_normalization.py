"""The written-out batch normalization against PyTorch's, and against differences."""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.autograd import gradcheck, gradgradcheck

from ravine.errors import RavineError
from ravine.layers import BatchNorm
from ravine.layers.normalization import Normalized

FAST = {0: nn.BatchNorm1d, 1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
SPACES = [(), (4,), (3, 2), (2, 3, 2)]


def batch(seed: int, channels: int, space: tuple[int, ...], examples: int = 5) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 3 + 2 * torch.randn(examples, channels, *space, dtype=torch.float64, generator=generator)


def close(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-11)


@given(st.sampled_from(SPACES), st.integers(1, 4), st.sampled_from([0.1, 0.5, None]), st.sampled_from([1e-5, 1e-2]))
@settings(max_examples=40)
def test_a_training_goes_as_with_pytorch(space, channels, momentum, eps):
    ours = BatchNorm(channels, eps=eps, momentum=momentum).double()
    theirs = FAST[len(space)](channels, eps=eps, momentum=momentum).double()
    with torch.no_grad():
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            q.copy_(p.copy_(torch.linspace(0.5, 2, channels)))
    for seed in range(3):
        losses = []
        xs = [batch(seed, channels, space, examples=4 + seed).requires_grad_() for _ in range(2)]
        for layer, x in zip((ours, theirs), xs, strict=True):
            y = layer(x)
            losses.append(y)
            y.sin().sum().backward()
        close(*losses)
        close(xs[0].grad, xs[1].grad)
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            close(p.grad, q.grad)
    for name, buffer in theirs.named_buffers():
        close(ours.get_buffer(name), buffer)
    x = batch(9, channels, space)
    close(ours.eval()(x), theirs.eval()(x))


def test_state_dicts_go_both_ways():
    ours, theirs = BatchNorm(3), nn.BatchNorm2d(3)
    theirs(torch.randn(4, 3, 2, 2, generator=torch.Generator().manual_seed(0)))
    ours.load_state_dict(theirs.state_dict())
    assert torch.equal(ours.running_var, theirs.running_var)
    assert int(ours.num_batches_tracked) == 1
    theirs.load_state_dict(BatchNorm(3).state_dict())
    assert int(theirs.num_batches_tracked) == 0


@pytest.mark.parametrize("space", SPACES)
def test_gradients_are_those_of_differences(space):
    x = batch(0, 2, space, examples=3).requires_grad_()
    gamma, beta = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in ([0.5, 2.0], [0.1, -0.3]))
    assert gradcheck(lambda *t: Normalized.apply(*t, 1e-3)[0], (x, gamma, beta))
    assert gradgradcheck(lambda *t: Normalized.apply(*t, 1e-3)[0], (x, gamma, beta))


@pytest.mark.parametrize("training", [True, False])
def test_the_layers_gradients_are_those_of_differences_in_both_modes(training):
    layer = BatchNorm(2, momentum=0.0).double().train(training)
    layer.running_mean += 1.5
    assert gradcheck(layer, batch(0, 2, (3,), examples=3).requires_grad_())


def test_what_normalization_takes_away_gets_no_gradient():
    x = batch(0, 3, (4,)).requires_grad_()
    y = BatchNorm(3, eps=0.0).double()(x)
    (gradient,) = torch.autograd.grad(y.sin().sum(), x)
    zero = torch.zeros(3, dtype=torch.float64)
    close(gradient.sum((0, 2)), zero)
    close((gradient * x).sum((0, 2)), zero)


def test_a_batch_comes_out_with_mean_beta_and_deviation_gamma():
    layer = BatchNorm(2, eps=0.0).double()
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([2.0, 0.5]))
        layer.bias.copy_(torch.tensor([-1.0, 4.0]))
    y = layer(batch(0, 2, (3, 3)))
    close(y.mean((0, 2, 3)).detach(), torch.tensor([-1.0, 4.0], dtype=torch.float64))
    close(y.std((0, 2, 3), correction=0).detach(), torch.tensor([2.0, 0.5], dtype=torch.float64))


def test_a_batch_of_one_is_refused_in_training_alone():
    layer = BatchNorm(3)
    sentence = "BatchNorm(3) got a batch of shape [1, 3] in training: one value in a channel has no variance."
    with pytest.raises(RavineError, match=re.escape(sentence)):
        layer(torch.zeros(1, 3))
    assert layer.eval()(torch.zeros(1, 3)).shape == (1, 3)
    assert layer.train()(torch.zeros(1, 3, 2)).shape == (1, 3, 2)  # two places are two values


def test_other_channels_are_refused():
    with pytest.raises(RavineError, match=re.escape("BatchNorm(3) takes [b, 3, ...], got the shape [2, 4].")):
        BatchNorm(3)(torch.zeros(2, 4))
    with pytest.raises(RavineError, match=re.escape("got the shape [3].")):
        BatchNorm(3)(torch.zeros(3))
