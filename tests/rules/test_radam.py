"""RAdam: momentum alone while the mean of squares knows too little, then Adam."""

import pytest
import torch
from torch import optim

from ravine.rules import Adam, Momentum, RAdam

from .cases import Walker, follow

GRADS = torch.randn(8, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def path(rule, grads=GRADS):
    walker, points = Walker(rule, [torch.zeros(3, dtype=torch.float64)]), []
    for g in grads:
        walker.step([g])
        points.append(walker.params[0])
    return torch.stack(points)


def test_its_first_five_steps_are_an_average_of_gradients_corrected_for_its_start():
    m, p, points = 0.0, torch.zeros(3, dtype=torch.float64), []
    for t in range(1, 9):
        m = 0.9 * m + 0.1 * GRADS[t - 1]
        p = p - 0.01 * m / (1 - 0.9**t)
        points.append(p)
    ours = path(RAdam(lr=0.01))
    assert torch.allclose(ours[:5], torch.stack(points[:5]), rtol=0, atol=1e-15)
    assert not torch.allclose(ours[5], points[5], rtol=0, atol=1e-4)


def test_a_short_memory_of_squares_is_never_trusted():
    # With beta2 = 0.6 the longest average is rho = 4, where the paper's formula divides by zero.
    theirs = follow(lambda p: optim.RAdam(p, lr=0.01, betas=(0.9, 0.6)), [torch.zeros(3)], [[g.float()] for g in GRADS])
    assert torch.allclose(path(RAdam(lr=0.01, beta2=0.6))[-1].float(), theirs[0], rtol=1e-6, atol=0)
    assert torch.equal(path(RAdam(lr=0.01, beta1=0.0, beta2=0.6)), path(Momentum(lr=0.01, momentum=0.0)))


def test_after_a_long_time_it_steps_as_adam_does():
    t, state = 100_000, {name: torch.full((3,), 0.3, dtype=torch.float64) for name in ("m", "v")}
    p = torch.zeros(3, dtype=torch.float64)
    ours, theirs = (rule(lr=0.01, eps=0.0).step(p, GRADS[0], state, t)[0] for rule in (RAdam, Adam))
    assert torch.allclose(ours, theirs, rtol=1e-12)
    assert RAdam().step(1.0, 0.5, {"m": 0.0, "v": 0.0}, 1)[0] == pytest.approx(1 - 1e-3 * 0.5)
