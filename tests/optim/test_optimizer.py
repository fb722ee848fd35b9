"""Rules with the face of `torch.optim`: the numbers that PyTorch has, on one recorded sequence of gradients."""

import pytest
import torch
from torch import nn

from ravine.optim import Optimizer
from ravine.rules import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Clip,
    Decay,
    Momentum,
    RMSprop,
    Rule,
    Split,
)

from ..rules.cases import TWINS, follow, recorded, starts
from .cases import gradients, parameters, same, walk

TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-12}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(("rule", "twin"), TWINS, ids=lambda value: repr(value) if isinstance(value, Rule) else "")
def test_agrees_with_pytorch_over_100_steps_on_one_recorded_sequence(rule, twin, dtype):
    params = starts(dtype)
    sequence = recorded(params, 100)
    ours = [p.clone().requires_grad_() for p in params]
    optimizer = Optimizer(ours, rule)
    for grads in sequence:
        for p, g in zip(ours, grads, strict=True):
            p.grad = None if g is None else g.clone()
        optimizer.step()
        assert all(g is None or torch.equal(p.grad, g) for p, g in zip(ours, grads, strict=True))
    assert [optimizer.state[p]["step"] for p in ours] == [100, 87, 100, 100, 100]
    for mine, theirs, start in zip(ours, follow(twin, params, sequence), params, strict=True):
        assert (mine.dtype, mine.shape, mine.stride()) == (dtype, start.shape, start.clone().stride())
        assert torch.all((mine - theirs).abs() <= TOLERANCE[dtype] * theirs.abs().clamp(min=1))


REAL_OR_COMPLEX = [twin for twin in TWINS if not isinstance(twin[0], Split)]  # PyTorch's Muon refuses complex numbers


@pytest.mark.parametrize(
    ("rule", "twin"), REAL_OR_COMPLEX[::3], ids=lambda value: repr(value) if isinstance(value, Rule) else ""
)
def test_a_complex_number_counts_as_two_as_in_pytorch(rule, twin):
    start = torch.randn(3, generator=torch.Generator().manual_seed(0), dtype=torch.complex128)
    sequence = [[torch.sin(start * t)] for t in range(1, 30)]
    ours = start.clone().requires_grad_()
    optimizer = Optimizer([ours], rule)
    for (g,) in sequence:
        ours.grad = g.clone()
        optimizer.step()
    (theirs,) = follow(twin, [start], sequence)
    torch.testing.assert_close(ours.detach(), theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("rule", "twin"), [(SGD(lr=0.3), torch.optim.SGD), (Adagrad(lr=0.3), torch.optim.Adagrad)])
def test_sparse_gradients_move_what_pytorch_moves(rule, twin):
    ours, theirs = (nn.Embedding(6, 2, sparse=True, dtype=torch.float64) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    mine, other = Optimizer(ours.parameters(), rule), twin(theirs.parameters(), lr=0.3)
    for t in range(8):
        for table, optimizer in ((ours, mine), (theirs, other)):
            optimizer.zero_grad()
            with torch.sparse.check_sparse_tensor_invariants():  # else PyTorch's Adagrad warns
                table(torch.tensor([t % 3, 2, 2])).sin().sum().backward()
                optimizer.step()
            assert table.weight.grad.is_sparse
    torch.testing.assert_close(ours.weight, theirs.weight, rtol=0, atol=1e-12)


def test_a_gradient_may_lie_otherwise_in_memory_than_its_parameter():
    straight, turned = (torch.ones(3, 4, dtype=torch.float64, requires_grad=True) for _ in range(2))
    first, second = Optimizer([straight], Adam(lr=0.1)), Optimizer([turned], Adam(lr=0.1))
    for t in range(1, 6):
        g = torch.sin(torch.arange(12, dtype=torch.float64).reshape(3, 4) * t)
        straight.grad, turned.grad = g.clone(), g.T.contiguous().T
        first.step()
        second.step()
    assert torch.equal(straight, turned)
    assert turned.grad.stride() == (1, 3)


def test_groups_and_their_learning_rates_move_as_in_pytorch():
    ours, theirs = parameters(), parameters()
    mine = Optimizer([{"params": ours[:2], "lr": 0.02}, {"params": ours[2:], "beta1": 0.5}], Adam(lr=0.1))
    other = torch.optim.Adam(
        [{"params": theirs[:2], "lr": 0.02}, {"params": theirs[2:], "betas": (0.5, 0.999)}], lr=0.1
    )
    for t in range(40):
        if t == 15:
            mine.param_groups[0]["lr"] = other.param_groups[0]["lr"] = 0.3
        for params, optimizer in ((ours, mine), (theirs, other)):
            gradients(params, t)
            optimizer.step()
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


def test_a_group_may_come_late_as_in_pytorch():
    ours, theirs = parameters(), parameters()
    mine, other = Optimizer(ours[:1], AdamW(lr=0.1)), torch.optim.AdamW(theirs[:1], lr=0.1)
    for t in range(40):
        if t == 15:
            mine.add_param_group({"params": ours[1:], "lr": 0.02})
            other.add_param_group({"params": theirs[1:], "lr": 0.02})
        for params, optimizer in ((ours, mine), (theirs, other)):
            gradients(params, t)
            optimizer.step()
    assert [group["count"] for group in mine.param_groups] == [40, 40]
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


def test_named_parameters_and_the_start_of_a_slot_belong_to_their_group():
    model = nn.Linear(2, 1).double()
    groups = [
        {"params": [("weight", model.weight)], "initial": 0.25},
        {"params": [("bias", model.bias)]},
    ]
    optimizer = Optimizer(groups, Adagrad(lr=1.0, eps=0.0))
    before = model.weight.detach().clone(), model.bias.detach().clone()
    model.weight.grad, model.bias.grad = torch.ones(1, 2).double(), torch.ones(1).double()
    optimizer.step()
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight"]
    torch.testing.assert_close(before[0] - model.weight, torch.full((1, 2), 1.25**-0.5).double())
    torch.testing.assert_close(before[1] - model.bias, torch.ones(1).double())


@pytest.mark.parametrize("kind", ["step", "one-cycle"])
def test_pytorchs_schedules_move_a_number(kind):
    def scheduled(optimizer):
        if kind == "step":
            return torch.optim.lr_scheduler.StepLR(optimizer, 5, gamma=0.3)
        return torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.3, total_steps=30)

    ours, theirs = parameters(), parameters()
    mine, other = Optimizer(ours, Momentum(lr=0.1)), torch.optim.SGD(theirs, lr=0.1, momentum=0.9)
    for params, optimizer in ((ours, mine), (theirs, other)):
        schedule = scheduled(optimizer)
        for t in range(25):
            gradients(params, t)
            optimizer.step()
            schedule.step()
    assert mine.param_groups[0]["lr"] == other.param_groups[0]["lr"]
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


@pytest.mark.parametrize("length", [0.1, 3.0])
def test_the_norm_that_is_clipped_is_over_all_groups(length):
    ours, theirs = parameters(), parameters()
    mine = Optimizer([{"params": [p]} for p in ours], Clip(Momentum(lr=0.1), norm=length))
    other = torch.optim.SGD(theirs, lr=0.1, momentum=0.9)
    for t in range(20):
        gradients(ours, t)
        mine.step()
        gradients(theirs, t)
        nn.utils.clip_grad_norm_(theirs, length)
        other.step()
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


def test_a_gradient_that_is_not_there_counts_for_nothing():
    params = parameters()
    optimizer = Optimizer(params, Clip(SGD(lr=1.0), norm=1.0))
    gradients(params, 0)
    params[1].grad = None
    before = [p.detach().clone() for p in params]
    optimizer.step()
    moved = [b - p.detach() for b, p in zip(before, params, strict=True)]
    assert torch.equal(moved[1], torch.zeros(4).double())
    assert torch.linalg.vector_norm(torch.stack([m.norm() for m in moved])).item() == pytest.approx(1.0, abs=1e-5)
    assert params[1] not in optimizer.state


def test_pytorchs_gradient_scaler_steps_it():
    scaled, plain = (torch.ones(3, requires_grad=True) for _ in range(2))
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**8)
    first, second = Optimizer([scaled], Adam(lr=0.1)), Optimizer([plain], Adam(lr=0.1))
    for t in range(5):
        scaler.scale((scaled * torch.arange(3) + t).square().sum()).backward()
        (plain * torch.arange(3) + t).square().sum().backward()
        if t == 2:
            scaled.grad[0] = float("inf")  # this step is left out
            plain.grad = None
        scaler.step(first)
        scaler.update()
        second.step()
        first.zero_grad()
        second.zero_grad()
    assert first.state[scaled]["step"] == 4
    torch.testing.assert_close(scaled, plain)


def test_an_lr_may_be_a_tensor_of_no_dimensions():
    ours, theirs = parameters(), parameters()
    mine = Optimizer([{"params": ours, "lr": torch.tensor(0.25, dtype=torch.float64)}], Decay(RMSprop(), l2=0.1))
    other = Optimizer(theirs, Decay(RMSprop(lr=0.25), l2=0.1))
    assert same(walk(mine, ours, 5), walk(other, theirs, 5))
