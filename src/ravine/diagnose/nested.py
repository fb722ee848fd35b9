"""Training sets of growing size, each inside the next, so that only the number of examples differs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..data.examples import Examples
from ..data.task import Task
from ..errors import RavineError
from ..fields import text
from .sampled import Rows

HALVINGS = 4
"""Without sizes asked for, a curve goes from all examples down to a sixteenth of them."""


def sizes_of(asked: Sequence[float] | None, count: int, least: int) -> tuple[int, ...]:
    """Gives the sizes of training sets.

    Args:
        asked: Shares in (0, 1], or numbers of examples; None halves all of them four times.
        count: How many examples there are.
        least: The fewest to learn from.

    Returns:
        Whole numbers, ascending, each once.

    Raises:
        RavineError: There are fewer than two, or one is out of range.

    >>> sizes_of(None, 320, 3), sizes_of((0.5, 20, 1.0), 100, 3)
    ((20, 40, 80, 160, 320), (20, 50, 100))
    """
    given: Sequence[Any] = [0.5**k for k in range(HALVINGS, -1, -1)] if asked is None else asked
    found = [_size(each, tuple(given), count, least, asked is None) for each in given]
    sizes = tuple(sorted(set(found)))
    if len(sizes) < 2:
        raise RavineError(
            f"learning_curve(sizes={text(tuple(given))}) needs at least 2 sizes, to see how the error moves."
        )
    return sizes


def _size(given: Any, all_of_them: tuple[Any, ...], count: int, least: int, raised: bool) -> int:
    number = isinstance(given, (int, float)) and not isinstance(given, bool)
    size = -1
    if number and isinstance(given, int):
        size = given
    elif number and 0 < given <= 1:
        size = round(given * count)
    size = max(size, least) if raised else size
    if not least <= size <= count:
        raise RavineError(
            f"learning_curve(sizes={text(all_of_them)}): a size must be a share in (0, 1], or a whole number, and give "
            f"{least} to {count} examples, got {text(given)}."
        )
    return size


def nested_order(task: Task, train: Examples, kept: Rows, seed: int) -> Rows:
    """Orders examples so that the first so many are a training set of every size.

    Classes come in turn, each according to its share, so that every class is among the first so many as there are
    classes; groups come one after the other, since what shares a group tells little more than one example.

    Args:
        task: The task.
        train: All training examples.
        kept: The numbers of those that may be learned from.
        seed: Decides the order.

    Returns:
        The same numbers in that order.
    """
    luck = np.random.default_rng(seed)
    shuffled = luck.permutation(kept)
    if train.groups is not None:
        groups = train.groups[shuffled]
        places = luck.permutation(int(groups.max()) + 1)
        return shuffled[np.argsort(places[groups], kind="stable")]
    labels = labels_of(task, train)
    if labels is None:
        return shuffled
    _, codes, counts = np.unique(labels[shuffled], return_inverse=True, return_counts=True)
    ranks = np.empty(len(codes))
    for code, size in enumerate(counts):
        ranks[codes == code] = np.arange(size) / size
    return shuffled[np.argsort(ranks, kind="stable")]


def labels_of(task: Task, train: Examples) -> NDArray[Any] | None:
    """Gives the class of each example.

    Args:
        task: The task.
        train: The examples.

    Returns:
        The classes, `[n]`; None where targets are numbers, or several for each example.
    """
    targets, kind = train.targets, task.used_loss.kind
    whole = targets is not None and targets.dim() == 1 and kind in {"classes", "binary"}
    if targets is None or not whole or not bool((targets == targets.round()).all()):
        return None
    return targets.to(torch.int64).cpu().numpy()


def check_classes(task: Task, train: Examples, rows: Rows, size: int) -> None:
    """Refuses a training set that lacks a class.

    Args:
        task: The task.
        train: All training examples.
        rows: Those that may be learned from, in order.
        size: How many of them are.

    Raises:
        RavineError: A class is missing.
    """
    labels = labels_of(task, train)
    if labels is None:
        return
    missing = np.setdiff1d(labels[rows], labels[rows[:size]])
    if len(missing):
        classes = train.coding.classes
        name = text(classes[int(missing[0])]) if classes is not None else str(missing[0])
        raise RavineError(
            f"learning_curve(sizes=...): a training set of {size} examples lacks the class {name}: leave out sizes "
            "so small."
        )
