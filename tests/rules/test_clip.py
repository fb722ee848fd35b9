"""Clip: beside PyTorch's own clipping, over tensors together and each alone."""

import pytest
import torch

from ravine.engines.each import Each
from ravine.errors import RavineError
from ravine.rules import SGD, Clip, Nesterov

from .cases import Walker

LENGTHS = [0.0, 1e-7, 0.5, 1.0, 3.0, 1e8]


def three_grads(length):
    generator = torch.Generator().manual_seed(0)
    shapes = [(3, 4), (), (5,)]
    grads = [torch.randn(shape, generator=generator, dtype=torch.float64) * 10.0**k for k, shape in enumerate(shapes)]
    whole = torch.cat([g.flatten() for g in grads]).norm()
    return [g * length / whole for g in grads]


def clipped_by_pytorch(grads, clip):
    leaves = [torch.zeros_like(g, requires_grad=True) for g in grads]
    for leaf, g in zip(leaves, grads, strict=True):
        leaf.grad = g.clone()
    clip(leaves)
    return [leaf.grad for leaf in leaves]


def clipped(rule, grads):
    """What reaches the wrapped rule: SGD at lr 1 from zero steps by minus that."""
    walker = Walker(rule, [torch.zeros_like(g) for g in grads])
    walker.step_together(grads)
    return [-p for p in walker.params]


@pytest.mark.parametrize("length", LENGTHS)
def test_the_norm_over_all_is_pytorchs(length):
    grads = three_grads(length)
    theirs = clipped_by_pytorch(grads, lambda leaves: torch.nn.utils.clip_grad_norm_(leaves, 1.0))
    for a, b in zip(clipped(Clip(SGD(lr=1.0), norm=1.0), grads), theirs, strict=True):
        assert torch.allclose(a, b, rtol=1e-15, atol=0)


@pytest.mark.parametrize("length", LENGTHS)
def test_the_norm_over_each_is_pytorchs_called_for_each(length):
    grads = three_grads(length)
    clip = torch.nn.utils.clip_grad_norm_
    theirs = clipped_by_pytorch(grads, lambda leaves: [clip([leaf], 0.1) for leaf in leaves])
    for a, b in zip(clipped(Clip(SGD(lr=1.0), norm=0.1, over="each"), grads), theirs, strict=True):
        assert torch.allclose(a, b, rtol=1e-15, atol=0)


def test_by_value_is_pytorchs():
    grads = three_grads(3.0)
    grads[0][0, 0], grads[0][0, 1] = float("nan"), float("-inf")
    theirs = clipped_by_pytorch(grads, lambda leaves: torch.nn.utils.clip_grad_value_(leaves, 0.3))
    for a, b in zip(clipped(Clip(SGD(lr=1.0), value=0.3), grads), theirs, strict=True):
        assert torch.equal(a.nan_to_num(9.0), b.nan_to_num(9.0))


def test_groups_may_differ_in_the_bound():
    grads = three_grads(3.0)
    rule = Clip(SGD(lr=1.0), value=0.3)
    object.__setattr__(rule, "value", Each([0.1, 0.2, 0.3]))
    for a, g, bound in zip(clipped(rule, grads), grads, (0.1, 0.2, 0.3), strict=True):
        assert torch.equal(a, g.clamp(-bound, bound))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_norm_that_is_no_number_spreads_as_in_pytorch(bad):
    grads = three_grads(3.0)
    grads[1] = torch.tensor(bad, dtype=torch.float64)
    theirs = clipped_by_pytorch(grads, lambda leaves: torch.nn.utils.clip_grad_norm_(leaves, 1.0))
    for a, b in zip(clipped(Clip(SGD(lr=1.0), norm=1.0), grads), theirs, strict=True):
        assert torch.allclose(a, b, equal_nan=True)


def test_it_clips_the_gradient_before_the_rule_sees_it():
    p, v, g = torch.zeros(1), torch.ones(1), torch.tensor([100.0])
    clipped_outside = Clip(Nesterov(lr=1.0, momentum=0.5), value=2.0).step(p, g, {"v": v}, 1)
    by_hand = Nesterov(lr=1.0, momentum=0.5).step(p, torch.tensor([2.0]), {"v": v}, 1)
    assert clipped_outside == by_hand


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Clip(SGD()): give one of value and norm, as in Clip(Adam(), norm=1.0)."),
        ({"value": 1.0, "norm": 2.0}, "Clip(SGD(), value=1.0, norm=2.0): give one of value and norm,"),
        ({"value": 1.0, "over": "each"}, "Clip(SGD(), value=1.0, over='each'): over='each' belongs to norm;"),
        ({"norm": 1.0, "over": "some"}, "Clip(over='some'): over must be 'all' or 'each', got 'some'."),
        ({"norm": -1.0}, "Clip(norm=-1.0): norm must be at least 0, got -1.0"),
    ],
)
def test_bad_bounds_are_refused(fields, sentence):
    with pytest.raises(RavineError) as refusal:
        Clip(SGD(), **fields)
    assert str(refusal.value).startswith(sentence)
