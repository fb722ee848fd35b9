"""Split: every parameter moves as by its own rule alone, however deep the split stands."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.engines.each import Each
from ravine.errors import RavineError
from ravine.part import substitute
from ravine.ranges import choice
from ravine.rules import (
    SGD,
    Adam,
    AdamW,
    Average,
    Clip,
    Decay,
    Momentum,
    Muon,
    NAdam,
    Nesterov,
    Noise,
    Rule,
    Split,
    Wrapper,
    field_names,
    placed,
)

from .cases import Walker

SHAPES = [(6, 4), (4,), (4, 4), (4,), (4, 4, 2), (4,), (3, 4)]
RULES = st.sampled_from([SGD(lr=0.1), Momentum(), Adam(), NAdam(), Average(Adam(), decay=0.9), Decay(SGD(), l2=0.1)])


def drawn(shapes=SHAPES, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]


def walked(rule, steps=4, together=False):
    walker = Walker(rule, drawn())
    for t in range(steps):
        (walker.step_together if together else walker.step)(drawn(seed=t + 1))
    return walker


@pytest.mark.parametrize(
    ("where", "wanted"), [("hidden", (2, 4)), ("matrices", (0, 2, 4, 6)), ((1, 6), (1, 6)), ((), ())]
)
def test_it_is_placed_by_the_shapes_of_the_parameters(where, wanted):
    rule = placed(Split(Muon(), AdamW(), where=where), drawn())
    assert rule == Split(Muon(), AdamW(), where=wanted)
    assert [rule.for_tensor(k) == Muon() for k in range(7)] == [k in wanted for k in range(7)]
    inside = placed(Clip(Split(Split(Muon(), SGD(), where=where), AdamW(), where="matrices"), norm=1.0), drawn())
    assert inside == Clip(Split(Split(Muon(), SGD(), where=wanted), AdamW(), where=(0, 2, 4, 6)), norm=1.0)


@given(first=RULES, others=RULES, where=st.sets(st.integers(0, 6)))
def test_each_parameter_moves_as_by_its_own_rule_alone(first, others, where):
    rule = Split(first, others, where=tuple(sorted(where)))
    ours, together = walked(rule), walked(rule, together=True)
    theirs = {True: walked(first), False: walked(others)}
    for k in range(7):
        alone = theirs[k in where]
        assert torch.equal(ours.params[k], alone.params[k])
        assert torch.allclose(together.params[k], alone.params[k], rtol=0, atol=1e-14)
        assert set(ours.states[k]) == set(together.states[k]) == set(alone.states[k])
        for name, slot in alone.states[k].items():
            assert torch.equal(ours.states[k][name], slot)


def test_slots_are_those_of_both_and_come_as_none_where_a_parameter_has_none():
    rule = Split(Momentum(), Adam(), where=(0,))
    assert list(rule.slots()) == ["v", "m"]
    one, two = torch.ones(1), torch.ones(1)
    state = {"v": Each([one, two]), "m": Each([None, two])}
    _, new = rule.step(Each([one, two]), Each([one, two]), state, 1, Each([0, 1]))
    assert new["m"].items[0] is None
    assert new["m"].items[1] is not None
    assert len(new["v"].items) == 2


def test_only_those_that_have_a_gradient_move_and_numbers_tell_which_they_are():
    rule = Split(SGD(lr=1.0), SGD(lr=10.0), where=(0, 5))
    p, _ = rule.step(Each([torch.zeros(1)] * 3), Each([torch.ones(1)] * 3), {}, Each([1, 2, 3]), Each([5, 2, 0]))
    assert [x.item() for x in p.items] == [-1, -10, -1]


def test_a_norm_around_it_is_over_the_parameters_of_both():
    grads = drawn(seed=1)
    length = torch.cat([g.flatten() for g in grads]).norm()
    walker = walked(Clip(Split(SGD(lr=1.0), SGD(lr=2.0), where=(1,)), norm=0.5), steps=1, together=True)
    for k, (p, g) in enumerate(zip(drawn(), grads, strict=True)):
        lr = 1.0 if k == 1 else 2.0
        assert torch.allclose(walker.params[k], p - lr * g * 0.5 / (length + 1e-6), rtol=0, atol=1e-12)


def test_a_norm_inside_is_over_its_own_parameters():
    grads = drawn(seed=1)
    length = torch.cat([g.flatten() for k, g in enumerate(grads) if k != 1]).norm()
    walker = walked(Split(SGD(lr=1.0), Clip(SGD(lr=2.0), norm=0.5), where=(1,)), steps=1, together=True)
    assert torch.allclose(walker.params[1], drawn()[1] - grads[1], rtol=0, atol=1e-12)
    assert torch.allclose(walker.params[2], drawn()[2] - grads[2] / (length + 1e-6), rtol=0, atol=1e-12)


@pytest.mark.parametrize("inside", [lambda rule: rule, Average, lambda rule: Noise(rule, seed=3)])
def test_however_deep_it_stands_every_parameter_finds_its_rule(inside):
    rule = inside(Clip(Split(Split(Muon(), SGD(lr=0.1), where=(2,)), AdamW()), norm=1.0, over="each"))
    settled = placed(rule, drawn())
    names = [type(bare(settled.for_tensor(k))).__name__ for k in range(7)]
    assert names == ["AdamW", "AdamW", "Muon", "AdamW", "SGD", "AdamW", "AdamW"]
    alone, together = walked(rule), walked(rule, together=True)
    for ours, theirs in zip(together.params, alone.params, strict=True):
        assert torch.allclose(ours, theirs, rtol=0, atol=1e-13)


def bare(rule: Rule) -> Rule:
    """What is left when all wrappers are taken off."""
    while isinstance(rule, Wrapper):
        assert not isinstance(rule, Split)
        rule = rule.rule
    return rule


def test_groups_may_differ_in_the_fields_of_both():
    rule = Split(SGD(), Momentum(lr=0.1), where=(0, 2))
    lrs, momenta = Each([0.1 * (k + 1) for k in range(7)]), Each([0.05 * k for k in range(7)])
    many = substitute(rule, {("rule", "lr"): lrs, ("others", "momentum"): momenta})
    walker = Walker(rule, drawn())
    walker.rule = many
    for t in range(3):
        walker.step_together(drawn(seed=t + 1))
    for k in range(7):
        alone = SGD(lr=lrs.items[k]) if k in (0, 2) else Momentum(lr=0.1, momentum=momenta.items[k])
        assert torch.allclose(walker.params[k], walked(alone, steps=3).params[k], rtol=0, atol=1e-14)


def test_fields_of_the_second_rule_have_a_name_of_their_own():
    names = field_names(Clip(Split(Momentum(), Decay(SGD(), l2=0.1)), norm=1.0))
    assert names["lr"] == ("rule", "rule", "lr")
    assert names["momentum"] == ("rule", "rule", "momentum")
    assert names["others_lr"] == ("rule", "others", "rule", "lr")
    assert names["others_decay_l2"] == ("rule", "others", "l2")
    assert names["clip_norm"] == ("norm",)
    assert len(set(names.values())) == len(names)


def test_its_text_is_what_one_types():
    assert repr(Split(Muon(lr=0.02), AdamW(lr=3e-4), where="hidden")) == "Split(Muon(lr=0.02), AdamW(lr=0.0003))"
    assert repr(Split(Muon(), AdamW(), where=(2,))) == "Split(Muon(), AdamW(), where=(2,))"


def test_averaged_weights_of_one_part_predict():
    assert Split(Average(SGD()), Adam()).predicting_slot() == "average_mean"
    assert Split(SGD(), Average(Adam())).predicting_slot() == "average_mean"
    assert Split(SGD(), Adam()).predicting_slot() is None
    assert Average(Split(SGD(), Adam())).predicting_slot() == "average_mean"


@pytest.mark.parametrize("where", ["all", "Hidden", 2, (1.0,), (-1,), (True,), [1], None])
def test_a_place_that_is_none_is_told(where):
    with pytest.raises(
        RavineError, match=r"^Split\(where=.*\): where must be 'hidden' or 'matrices' or a tuple of para"
    ):
        Split(Muon(), AdamW(), where=where)


def test_a_place_that_is_empty_or_not_there_is_told():
    with pytest.raises(
        RavineError, match="of 2 parameters, 2 have two dimensions or more, and the first and the last of"
    ):
        placed(Split(Muon(), AdamW()), drawn([(3, 3), (3, 3)]))
    with pytest.raises(RavineError, match="of 1 parameters, 0 have two dimensions or more; say which"):
        placed(Split(Muon(), AdamW(), where="matrices"), drawn([(3,)]))
    with pytest.raises(RavineError, match="there is no parameter 7; there are 7, counted from 0"):
        placed(Split(Muon(), AdamW(), where=(2, 7)), drawn())


def test_before_it_is_placed_it_says_so():
    rule = Split(Muon(), AdamW())
    for call in (
        lambda: rule.for_tensor(0),
        lambda: rule.step(torch.ones(2, 2), torch.ones(2, 2), {}, 1),
        lambda: rule.step(Each(drawn()), Each(drawn()), {}, 1, Each(range(7))),
    ):
        with pytest.raises(
            RavineError, match=r"which parameters are hidden is still open; say so by placed\(rule, para"
        ):
            call()


@pytest.mark.parametrize("ahead", [Nesterov(form="look-ahead"), choice((SGD(), Nesterov(form="look-ahead")))])
def test_no_part_takes_its_gradient_elsewhere(ahead):
    for make in (lambda: Split(ahead, SGD()), lambda: Split(SGD(), ahead)):
        with pytest.raises(
            RavineError, match="takes its gradient ahead of the parameters, and the other rule does not"
        ):
            make()


def test_decay_around_it_would_not_know_which_lr():
    for make in (lambda rule: rule, lambda rule: Clip(rule, norm=1.0)):
        with pytest.raises(RavineError, match=r"each their own lr; write Split\(Decay\(...\), Decay\(...\)\)\.$"):
            Decay(make(Split(SGD(), Adam())), l2=0.1)
    Decay(Split(SGD(), Adam()), l2=0.1, times_lr=False)
    Decay(Split(SGD(), Adam()), l2=0.1, through="gradient")
