"""Metrics: how good outputs are, as one number for all examples and as one number for each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import RavineError, nearest
from . import jackknife, measures

CLASSES = ("classes", "binary")
NUMBERS = ("numbers",)


@dataclass(frozen=True, eq=False)
class Metric:
    """A metric with its direction.

    `per_example(outputs, targets)` gives float64 `[n]`: each example's own value where the metric is a mean
    of such, else pseudo-values of the jackknife, whose mean is the metric corrected for bias.
    `value(outputs, targets)` is the metric itself. `suits` are the kinds of targets that it can judge.

    Outputs are what a model gives for its loss, so logits for classes; no probabilities are needed.

    >>> METRICS["accuracy"].value(torch.tensor([[0.1, 0.9], [0.8, 0.2]]), torch.tensor([1, 1]))
    0.5
    """

    name: str
    higher_is_better: bool
    per_example: Callable[[Tensor, Tensor], np.ndarray]
    value: Callable[[Tensor, Tensor], float]
    suits: tuple[str, ...] = CLASSES + NUMBERS


def _mean(name: str, higher_is_better: bool, each: Callable[[Tensor, Tensor], Tensor], suits: Any) -> Metric:
    """Makes a metric that is a mean over examples."""

    def per_example(outputs: Tensor, targets: Tensor) -> np.ndarray:
        return each(*_here(outputs, targets)).double().numpy()

    return Metric(name, higher_is_better, per_example, lambda o, t: float(per_example(o, t).mean()), suits)


def _of_sums(
    name: str,
    higher_is_better: bool,
    parts: Callable[[Tensor, Tensor], np.ndarray],
    finish: Callable[[np.ndarray, int], np.ndarray],
    suits: tuple[str, ...],
) -> Metric:
    """Makes a metric that is a function of sums over examples, so that leaving one out costs nothing."""

    def per_example(outputs: Tensor, targets: Tensor) -> np.ndarray:
        return jackknife.of_sums(parts(*_here(outputs, targets)), finish)

    def value(outputs: Tensor, targets: Tensor) -> float:
        each = parts(*_here(outputs, targets))
        return float(finish(each.sum(axis=0, keepdims=True), len(each))[0])

    return Metric(name, higher_is_better, per_example, value, suits)


def _here(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    return outputs.detach().cpu(), targets.detach().cpu()


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
    called = name or getattr(function, "__name__", type(function).__name__)

    def call(outputs: Tensor, targets: Tensor) -> np.ndarray:
        given = function(outputs, targets)
        found = given.detach().cpu().double().numpy() if isinstance(given, Tensor) else np.asarray(given, float)
        if found.size != 1 and found.shape != (len(targets),):
            raise RavineError(
                f"metric {called!r} must give one number, or one for each of {len(targets)} examples, "
                f"got the shape {list(found.shape)}."
            )
        return found.reshape(-1)

    def per_example(outputs: Tensor, targets: Tensor) -> np.ndarray:
        outputs, targets = _here(outputs, targets)
        found = call(outputs, targets)
        if len(found) == len(targets):
            return found

        def over(rows: np.ndarray) -> float:
            chosen = torch.from_numpy(rows)
            return float(call(outputs[chosen], targets[chosen]).mean())

        return jackknife.of_function(over, len(targets))

    return Metric(called, higher_is_better, per_example, lambda o, t: float(call(*_here(o, t)).mean()))


_NAMED = (
    _mean("accuracy", True, measures.hits, CLASSES),
    _mean("error", False, lambda outputs, targets: 1 - measures.hits(outputs, targets), CLASSES),
    _mean("log_loss", False, measures.log_losses, CLASSES),
    _of_sums("f1", True, measures.f1_parts, measures.f1, CLASSES),
    Metric(
        "auc",
        True,
        lambda outputs, targets: measures.area(*_here(outputs, targets))[1],
        lambda outputs, targets: measures.area(*_here(outputs, targets))[0],
        CLASSES,
    ),
    _of_sums("r2", True, measures.r2_parts, measures.r2, NUMBERS),
    _mean("squared_error", False, measures.squared_errors, NUMBERS),
    _mean("absolute_error", False, measures.absolute_errors, NUMBERS),
    _of_sums(
        "rmse",
        False,
        lambda outputs, targets: measures.squared_errors(outputs, targets).numpy(),
        lambda sums, count: np.sqrt(np.maximum(sums, 0) / count),  # rounding may leave less than nothing
        NUMBERS,
    ),
)
METRICS: dict[str, Metric] = {one.name: one for one in _NAMED}
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
