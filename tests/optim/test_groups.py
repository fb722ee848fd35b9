"""Fields in parameter groups: their names, values of their own, and every mistake told in one line."""

from typing import ClassVar

import pytest
import torch

from ravine.optim import Optimizer, field_names
from ravine.ranges import log
from ravine.rules import (
    SGD,
    Adadelta,
    Adam,
    Clip,
    Decay,
    Noise,
    RMSprop,
    Rule,
)
from ravine.rules.rule import Number, field, zeros
from ravine.schedules import cosine, epochs, step

from .cases import Stubborn, parameters, same, sentence, walk


def test_fields_of_wrappers_carry_their_names():
    rule = Clip(Clip(Noise(Decay(RMSprop(momentum=0.5))), norm=1.0, over="each"), norm=2.0)
    assert field_names(rule) == {
        **{name: ("rule",) * 4 + (name,) for name in ("lr", "beta", "eps", "momentum")},
        **{f"decay_{name}": ("rule",) * 3 + (name,) for name in ("l1", "l2")},
        **{f"noise_{name}": ("rule",) * 2 + (name,) for name in ("eta", "gamma")},
        "clip_norm": ("rule", "norm"),
        "clip_clip_norm": ("norm",),
    }


def test_every_field_may_differ_between_groups_and_move():
    alone = [[p] for p in parameters()]
    rules = [
        Decay(Adadelta(lr=lr, rho=rho), l2=l2) for lr, rho, l2 in ((1.0, 0.9, 0.1), (2.0, 0.5, 0.2), (9.0, 0.8, 0.0))
    ]
    for params, rule in zip(alone, rules, strict=True):
        optimizer = Optimizer(params, rule)
        for t in range(10):
            for p in params:
                p.grad = torch.sin(p.detach() + t)
            optimizer.step()
    together = parameters()
    groups = [
        {"params": [p], **{name: getattr(rule.rule, name) for name in ("lr", "rho")}, "decay_l2": rule.l2}
        for p, rule in zip(together, rules, strict=True)
    ]
    optimizer = Optimizer(groups, Decay(Adadelta()))
    for t in range(10):
        for p in together:
            p.grad = torch.sin(p.detach() + t)
        optimizer.step()
    assert same(together, [p for params in alone for p in params])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"rule": Adam}, "Optimizer(params, Adam): a rule must come second, such as Adam(lr=0.001)."),
        ({"rule": 0.1}, "Optimizer(params, 0.1): a rule must come second, such as Adam(lr=0.001)."),
        ({"rule": SGD(lr=log(1e-3, 1.0))}, "log(0.001, 1.0) is a range; an optimizer needs one number."),
        ({"rule": SGD(lr=cosine(log(1e-3, 1.0)))}, "log(0.001, 1.0) is a range; an optimizer needs one number."),
        ({"rule": SGD(lr=cosine(0.1))}, "say how long training is, as in Optimizer(..., steps=1000)."),
        ({"rule": SGD(), "steps": 0}, "steps must be a whole number, at least 1, got 0."),
        ({"rule": SGD(), "steps": 1.5}, "steps must be a whole number, at least 1, got 1.5."),
        ({"rule": SGD(lr=step(0.1, every=epochs(3))), "steps": 9}, "nobody has said how many steps an epoch has"),
        ({"lr": -1.0}, "Adam(lr=-1.0): lr must be at least 0, got -1.0 (lr is the step length"),
        ({"beta1": 1.0}, "Adam(beta1=1.0): beta1 must be in [0, 1), got 1.0"),
        ({"lr": "0.1"}, "lr must be a number, got '0.1'"),
        ({"weight_decay": 0.1}, "a parameter group has weight_decay=0.1, which Adam() does not have: its fields are"),
        ({"bet1": 0.1}, "its fields are lr, beta1, beta2, eps. Did you mean 'beta1'?"),
        ({"lr": cosine(0.1)}, "the schedule cosine(0.1) is for all groups; give the rule a number for lr"),
        ({"rule": Adam(lr=cosine(0.1)), "steps": 9, "lr": 0.1}, "the schedule cosine(0.1) is for all groups"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_one_line(arguments, told):
    rule, steps = arguments.pop("rule", Adam()), arguments.pop("steps", None)
    params = [{"params": parameters(), **arguments}]
    assert told in sentence(lambda: Optimizer(params, rule, steps=steps))


def test_a_rule_without_lr_has_no_factor():
    params = parameters()
    optimizer = Optimizer(params, Stubborn())
    walk(optimizer, params, 2)
    assert sentence(lambda: setattr(optimizer, "lr_factor", 0.5)) == "Stubborn() has no lr that could be lowered."


@pytest.mark.parametrize("named", [False, True])
def test_a_parameter_that_is_listed_twice_is_refused(named):
    p, q = parameters(2)
    listed = [("p", p), ("q", q), ("again", p)] if named else iter([p, q, p])
    told = sentence(lambda: Optimizer(listed, Adam()))
    assert told == (
        "a parameter group lists one parameter twice, at 0 and at 2 (counted from 0): it would step twice on one "
        "gradient. Take one of them out."
    )
    optimizer = Optimizer([p], Adam())
    assert "at 0 and at 1" in sentence(lambda: optimizer.add_param_group({"params": [q, q]}))
    assert len(optimizer.param_groups) == 1
    with pytest.raises(ValueError, match="some parameters appear in more than one parameter group"):
        optimizer.add_param_group({"params": [p]})


class Named(Rule):
    """Has two names that an optimizer has too, and one that it has not."""

    count: Number = field(2.0, "how often the gradient counts", at_least=0)
    state: ClassVar = {"steps": zeros}

    def update(self, p, g, steps):
        return p - self.count * g, steps


class Stepping(Rule):
    """Keeps a slot where the optimizer keeps its count."""

    state: ClassVar = {"step": zeros}

    def update(self, p, g, step):
        return p - g, step


@pytest.mark.parametrize(("rule", "kind", "name"), [(Named(), "field", "count"), (Stepping(), "slot", "step")])
def test_names_that_the_optimizer_has_for_itself_are_refused(rule, kind, name):
    told = sentence(lambda: Optimizer(parameters(), rule))
    assert told == (
        f"{rule!r}: it has a {kind} called {name}, and an optimizer keeps something of its own under that name; "
        "call it otherwise."
    )
    assert sentence(lambda: Optimizer(parameters(), Clip(rule, value=1.0))).startswith(
        f"Clip({rule!r}, value=1.0): it has"
    )
