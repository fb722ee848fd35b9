"""An optimizer's state: saved, loaded and copied midway, it walks on to the same bits."""

import copy
import io
import itertools
import pickle

import pytest
import torch

from ravine.optim import Optimizer
from ravine.rules import (
    SGD,
    Adam,
    AdamW,
    Average,
    Clip,
    Momentum,
    Noise,
)

from ..rules.cases import DESCENDING
from .cases import SCHEDULED, Stubborn, parameters, same, sentence, walk


@pytest.mark.parametrize("rule", [*DESCENDING, *SCHEDULED], ids=repr)
def test_a_state_that_was_saved_midway_walks_on_to_the_same_bits(rule):
    whole, first = parameters(), parameters()
    walk(Optimizer(whole, rule, steps=30), whole, 30)

    begun = Optimizer(first, rule, steps=30)
    begun.lr_factor = 1.0
    walk(begun, first, 13)
    file = io.BytesIO()
    torch.save({"params": [p.detach() for p in first], "optimizer": begun.state_dict()}, file)
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    second = [p.clone().requires_grad_() for p in saved["params"]]
    again = Optimizer(second, rule, steps=30)
    again.load_state_dict(saved["optimizer"])
    assert again.state_dict()["param_groups"] == begun.state_dict()["param_groups"]
    assert same(walk(again, second, 17, begin=13), whole)


@pytest.mark.parametrize("rule", [Average(AdamW(lr=0.1)), *SCHEDULED], ids=repr)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])
def test_a_copy_walks_on_by_itself(rule, copied):
    params = parameters()
    optimizer = Optimizer(params, rule, steps=20)
    walk(optimizer, params, 5)
    twin, twins = copied((optimizer, params))
    before = [p.detach().clone() for p in params]
    there = walk(twin, twins, 7, begin=5)
    assert same(params, before)
    assert same(walk(optimizer, params, 7, begin=5), there)


def test_the_factor_on_lr_is_part_of_the_state():
    params = parameters()
    optimizer = Optimizer([{"params": params[:1]}, {"params": params[1:], "lr": 0.5}], SGD(lr=0.1))
    optimizer.lr_factor = 0.25
    again = Optimizer([{"params": params[:1]}, {"params": params[1:], "lr": 0.5}], SGD(lr=0.1))
    again.load_state_dict(optimizer.state_dict())
    assert (again.lr_factor, copy.deepcopy(optimizer).lr_factor) == (0.25, 0.25)


def test_a_state_without_what_is_new_still_loads():
    params = parameters()
    optimizer = Optimizer(params, Adam(lr=0.1))
    walk(optimizer, params, 3)
    old = optimizer.state_dict()
    for name in ("lr_factor", "beta2"):
        del old["param_groups"][0][name]
    optimizer.load_state_dict(old)
    assert (optimizer.lr_factor, optimizer.param_groups[0]["beta2"]) == (1.0, 0.999)


def test_the_state_of_another_rule_is_refused():
    params = parameters()
    momentum = Optimizer(params, Momentum(lr=0.1))
    walk(momentum, params, 3)
    adam = Optimizer(params, Adam(lr=0.1))
    told = sentence(lambda: adam.load_state_dict(momentum.state_dict()))
    assert told == ("the state is of another rule: for parameter 0 it has step, v, and Adam(lr=0.1) has step, m, v.")
    torch_adam = torch.optim.Adam(params)
    torch_adam.step()
    assert "it has step, exp_avg, exp_avg_sq" in sentence(lambda: adam.load_state_dict(torch_adam.state_dict()))


def test_a_slot_may_be_the_parameter_or_the_gradient_itself():
    p = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    optimizer = Optimizer([p], Stubborn())
    p.grad = torch.zeros_like(p)
    here, p_before, g_before = p.detach().clone(), torch.zeros(2).double(), torch.zeros(2).double()
    for t in range(6):
        g = torch.sin(here + t)
        p.grad.copy_(g)  # in place, as backward adds to a gradient that was zeroed
        optimizer.step()
        here, p_before, g_before = here - 0.1 * (g + g_before) + 0.01 * (here - p_before), here, g
        assert torch.equal(p.detach(), here)
        optimizer.zero_grad(set_to_none=False)


def test_the_weights_that_predict_stand_in_for_a_while():
    params = parameters()
    optimizer = Optimizer(params, Clip(Average(Momentum(lr=0.1)), norm=1.0))
    path = [walk(optimizer, params[:2], 1, begin=t) for t in range(5)]
    means = [torch.stack(each).mean(0) for each in zip(*path, strict=True)]
    before = [p.detach().clone() for p in params]
    with optimizer.predicting():
        for p, mean in zip(params, means, strict=False):
            torch.testing.assert_close(p.detach(), mean, rtol=0, atol=1e-14)
        assert torch.equal(params[2], before[2])  # it has not stepped, and so has no mean
    assert same(params, before)
    with pytest.raises(ZeroDivisionError), optimizer.predicting():
        raise ZeroDivisionError
    assert same(params, before)


def test_without_an_average_the_weights_themselves_predict():
    params = parameters()
    optimizer = Optimizer(params, Adam())
    before = walk(optimizer, params, 2)
    with optimizer.predicting():
        assert same(params, before)


def noise(rule, params, groups=None):
    """What reached SGD at lr 1 instead of gradients of zero."""
    optimizer = Optimizer(groups or params, rule)
    found = []
    for _ in range(3):
        before = [p.detach().clone() for p in params]
        for p in params:
            p.grad = torch.zeros_like(p)
        optimizer.step()
        found.append([b - p.detach() for b, p in zip(before, params, strict=True)])
    return found


def test_noise_is_repeatable_and_another_for_every_tensor_step_and_seed():
    def three():
        return [torch.zeros(50, dtype=torch.float64, requires_grad=True) for _ in range(3)]

    first = noise(Noise(SGD(lr=1.0), eta=1.0, gamma=0.0, seed=1), three())
    params = three()
    again = noise(Noise(SGD(lr=1.0), eta=1.0, gamma=0.0, seed=1), params, [{"params": [p]} for p in params])
    other = noise(Noise(SGD(lr=1.0), eta=1.0, gamma=0.0, seed=2), three())
    assert all(map(same, first, again))  # however they are grouped
    drawn = [tensor for found in (first, other) for tensors in found for tensor in tensors]
    for a, b in itertools.combinations(drawn, 2):
        assert abs(torch.corrcoef(torch.stack([a, b]))[0, 1]) < 0.5
    together = torch.cat(drawn)
    assert abs(together.mean()) < 0.1
    assert abs(together.std() - 1) < 0.1
