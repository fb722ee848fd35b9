"""ByDepth: every layer moves as by its rule alone at its own lr, whoever steps it and whatever stands around."""

import math
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn, optim

from ravine.engines.latex import equations
from ravine.engines.native.kernel import _compiled
from ravine.engines.trace import symbolic, trace
from ravine.errors import RavineError
from ravine.optim import Optimizer
from ravine.part import substitute
from ravine.ranges import choice, log
from ravine.rules import (
    LARS,
    SGD,
    Adadelta,
    Adam,
    AdamW,
    Average,
    Clip,
    Decay,
    Momentum,
    NAdam,
    Nesterov,
    Rule,
    Split,
    field_names,
    placed,
)
from ravine.rules.by_depth import ByDepth, at_depths, depths
from ravine.schedules import cosine

from ..engines.interpreted import Interpreter, walk
from .cases import Walker

SHAPES = [(6, 4), (6,), (6,), (5, 6), (5,), (2, 5), (2,)]
DEPTHS = (2, 2, 2, 1, 1, 0, 0)
RULES = [
    SGD(lr=0.1),
    Momentum(lr=0.02, form="step"),
    Nesterov(),
    Adam(lr=0.01),
    AdamW(lr=0.01, weight_decay=0.5),
    NAdam(),
    LARS(lr=5.0),
    Adadelta(lr=3.0),
    Decay(SGD(lr=0.1), l1=0.3, l2=0.2),
    Decay(Adam(lr=0.01), l2=0.2, through="gradient"),
    Average(Momentum(lr=0.02), decay=0.9),
]


def drawn(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in SHAPES]


def settled(rule):
    return at_depths(rule, drawn())


def walked(rule, *, together=False, steps=5):
    walker = Walker(rule, drawn())
    for t in range(steps):
        (walker.step_together if together else walker.step)(drawn(seed=t + 1))
    return walker


def stepped(rule, engine, steps=5):
    """Where an optimizer takes the same parameters on the same gradients, and the optimizer."""
    params = [p.requires_grad_() for p in drawn()]
    optimizer = Optimizer(params, settled(rule), engine=engine)
    for t in range(steps):
        for p, g in zip(params, drawn(seed=t + 1), strict=True):
            p.grad = g
        optimizer.step()
    return [p.detach() for p in params], optimizer


def at(rule, depth, factor):
    """The rule at the lr of a depth."""
    paths = [path for path in field_names(rule).values() if path[-1] == "lr"]
    assert len(paths) == 1
    lr = rule.lr
    return substitute(rule, {paths[0]: factor**depth * lr})


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_each_parameter_moves_as_by_the_rule_alone_at_its_lr(rule):
    found = walked(settled(ByDepth(rule, factor=0.5))).params
    together = walked(settled(ByDepth(rule, factor=0.5)), together=True).params
    for k, depth in enumerate(DEPTHS):
        alone = walked(at(rule, depth, 0.5)).params[k]
        assert not torch.equal(alone, drawn()[k])
        assert torch.equal(found[k], alone)
        assert torch.allclose(together[k], alone, rtol=0, atol=1e-14)


@given(factor=st.floats(0.01, 1.0), found=st.lists(st.integers(0, 9), min_size=7, max_size=7), k=st.integers(0, 6))
def test_any_depths_are_taken_at_their_word(factor, found, k):
    rule = ByDepth(SGD(lr=1.0), factor=factor, depths=tuple(found))
    for together in (False, True):
        moved = drawn()[k] - walked(rule, together=together, steps=1).params[k]
        torch.testing.assert_close(moved, factor ** found[k] * drawn(seed=1)[k], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("engine", ["plain", "native"])
def test_it_is_what_pytorch_does_with_a_group_for_every_layer(engine):
    params = [p.requires_grad_() for p in drawn()]
    groups = [{"params": params[a:b], "lr": 0.01 / 2.6**depth} for a, b, depth in ((0, 3, 2), (3, 5, 1), (5, 7, 0))]
    theirs = optim.AdamW(groups, weight_decay=0.3)
    for t in range(60):
        for p, g in zip(params, drawn(seed=t + 1), strict=True):
            p.grad = g
        theirs.step()
    ours, _ = stepped(ByDepth(AdamW(lr=0.01, weight_decay=0.3)), engine, steps=60)
    for p, q in zip(ours, params, strict=True):
        assert torch.allclose(p, q, rtol=0, atol=1e-12)


@pytest.mark.parametrize("engine", ["plain", "native"])
def test_schedules_and_plateaus_move_the_lr_of_all_layers(engine):
    params = [p.requires_grad_() for p in drawn()]
    optimizer = Optimizer(params, settled(ByDepth(SGD(lr=cosine(0.1)), factor=0.25)), steps=4, engine=engine)
    for t in range(4):
        optimizer.lr_factor = 1.0 if t < 3 else 0.5
        before = [p.detach().clone() for p in params]
        for p in params:
            p.grad = torch.ones_like(p)
        optimizer.step()
        lr = 0.1 * (1 + math.cos(math.pi * t / 4)) / 2 * optimizer.lr_factor
        for p, old, depth in zip(params, before, DEPTHS, strict=True):
            moved = (old - p).detach()
            assert torch.allclose(moved, torch.full_like(moved, lr * 0.25**depth), rtol=0, atol=1e-14)


def test_all_layers_share_one_kernel():
    _, optimizer = stepped(ByDepth(Adam()), "native", steps=1)
    before = _compiled.cache_info().misses
    _, again = stepped(ByDepth(Adam(lr=0.5), factor=0.9), "native", steps=2)
    assert _compiled.cache_info().misses == before
    assert [choice.tensors for choice in optimizer.engines] == [choice.tensors for choice in again.engines] == [7]


@pytest.mark.parametrize("engine", ["plain", "native"])
def test_a_norm_around_it_is_over_all_layers(engine):
    grads = drawn(seed=1)
    length = torch.cat([g.flatten() for g in grads]).norm()
    ours, _ = stepped(Clip(ByDepth(SGD(lr=1.0), factor=0.5), norm=0.5), engine, steps=1)
    for p, old, g, depth in zip(ours, drawn(), grads, DEPTHS, strict=True):
        assert torch.allclose(p, old - 0.5**depth * g * 0.5 / (length + 1e-6), rtol=0, atol=1e-13)


@pytest.mark.parametrize("engine", ["plain", "native"])
def test_both_rules_of_a_split_follow(engine):
    rule = ByDepth(Split(SGD(lr=0.3), Momentum(lr=0.1), where=(0, 5)), factor=0.5)
    ours, _ = stepped(rule, engine)
    inside = walked(settled(Split(ByDepth(SGD(lr=0.3), 0.5), ByDepth(Momentum(lr=0.1), 0.5), where=(0, 5)))).params
    for k, depth in enumerate(DEPTHS):
        alone = SGD(lr=0.3 * 0.5**depth) if k in (0, 5) else Momentum(lr=0.1 * 0.5**depth)
        assert torch.allclose(ours[k], walked(alone).params[k], rtol=0, atol=1e-14)
        assert torch.allclose(inside[k], walked(alone).params[k], rtol=0, atol=1e-14)


@pytest.fixture(scope="module")
def interpreter() -> Iterator[Interpreter]:
    there = Interpreter()
    yield there
    there.pool.shutdown()


def test_triton_takes_the_same_path(interpreter):
    rule, grads = settled(ByDepth(AdamW(lr=0.01), factor=0.3)), [drawn(seed=t + 1) for t in range(4)]
    found, _ = interpreter(walk, "triton", rule, drawn(), grads)
    theirs, _ = stepped(rule, "plain", steps=4)
    for p, q in zip(found, theirs, strict=True):
        torch.testing.assert_close(torch.from_numpy(p), q, rtol=0, atol=1e-12)


def test_a_thousand_layers_are_read_off_without_nesting_too_deep():
    rule = at_depths(ByDepth(SGD(), factor=0.99), [torch.zeros(1, 1)] * 1000)
    program = trace(symbolic(rule))
    choices = [node for node in program.nodes if node.operation == "where"]
    assert len(choices) == 999
    assert not any(node.each for node in choices)  # worked out once per tensor, and not per element


def test_parameters_without_a_gradient_stand_still_and_leave_the_others_their_depth():
    params = [p.requires_grad_() for p in drawn()]
    optimizer = Optimizer(params, settled(ByDepth(SGD(lr=1.0), factor=0.5)), engine="native")
    for k in (3, 6):
        params[k].grad = torch.ones_like(params[k])
    optimizer.step()
    moved = [(old - p.detach()).abs().max().item() for p, old in zip(params, drawn(), strict=True)]
    assert moved == pytest.approx([0, 0, 0, 0.5, 0, 0, 1.0], abs=1e-15)


@given(st.lists(st.integers(0, 4), max_size=12))
def test_depths_count_weights_from_the_last_and_vectors_go_with_those_before(dimensions):
    found = depths([torch.zeros([1] * dimension) for dimension in dimensions])
    matrices = sum(dimension >= 2 for dimension in dimensions)
    above = [sum(dimension >= 2 for dimension in dimensions[k + 1 :]) for k in range(len(dimensions))]
    assert found == tuple(min(after, max(0, matrices - 1)) for after in above)


@pytest.mark.parametrize("engine", ["plain", "native"])
def test_an_optimizer_settles_depths_by_itself(engine):
    params = [p.requires_grad_() for p in drawn()]
    optimizer = Optimizer(params, Clip(ByDepth(SGD(lr=1.0), factor=0.5), value=1.0), engine=engine)
    for p in params:
        p.grad = torch.ones_like(p)
    optimizer.step()
    moved = [(old - p.detach()).mean().item() for p, old in zip(params, drawn(), strict=True)]
    assert moved == pytest.approx([0.5**depth for depth in DEPTHS], abs=1e-14)
    optimizer.load_state_dict(optimizer.state_dict())
    rule = placed(Split(ByDepth(SGD()), Clip(ByDepth(Adam()), norm=1.0), where="matrices"), drawn())
    assert rule == Split(ByDepth(SGD(), depths=DEPTHS), Clip(ByDepth(Adam(), depths=DEPTHS), norm=1.0), where=(0, 3, 5))


def test_decay_around_it_would_not_know_which_lr():
    with pytest.raises(RavineError, match=r"every layer has its own lr inside; write ByDepth\(Decay\(...\)\)\.$"):
        Decay(Clip(ByDepth(SGD()), norm=1.0), l2=0.1)
    Decay(ByDepth(SGD()), l2=0.1, times_lr=False)
    Decay(ByDepth(SGD()), l2=0.1, through="gradient")


def test_its_equations_say_what_lr_is_in_a_layer():
    assert equations(ByDepth(SGD())) == [
        r"g \leftarrow \nabla f(p)",
        r"\text{at depth } \ell \text{, } \alpha = \mathrm{factor}^{\ell} \, \alpha_0",
        r"p \leftarrow p - \alpha g",
    ]


def test_depths_of_a_network_are_those_of_its_layers():
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 8, 3), nn.Linear(8, 3))
    assert depths(list(network.parameters())) == (2, 2, 2, 2, 1, 1, 0, 0)
    assert depths(list(nn.Sequential(nn.LayerNorm(3), nn.Linear(3, 2)).parameters())) == (0, 0, 0, 0)


def test_its_text_is_what_one_types():
    assert repr(ByDepth(Adam())) == "ByDepth(Adam())"
    assert repr(ByDepth(Adam(), factor=0.5, depths=(1, 0))) == "ByDepth(Adam(), factor=0.5, depths=(1, 0))"
    assert field_names(ByDepth(Clip(SGD(), norm=1.0)))["bydepth_factor"] == ("factor",)


@pytest.mark.parametrize("given", ["weights", 2, (1.0,), (-1,), (True,), [1], (), None])
def test_depths_that_are_none_are_told(given):
    with pytest.raises(RavineError, match=r"^ByDepth\(depths=.*\): depths must be 'layers' or a tuple with the depth"):
        ByDepth(SGD(), depths=given)


@pytest.mark.parametrize("factor", [0, 1.5, -0.5, math.nan, "half", True])
def test_a_factor_out_of_bounds_is_told(factor):
    with pytest.raises(RavineError, match=r"^ByDepth\(factor=.*\): factor must be (in \(0, 1\]|a number)"):
        ByDepth(SGD(), factor=factor)


def test_what_does_not_fit_the_network_or_the_rule_is_told():
    with pytest.raises(RavineError, match="there are 7 parameters, and 2 depths; give each one"):
        at_depths(ByDepth(SGD(), depths=(1, 0)), drawn())
    with pytest.raises(RavineError, match="there is ByDepth inside already, and one is enough"):
        ByDepth(Clip(ByDepth(SGD()), norm=1.0))
    with pytest.raises(RavineError, match=r"how deep each parameter lies is still open; say so by placed\(rule, par"):
        ByDepth(SGD()).step(torch.ones(2), torch.ones(2), {}, 1)


class Bare(Rule):
    """Moves by a tenth of the gradient, whatever anybody says."""

    def update(self, p, g):
        return p - 0.1 * g


def test_a_rule_without_lr_is_refused_and_one_with_a_range_is_not():
    for rule in (Bare(), choice((SGD(), Bare()))):
        with pytest.raises(RavineError, match=r"Bare\(\) has no lr that could differ between layers"):
            ByDepth(rule)
    assert ByDepth(Adam(lr=log(1e-3, 1e-1))).lr == log(1e-3, 1e-1)
