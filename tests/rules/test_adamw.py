"""AdamW: decay through the weights, times lr or independent of it."""

import pytest
import torch

from ravine.rules import Adam, AdamW, Decay

from .cases import Walker


def path(rule, lrs=(0.01,) * 20):
    walker = Walker(rule, [torch.linspace(-1, 2, 4, dtype=torch.float64)])
    for k, g in enumerate(torch.randn(20, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)):
        walker.rule = type(rule)(**{**vars(rule), "lr": lrs[k]}) if isinstance(rule, AdamW) else rule
        walker.step([g])
    return walker.params[0]


def test_is_adam_within_a_decay_of_the_weights():
    assert torch.equal(path(AdamW(lr=0.01, weight_decay=0.3)), path(Decay(Adam(lr=0.01), l2=0.3)))
    independent = AdamW(lr=0.01, weight_decay=0.003, times_lr=False)
    assert torch.equal(path(independent), path(Decay(Adam(lr=0.01), l2=0.003, times_lr=False)))


def test_without_decay_it_is_adam():
    assert torch.equal(path(AdamW(lr=0.01, weight_decay=0.0)), path(Adam(lr=0.01)))


def test_is_not_adam_with_a_penalty():
    difference = path(AdamW(lr=0.01, weight_decay=0.3)) - path(Decay(Adam(lr=0.01), l2=0.3, through="gradient"))
    assert difference.abs().max() > 1e-2


def test_the_two_conventions_are_one_at_the_product():
    assert torch.allclose(
        path(AdamW(weight_decay=0.3)), path(AdamW(weight_decay=0.003, times_lr=False)), rtol=0, atol=1e-14
    )


@pytest.mark.parametrize(("times_lr", "left"), [(True, 1.0), (False, 0.7)])
def test_as_lr_vanishes_only_independent_decay_goes_on(times_lr, left):
    walker = Walker(AdamW(lr=0.0, weight_decay=0.3, times_lr=times_lr), [torch.ones(2, dtype=torch.float64)])
    walker.step([torch.ones(2, dtype=torch.float64)])
    assert walker.params[0].tolist() == [left, left]
