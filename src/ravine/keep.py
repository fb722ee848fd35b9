"""What is kept of a run to predict with, where that is not the weights that it ended with."""

from .fields import Number, field, option
from .part import Part


class swa(Part):  # noqa: N801 - typed as a function
    """Predicts with the plain mean of the weights at the ends of the last epochs, while lr stands still.

    From `start` on lr stays at the value that it has come to, or at `rate` times its largest, so that the weights
    wander around the bottom that the mean then finds.

    Izmailov, Podoprikhin, Garipov, Vetrov & Wilson 2018, "Averaging Weights Leads to Wider Optima and Better
    Generalization", Algorithm 1. https://arxiv.org/abs/1803.05407
    """

    start: Number = field(0.75, "share of the epochs after which the mean begins", within="[0, 1)", also=("swa start",))
    rate: Number = field(
        None, "lr from then on, as a share of its largest; None to stay where it is then", within="(0, inf)",
        also=("swa lr",),
    )  # fmt: skip
    statistics: str = option(
        "recomputed",
        ("recomputed", "kept"),
        "whether batch-norm statistics are estimated anew for the mean, or stay those of the last weights",
        also=("update bn", "batch norm"),
    )


class snapshots(Part):  # noqa: N801 - typed as a function
    """Predicts with the mean over the networks at the ends of several cycles of lr, at the cost of one run.

    The schedule of lr runs once in each cycle, and begins anew in the next; a number stands for a cosine from it.

    Huang, Li, Pleiss, Liu, Hopcroft & Weinberger 2017, "Snapshot Ensembles: Train 1, Get M for Free", section 3.
    https://arxiv.org/abs/1704.00109
    """

    cycles: int = field(
        5, "number of cycles, and so of networks", at_least=1, whole=True, also=("ensemble", "restarts", "members")
    )


KEEPS = {part.__name__: part for part in (swa, snapshots)}
"""What a run can keep, by the name that it is typed as."""
