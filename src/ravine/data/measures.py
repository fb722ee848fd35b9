"""The arithmetic of the metrics: what each example adds, and what is made of the sums.

Outputs are logits, `[n, C, ...]` with a score for each class or `[n, ...]` with one for the second of two,
or numbers in the targets' shape. All is worked out in float64; places whose class is -100 are left out, as
PyTorch's losses do.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..errors import RavineError
from . import jackknife
from .losses import aligned, cross_entropy_of_each, mean_of_rest


def one_score_each(outputs: Tensor, targets: Tensor) -> bool:
    """Tells outputs with a score for each class from those with one logit for the second of two."""
    return outputs.dim() == targets.dim() + 1 and outputs.shape[1] > 1


def hits(outputs: Tensor, targets: Tensor) -> Tensor:
    """Computes the share of places whose class is right.

    Args:
        outputs: Logits.
        targets: Classes from 0; or 0 and 1, one or several for each example.

    Returns:
        `[n]`, in [0, 1].

    >>> hits(torch.tensor([[0.1, 0.9], [0.8, 0.2]]), torch.tensor([1, 1]))
    tensor([1., 0.], dtype=torch.float64)
    """
    if not one_score_each(outputs, targets):
        return mean_of_rest(((aligned(outputs, targets) > 0) == (targets > 0.5)).double())
    counted = (targets != -100).double()
    right = (outputs.argmax(1) == targets) * counted
    return right if right.dim() == 1 else right.flatten(1).sum(1) / counted.flatten(1).sum(1).clamp(min=1)


def log_losses(outputs: Tensor, targets: Tensor) -> Tensor:
    """Computes minus the logarithm of the probability of what was the case, in nats.

    Args:
        outputs: Logits.
        targets: Classes from 0; or 0 and 1, or probabilities, one or several for each example.

    Returns:
        `[n]`; the mean over the places of an example.

    >>> log_losses(torch.zeros(1), torch.ones(1)).exp().round(decimals=9)
    tensor([2.], dtype=torch.float64)
    """
    if one_score_each(outputs, targets):
        return cross_entropy_of_each(outputs.double(), targets.long())
    logits = aligned(outputs, targets).double()
    return mean_of_rest(functional.binary_cross_entropy_with_logits(logits, targets.double(), reduction="none"))


def f1_parts(outputs: Tensor, targets: Tensor) -> np.ndarray:
    """Counts for each class how often it was predicted and right, and how often it was either, twice for both.

    Args:
        outputs: Logits.
        targets: Classes.

    Returns:
        `[n, 2, C]`; of two classes the second alone.
    """
    if not one_score_each(outputs, targets):
        labels = targets.shape[1] if targets.dim() == 2 else 1  # several for each example, else places of one
        right = (targets > 0.5).double().reshape(len(targets), labels, -1)
        predicted = (aligned(outputs, targets) > 0).double().reshape(right.shape)
        return torch.stack([(predicted * right).sum(2), (predicted + right).sum(2)], dim=1).numpy()
    right, predicted = targets.reshape(len(targets), -1), outputs.argmax(1).reshape(len(targets), -1)
    counted = (right != -100).double()
    right = right.clamp(min=0)
    none = torch.zeros(len(targets), outputs.shape[1], dtype=torch.float64)
    both = none.scatter_add(1, right, counted * (predicted == right))
    either = none.scatter_add(1, right, counted).scatter_add(1, predicted, counted)
    counts = torch.stack([both, either], dim=1).numpy()
    return counts[:, :, 1:] if outputs.shape[1] == 2 else counts


def f1(sums: np.ndarray, count: int) -> np.ndarray:  # noqa: ARG001 - the sums tell all
    """Computes `2 both / either`, the mean over the classes that occur, as scikit-learn's `macro` does.

    Args:
        sums: Of `f1_parts`, `[m, 2, C]`.
        count: Over how many examples.

    Returns:
        `[m]`, in [0, 1]; 0 where no class occurs.
    """
    both, either = sums[:, 0], sums[:, 1]
    each = np.divide(2 * both, either, out=np.zeros_like(both), where=either > 0)
    return each.sum(axis=1) / np.maximum((either > 0).sum(axis=1), 1)


def r2_parts(outputs: Tensor, targets: Tensor) -> np.ndarray:
    """Computes squared residuals, targets and squared targets, the latter from the mean.

    Args:
        outputs: Numbers.
        targets: Numbers, `[n, ...]`.

    Returns:
        `[n, 3, d]`, d being how many numbers each example has.
    """
    y = targets.double().reshape(len(targets), -1)
    residuals = y - aligned(outputs, targets).double().reshape(y.shape)
    y = y - y.mean(dim=0)  # else the sums of squares would cancel
    return torch.stack([residuals**2, y, y**2], dim=1).numpy()


def r2(sums: np.ndarray, count: int) -> np.ndarray:
    """Computes `1 - residual / total`, the mean over the numbers of an example.

    Args:
        sums: Of `r2_parts`, `[m, 3, d]`.
        count: Over how many examples.

    Returns:
        `[m]`, at most 1. Where targets don't vary: 1 for a perfect fit, else 0, as in scikit-learn.
    """
    residual, squares = sums[:, 0], sums[:, 2]
    total = squares - sums[:, 1] ** 2 / count
    varies = total > 1e-12 * np.maximum(squares, 1e-300)  # below that it is rounding
    fit = 1 - residual / np.where(varies, total, 1.0)
    return np.where(varies, fit, np.where(residual > 0, 0.0, 1.0)).mean(axis=1)


def squared_errors(outputs: Tensor, targets: Tensor) -> Tensor:
    """Computes the squared error of each example, the mean over its numbers, `[n]`."""
    return mean_of_rest((aligned(outputs, targets).double() - targets.double()).square())


def absolute_errors(outputs: Tensor, targets: Tensor) -> Tensor:
    """Computes the absolute error of each example, the mean over its numbers, `[n]`."""
    return mean_of_rest((aligned(outputs, targets).double() - targets.double()).abs())


def area(outputs: Tensor, targets: Tensor) -> tuple[float, np.ndarray]:
    """Computes the area under the receiver operating characteristic.

    Args:
        outputs: Logits for two classes.
        targets: 0 and 1, `[n]`.

    Returns:
        The area and its pseudo-values, `[n]`.

    Raises:
        RavineError: There are more than two classes, or examples of only one.
    """
    scored = one_score_each(outputs, targets)
    if targets.dim() > 1 or (scored and outputs.shape[1] != 2):
        raise RavineError(
            f"metric 'auc' is for two classes, got outputs of shape {list(outputs.shape)}: use 'log_loss' or 'f1'."
        )
    scores = outputs[:, 1].double() - outputs[:, 0].double() if scored else aligned(outputs, targets).double()
    positive = (targets > 0.5).numpy()
    if positive.all() or not positive.any():
        raise RavineError("metric 'auc' compares two classes, but all examples are of one: give more examples.")
    return jackknife.area(scores.numpy(), positive)
