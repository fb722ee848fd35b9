"""Asking schedules per step or per epoch, in any field of any rule."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from ravine.errors import RavineError
from ravine.fields import inner
from ravine.part import Part
from ravine.ranges import choice, log
from ravine.rules import SGD, Adam, Clip, Momentum
from ravine.schedules import (
    bind,
    constant,
    cosine,
    epochs,
    exponential,
    linear,
    multistep,
    per_epoch,
    step,
    steps,
    varying,
    warmup,
)

from .torch_schedules import lr_of_torch


@given(st.integers(1, 20), st.integers(1, 30), st.integers(0, 19), st.data())
def test_per_epoch_asks_with_epochs(steps_per_epoch, whole_epochs, more, data):
    T = steps_per_epoch * whole_epochs + more % steps_per_epoch
    started = whole_epochs + (more % steps_per_epoch > 0)
    t = data.draw(st.integers(0, T - 1))
    schedule = per_epoch(cosine(0.3), steps_per_epoch=steps_per_epoch)
    assert schedule(t, T) == cosine(0.3)(t // steps_per_epoch, started)


def test_per_epoch_is_what_torch_does_when_stepped_once_an_epoch():
    numbers = lr_of_torch(lambda o: lr_scheduler.StepLR(o, 3, gamma=0.5), 0.3, T=10)
    schedule = bind(per_epoch(step(0.3, every=epochs(3), factor=0.5)), 4)
    np.testing.assert_allclose([schedule(t, 40) for t in range(40)], np.repeat(numbers, 4), rtol=1e-12)


def test_the_same_rate_decays_much_faster_per_step_than_per_epoch():
    per_step, slow = exponential(1.0, k=0.1), per_epoch(exponential(1.0, k=0.1), steps_per_epoch=100)
    assert per_step(200, 1000) == pytest.approx(np.exp(-20.0), rel=1e-12)
    assert slow(200, 1000) == pytest.approx(np.exp(-0.2), rel=1e-12)


class Plan(Part):
    rule: object = inner("rule")
    others: object = inner("others", default=())


def test_bind_tells_all_that_count_epochs_and_them_alone():
    plan = Plan(
        Clip(Adam(lr=warmup(epochs(2)).then(cosine(0.1))), norm=per_epoch(multistep(1.0, (epochs(3), 0.5)))),
        others=(0.5 * step(1.0, epochs(4, steps_per_epoch=7)), warmup(steps(3)), 3),
    )
    k = 32
    lr = warmup(epochs(2, steps_per_epoch=k)).then(cosine(0.1))
    norm = per_epoch(multistep(1.0, (epochs(3, steps_per_epoch=1), 0.5)), steps_per_epoch=k)
    assert bind(plan, k) == Plan(Clip(Adam(lr=lr), norm=norm), plan.others)
    assert bind(bind(plan, k), 99) == bind(plan, k)


def test_bind_leaves_alone_what_has_no_epochs():
    rule = Adam(lr=cosine(0.1))
    assert bind(rule, 10) is rule


def test_bound_lengths_in_steps_and_in_epochs_agree():
    bound, typed = bind(warmup(epochs(3)).then(cosine(0.1)), 5), warmup(steps(15)).then(cosine(0.1))
    assert [bound(t, 50) for t in range(50)] == [typed(t, 50) for t in range(50)]


def test_every_schedule_in_a_rule_and_its_wrapper_gets_its_number():
    rule = Clip(Adam(lr=cosine(0.1), beta1=linear(0.9, end=0.5), eps=0.001), norm=exponential(2.0, k=0.1))
    at = varying(rule)
    for t in (0, 3, 9):
        expected = Clip(
            Adam(lr=cosine(0.1)(t, 10), beta1=0.9 - 0.4 * t / 10, eps=0.001), norm=exponential(2.0, k=0.1)(t, 10)
        )
        assert at(t, 10) == expected


def test_what_holds_no_schedule_is_given_back_itself():
    rule = Adam(lr=0.1)
    assert varying(rule)(3, 10) is rule


def test_a_momentum_schedule_needs_no_new_code():
    at = varying(Momentum(lr=0.05, momentum=linear(0.9, end=0.1)))
    p, v = 1.0, 0.0
    q, state = 1.0, {"v": 0.0}
    for t in range(20):
        rho = 0.9 - 0.8 * t / 20
        v = rho * v + 3 * p
        p = p - 0.05 * v
        q, state = at(t, 20).step(q, 3 * q, state, t + 1)
    assert q == pytest.approx(p, rel=1e-12)


def test_a_schedule_is_held_against_the_bounds_of_its_field():
    with pytest.raises(RavineError, match=r"^Adam\(beta1=linear\(0.5, end=1.5\)\): beta1 must be in \[0, 1\), got 1.4"):
        Adam(beta1=linear(0.5, end=1.5))
    with pytest.raises(RavineError, match=r"lr must be at least 0, got -0.1 from cosine\(-0.1\)"):
        SGD(lr=cosine(-0.1))
    with pytest.raises(RavineError, match=r"beta2 must be in \[0, 1\), got 1.0 from constant\(choice"):
        Adam(beta2=constant(choice((0.9, 1.0))))
    with pytest.raises(RavineError, match=r"beta2 must be in \[0, 1\), got 1.5 from per_epoch"):
        Adam(beta2=per_epoch(constant(1.5)))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            lambda: varying(Adam(lr=cosine(log(1e-4, 1e-1)))),
            "lr=cosine(log(0.0001, 0.1)): choose a value of log(0.0001, 0.1) before training.",
        ),
        (
            lambda: varying(Adam(lr=warmup(epochs(5)).then(cosine(0.1))))(0, 100),
            (
                "epochs(5): nobody has said how many steps an epoch has; use bind(schedule, steps_per_epoch), or give "
                "epochs(5, steps_per_epoch=...)."
            ),
        ),
        (
            lambda: per_epoch(cosine(0.1))(0, 100),
            "per_epoch(cosine(0.1)): nobody has said how many steps an epoch has; use bind(..., steps_per_epoch).",
        ),
        (
            lambda: bind(Adam(lr=warmup(epochs(5)).then(cosine(0.1))), 10).lr(0, 40),
            "epochs(5, steps_per_epoch=10) is longer than what it is a part of: 50 of 40 steps.",
        ),
        (
            lambda: per_epoch(step(0.1, steps(3))),
            (
                "per_epoch(step(0.1, steps(3))): inside per_epoch t counts epochs, so a length is a fraction or a "
                "whole epochs(n), got steps(3)."
            ),
        ),
        (
            lambda: per_epoch(step(0.1, epochs(2.5))),
            (
                "per_epoch(step(0.1, epochs(2.5))): inside per_epoch t counts epochs, so a length is a fraction or a "
                "whole epochs(n), got epochs(2.5)."
            ),
        ),
        (
            lambda: per_epoch(2 * per_epoch(cosine(0.1))),
            (
                "per_epoch(2 * per_epoch(cosine(0.1))): inside per_epoch t counts epochs, so a length is a fraction or "
                "a whole epochs(n), got per_epoch(cosine(0.1))."
            ),
        ),
        (lambda: per_epoch(0.1), "per_epoch(schedule=0.1): schedule must be a schedule, got 0.1."),
        (
            lambda: varying(Adam(lr=cosine(0.1)))(10, 10),
            "cosine(0.1): training has 10 steps, 0 to 9, and this was asked at 10.",
        ),
    ],
)
def test_what_cannot_be_asked_is_told_in_one_line(make, told):
    with pytest.raises(RavineError) as caught:
        make()
    assert str(caught.value) == told
