"""Gradients taken elsewhere: SAM against its algorithm written out, weight noise by each count, what may go wrong."""

import copy

import pytest
import torch
from torch import nn

from ravine.optim import Optimizer
from ravine.rules import SAM, SGD, Adam, Average, Clip, Momentum, Nesterov, Split, WeightNoise, counter, weight_noise
from ravine.schedules import linear

from .cases import parameters, same, sentence

X = torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
Y = X.prod(1, keepdim=True)


def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1)).double()


def loss_of(model):
    return (model(X) - Y).square().mean()


def closure_of(model, optimizer):
    def closure():
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        return loss

    return closure


def walked(rule, steps=50, engine="auto"):
    model = network()
    optimizer = Optimizer(model.parameters(), rule, steps=steps, engine=engine)
    losses = [optimizer.step(closure_of(model, optimizer)).item() for _ in range(steps)]
    return list(model.parameters()), losses


def foret(make, radius, adaptive=False, steps=50):
    """Algorithm 1 of either paper, with an optimizer of PyTorch's for its last line."""
    model = network()
    params, losses = list(model.parameters()), []
    optimizer = make(params)
    for _ in range(steps):
        loss = loss_of(model)
        first = torch.autograd.grad(loss, params)
        scales = [p.detach().abs() + 0.01 if adaptive else torch.ones_like(p) for p in params]
        length = torch.cat([(s * g).flatten() for s, g in zip(scales, first, strict=True)]).square().sum().sqrt()
        worst = [
            p.detach() + radius * s**2 * g / length if adaptive else p.detach() + radius * g / length
            for p, s, g in zip(params, scales, first, strict=True)
        ]
        there = dict(zip((name for name, _ in model.named_parameters()), worst, strict=True))
        there = {name: w.requires_grad_() for name, w in there.items()}
        outputs = torch.func.functional_call(model, there, X)
        for p, g in zip(params, torch.autograd.grad((outputs - Y).square().mean(), list(there.values())), strict=True):
            p.grad = g
        optimizer.step()
        losses.append(loss.item())
    return params, losses


@pytest.mark.parametrize("engine", ["plain", "auto"])
@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize(
    ("rule", "make"),
    [
        (Momentum(lr=0.05), lambda params: torch.optim.SGD(params, lr=0.05, momentum=0.9)),
        (Adam(lr=0.01), lambda params: torch.optim.Adam(params, lr=0.01)),
    ],
)
def test_sam_walks_the_path_of_its_algorithm(rule, make, adaptive, engine):
    ours, losses = walked(SAM(rule, radius=0.3, adaptive=adaptive), engine=engine)
    theirs, expected = foret(make, 0.3, adaptive)
    for p, q in zip(ours, theirs, strict=True):
        torch.testing.assert_close(p, q, rtol=0, atol=1e-12)
    assert losses == pytest.approx(expected, rel=0, abs=1e-12)  # the loss at the parameters, not at the worst point
    other, _ = walked(rule)
    assert (other[0] - ours[0]).abs().max() > 1e-3


@pytest.mark.parametrize("engine", ["plain", "auto"])
@pytest.mark.parametrize(
    "inside", [Adam(lr=0.01), Nesterov(lr=0.05, form="look-ahead"), Average(Momentum(), decay=0.9)]
)
@pytest.mark.parametrize(
    "make",
    [lambda r: SAM(r, radius=0.0), lambda r: SAM(r, radius=0.0, adaptive=True), lambda r: WeightNoise(r, std=0.0)],
)
def test_at_no_distance_it_is_the_wrapped_rule_to_the_bit(make, inside, engine):
    ours, losses = walked(make(inside), steps=10, engine=engine)
    theirs, expected = walked(inside, steps=10, engine=engine)
    assert losses == expected
    assert same(ours, theirs)


def points_of(params, rule, steps=1, grads=None):
    """Where the closure finds the parameters, call by call."""
    optimizer, seen = Optimizer(params, rule), []

    def closure():
        seen.append([p.detach().clone() for p in params])
        for k, p in enumerate(params):
            p.grad = None if not p.requires_grad else torch.full_like(p, k + 1.0) if grads is None else grads[k]
        return float(len(seen))

    returned = [optimizer.step(closure) for _ in range(steps)]
    return seen, returned, optimizer


@pytest.mark.parametrize(
    "inside", [SGD(), Split(Momentum(), Adam(), where=(0,)), Clip(Split(SGD(), Adam(), where=(1,)), norm=1.0)]
)
def test_the_norm_is_over_all_parameters_whatever_their_rule_and_group(inside):
    params = parameters()
    before = [p.detach().clone() for p in params]
    (first, second), returned, _ = points_of([*params], SAM(inside, radius=2.0))
    assert returned == [1.0]
    assert same(first, before)
    length = (6 * 1 + 4 * 4 + 9) ** 0.5
    for k, (p, point) in enumerate(zip(before, second, strict=True)):
        torch.testing.assert_close(point, p + 2 * (k + 1) / length, rtol=0, atol=1e-14)


def test_groups_and_schedules_have_radii_of_their_own():
    params = parameters(2)
    optimizer = Optimizer(
        [{"params": params[:1]}, {"params": params[1:], "sam_radius": 0.0}], SAM(SGD(lr=0.0), radius=5.0)
    )
    seen = []

    def closure():
        seen.append([p.detach().clone() for p in params])
        for p in params:
            p.grad = torch.ones_like(p)

    optimizer.step(closure)
    assert torch.equal(seen[1][1], seen[0][1])
    torch.testing.assert_close(seen[1][0], seen[0][0] + 5 / 10**0.5, rtol=0, atol=1e-14)
    scheduled = Optimizer(params, SAM(SGD(lr=0.0), radius=linear(1.0)), steps=4)
    seen.clear()
    for _ in range(4):
        scheduled.step(closure)
    far = [(there[0] - here[0]).norm().item() for here, there in zip(seen[::2], seen[1::2], strict=True)]
    assert far == pytest.approx([share * (6 / 10) ** 0.5 for share in (1.0, 0.75, 0.5, 0.25)])


def test_what_has_no_gradient_stays_and_counts_for_nothing():
    params = parameters()
    params[2].requires_grad_(False)
    (first, second), _, optimizer = points_of(
        params, SAM(SGD(lr=0.1), radius=1.0), grads=[None, torch.ones(4).double(), None]
    )
    assert same([first[0], first[2]], [second[0], second[2]])
    torch.testing.assert_close(second[1], first[1] + 0.5, rtol=0, atol=1e-15)
    assert "step" not in optimizer.state[params[2]]
    frozen = parameters(1)[0].requires_grad_(False)
    assert points_of([frozen], SAM(SGD()))[1] == [1.0]
    assert points_of(parameters(1), SAM(SGD()), grads=[None])[1] == [1.0]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.complex128])
def test_any_precision_moves_there_and_comes_back(dtype):
    p = torch.tensor([1.0, 2.0], dtype=dtype, requires_grad=True)
    g = torch.tensor([300.0, 400.0], dtype=dtype)  # whose squares no float16 holds
    (first, second), _, _ = points_of([p], SAM(SGD(lr=0.0), radius=0.5), grads=[g])
    assert second[0].tolist() == pytest.approx([1.3, 2.4], rel=4e-3)
    assert torch.equal(first[0], p)


def test_sparse_gradients_show_the_way_too():
    table = nn.Embedding(4, 2, sparse=True, dtype=torch.float64)
    before, optimizer, seen = (
        table.weight.detach().clone(),
        Optimizer(table.parameters(), SAM(SGD(lr=0.0), radius=3.0)),
        [],
    )

    def closure():
        seen.append(table.weight.detach().clone())
        optimizer.zero_grad()
        with torch.sparse.check_sparse_tensor_invariants():
            table(torch.tensor([1, 1, 3])).sum().backward()

    optimizer.step(closure)
    expected = before.clone()
    expected[1], expected[3] = before[1] + 3 * 2 / 10**0.5, before[3] + 3 / 10**0.5
    torch.testing.assert_close(seen[1], expected, rtol=0, atol=1e-14)
    assert torch.equal(table.weight, before)


@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("rule", [SAM(Momentum()), WeightNoise(SAM(Nesterov(form="look-ahead")))])
def test_a_closure_that_raises_leaves_everything_as_it_was(rule, call):
    model = network()
    optimizer, calls = Optimizer(model.parameters(), rule), []
    good = closure_of(model, optimizer)
    for _ in range(3):
        optimizer.step(good)
    before, state = [p.detach().clone() for p in model.parameters()], copy.deepcopy(optimizer.state_dict())

    def closure():
        calls.append(None)
        if len(calls) == call:
            raise ZeroDivisionError
        return good()

    with pytest.raises(ZeroDivisionError):
        optimizer.step(closure)
    assert same(model.parameters(), before)
    again = optimizer.state_dict()
    assert all(torch.equal(again["state"][k]["v"], state["state"][k]["v"]) for k in state["state"])
    assert again["param_groups"] == state["param_groups"]


def test_the_noise_of_weights_goes_by_each_parameters_own_count():
    params = parameters()
    before = [p.detach().clone() for p in params]
    seen, _, _ = points_of(
        params, WeightNoise(SGD(lr=0.0), std=0.5, seed=3), steps=2, grads=[None, torch.ones(4).double(), None]
    )
    for t, there in enumerate(seen, start=1):
        for k, (p, point) in enumerate(zip(before, there, strict=True)):
            count = t if k == 1 else 1  # the others have not stepped yet
            z = counter.normal(p, 3 + weight_noise.APART, count, k)
            torch.testing.assert_close(point, p + 0.5 * z, rtol=0, atol=1e-15)


@pytest.mark.parametrize("rule", [WeightNoise(Adam(lr=0.01), std=0.2), SAM(WeightNoise(Momentum()), radius=0.3)])
def test_a_saved_state_goes_on_to_the_same_bits(rule):
    whole, losses = walked(rule, steps=12)
    model = network()
    optimizer = Optimizer(model.parameters(), rule)
    for _ in range(5):
        optimizer.step(closure_of(model, optimizer))
    again = copy.deepcopy(model)
    resumed = Optimizer(again.parameters(), rule)
    resumed.load_state_dict(optimizer.state_dict())
    assert [resumed.step(closure_of(again, resumed)).item() for _ in range(7)] == losses[5:]
    assert same(again.parameters(), whole)
    assert len(set(losses)) == 12


@pytest.mark.parametrize("rule", [SAM(SGD()), Clip(WeightNoise(SGD()), norm=1.0), SAM(Nesterov(form="look-ahead"))])
def test_without_a_closure_it_says_what_to_do(rule):
    params = parameters()
    optimizer = Optimizer(params, rule)
    assert sentence(optimizer.step) == (
        f"{rule!r} takes the gradient elsewhere than at the parameters: call step(closure); a GradScaler has none to "
        "give, so train in bfloat16, which needs no scaler."
    )
    for p in params:
        p.grad = torch.ones_like(p)
    scaler = torch.amp.GradScaler("cpu")
    scaler.scale(torch.ones(()))
    assert "so train in bfloat16" in sentence(lambda: scaler.step(optimizer))
