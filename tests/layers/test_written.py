"""The gradients are those that are written out, not what autograd would make of the forward by itself."""

import pytest
import torch

from ravine.layers import BatchNorm, Dropout, convolution

X = torch.ones(2, 3, 4, requires_grad=True)


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (lambda x: convolution(x, torch.ones(1, 3, 2)), "Convolution"),
        (Dropout(drop=0.5), "Masked"),
        (BatchNorm(3), "Normalized"),
    ],
)
def test_the_gradient_is_the_written_one(layer, name):
    y = layer(X)
    assert type(y.grad_fn).__name__ == f"{name}Backward"
    (first,) = torch.autograd.grad(y.square().sum(), X, create_graph=True)
    second = torch.autograd.grad(first.sin().sum(), X)[0]
    assert torch.isfinite(second).all()
