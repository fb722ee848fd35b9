"""What every optimizer of PyTorch honors, and its drop-in too: parameters of all kinds, groups, closures, schedules."""

import pytest
import torch
from torch import nn, optim

import ravine.optim

from .torch_cases import (
    CASES,
    DEFAULTS,
    FEATURED,
    NAMES,
    Case,
    agree,
    both,
    farthest,
    leaves,
    named,
    put,
    recorded,
    start,
    walk,
)

ELEMENTWISE = [case for case in FEATURED if case.name != "Muon"]
pytestmark = pytest.mark.usefixtures("double", "without_bfloat16")


# 1. A subclass, its tensors under PyTorch's names: test_drop_in.py and test_drop_in_state.py.
@pytest.mark.parametrize("name", NAMES)
def test_it_is_an_optimizer_of_pytorchs_and_of_ravines(name):
    assert issubclass(getattr(ravine.optim, name), optim.Optimizer)
    assert issubclass(getattr(ravine.optim, name), ravine.optim.Optimizer)


# 2. Groups, and parameters with names.
@pytest.mark.parametrize("case", ELEMENTWISE, ids=named)
def test_every_number_may_differ_between_groups_and_a_group_may_come_late(case):
    numbers = {
        key: value
        for key, value in case.ours([torch.ones(1)]).param_groups[0].items()
        if isinstance(value, float) and key != "initial_accumulator_value"
    }
    changed = {key: value * 0.5 for key, value in numbers.items()}

    def grouped(params):
        return [{"params": params[:2], **changed}, {"params": params[2:3], "weight_decay": 0.25}]

    def late(optimizer, t):
        if t == 10:
            first = optimizer.param_groups[0]["params"]
            params = next(params for o, params in pairs if o is optimizer)
            assert params[0] is first[0]
            optimizer.add_param_group({"params": params[3:], "lr": 0.01})

    pairs = both(case, group=grouped)
    agree(pairs, before_step=late)
    assert [len(group["params"]) for group in pairs[0][0].param_groups] == [2, 1, 2]
    assert [len(group) for group in pairs[0][0].param_groups] == [len(group) for group in pairs[1][0].param_groups]


@pytest.mark.parametrize("case", DEFAULTS, ids=named)
def test_parameters_may_have_names(case):
    (mine, _), (other, _) = pairs = both(case, group=lambda params: [(f"p{k}", p) for k, p in enumerate(params)])
    agree(pairs, steps=3)
    assert mine.param_groups[0]["param_names"] == other.param_groups[0]["param_names"]
    with pytest.raises(ValueError, match="cannot add param group with"):
        mine.add_param_group({"params": [torch.ones(1, 1)]})


def test_a_group_may_say_more_of_itself_as_in_pytorch():
    optimizer = ravine.optim.SGD([{"params": [torch.ones(1)], "name": "body", "note": 3}], lr=0.1)
    assert optimizer.state_dict()["param_groups"][0]["note"] == 3


def test_a_later_matrix_of_muons_must_be_one():
    optimizer = ravine.optim.Muon([torch.ones(2, 2)])
    with pytest.raises(ValueError, match="only supports 2D parameters whereas we found a parameter with size: torch.S"):
        optimizer.add_param_group({"params": [torch.ones(3)]})
    assert len(optimizer.param_groups) == 1


# 3. Closures; `step` is a bound method.
@pytest.mark.parametrize("case", DEFAULTS, ids=named)
def test_a_closure_is_called_with_gradients_on_and_its_loss_comes_back(case):
    losses = []
    for optimizer, (p, *_) in both(case):

        def closure(p=p, optimizer=optimizer):
            optimizer.zero_grad()
            loss = (p**2).sum()
            loss.backward()
            return loss

        with torch.no_grad():
            losses.append([optimizer.step(closure) for _ in range(5)])
        assert optimizer.step.__self__ is optimizer
    torch.testing.assert_close(losses[0], losses[1], rtol=0, atol=1e-12)
    assert losses[0][-1] < losses[0][0]
    assert optimizer.step() is None


# 4. Gradients are left alone; parameters without one stand still. Frozen ones: `recorded` freezes the second.
@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_step_leaves_gradients_alone_and_does_not_touch_what_has_none(case):
    begin = start(case)
    params = leaves(begin)
    optimizer = case.ours(params)
    for grads in recorded(begin, 12):
        put(params, grads)
        params[0].grad = None
        kept = [p.grad for p in params]
        optimizer.step()
        assert all(p.grad is g for p, g in zip(params, kept, strict=True))
        assert all(g is None or torch.equal(p.grad, g) for p, g in zip(params[1:], grads[1:], strict=True))
    assert torch.equal(params[0], begin[0])
    assert case.name == "Adagrad" or params[0] not in optimizer.state


@pytest.mark.parametrize("case", [case for case in DEFAULTS if case.name not in ("SGD", "Muon")], ids=named)
def test_a_parameter_frozen_for_a_while_keeps_its_own_count(case):
    (mine, ours), (other, theirs) = pairs = both(case)
    agree(pairs, steps=60)
    counts = [[o.state[p]["step"].item() for p in params] for o, params in ((mine, ours), (other, theirs))]
    assert counts[0] == counts[1] == [60, 47, 60, 60, 60]


# 5. Numbers of all kinds; strided, empty and 0-d parameters are among `start`'s.
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("case", DEFAULTS, ids=named)
def test_halves_are_rounded_once_a_step(case, dtype):
    params = leaves([p.to(dtype) for p in start(case)])
    exact = leaves([p.detach().double() for p in params])
    mine, other = case.ours(params, lr=0.01), case.theirs(exact, lr=0.01)
    for t in range(10):
        grads = [(1.5 + torch.sin(p.detach().double() + t)).to(dtype) for p in params]  # squares that halves can hold
        put(params, grads)
        put(exact, [g.double() for g in grads])
        mine.step()
        other.step()
    assert all(p.dtype is dtype for p in params)
    assert farthest([p.double() for p in params], exact) <= 10 * torch.finfo(dtype).eps


@pytest.mark.parametrize("case", ELEMENTWISE, ids=named)
def test_a_complex_number_counts_as_two(case):
    begin = [torch.randn(3, generator=torch.Generator().manual_seed(0), dtype=torch.complex128)]
    (mine, (ours,)), (other, (theirs,)) = both(case, begin)
    for t in range(1, 30):
        for optimizer, p in ((mine, ours), (other, theirs)):
            p.grad = begin[0] * torch.exp(torch.tensor(1j) * t)
            optimizer.step()
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
    held, expected = mine.state_dict()["state"], other.state_dict()["state"]
    for key, value in expected.get(0, {}).items():
        torch.testing.assert_close(held[0][key], value, rtol=0, atol=1e-12)


@pytest.mark.parametrize("case", DEFAULTS, ids=named)
def test_a_gradient_may_have_other_strides_than_its_parameter(case):
    begin = [torch.randn(3, 4, generator=torch.Generator().manual_seed(0))]
    (mine, (ours,)), (other, (theirs,)) = both(case, begin)
    for t in range(5):
        g = torch.sin(torch.arange(12.0).reshape(3, 4) * (t + 1))
        ours.grad, theirs.grad = g.T.contiguous().T, g.clone()
        mine.step()
        other.step()
    assert ours.grad.stride() == (1, 3)
    assert farthest([ours], [theirs]) <= 1e-12


@pytest.mark.parametrize("case", FEATURED, ids=named)
def test_lr_may_be_a_tensor_that_is_changed_in_place_or_replaced(case):
    def moved(optimizer, t):
        group = optimizer.param_groups[0]
        if t == 0:
            group["lr"] = torch.tensor(0.01)
        elif t < 10:
            group["lr"].mul_(0.9)
        elif t == 10:
            group["lr"] = 0.02
        else:
            group["lr"] *= 0.9

    agree(both(case), before_step=moved)


def test_an_lr_of_one_element_may_have_dimensions_and_betas_lose_them():
    case = Case("Adam", {"lr": torch.tensor([[0.1]]), "betas": (torch.tensor([0.5]), torch.tensor([0.75]))})
    (mine, _), (other, _) = pairs = both(case, [torch.ones(3), torch.ones(2, 2)])
    agree(pairs, steps=5)
    for key, *shapes in (("lr", (1, 1)), ("betas", (), ())):
        for optimizer in (mine, other):
            held = optimizer.param_groups[0][key]
            assert [x.shape for x in (held if key == "betas" else [held])] == shapes


@pytest.mark.parametrize("engine", ["plain", "native"])
@pytest.mark.parametrize("lr", [0.0, 0.1])
def test_a_gradient_that_is_no_number_does_what_it_does_in_pytorch(engine, lr):
    for name in ("SGD", "Adam", "RMSprop", "Adagrad", "Adamax"):
        ours, theirs = leaves([torch.ones(4)]), leaves([torch.ones(4)])
        mine, other = getattr(ravine.optim, name)(ours, lr=lr, engine=engine), getattr(optim, name)(theirs, lr=lr)
        for _ in range(2):
            g = torch.tensor([float("nan"), 1.0, float("inf"), 0.0])
            walk(mine, ours, [[g]])
            walk(other, theirs, [[g]])
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12, equal_nan=True)


def test_no_weight_decay_is_no_term_so_that_an_infinite_weight_stays_as_it_is():
    for name in NAMES[:-1]:
        p = torch.tensor([float("inf"), 1.0]).requires_grad_()
        walk(getattr(ravine.optim, name)([p], weight_decay=0.0), [p], [[torch.ones(2)]] * 2)
        assert p[0] == float("inf")
        assert p[1] < 1


@pytest.mark.parametrize("case", DEFAULTS, ids=named)
def test_a_step_is_not_recorded_where_nobody_asked(case):
    params = leaves(start(case))
    optimizer = case.ours(params, engine="plain")
    walk(optimizer, params, recorded([p.detach() for p in params], 2))
    assert all(p.is_leaf and p.grad_fn is None for p in params)
    assert not any(x.requires_grad for held in optimizer.state.values() for x in held.values())


def test_gradients_may_be_set_to_zero_or_given_back():
    p = torch.ones(2, requires_grad=True)
    optimizer = ravine.optim.SGD([p], lr=0.1)
    p.sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert p.grad is None


def test_adagrads_sums_may_be_shared_between_processes():
    p = torch.ones(3, requires_grad=True)
    optimizer = ravine.optim.Adagrad([p], lr=0.1)
    walk(optimizer, [p], [[torch.ones(3)]])
    optimizer.share_memory()
    walk(optimizer, [p], [[torch.ones(3)]])
    assert optimizer.state[p]["sum"].is_shared()
    assert optimizer.state[p]["sum"].tolist() == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("home", [ravine.optim, optim])
def test_adagrads_first_sum_is_the_optimizers_whatever_a_group_says(home):
    p, q = (torch.ones(2, requires_grad=True) for _ in range(2))
    optimizer = home.Adagrad([{"params": [p], "initial_accumulator_value": 9.0}], initial_accumulator_value=4.0)
    optimizer.add_param_group({"params": [q], "initial_accumulator_value": 9.0})
    walk(optimizer, [p, q], [[torch.zeros(2)] * 2])
    assert optimizer.state[p]["sum"].tolist() == optimizer.state[q]["sum"].tolist() == [4.0, 4.0]


def test_its_text_is_pytorchs():
    ours, theirs = (home.Adam([torch.ones(1)], lr=0.1) for home in (ravine.optim, optim))
    assert repr(ours) == repr(theirs)


def test_weights_that_predict_are_the_weights_themselves():
    p = torch.ones(2, requires_grad=True)
    optimizer = ravine.optim.Adam([p])
    walk(optimizer, [p], [[torch.ones(2)]])
    before = p.detach().clone()
    with optimizer.predicting():
        assert torch.equal(p, before)


def test_a_tied_weight_of_a_model_steps_once():
    ours, theirs = (nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3)) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    for model, home in ((ours, ravine.optim), (theirs, optim)):
        model[1].weight = model[0].weight
        optimizer = home.Adam(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.ones(2, 3)).square().sum().backward()
            optimizer.step()
    assert farthest(list(ours.parameters()), list(theirs.parameters())) <= 1e-9
