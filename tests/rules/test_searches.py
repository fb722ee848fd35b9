"""The default ranges of lr: no method's best may lie at the end of its range, on problems whose best lies far apart.

The ranges span three decades each, around the best found on four problems (batch 64, cosine, 12-15 epochs; a small
network that convolves for digits, one of 64-64 units for the others). By log loss or squared error the best was

    method      digits   wine    breast_cancer   diabetes    range
    sgd         3        1       0.3             0.1         0.01 ... 10
    momentum    1        0.3     0.03            0.01        0.003 ... 3
    nesterov    1        0.3     0.03            0.01        0.003 ... 3
    adagrad     0.1      0.1     0.01            0.01        0.001 ... 1
    adadelta    3-30     10      1               1           0.1 ... 100
    rmsprop     0.01     0.01    0.001           0.001       0.0001 ... 0.1
    adam, adamw 0.03     0.01    0.003           0.003       0.0003 ... 0.3
    adamax               0.03                    0.003       0.0003 ... 0.3
    nadam                0.03                    0.003       0.0003 ... 0.3
    radam                0.1                     0.01        0.001 ... 1
    lion                 0.01                    0.001       0.0001 ... 0.1
    lars                 10                      1           0.1 ... 100
    lamb                 0.1                     0.01        0.001 ... 1

(radam at 30 epochs: within 15 it has hardly begun to divide),
and the best weight_decay of adamw between 0.1 and 10, flat below. Here the two that lie farthest apart are repeated.
"""

import math

import pytest
import torch
from sklearn.datasets import load_diabetes, load_wine
from torch import nn

from ravine.part import meanings
from ravine.rules import METHODS

from .cases import Walker

EPOCHS = {"radam": 30}
LOSSES = {"wine": nn.functional.cross_entropy, "diabetes": nn.functional.mse_loss}


def problem(name):
    """Standardized features and targets in a fixed order, of which every third is held out."""
    features, targets = (load_wine if name == "wine" else load_diabetes)(return_X_y=True)
    order = torch.randperm(len(targets), generator=torch.Generator().manual_seed(0))
    x = torch.tensor(features, dtype=torch.float32)[order]
    y = torch.tensor(targets, dtype=torch.float32 if name == "diabetes" else torch.int64)[order]
    x = (x - x.mean(0)) / x.std(0)
    y = ((y - y.mean()) / y.std())[:, None] if name == "diabetes" else y
    held_out = torch.arange(len(y)) % 3 == 0
    return x, y, held_out


def loss_after_training(rule, name, seed, epochs):
    """The loss on what was held out, after training by a rule under cosine."""
    x, y, held_out = problem(name)
    torch.manual_seed(seed)
    widths = [x.shape[1], 64, 64, 3 if name == "wine" else 1]
    layers = [nn.Linear(a, b) for a, b in zip(widths[:-1], widths[1:], strict=True)]
    network = nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])
    names = [key for key, _ in network.named_parameters()]
    walker = Walker(rule(), [p.detach() for p in network.parameters()])
    train = torch.nonzero(~held_out)[:, 0]
    batches = [b for _ in range(epochs) for b in train[torch.randperm(len(train))].split(64)]

    def loss(params, rows):
        output = torch.func.functional_call(network, dict(zip(names, params, strict=True)), (x[rows],))
        return LOSSES[name](output, y[rows])

    for t, batch in enumerate(batches):
        walker.rule = rule(0.5 * (1 + math.cos(math.pi * t / len(batches))))
        params = [p.requires_grad_() for p in walker.params]
        grads = torch.autograd.grad(loss(params, batch), params)
        walker.params = [p.detach() for p in params]
        walker.step(grads)
    with torch.no_grad():
        return loss(walker.params, held_out).item()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("method", METHODS)
def test_the_best_lr_is_well_inside_its_range(method, name):
    made, search = METHODS[method], meanings(METHODS[method])["lr"].search
    losses = []
    for k in range(7):  # every half decade, both ends included
        lr = search.at(k / 6)
        rule, epochs = lambda factor=1.0, lr=lr: made(lr=lr * factor), EPOCHS.get(method, 15)
        runs = [loss_after_training(rule, name, seed, epochs) for seed in range(2)]
        losses.append(sum(runs) / 2 if math.isfinite(sum(runs)) else math.inf)
    best = min(range(7), key=losses.__getitem__)
    assert 0 < best < 6
    assert losses[0] > 1.05 * losses[best]
    assert losses[6] > 1.05 * losses[best]
