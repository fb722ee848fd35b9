"""Momentum's three written forms: where they are the same and where they part."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.errors import RavineError
from ravine.part import substitute
from ravine.rules import SGD, Momentum

from .cases import Walker

FORMS = ["velocity", "step", "average"]


def path(rule, grads, lrs):
    """Every point of one parameter under a moving lr."""
    walker, points = Walker(rule, [torch.zeros(3, dtype=torch.float64)]), []
    for g, lr in zip(grads, lrs, strict=True):
        walker.rule = substitute(rule, {("lr",): lr})
        walker.step([g])
        points.append(walker.params[0])
    return torch.stack(points)


@pytest.fixture
def grads():
    return torch.randn(30, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@given(lr=st.floats(1e-4, 1.0), momentum=st.floats(0.0, 0.99), seed=st.integers(0, 99))
def test_the_velocity_and_the_step_are_the_same_path_while_lr_stands_still(lr, momentum, seed):
    grads = torch.randn(30, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    velocity, step = (path(Momentum(momentum=momentum, form=form), grads, [lr] * 30) for form in FORMS[:2])
    assert torch.allclose(velocity, step, rtol=1e-12, atol=1e-12)


@given(lr=st.floats(1e-4, 1.0), momentum=st.floats(0.0, 0.99), seed=st.integers(0, 99))
def test_the_average_is_the_velocity_at_an_lr_smaller_by_one_minus_momentum(lr, momentum, seed):
    grads = torch.randn(30, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    lrs = [lr / (1 + 0.1 * t) for t in range(30)]  # also where lr moves: both read it at the step itself
    average = path(Momentum(momentum=momentum, form="average"), grads, lrs)
    velocity = path(Momentum(momentum=momentum), grads, [lr * (1 - momentum) for lr in lrs])
    assert torch.allclose(average, velocity, rtol=1e-12, atol=1e-12)


def test_where_lr_moves_the_step_remembers_the_old_one(grads):
    lrs = [0.1] * 10 + [0.01] * 20
    velocity, step = (path(Momentum(form=form), grads, lrs) for form in FORMS[:2])
    assert torch.allclose(velocity[:10], step[:10], rtol=0, atol=1e-13)
    # What differs at the tenth step is the memory, at ten times the lr: v_10 is the sum of 0.9^(10-k) g_k.
    memory = 0.9 * sum(0.9 ** (9 - k) * grads[k] for k in range(10))
    assert torch.allclose(step[10] - velocity[10], -(0.1 - 0.01) * memory, rtol=0, atol=1e-13)


def test_the_average_is_a_true_average():
    walker = Walker(Momentum(form="average"), [torch.zeros(3, dtype=torch.float64)])
    for g in torch.full((500, 3), 2.5, dtype=torch.float64):
        walker.step([g])
    assert torch.allclose(walker.states[0]["v"], torch.tensor(2.5, dtype=torch.float64), rtol=0, atol=1e-12)


def test_with_dampening_equal_to_momentum_it_is_the_average_that_starts_at_the_first_gradient(grads):
    ours = path(Momentum(dampening=0.9), grads, [0.1] * 30)
    first = torch.cat([10 * grads[:1], grads[1:]])  # which enters the average by a tenth
    assert torch.allclose(ours, path(Momentum(form="average"), first, [0.1] * 30), rtol=0, atol=1e-13)


def test_dampening_belongs_to_the_velocity():
    for form in FORMS[1:]:
        with pytest.raises(
            RavineError, match=r"^Momentum\(form='\w+', dampening=0.5\): dampening belongs to form='velo"
        ):
            Momentum(form=form, dampening=0.5)


@pytest.mark.parametrize("form", FORMS)
def test_without_momentum_every_form_is_sgd(form, grads):
    assert torch.equal(path(Momentum(momentum=0.0, form=form), grads, [0.1] * 30), path(SGD(), grads, [0.1] * 30))
