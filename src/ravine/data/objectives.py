"""Objectives: the loss as a part of a recipe, so that it can be varied; scores know nothing of it.

Without one, training makes small what the task says.
"""

from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional
from typing_extensions import override

from ..errors import RavineError
from ..fields import Number, field
from ..part import Part
from ..ranges import log, uniform
from .forward import split
from .losses import LOSSES, aligned
from .task import Task

Mean = Callable[[Tensor, Tensor], Tensor]


class Objective(Part):
    """Says what training makes small (abstract).

    A part of one's own derives from it and says in `of` what that is. An objective for classes serves two classes with
    one output as well: it then sees the outputs `(0, z)`, whose softmax has the sigmoid of `z`, and the shares of both.
    """

    suits: ClassVar[tuple[str, ...]] = ("classes", "binary", "numbers")
    """The kinds of targets that it takes as they come."""

    def of(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Gives the mean loss of a batch.

        Args:
            outputs: What the network gave: for classes one score each, `[b, C, ...]`; for numbers `[b, ...]`.
            targets: Classes from 0, `[b, ...]`, or shares of each class, `[b, C, ...]`, as mixing makes them; or
                numbers, `[b, ...]`.

        Returns:
            A scalar that can be differentiated.
        """
        raise NotImplementedError


class cross_entropy(Objective):  # noqa: N801 - typed as a function
    """Makes `-log p[target]` small, p the softmax of the outputs: what classes have by default.

    >>> float(cross_entropy().of(torch.zeros(1, 4), torch.tensor([2])).exp().round(decimals=4))
    4.0
    """

    suits = ("classes",)

    @override
    def of(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return functional.cross_entropy(outputs, targets)


class label_smoothing(Objective):  # noqa: N801 - typed as a function
    """Takes a share of certainty from each label and gives it to all classes: cross entropy with softer targets.

    `(1 - amount) (-log p[target]) + amount mean over classes of -log p`, so that no output has to grow without bound.

    Szegedy, Vanhoucke, Ioffe, Shlens & Wojna 2016, "Rethinking the Inception Architecture for Computer Vision",
    section 7. https://arxiv.org/abs/1512.00567 Some courses mean mixup by this name.

    >>> float(label_smoothing(1.0).of(torch.zeros(1, 4), torch.tensor([2])).exp().round(decimals=4))
    4.0
    """

    suits = ("classes",)
    amount: Number = field(
        0.1,
        "share of a label that all classes get together, itself among them",
        within="[0, 1]",
        search=uniform(0.02, 0.3),
        also=("epsilon", "smoothing", "soft labels"),
    )

    @override
    def of(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return functional.cross_entropy(outputs, targets, label_smoothing=self.amount)


class focal(Objective):  # noqa: N801 - typed as a function
    """Weighs an example less the better it is classified: `-(1 - p[target])^focus log p[target]`.

    Lin, Goyal, Girshick, He & Dollar 2017, "Focal Loss for Dense Object Detection", equation 4.
    https://arxiv.org/abs/1708.02002 The weights of classes in equation 5 are not here. A class that has a share of an
    example, as mixing makes them, weighs by that share.

    >>> round(float(focal(2.0).of(torch.zeros(1, 2), torch.tensor([0]))), 4)  # log(2) / 4
    0.1733
    """

    suits = ("classes",)
    focus: Number = field(
        2.0,
        "how much less sure examples count; 0 for cross entropy",
        at_least=0,
        search=uniform(0.5, 5.0),
        also=("gamma", "hard examples"),
    )

    @override
    def of(self, outputs: Tensor, targets: Tensor) -> Tensor:
        log_p = functional.log_softmax(outputs, dim=1)
        wrong = (-torch.expm1(log_p)).clamp(min=torch.finfo(log_p.dtype).tiny)  # a root of 0 has no slope
        losses = -(wrong**self.focus) * log_p
        if targets.is_floating_point():
            return (losses * targets).sum(1).mean()
        return functional.nll_loss(-losses, targets)


class squared_error(Objective):  # noqa: N801 - typed as a function
    """Makes `(output - target)^2` small: what numbers have by default.

    >>> float(squared_error().of(torch.tensor([[1.0], [3.0]]), torch.tensor([0.0, 0.0])))
    5.0
    """

    suits = ("numbers",)

    @override
    def of(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return LOSSES["squared_error"].mean(outputs, targets)


class absolute_error(Objective):  # noqa: N801 - typed as a function
    """Makes `|output - target|` small, which finds medians: an outlier pulls no more than any other example.

    >>> float(absolute_error().of(torch.tensor([[1.0], [3.0]]), torch.tensor([0.0, 0.0])))
    2.0
    """

    suits = ("numbers",)

    @override
    def of(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return LOSSES["absolute_error"].mean(outputs, targets)


class huber(Objective):  # noqa: N801 - typed as a function
    """Makes half the square of an error e small up to a width w, and `w (|e| - w/2)` beyond it.

    Huber 1964, "Robust Estimation of a Location Parameter". https://doi.org/10.1214/aoms/1177703732

    >>> float(huber(1.0).of(torch.tensor([[0.5], [3.0]]), torch.tensor([0.0, 0.0])))  # (0.125 + 2.5) / 2
    1.3125
    """

    suits = ("numbers",)
    width: Number = field(
        1.0,
        "error up to which the loss is quadratic, in standard deviations of the targets where Ravine scaled them",
        within="(0, inf)",
        search=log(0.1, 3.0),
        also=("delta", "beta", "smooth l1"),
    )

    @override
    def of(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return functional.huber_loss(aligned(outputs, targets), targets.to(outputs.dtype), delta=self.width)


OBJECTIVES: dict[str, type[Objective]] = {
    one.__name__: one for one in (cross_entropy, label_smoothing, focal, squared_error, absolute_error, huber)
}
"""The objectives by the name under which they are typed."""


def objective_for(task: Task, objective: Objective | None) -> Mean:
    """Gives what training makes small on a task.

    Args:
        task: The task.
        objective: The recipe's; None for the task's own.

    Returns:
        A function of outputs and targets that gives the mean loss. Where targets are classes, it takes shares of each
        class, `[b, K, ...]`, too; the model may have more outputs than there are classes.

    Raises:
        RavineError: The objective is for targets of another kind.
    """
    own, kind = task.used_loss, _kind(task)
    if objective is None:
        takes_shares = own.name not in ("nll_loss", "NLLLoss")
        return own.mean if own.kind != "classes" else _with_shares(own.mean, None if takes_shares else own.name)
    if kind in objective.suits:
        return _with_shares(objective.of, None) if kind == "classes" else objective.of
    if kind == "binary" and "classes" in objective.suits:
        return lambda outputs, targets: objective.of(*_of_two_classes(outputs, targets))
    fitting = [
        f"{name}()" for name, one in OBJECTIVES.items() if ("classes" if kind == "binary" else kind) in one.suits
    ]
    raise RavineError(
        f"Recipe(loss={objective!r}): it is for {' and '.join(objective.suits)}, and the targets of "
        f"{task.name or 'the task'} are {'two classes' if kind == 'binary' else kind}: use {', '.join(fitting[:-1])} "
        f"or {fitting[-1]}."
    )


def _kind(task: Task) -> str:
    """Tells what the targets are; where the task's loss is its own affair, by whether they are whole numbers."""
    if task.used_loss.kind != "given":
        return task.used_loss.kind
    data = task.training_data
    _, targets = split(data.batch(torch.tensor([0])), data.target)
    return "numbers" if targets is None or targets.is_floating_point() else "classes"


def _with_shares(mean: Mean, refusing: str | None) -> Mean:
    """Lets a loss of classes take shares of fewer classes than there are outputs."""

    def padded(outputs: Tensor, targets: Tensor) -> Tensor:
        if not targets.is_floating_point():
            return mean(outputs, targets)
        if refusing is not None:
            raise RavineError(
                f"the task's loss {refusing} takes no shares of classes, as mixing makes them: write "
                "Recipe(..., loss=cross_entropy()), which is the same for log-probabilities."
            )
        more = outputs.shape[1] - targets.shape[1]
        if more < 0:
            raise RavineError(
                f"the model gives {outputs.shape[1]} outputs for {targets.shape[1]} classes: it must give one for each."
            )
        if more:
            targets = torch.cat([targets, targets.new_zeros(len(targets), more, *targets.shape[2:])], dim=1)
        return mean(outputs, targets)

    return padded


def _of_two_classes(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Gives one output z and one target t the form of two classes: `(0, z)` and the shares `(1 - t, t)`."""
    outputs = aligned(outputs, targets)
    shares = targets.to(outputs.dtype) if not targets.is_floating_point() else targets
    return torch.stack([torch.zeros_like(outputs), outputs], dim=1), torch.stack([1 - shares, shares], dim=1)
