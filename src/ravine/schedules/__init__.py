"""Schedules: frozen functions of `(t, T)` that stand in a number's place and compose by `.then` and `*`.

Any numeric field of any rule may hold one: `Adam(lr=warmup(0.05).then(cosine(1e-3)))`. Lengths are fractions of
training, or `epochs(n)`, or `steps(n)`.
"""

from .asking import bind, per_epoch, varying
from .cycles import hold, one_cycle, warm_restarts, warmup_stable_decay
from .decays import constant, cosine, exponential, inverse_sqrt, inverse_time, linear, multistep, polynomial, step
from .length import LENGTHS, Length, epochs, steps
from .schedule import Product, Schedule, Stages, is_schedule, warmup

SCHEDULES: dict[str, type[Schedule]] = {
    kind.__name__: kind
    for kind in (
        constant, step, multistep, exponential, inverse_time, inverse_sqrt, linear, cosine, polynomial,
        warm_restarts, one_cycle, warmup_stable_decay, hold, warmup, per_epoch,
    )
}  # fmt: skip
"""Every schedule by the name that it is typed as; those made by `.then` and `*` have none."""

__all__ = [
    "LENGTHS",
    "SCHEDULES",
    "Length",
    "Product",
    "Schedule",
    "Stages",
    "bind",
    "constant",
    "cosine",
    "epochs",
    "exponential",
    "hold",
    "inverse_sqrt",
    "inverse_time",
    "is_schedule",
    "linear",
    "multistep",
    "one_cycle",
    "per_epoch",
    "polynomial",
    "step",
    "steps",
    "varying",
    "warm_restarts",
    "warmup",
    "warmup_stable_decay",
]
