"""Maximize: the mirror of every rule."""

import pytest
import torch

from ravine.part import meanings
from ravine.rules import SGD, Decay, Maximize

from .cases import DESCENDING, Walker


@pytest.mark.parametrize("rule", DESCENDING, ids=repr)
def test_it_climbs_as_its_rule_would_descend_the_hill_turned_over(rule):
    params = [torch.linspace(-1, 1, 4, dtype=torch.float64), torch.tensor([0.7], dtype=torch.float64)]
    up, down = Walker(Maximize(rule), list(params)), Walker(rule, list(params))
    for t in range(5):
        grads = [torch.sin(p + t) for p in params]
        up.step(grads)
        down.step([-g for g in grads])
    assert all(torch.equal(a, b) for a, b in zip(up.params, down.params, strict=True))


def test_a_penalty_inside_still_pulls_toward_zero():
    penalized = Maximize(Decay(SGD(lr=0.1), l2=0.5, through="gradient"))
    p, _ = penalized.step(torch.tensor([2.0]), torch.tensor([3.0]), {}, 1)
    assert p.item() == pytest.approx(2 + 0.1 * (3.0 - 0.5 * 2))


def test_it_has_nothing_to_tune():
    assert list(meanings(Maximize)) == ["rule"]
    assert Maximize(SGD(lr=0.1)).lr == 0.1
