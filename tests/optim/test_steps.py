"""Steps of an optimizer: closures, gradients taken elsewhere, schedules, and a factor on lr."""

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from ravine.optim import Optimizer, field_names
from ravine.part import look_up, substitute
from ravine.rules import (
    SGD,
    Adam,
    Clip,
    Nesterov,
)
from ravine.schedules import cosine, epochs, is_schedule, linear, step

from .cases import SCHEDULED, gradients, parameters, same, sentence, walk


@pytest.mark.parametrize("rule", [Adam(lr=0.1), Nesterov(lr=0.1, form="look-ahead")])
def test_a_closure_computes_gradients_and_its_loss_comes_back(rule):
    p = torch.tensor([1.0, -2.0], requires_grad=True)
    optimizer = Optimizer([p], rule)
    asked = []

    def closure():
        asked.append(torch.is_grad_enabled())
        optimizer.zero_grad()
        loss = p.square().sum()
        loss.backward()
        return loss

    with torch.no_grad():
        loss = optimizer.step(closure)
    assert asked == [True]
    assert loss.item() == 5.0
    assert not torch.equal(p, torch.tensor([1.0, -2.0]))
    if not rule.looks_ahead():
        assert optimizer.step() is None


def test_looking_ahead_needs_a_closure_and_says_what_does_not():
    params = parameters()
    optimizer = Optimizer(params, Clip(Nesterov(form="look-ahead"), norm=1.0))
    gradients(params, 0)
    told = sentence(optimizer.step)
    assert told.startswith("Clip(Nesterov(form='look-ahead'), norm=1.0) takes the gradient ahead of the parameters: ")
    assert told.endswith(
        "call step(closure), or use the form that needs only the gradient at hand, such as Nesterov()."
    )


def test_looking_ahead_walks_the_path_of_the_rearranged_form():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    twin = copy.deepcopy(model)
    x = torch.randn(20, 3, dtype=torch.float64)

    def slope(model, optimizer):
        optimizer.zero_grad()
        loss = (model(x) - x.prod(1, keepdim=True)).square().mean()
        loss.backward()
        return loss

    ahead = Optimizer(model.parameters(), Nesterov(lr=0.05, form="look-ahead"))
    rearranged = Optimizer(twin.parameters(), Nesterov(lr=0.05))
    for _ in range(50):
        ours = ahead.step(lambda: slope(model, ahead))
        theirs = rearranged.step(lambda: slope(twin, rearranged))
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)  # both were taken at the same point
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(p + 0.9 * ahead.state[p]["v"], q, rtol=0, atol=1e-12)


def test_frozen_parameters_do_not_look_ahead():
    moving, frozen = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    optimizer = Optimizer([moving, frozen], Nesterov(lr=0.1, form="look-ahead"))
    seen = []

    def closure():
        seen.append((moving.detach().clone(), frozen.detach().clone()))
        moving.grad = torch.ones(2)
        frozen.grad = torch.ones(2) if frozen.requires_grad else None

    for t in range(5):
        frozen.requires_grad_(t < 2)  # by then it has a velocity
        optimizer.step(closure)
    standing = frozen.detach().clone()
    assert [torch.equal(there, standing) for _, there in seen] == [False] * 2 + [True] * 3
    assert len({there[0].item() for there, _ in seen}) == 5
    everything_frozen = Optimizer([frozen], Nesterov(form="look-ahead"))
    assert everything_frozen.step(lambda: 7.0) == 7.0


@pytest.mark.parametrize("form", ["rearranged", "look-ahead"])
def test_a_closure_that_raises_leaves_everything_as_it_was(form):
    params = parameters()
    optimizer = Optimizer(params, Nesterov(lr=cosine(0.1), form=form), steps=10)
    walk(optimizer, params, 3)
    before, state = [p.detach().clone() for p in params], copy.deepcopy(optimizer.state_dict()["state"])

    def closure():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        optimizer.step(closure)
    assert same(params, before)
    again = optimizer.state_dict()["state"]
    assert all(torch.equal(again[k]["v"], state[k]["v"]) and again[k]["step"] == 3 for k in range(3))
    twins = [p.detach().clone().requires_grad_() for p in params]
    twin = Optimizer(twins, Nesterov(lr=cosine(0.1), form=form), steps=10)
    twin.load_state_dict(optimizer.state_dict())
    assert same(walk(optimizer, params, 7, begin=3), walk(twin, twins, 7, begin=3))


def test_all_hooks_fire():
    params = parameters()
    optimizer = Optimizer(params, SGD())
    fired = []
    optimizer.register_step_pre_hook(lambda *_: fired.append("before"))
    optimizer.register_step_post_hook(lambda *_: fired.append("after"))
    optimizer.register_state_dict_pre_hook(lambda *_: fired.append("saving"))
    optimizer.register_state_dict_post_hook(lambda *_: fired.append("saved"))
    optimizer.register_load_state_dict_pre_hook(lambda *_: fired.append("loading"))
    optimizer.register_load_state_dict_post_hook(lambda *_: fired.append("loaded"))
    optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
    assert fired == ["before", "after", "saving", "saved", "loading", "loaded"]


@pytest.mark.parametrize("rule", SCHEDULED, ids=repr)
def test_a_schedule_in_any_field_is_asked_at_every_step(rule):
    scheduled, by_hand = parameters(), parameters()
    optimizer = Optimizer(scheduled, rule, steps=30)
    paths = {name: path for name, path in field_names(rule).items() if is_schedule(look_up(rule, path))}
    assert len(paths) >= 2
    plain = Optimizer(by_hand, substitute(rule, dict.fromkeys(paths.values(), 0.5)))
    for t in range(30):
        plain.param_groups[0] |= {name: look_up(rule, path)(t, 30) for name, path in paths.items()}
        walk(plain, by_hand, 1, begin=t)
        walk(optimizer, scheduled, 1, begin=t)
        assert all(optimizer.param_groups[0][name] == plain.param_groups[0][name] for name in paths)
        assert same(scheduled, by_hand)


def test_lengths_in_epochs_need_the_steps_of_one():
    params = parameters()
    optimizer = Optimizer(params, SGD(lr=step(1.0, every=epochs(2))), steps=12, steps_per_epoch=3)
    seen = []
    for t in range(12):
        walk(optimizer, params, 1, begin=t)
        seen.append(optimizer.param_groups[0]["lr"])
    assert seen == [1.0] * 6 + [0.1] * 6


def test_a_step_without_gradients_takes_its_time():
    params = parameters()
    optimizer = Optimizer(params, SGD(lr=linear(1.0)), steps=4)
    optimizer.step()
    gradients(params, 0)
    before = [p.detach().clone() for p in params]
    optimizer.step()
    assert optimizer.param_groups[0]["lr"] == 0.75
    assert same(params, [b - 0.75 * p.grad for b, p in zip(before, params, strict=True)])


def test_a_step_past_the_end_moves_nothing_and_says_so():
    params = parameters()
    optimizer = Optimizer(params, Adam(lr=cosine(0.1)), steps=3)
    before = walk(optimizer, params, 3)
    told = sentence(lambda: walk(optimizer, params, 1))
    assert told == "cosine(0.1): training has 3 steps, 0 to 2, and this was asked at 3."
    assert same(params, before)
    assert optimizer.state[params[0]]["step"] == 3


@pytest.mark.parametrize("how", ["scheduler", "hand"])
def test_nobody_else_may_move_what_a_schedule_moves(how):
    params = parameters()
    optimizer = Optimizer(params, SGD(lr=cosine(0.1)), steps=10)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5) if how == "scheduler" else None
    before = walk(optimizer, params, 1)
    if scheduler is not None:
        scheduler.step()
    else:
        optimizer.param_groups[0]["lr"] = 0.05
    told = sentence(lambda: walk(optimizer, params, 1))
    assert told == (
        "lr holds the schedule cosine(0.1), and was set to 0.05 from outside, as PyTorch's schedulers do: "
        "give the rule a number for lr, or leave it alone."
    )
    assert same(params, before)


def test_a_late_group_follows_the_schedule():
    params = parameters()
    optimizer = Optimizer(params[:1], SGD(lr=linear(1.0)), steps=4)
    walk(optimizer, params[:1], 2)
    optimizer.add_param_group({"params": params[1:]})
    assert optimizer.param_groups[1]["lr"] == 0.75
    walk(optimizer, params, 1)
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.5]


@given(factor=st.floats(0.01, 1.0), t=st.integers(0, 8))
def test_the_factor_multiplies_every_groups_lr(factor, t):
    lowered, fixed = parameters(), parameters()
    groups = [[{"params": each[:1]}, {"params": each[1:], "eps": 1e-3}] for each in (lowered, fixed)]
    optimizer = Optimizer(groups[0], Adam(lr=linear(1.0)), steps=10)
    walk(optimizer, lowered, t)
    optimizer.lr_factor = factor
    plain = Optimizer(groups[1], Adam(lr=0.5))
    for k in range(t + 1):
        for group in plain.param_groups:
            group["lr"] = (1 - k / 10) * (factor if k == t else 1.0)
        walk(plain, fixed, 1, begin=k)
    walk(optimizer, lowered, 1, begin=t)
    for a, b in zip(lowered, fixed, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-14, atol=1e-14)
