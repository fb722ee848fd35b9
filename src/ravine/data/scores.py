"""How a task is scored: its metric, a proper score beside it, and what guessing scores."""

import torch
from torch import Tensor

from ..errors import RavineError
from .losses import Loss
from .metrics import METRICS, Metric, metric, read_metric
from .task import Task

_ALONE = metric(lambda outputs, targets: outputs.flatten(), higher_is_better=False, name="loss")  # noqa: ARG005
"""For a step without targets: `Task.score` gives each example's loss as its output."""


def metric_of(task: Task) -> Metric:
    """Gives the metric by which a task is judged.

    Args:
        task: The task.

    Returns:
        Its own; else accuracy for classes, R2 for numbers (squared error for dense ones), and a user's own
        loss for that loss.

    Raises:
        RavineError: The metric is for other targets.
    """
    loss = task.used_loss
    if task.metric is None:
        return _default(task, loss)
    chosen = read_metric(task.metric)
    if task.step is None and loss.kind != "given" and loss.kind not in chosen.suits:
        fitting = ", ".join(name for name, one in METRICS.items() if loss.kind in one.suits)
        kind = "numbers" if loss.kind == "numbers" else "classes"
        raise RavineError(f"metric={chosen.name!r} can't judge targets that are {kind}: use one of {fitting}.")
    return chosen


def _default(task: Task, loss: Loss) -> Metric:
    if not task.training_data.has_targets:
        return _ALONE
    if loss.kind == "given":
        return of_loss(loss)
    if loss.kind != "numbers":
        return METRICS["accuracy"]
    targets = task.training_data.batch(torch.tensor([0]))
    dense = _target(task, targets).dim() > 2
    return METRICS["squared_error" if dense else "r2"]


def _target(task: Task, batch: object) -> Tensor:
    return batch[task.training_data.target] if isinstance(batch, dict) else batch[-1]  # pyright: ignore[reportIndexIssue]


def of_loss(loss: Loss) -> Metric:
    """Makes a metric of a loss: its value for each example, or, where it has none for one alone, the jackknife's.

    Args:
        loss: The loss.

    Returns:
        The metric; lower is better.
    """

    def values(outputs: Tensor, targets: Tensor) -> Tensor:
        each = loss.each(outputs, targets)
        return each if bool(torch.isfinite(each).all()) else loss.mean(outputs, targets)

    return metric(values, higher_is_better=False, name=loss.name)


def proper_score(task: Task) -> Metric:
    """Gives the proper score that stands beside the metric; it tells more apart, being graded.

    Args:
        task: The task.

    Returns:
        Log loss for classes, squared error for numbers, and a user's own loss for that loss; lower is
        better, and all are means over examples where the loss is.
    """
    loss = task.used_loss
    if not task.training_data.has_targets:
        return _ALONE
    if loss.kind == "given":
        return of_loss(loss)
    return METRICS["squared_error" if loss.kind == "numbers" else "log_loss"]


def chance_outputs(task: Task, train_targets: Tensor, like_targets: Tensor) -> Tensor | None:
    """Gives the outputs of the best predictor that looks at no input: what a diverged run counts as.

    Args:
        task: The task.
        train_targets: The targets that it may learn from.
        like_targets: The targets that the outputs shall be judged beside.

    Returns:
        Log shares of the classes, `[n, C, ...]`; the log odds; the mean, or the median for absolute
        errors. None for a custom step, and for a user's loss that can't take such outputs: then the
        untrained network is what chance means.

    >>> from torch import nn
    >>> task = Task(model=lambda: nn.Linear(2, 2), train=(torch.eye(2), torch.tensor([0, 1])))
    >>> chance_outputs(task, torch.tensor([0, 0, 0, 1]), torch.tensor([1])).exp()
    tensor([[0.7500, 0.2500]])
    """
    if task.step is not None:
        return None
    loss, train_targets = task.used_loss, train_targets.to(like_targets.device)
    if loss.kind == "binary":
        return _odds(train_targets, like_targets)
    if train_targets.is_floating_point():
        outputs = _center(loss.name, train_targets).expand(like_targets.shape).contiguous()
    else:
        outputs = _shares(task, train_targets, like_targets)
    return outputs if loss.kind != "given" or _is_taken(loss, outputs, like_targets) else None


def _shares(task: Task, train_targets: Tensor, like_targets: Tensor) -> Tensor:
    classes = task.training_data.coding.classes
    largest = max(int(train_targets.max()), int(like_targets.max())) + 1
    counted = train_targets[train_targets >= 0].flatten()
    # A class that was never seen would make the log loss infinite; it counts as seen once.
    counts = torch.bincount(counted, minlength=len(classes) if classes else largest).clamp(min=1)
    shares = (counts / counts.sum()).log()
    rest = like_targets.shape[1:]
    shares = shares.reshape(1, -1, *[1] * len(rest))
    return shares.expand(len(like_targets), -1, *rest).contiguous()


def _odds(train_targets: Tensor, like_targets: Tensor) -> Tensor:
    labels = train_targets.mean(0) if train_targets.dim() == 2 else train_targets.mean()
    floor = 0.5 / len(train_targets)  # else the log odds of what never happened would be infinite
    return labels.clamp(floor, 1 - floor).logit().expand(like_targets.shape).contiguous()


def _center(name: str, targets: Tensor) -> Tensor:
    if name == "absolute_error":
        return targets.quantile(0.5, dim=0)
    if name != "huber":
        return targets.mean(0)
    low, high = targets.amin(0), targets.amax(0)
    for _ in range(60):  # bisection: the derivative, a sum of errors clipped at 1, falls in the constant
        middle = (low + high) / 2
        up = (targets - middle).clamp(-1, 1).sum(0) > 0
        low, high = torch.where(up, middle, low), torch.where(up, high, middle)
    return (low + high) / 2


def _is_taken(loss: Loss, outputs: Tensor, targets: Tensor) -> bool:
    try:
        return bool(torch.isfinite(loss.mean(outputs, targets)).all())
    except Exception:  # noqa: BLE001 - a user's loss may raise anything for outputs that it does not expect
        return False
