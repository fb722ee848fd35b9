"""Steps that autograd records: their derivatives, against differences and against PyTorch's."""

import copy

import pytest
import torch
from torch import optim

import ravine.optim

from .torch_cases import (
    Case,
    named,
)

pytestmark = pytest.mark.usefixtures("double", "without_bfloat16")


def _differentiable(p, g, lr, state, case):
    """One step as a function of everything that it may be differentiated by."""
    p, lr = p.clone(), lr.clone()
    p.grad = g
    optimizer = case.ours([p], differentiable=True, lr=lr)
    optimizer.state[p] |= {key: value.clone() for key, value in state.items()}
    optimizer.step()
    return p, *(x for x in optimizer.state[p].values() if x.requires_grad)


STATES = {
    "SGD": ("momentum_buffer",),
    "Adagrad": ("sum",),
    "Adadelta": ("square_avg", "acc_delta"),
    "RMSprop": ("square_avg", "momentum_buffer", "grad_avg"),
    "Adam": ("exp_avg", "exp_avg_sq", "max_exp_avg_sq"),
    "AdamW": ("exp_avg", "exp_avg_sq"),
    "NAdam": ("exp_avg", "exp_avg_sq"),
    "RAdam": ("exp_avg", "exp_avg_sq"),
    "Adamax": ("exp_avg", "exp_inf"),
}
DIFFERENTIABLE = [
    Case("SGD", {"momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1}),
    Case("SGD", {"momentum": 0.9, "nesterov": True, "maximize": True}),
    Case("Adagrad", {"weight_decay": 0.1, "lr_decay": 0.1}),
    Case("Adadelta", {}),
    Case("RMSprop", {"momentum": 0.9, "centered": True}),
    Case("Adam", {"amsgrad": True, "weight_decay": 0.1}),
    Case("AdamW", {}),
    Case("NAdam", {}),
    Case("RAdam", {}),
    Case("Adamax", {}),
]


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=named)
def test_a_differentiable_step_has_the_derivatives_that_differences_show(case):
    draw = torch.Generator().manual_seed(0)
    p, g, *slots = (torch.rand(5, generator=draw, requires_grad=True) for _ in range(2 + len(STATES[case.name])))
    lr = torch.tensor(0.1, requires_grad=True)
    counts = {"step": torch.tensor(10.0)} | ({"mu_product": torch.tensor(0.5)} if case.name == "NAdam" else {})

    def stepped(p, g, lr, *slots):
        held = dict(zip(STATES[case.name], slots, strict=True))
        if "grad_avg" in held:
            held["square_avg"] = held["square_avg"] + 2  # a variance, never negative
        return _differentiable(p, g, lr, counts | held, case)

    assert torch.autograd.gradcheck(stepped, (p, g, lr, *slots), eps=1e-6, atol=1e-6)


def test_a_learning_rate_is_learned_through_steps_as_in_pytorch():
    slopes = []
    for home in (ravine.optim, optim):
        lr = torch.tensor(0.1, requires_grad=True)
        p = torch.tensor([1.0, -2.0]).clone()
        p.requires_grad_()
        moving = p.clone()
        optimizer = home.Adam([moving], lr=lr, differentiable=True, capturable=False)
        for t in range(4):
            moving.grad = torch.sin(moving.detach() + t)
            optimizer.step()
        (moving**2).sum().backward()
        slopes.append((lr.grad, p.grad))
    torch.testing.assert_close(slopes[0], slopes[1], rtol=0, atol=1e-12)
    assert slopes[0][0] != 0


def test_a_differentiable_step_of_complex_numbers_keeps_them_complex():
    begin = torch.tensor([1 + 2j, -1j])
    moved = []
    for differentiable in (False, True):
        p = begin.clone().requires_grad_()
        (used,) = [p.clone()] if differentiable else [p]
        optimizer = ravine.optim.Adam([used], lr=0.1, weight_decay=0.1, differentiable=differentiable)
        for t in range(3):
            used.grad = begin * (t - 1j)
            optimizer.step()
        moved.append((used.detach(), optimizer.state[used]["exp_avg"].detach()))
    torch.testing.assert_close(moved[0], moved[1], rtol=0, atol=1e-12)


def test_a_differentiable_optimizer_says_which_engine_it_goes_by():
    optimizer = ravine.optim.Adam([torch.ones(2).clone()], differentiable=True)
    assert str(*optimizer.engines) == (
        "plain, for 1 tensors with 2 elements: autograd sees every step of it, as differentiable=True asks"
    )
    assert copy.deepcopy(optimizer).engines == optimizer.engines
