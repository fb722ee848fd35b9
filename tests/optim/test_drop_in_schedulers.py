"""PyTorch's schedulers, all that there are, move a drop-in as they move PyTorch's own."""

import pytest
from torch import optim
from torch.optim import lr_scheduler

from .torch_cases import Case, both, farthest, named, put, recorded, start

pytestmark = pytest.mark.usefixtures("double", "without_bfloat16")


SCHEDULERS = {
    "StepLR": lambda o: lr_scheduler.StepLR(o, 5, gamma=0.3),
    "MultiStepLR": lambda o: lr_scheduler.MultiStepLR(o, [4, 9, 20], gamma=0.5),
    "ConstantLR": lambda o: lr_scheduler.ConstantLR(o, factor=0.4, total_iters=4),
    "LinearLR": lambda o: lr_scheduler.LinearLR(o, start_factor=0.4, total_iters=9),
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, gamma=0.9),
    "PolynomialLR": lambda o: lr_scheduler.PolynomialLR(o, total_iters=20, power=0.9),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=12),
    "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=7),
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + t)),
    "MultiplicativeLR": lambda o: lr_scheduler.MultiplicativeLR(o, lambda t: 0.95 if t else 1.0),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=40),
    "CyclicLR": lambda o: lr_scheduler.CyclicLR(
        o, 0.001, 0.1, step_size_up=6, cycle_momentum="momentum" in o.defaults or "betas" in o.defaults
    ),
    "SequentialLR": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o, 0.1, total_iters=5), lr_scheduler.CosineAnnealingLR(o, 25)], milestones=[5]
    ),
    "ChainedScheduler": lambda o: lr_scheduler.ChainedScheduler(
        [lr_scheduler.ConstantLR(o, 0.4, total_iters=4), lr_scheduler.ExponentialLR(o, 0.9)]
    ),
    "ReduceLROnPlateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=2),
    "SWALR": lambda o: optim.swa_utils.SWALR(o, swa_lr=0.05, anneal_epochs=8),
}
MOVED = [Case("SGD", {"momentum": 0.9}), Case("RMSprop", {"momentum": 0.9}), Case("Adam", {}), Case("Adadelta", {})]


def test_no_scheduler_of_pytorchs_is_forgotten():
    assert {*lr_scheduler.__all__, "SWALR"} - {"LRScheduler"} == set(SCHEDULERS)


@pytest.mark.parametrize("case", MOVED, ids=named)
@pytest.mark.parametrize("name", SCHEDULERS)
def test_every_scheduler_of_pytorchs_moves_a_drop_in(name, case):
    if name == "OneCycleLR" and case.name == "Adadelta":
        case = Case("AdamW", {})  # Adadelta has no momentum that it could cycle
    pairs = both(case)
    schedules = {id(optimizer): SCHEDULERS[name](optimizer) for optimizer, _ in pairs}
    rates = set()
    for t, grads in enumerate(recorded(start(case), 30)):
        for optimizer, params in pairs:
            put(params, grads)
            optimizer.step()
            schedules[id(optimizer)].step(*([1.0] if name == "ReduceLROnPlateau" else []))
        (mine, ours), (other, theirs) = pairs
        numbers = ("lr", "momentum", "betas")
        assert [mine.param_groups[0].get(n) for n in numbers] == [other.param_groups[0].get(n) for n in numbers]
        assert farthest(ours, theirs) <= 1e-12, t
        rates.add(mine.param_groups[0]["lr"])
    assert len(rates) > 1
