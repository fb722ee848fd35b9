"""What the refits of a study tell beside their scores: what more networks bring, and what the error is made of.

A study refits each method with several fresh seeds on all training data, to know how sure its score is. The same
networks, asked together, are ensembles; and what they miss together and what they scatter part the error in two.
Neither needs another run: outputs on the test examples are enough.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.nn import functional

from ..data.losses import aligned
from ..data.metrics import Metric
from ..ensemble.curve import scores_by_size
from ..training.evaluate import Outputs
from .bias_variance import squared_loss, zero_one_loss
from .decomposition import Decomposition, Floats, Term


class Passes(NamedTuple):
    """Scores of ensembles that grow.

    Attributes:
        passes: The forward passes that an example costs, ascending, `[sizes]`.
        scores: The score by each metric, `[sizes, metrics]`.
    """

    passes: NDArray[np.int64]
    scores: Floats


def understood(outputs: ArrayLike, targets: ArrayLike, kind: str) -> bool:
    """Tells whether outputs are what targets of their kind are learned by; a user's own step may give others.

    Args:
        outputs: What each run says, `[m, n, ...]`.
        targets: What is true, `[n, ...]`.
        kind: What the targets are.

    Returns:
        Whether there is a score for each class, or one number for each target.

    >>> understood([[[0.1, 0.9]]], [1], "classes"), understood([[0.3]], [1], "classes")
    (True, False)
    """
    said, y = np.asarray(outputs), np.asarray(targets)
    if kind == "classes":
        return y.dtype.kind in "iu" and said.ndim == y.ndim + 2 and said.shape[2] > 1
    return kind in {"binary", "numbers"} and said[0].size == y.size


def more_networks(
    outputs: ArrayLike, targets: ArrayLike, kind: str, metrics: Sequence[Metric], networks: int = 1
) -> Passes:
    """Scores ensembles of one run, of two, and so on: k of them by the mean over choices of k.

    Args:
        outputs: What each run says, `[m, n, ...]`: logits, or numbers.
        targets: What is true, `[n, ...]`.
        kind: What the targets are: "classes", "binary" or "numbers".
        metrics: What the ensembles are scored by.
        networks: How many networks one run predicts by.

    Returns:
        The scores; probabilities, or numbers, are averaged.

    >>> from ravine.data.metrics import METRICS
    >>> found = more_networks([[1.0], [2.0], [6.0]], [3.0], "numbers", [METRICS["squared_error"]], networks=5)
    >>> found.passes.tolist(), found.scores[:, 0].round(3).tolist()
    ([5, 10, 15], [4.667, 1.167, 0.0])
    """
    said = Outputs(_tensor(outputs), _tensor(targets))
    return Passes(networks * np.arange(1, len(said.outputs) + 1), scores_by_size(said, metrics, kind))


def one_of_each(
    outputs: Mapping[str, ArrayLike],
    targets: ArrayLike,
    kind: str,
    metrics: Sequence[Metric],
    networks: Mapping[str, int] | None = None,
) -> Passes:
    """Scores ensembles across methods: one run of the first, joined by one of the second, and so on.

    Every run takes part where methods have equally many: one ensemble is of the first run of each, one of the second,
    and their scores are averaged, so that the first point is the mean run of the first method.

    Args:
        outputs: By method, in the order in which they join, what each of its runs says, `[m, n, ...]`. That order must
            not come from the targets that judge here.
        targets: What is true, `[n, ...]`.
        kind: What the targets are: "classes", "binary" or "numbers".
        metrics: What the ensembles are scored by.
        networks: By method, how many networks one run predicts by; 1 where nothing is said.

    Returns:
        The scores.

    >>> from ravine.data.metrics import METRICS
    >>> found = one_of_each({"a": [[1.0], [2.0]], "b": [[5.0]]}, [3.0], "numbers", [METRICS["squared_error"]])
    >>> found.passes.tolist(), found.scores[:, 0].tolist()   # the first run of "a", alone and with the one of "b"
    ([1, 2], [4.0, 0.0])
    """
    several, true = [_tensor(each) for each in outputs.values()], _tensor(targets)
    rounds = min(len(each) for each in several)
    # Weights of one count all alike, and say that the first k are meant.
    order = [1.0] * len(several)
    found = [
        scores_by_size(Outputs(torch.stack([each[run] for each in several]), true), metrics, kind, weights=order)
        for run in range(rounds)
    ]
    cost = [1 if networks is None else networks.get(name, 1) for name in outputs]
    return Passes(np.cumsum(cost), np.mean(found, axis=0))


def parts(outputs: ArrayLike, targets: ArrayLike, kind: str, *, seed: int = 0) -> dict[str, Decomposition]:
    r"""Parts the error of runs into bias, what they miss together, and variance, what they scatter.

    The runs have learned from the same examples, so that they scatter by initial weights and by the order and luck of
    training alone; `bias_variance` also draws the training sample.

    The Brier score, $\sum_c (p_c - [y = c])^2$, of one probability $(p - y)^2$, is a squared error and falls into two
    parts, neither of them negative. The share of wrong labels does not: where most runs are wrong, scatter helps.

    Args:
        outputs: What each run says, `[m, n, C]` logits of classes, `[m, n]` of the second of two, or numbers; at least
            2 runs.
        targets: What is true: classes, or numbers, `[n]`; or several numbers or labels of yes and no, `[n, ...]`.
        kind: What the targets are: "classes", "binary" or "numbers".
        seed: Of the resamples behind the standard errors.

    Returns:
        By what is parted, "Brier score" and "error" or "squared_error"; nothing for a class at each of several places.

    >>> found = parts([[[0.0, 1.0]], [[9.0, 0.0]]], [1], "classes")
    >>> list(found), found["error"].error.value
    (['Brier score', 'error'], 0.5)
    """
    said, y = _tensor(outputs), _tensor(targets)
    if kind == "classes":
        return {} if y.dim() > 1 else _of_classes(said.double(), y.long(), seed)
    numbers = torch.stack([aligned(one, y) for one in said]).double()
    if kind == "numbers":
        return {"squared_error": _squared(numbers - y, seed)}
    found = {"Brier score": _squared(numbers.sigmoid() - y, seed)}
    if y.dim() == 1:
        found["error"] = _counted((numbers > 0).long(), (y > 0.5).long(), seed)
    return found


def _of_classes(said: Tensor, y: Tensor, seed: int) -> dict[str, Decomposition]:
    away = said.softmax(2) - functional.one_hot(y, said.shape[2])
    # An example counts by the mean over its numbers, and the Brier score is their sum.
    return {"Brier score": _squared(said.shape[2] ** 0.5 * away, seed), "error": _counted(said.argmax(2), y, seed)}


def _squared(away: Tensor, seed: int) -> Decomposition:
    """Parts a squared error, from what each run misses, `[m, n, ...]`."""
    runs, examples = away.shape[:2]
    rows = away.double().reshape(runs, examples, -1)
    if rows.shape[2] > runs:
        # Runs span no more directions than they are: lengths and angles stay, and a hundred classes cost no more.
        upper = torch.linalg.qr(rows.permute(1, 2, 0), mode="r").R
        rows = upper.permute(2, 0, 1) * (runs / rows.shape[2]) ** 0.5
    return squared_loss(rows.numpy(), np.zeros(rows.shape[1:]), seed=seed)


def _counted(labels: Tensor, y: Tensor, seed: int) -> Decomposition:
    """Parts the share of wrong labels."""
    ranks = _ranks(torch.cat([y[None], labels]).numpy())
    # That the targets are sure lets any label stand, also one that no other run names and no target is.
    sure = np.eye(int(ranks.max()) + 1)[ranks[0]]
    found = zero_one_loss(ranks[1:], ranks[0], sure, seed=seed)
    unknown = {"noise": np.full(len(y), np.nan)}
    return replace(found, noise=Term(math.nan, math.nan), each={**found.each, **unknown})


def _ranks(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers the labels of each example anew, in their order: no more than there are runs, however many classes."""
    order = labels.argsort(axis=0)
    ascending = np.take_along_axis(labels, order, axis=0)
    steps = np.zeros_like(labels)
    steps[1:] = np.cumsum(ascending[1:] != ascending[:-1], axis=0)
    ranks = np.empty_like(labels)
    np.put_along_axis(ranks, order, steps, axis=0)
    return ranks


def _tensor(given: Any) -> Tensor:
    return torch.as_tensor(np.asarray(given))
