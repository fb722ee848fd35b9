"""Metrics: how good outputs are, as one number for all examples and as one number for each.

Outputs are what a model gives for its loss, so logits for classes: `[n, C, ...]` for C classes, `[n, ...]`
for two with a sigmoid. Metrics work in float64, and need no probabilities from the model.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..errors import RavineError, nearest
from . import jackknife
from .losses import aligned, cross_entropy_of_each, mean_of_rest

Each = Callable[[Tensor, Tensor], np.ndarray]
CLASSES = ("classes", "binary")
NUMBERS = ("numbers",)


@dataclass(frozen=True, eq=False)
class Metric:
    """A metric with its direction.

    `per_example(outputs, targets)` gives float64 `[n]`: each example's own value where the metric is a mean
    of such, else pseudo-values of the jackknife, whose mean is the metric corrected for bias.
    `value(outputs, targets)` is the metric itself. `suits` are the kinds of targets that it can judge.
    """

    name: str
    higher_is_better: bool
    per_example: Each
    value: Callable[[Tensor, Tensor], float]
    suits: tuple[str, ...] = ("classes", "binary", "numbers")


def mean_of(name: str, higher_is_better: bool, each: Callable[[Tensor, Tensor], Tensor], suits: Any) -> Metric:
    """Makes a metric that is a mean over examples.

    Args:
        name: What it is called.
        higher_is_better: Its direction.
        each: Its value for each example, `[n]`.
        suits: The kinds of targets that it can judge.

    Returns:
        The metric.
    """

    def per_example(outputs: Tensor, targets: Tensor) -> np.ndarray:
        return each(_double(outputs), _double(targets)).double().numpy()

    return Metric(name, higher_is_better, per_example, lambda o, t: float(per_example(o, t).mean()), suits)


def _double(values: Tensor) -> Tensor:
    values = values.detach().cpu()
    return values.double() if values.is_floating_point() else values


def _of_sums(
    name: str,
    higher_is_better: bool,
    parts: Callable[[Tensor, Tensor], np.ndarray],
    finish: Callable[[np.ndarray, int], np.ndarray],
    suits: tuple[str, ...],
) -> Metric:
    """Makes a metric that is a function of sums over examples, so that leaving one out costs nothing."""

    def per_example(outputs: Tensor, targets: Tensor) -> np.ndarray:
        return jackknife.of_sums(parts(_double(outputs), _double(targets)), finish)

    def value(outputs: Tensor, targets: Tensor) -> float:
        each = parts(_double(outputs), _double(targets))
        return float(finish(each.sum(axis=0, keepdims=True), len(each))[0])

    return Metric(name, higher_is_better, per_example, value, suits)


def metric(function: Callable[[Tensor, Tensor], Any], *, higher_is_better: bool, name: str = "") -> Metric:
    """Makes a metric of a user's function.

    Args:
        function: Takes outputs and targets of some examples, on the CPU. It gives one number; or one for
            each example, whose mean is then the metric.
        higher_is_better: Its direction.
        name: What it is called; else the function's name.

    Returns:
        The metric, for targets of any kind.

    >>> worst = metric(lambda outputs, targets: (outputs - targets).abs().max(), higher_is_better=False, name="worst")
    >>> worst.value(torch.tensor([1.0, 5.0]), torch.tensor([0.0, 3.0]))
    2.0
    """

    def call(outputs: Tensor, targets: Tensor) -> np.ndarray:
        given = function(outputs, targets)
        found = given.detach().cpu().double().numpy() if isinstance(given, Tensor) else np.asarray(given, float)
        if found.size != 1 and found.shape != (len(targets),):
            raise RavineError(
                f"metric {called!r} must give one number, or one for each of {len(targets)} examples, "
                f"got the shape {list(found.shape)}."
            )
        return found

    def per_example(outputs: Tensor, targets: Tensor) -> np.ndarray:
        outputs, targets = outputs.detach().cpu(), targets.detach().cpu()
        found = call(outputs, targets)
        if found.size > 1:
            return found
        return jackknife.of_function(
            lambda rows: float(call(outputs[torch.from_numpy(rows)], targets[torch.from_numpy(rows)]).mean()),
            len(targets),
        )

    called = name or getattr(function, "__name__", type(function).__name__)
    return Metric(
        called, higher_is_better, per_example, lambda o, t: float(call(o.detach().cpu(), t.detach().cpu()).mean())
    )


def _one_score_each(outputs: Tensor, targets: Tensor) -> bool:
    """Tells outputs with a score for each class from those with one logit for the second of two."""
    return outputs.dim() == targets.dim() + 1 and outputs.shape[1] > 1


def _hits(outputs: Tensor, targets: Tensor) -> Tensor:
    if not _one_score_each(outputs, targets):
        return mean_of_rest(((aligned(outputs, targets) > 0) == (targets > 0.5)).double())
    counted = (targets != -100).double()  # PyTorch's losses leave -100 out
    hits = (outputs.argmax(1) == targets) * counted
    if hits.dim() == 1:
        return hits
    return hits.flatten(1).sum(1) / counted.flatten(1).sum(1).clamp(min=1)


def _log_loss(outputs: Tensor, targets: Tensor) -> Tensor:
    if _one_score_each(outputs, targets):
        return cross_entropy_of_each(outputs, targets.long())
    logits = aligned(outputs, targets)
    return mean_of_rest(functional.binary_cross_entropy_with_logits(logits, targets.double(), reduction="none"))


def _f1_parts(outputs: Tensor, targets: Tensor) -> np.ndarray:
    """Counts, for each example and class: hits, and how often the class was predicted or right, `[n, 2, C]`."""
    if not _one_score_each(outputs, targets):
        labels = targets.dim() == 2  # several labels for each example, else places of one
        shape = (len(targets), targets.shape[1] if labels else 1, -1)
        predicted = (aligned(outputs, targets) > 0).double().reshape(shape)
        right = (targets > 0.5).double().reshape(shape)
        return torch.stack([(predicted * right).sum(2), (predicted + right).sum(2)], dim=1).numpy()
    counted = (targets != -100).double().flatten(1) if targets.dim() > 1 else torch.ones(len(targets), 1).double()
    predicted, right = outputs.argmax(1).reshape(len(targets), -1), targets.reshape(len(targets), -1).clamp(min=0)
    empty = torch.zeros(len(targets), outputs.shape[1], dtype=torch.float64)
    hits = empty.scatter_add(1, right, counted * (predicted == right))
    either = empty.scatter_add(1, right, counted).scatter_add(1, predicted, counted)
    counts = torch.stack([hits, either], dim=1).numpy()
    return counts[:, :, 1:] if outputs.shape[1] == 2 else counts


def _f1(sums: np.ndarray, count: int) -> np.ndarray:  # noqa: ARG001 - the sums tell all
    """The mean over the classes that were predicted or right at least once, as scikit-learn's `macro`."""
    hits, either = sums[:, 0], sums[:, 1]
    each = np.divide(2 * hits, either, out=np.zeros_like(hits), where=either > 0)
    there = (either > 0).sum(axis=1)
    return np.divide(each.sum(axis=1), there, out=np.zeros(len(sums)), where=there > 0)


def _r2_parts(outputs: Tensor, targets: Tensor) -> np.ndarray:
    y = targets.double().flatten(1) if targets.dim() > 1 else targets.double()[:, None]
    residuals = y - aligned(outputs, targets).double().reshape(y.shape)
    y = y - y.mean(dim=0)  # the sums of squares below would cancel otherwise
    return torch.stack([residuals**2, y, y**2], dim=1).numpy()


def _r2(sums: np.ndarray, count: int) -> np.ndarray:
    """The mean over outputs of `1 - residual / total`; as in scikit-learn 1 or 0 where targets don't vary."""
    residual, total = sums[:, 0], np.maximum(sums[:, 2] - sums[:, 1] ** 2 / count, 0)
    varies = total > 1e-12 * np.maximum(sums[:, 2], 1e-300)
    flat = np.where(residual > 0, 0.0, 1.0)
    return np.where(varies, 1 - residual / np.where(varies, total, 1.0), flat).mean(axis=1)


def _errors(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda outputs, targets: mean_of_rest(function(aligned(outputs, targets).double() - targets.double()))


def _area(outputs: Tensor, targets: Tensor) -> tuple[float, np.ndarray]:
    outputs, targets = _double(outputs), _double(targets)
    if targets.dim() > 1 or (_one_score_each(outputs, targets) and outputs.shape[1] != 2):
        raise RavineError(
            f"metric 'auc' is for two classes, got outputs of shape {list(outputs.shape)}: use 'log_loss' or 'f1'."
        )
    scores = outputs[:, 1] - outputs[:, 0] if _one_score_each(outputs, targets) else aligned(outputs, targets)
    positive = (targets > 0.5).numpy()
    if positive.all() or not positive.any():
        raise RavineError("metric 'auc' compares two classes, but all examples are of one: give more examples.")
    return jackknife.area(scores.double().numpy(), positive)


def _square_parts(outputs: Tensor, targets: Tensor) -> np.ndarray:
    return _errors(torch.square)(outputs, targets).numpy()


_METRICS = (
    mean_of("accuracy", True, _hits, CLASSES),
    mean_of("error", False, lambda outputs, targets: 1 - _hits(outputs, targets), CLASSES),
    mean_of("log_loss", False, _log_loss, CLASSES),
    _of_sums("f1", True, _f1_parts, _f1, CLASSES),
    Metric("auc", True, lambda o, t: _area(o, t)[1], lambda o, t: _area(o, t)[0], CLASSES),
    _of_sums("r2", True, _r2_parts, _r2, NUMBERS),
    mean_of("squared_error", False, _errors(torch.square), NUMBERS),
    mean_of("absolute_error", False, _errors(torch.abs), NUMBERS),
    _of_sums("rmse", False, _square_parts, lambda sums, count: np.sqrt(np.maximum(sums, 0) / count), NUMBERS),
)
METRICS: dict[str, Metric] = {one.name: one for one in _METRICS}
"""The metrics that have a name. `f1` is that of the second class of two, and the mean over more classes."""


def read_metric(given: Any) -> Metric:
    """Finds a metric by its name, or takes one that was made.

    Args:
        given: A name, or a `Metric`.

    Returns:
        The metric.

    Raises:
        RavineError: The name is unknown, or a bare function doesn't say which way is better.
    """
    if isinstance(given, Metric):
        return given
    if isinstance(given, str):
        if given not in METRICS:
            raise RavineError(f"metric={given!r} must be one of {', '.join(METRICS)}.{nearest(given, METRICS)}")
        return METRICS[given]
    name = getattr(given, "__name__", repr(given))
    if callable(given):
        raise RavineError(f"metric={name} doesn't say which way is better: metric({name}, higher_is_better=True).")
    raise RavineError(f"metric must be a name, or made by metric(function, higher_is_better=...), got {given!r}.")
