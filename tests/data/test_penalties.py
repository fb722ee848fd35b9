"""Penalties against their closed forms, what they are for, and weight decay that says the same."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from ravine.data.penalties import PENALTIES, Penalty, elastic, l1, l2, penalized
from ravine.errors import RavineError
from ravine.optim import Optimizer, decay_groups
from ravine.ranges import RANGES, log
from ravine.rules import SGD, Adam, Decay, Momentum
from ravine.text import read

STRENGTHS = st.floats(0, 10)


def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv1d(1, 4, 2), nn.BatchNorm1d(4), nn.Tanh(), nn.Flatten(), nn.Linear(8, 5), nn.Linear(5, 1)
        ).double()


def weights():
    luck = torch.Generator().manual_seed(0)
    values = {"a": torch.randn(3, 4, generator=luck, dtype=torch.float64), "b": torch.zeros(2, dtype=torch.float64)}
    return {name: value.requires_grad_() for name, value in values.items()}


@given(one=STRENGTHS, two=STRENGTHS)
def test_values_and_gradients_are_the_closed_forms(one, two):
    for penalty, strengths in (l1(one), (one, 0)), (l2(two), (0, two)), (elastic(l1=one, l2=two), (one, two)):
        given = weights()
        p = np.concatenate([value.detach().numpy().ravel() for value in given.values()])
        value = penalty.of(given)
        assert value.item() == pytest.approx(strengths[0] * np.abs(p).sum() + strengths[1] / 2 * (p**2).sum())
        value.backward()
        for w in given.values():
            expected = strengths[0] * w.detach().sign() + strengths[1] * w.detach()
            torch.testing.assert_close(w.grad, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("penalty", [l1(0.3), l2(0.3), elastic(l1=0.2, l2=0.3)])
def test_they_can_be_differentiated_twice(penalty):
    p = torch.tensor([[0.5, -2.0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda p: penalty.of({"p": p}), (p,))
    assert torch.autograd.gradgradcheck(lambda p: penalty.of({"p": p}), (p,))


def trained(optimizer_of, penalties, steps=50):
    model = network()
    optimizer, penalty = optimizer_of(model), penalized(penalties, model)
    x = torch.randn(16, 1, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for _ in range(steps):
        optimizer.zero_grad()
        ((model(x) - x.sum(2)).square().mean() + penalty()).backward()
        optimizer.step()
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def decayed(rule):
    """The same rule, with the penalty through the gradient, on what weight decay is for."""

    def make(model):
        groups = decay_groups(model, 0.3)
        fields = [{"params": group["params"], "decay_l2": group["weight_decay"]} for group in groups]
        return Optimizer(fields, Decay(rule, l2=0.3, through="gradient"))

    return make


@pytest.mark.parametrize("rule", [SGD(lr=0.05), Momentum(lr=0.01), Adam(lr=0.01)])
def test_in_the_loss_or_through_the_gradient_is_one_path(rule):
    ours = trained(lambda model: Optimizer(model.parameters(), rule), (l2(0.3),))
    theirs = trained(decayed(rule), ())
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
    assert (ours - trained(lambda model: Optimizer(model.parameters(), rule), ())).abs().max() > 0.01


def test_on_everything_it_is_the_weight_decay_of_pytorchs_sgd():
    ours = trained(lambda model: torch.optim.SGD(model.parameters(), lr=0.05), (l2(0.3, everything=True),))
    theirs = trained(lambda model: torch.optim.SGD(model.parameters(), lr=0.05, weight_decay=0.3), ())
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


class Names(Penalty):
    """Costs nothing and remembers what it is for."""

    def of(self, weights):
        SEEN.append(list(weights))
        return sum(w.sum() for w in weights.values()) * 0


SEEN: list = []


def named(model, **fields):
    SEEN.clear()
    penalized((Names(**fields),), model)()
    return SEEN[0] if SEEN else []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["0.weight", "4.weight", "5.weight"]),
        ({"everything": True}, [f"{k}.{name}" for k in (0, 1, 4, 5) for name in ("weight", "bias")]),
        ({"layers": "4"}, ["4.weight"]),
        ({"layers": "4", "everything": True}, ["4.weight", "4.bias"]),
        ({"layers": "Linear"}, ["4.weight", "5.weight"]),
        ({"layers": ("Conv*", "5.*")}, ["0.weight", "5.weight"]),
        ({"layers": "*.bias", "everything": True}, ["0.bias", "1.bias", "4.bias", "5.bias"]),
        ({"layers": ("5", "Linear", "*")}, ["0.weight", "4.weight", "5.weight"]),
    ],
)
def test_a_pattern_names_parameters_layers_or_kinds_and_biases_and_norms_are_left_alone(fields, expected):
    assert named(network(), **fields) == expected


def test_a_tied_weight_bears_its_penalty_once_by_either_name():
    model = nn.ModuleDict({"first": nn.Embedding(4, 3), "last": nn.Linear(3, 4)})
    model["last"].weight = model["first"].weight
    assert (
        named(model) == named(model, layers="last") == named(model, layers=("first", "last.weight")) == ["first.weight"]
    )


def test_groups_of_layers_have_strengths_of_their_own_and_what_is_named_twice_bears_both():
    model = network()
    penalized((l2(0.1, layers="0"), l2(0.5, layers=("Linear", "4")), l1(0.2, layers="4")), model)().backward()
    first, second, third = (model[k].weight for k in (0, 4, 5))
    torch.testing.assert_close(first.grad, 0.1 * first.detach())
    torch.testing.assert_close(second.grad, 0.5 * second.detach() + 0.2 * second.detach().sign())
    torch.testing.assert_close(third.grad, 0.5 * third.detach())
    assert model[0].bias.grad is None


def test_what_is_frozen_costs_nothing_until_it_thaws():
    model = network()
    penalty = penalized((l2(2.0),), model)
    whole = penalty().item()
    model[0].requires_grad_(False)
    model[4].weight.requires_grad_(False)
    assert penalty().item() == pytest.approx(model[5].weight.square().sum().item())
    model.requires_grad_(False)
    assert (penalty().item(), penalty().requires_grad) == (0.0, False)
    model.requires_grad_(True)
    assert penalty().item() == whole


def test_a_complex_weight_counts_as_two_numbers_as_it_does_for_decay():
    layer = nn.Linear(2, 1, dtype=torch.complex128)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[3 - 4j, 1j]]))
    penalty = penalized((elastic(l1=0.5, l2=0.2),), layer)()
    assert penalty.item() == pytest.approx(0.5 * (3 + 4 + 1) + 0.1 * (9 + 16 + 1))
    penalty.backward()
    torch.testing.assert_close(layer.weight.grad, torch.tensor([[0.5 + 0.6 - 1.3j, 0.7j]], dtype=torch.complex128))


@pytest.mark.parametrize(
    ("penalty", "says"),
    [
        (
            l2(0.1, layers="Liner"),
            r"^l2\(0.1, layers='Liner'\): nothing in Sequential is called 'Liner' or is of that kind",
        ),
        (l2(0.1, layers="Liner"), r"Did you mean 'Linear'\? It has 0.weight, 0.bias, 1.weight, 1.bias, 4.weight"),
        (l2(0.1, layers=("0", "4.wieght")), "Did you mean '4.weight'"),
        (l1(0.1, layers="Tanh"), "what Sequential calls 'Tanh' has no parameters"),
        (l1(0.1, layers="1"), "nothing but biases and norms, which penalties leave alone: add everything=True"),
        (l1(0.1, layers="*.bias"), "nothing but biases and norms"),
    ],
)
def test_what_names_nothing_is_refused_in_one_line(penalty, says):
    with pytest.raises(RavineError, match=says) as refusal:
        penalized((penalty,), network())
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: l2(-0.1), "strength must be at least 0, got -0.1"),
        (lambda: elastic(l2=float("nan")), "l2 must be at least 0, got nan"),
        (lambda: l1(log(1e-3, 1.0), layers=3), "layers must be a pattern of names or a kind of layer"),
        (lambda: l1(0.1, layers=()), "layers must be a pattern"),
        (lambda: l1(0.1, layers=("fc", "")), "layers must be a pattern"),
        (lambda: l1(0.1, everything="yes"), "everything must be True or False, got 'yes'"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(make, says):
    with pytest.raises(RavineError, match=says) as refusal:
        make()
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "written",
    [
        "l1(0.001)",
        "l2(log(1e-05, 0.01), layers='fc*')",
        "l2(0.1, layers=('Conv2d', '*.bias'), everything=True)",
        "elastic(l1=0.001, everything=True)",
    ],
)
def test_its_text_is_what_one_types(written):
    assert repr(read(written, PENALTIES | RANGES)) == written
