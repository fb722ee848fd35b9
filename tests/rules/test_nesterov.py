"""Nesterov's two forms are one path."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.part import substitute
from ravine.rules import Clip, Decay, Nesterov

CURVATURE = torch.tensor([1.0, 10.0, 0.1], dtype=torch.float64)


def gradient(p):
    """The gradient of a surface that is no bowl."""
    return CURVATURE * torch.sin(p) + 0.1 * p


def points(rule, lrs):
    """Where gradients are taken, and where the parameters and the velocity are before each step."""
    p = torch.tensor([1.0, 1.0, -2.0], dtype=torch.float64)
    state = {name: slot.begin(p) for name, slot in rule.slots().items()}
    asked, velocity, stood = [], [], []
    for t, lr in enumerate(lrs, start=1):
        now = substitute(rule, {("lr",): lr}) if isinstance(rule, Nesterov) else rule
        point = now.gradient_point(p, state, t)
        asked.append(point)
        stood.append(p)
        velocity.append(state["v"])
        p, state = now.step(p, gradient(point), state, t)
    return torch.stack(asked), torch.stack(stood), torch.stack(velocity)


@given(lr=st.floats(1e-3, 0.1), momentum=st.floats(0.0, 0.95))
def test_the_rearranged_points_are_those_where_the_other_takes_its_gradients(lr, momentum):
    ahead, stood, velocity = points(Nesterov(momentum=momentum, form="look-ahead"), [lr] * 60)
    _, rearranged, _ = points(Nesterov(momentum=momentum), [lr] * 60)
    assert torch.allclose(ahead, stood + momentum * velocity, rtol=0, atol=0)
    assert torch.allclose(rearranged, ahead, rtol=1e-9, atol=1e-9)


def test_where_lr_moves_they_part():
    lrs = [0.05] * 20 + [0.005] * 20
    ahead, _, _ = points(Nesterov(form="look-ahead"), lrs)
    _, rearranged, _ = points(Nesterov(), lrs)
    assert torch.allclose(ahead[:21], rearranged[:21], rtol=0, atol=1e-12)
    assert (ahead[21] - rearranged[21]).abs().max() > 1e-2


def test_only_the_look_ahead_form_needs_a_closure():
    assert Nesterov(form="look-ahead").looks_ahead()
    assert Clip(Decay(Nesterov(form="look-ahead"), l2=0.1), norm=1.0).looks_ahead()
    assert not Nesterov().looks_ahead()
    p, v = torch.ones(2), torch.ones(2)
    assert Nesterov().gradient_point(p, {"v": v}, 1) is p
    wrapped = Clip(Decay(Nesterov(form="look-ahead", momentum=0.5), l2=0.1), norm=1.0)
    assert wrapped.gradient_point(p, {"v": v}, 1).tolist() == [1.5, 1.5]


def test_a_penalty_through_the_gradient_keeps_them_one_path():
    both = [Decay(Nesterov(lr=0.02, form=form), l2=0.3, through="gradient") for form in ("look-ahead", "rearranged")]
    ahead, rearranged = (points(rule, [0.02] * 60)[0] for rule in both)
    assert torch.allclose(ahead, rearranged, rtol=0, atol=1e-12)
