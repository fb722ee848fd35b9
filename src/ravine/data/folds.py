"""Splits: a test set that is read last, and folds that choose. No group is parted, classes keep their shares."""

from typing import Any

import numpy as np
import torch
from sklearn import model_selection as splitters
from torch import Tensor

from ..errors import RavineError
from .examples import Examples
from .task import Task

TEST_SHARE = 0.2
"""The share of the test set, where the task brings none of its own."""

Split = tuple[Tensor, Tensor]


def split_test(task: Task, seed: int) -> tuple[Examples, Examples]:
    """Parts training from test examples.

    Args:
        task: The task.
        seed: Chooses the split where the task has no test set of its own.

    Returns:
        The task's own two sets; else 80 % and 20 % of its examples, in their order, with the shares of the
        classes kept and no group on both sides.
    """
    data = task.training_data
    if task.test_data is not None:
        return data, task.test_data
    remedy = "give the task a test set of its own"
    if data.groups is not None:
        count = len(np.unique(data.groups))
        _require(count >= 3, f"splitting off a test set needs at least 3 groups, got {count}: {remedy}.")
    rest, held = _held_out(task, data, TEST_SHARE, seed, remedy)
    return data.subset(rest), data.subset(held)


def folds(task: Task, train: Examples, count: int = 3, *, holdout: float | None = None, seed: int = 0) -> list[Split]:
    """Parts training examples into what a setting learns from and what it is chosen by.

    Args:
        task: The task.
        train: Its training examples, as `split_test` gave them.
        count: The number of folds, at least 2; each example is in one validation part.
        holdout: The share of one validation part instead of folds, in (0, 1), for models that take long.
        seed: Chooses the parts.

    Returns:
        Numbers of the examples, for training and for validation, in each fold; in ascending order.
    """
    remedy = "use fewer folds, a holdout, or more examples"
    if holdout is not None:
        _require(0 < holdout < 1, f"holdout must be in (0, 1), got {holdout!r}.")
        return [_held_out(task, train, holdout, seed, remedy)]
    _require(isinstance(count, int) and count >= 2, f"folds must be a whole number of at least 2, got {count!r}.")
    return _folds(task, train, count, seed, remedy)


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise RavineError(sentence)


def _labels(task: Task, data: Examples, least: int) -> np.ndarray | None:
    """The classes to keep the shares of; None where targets are numbers, dense, or several for each example."""
    targets, kind = data.targets, task.used_loss.kind
    if targets is None or targets.dim() != 1 or kind == "numbers":
        return None
    labels = targets.cpu().numpy()
    values, counts = np.unique(labels, return_counts=True)
    if labels.dtype.kind == "f":  # two classes as 0 and 1; else probabilities, or numbers for a user's own loss
        return labels if kind == "binary" and set(values) <= {0, 1} else None
    # Whole numbers that a user's own loss takes may be classes or counts: their shares are kept where they can be.
    return None if kind == "given" and counts.min() < least else labels


def _folds(task: Task, data: Examples, count: int, seed: int, remedy: str) -> list[Split]:
    labels, groups = _labels(task, data, count), data.groups
    members = len(data) if groups is None else len(np.unique(groups))
    _require(members >= count, f"{count} folds need as many {_units(groups)}, got {members}: {remedy}.")
    if labels is not None:
        _check_classes(task, data, labels, count, remedy)
    if groups is None:
        kind: Any = splitters.KFold if labels is None else splitters.StratifiedKFold
    else:
        kind = splitters.GroupKFold if labels is None else splitters.StratifiedGroupKFold
    splitter = kind(count, shuffle=True, random_state=seed)
    return _checked(splitter.split(np.zeros(len(data)), labels, groups), labels, remedy)


def _held_out(task: Task, data: Examples, share: float, seed: int, remedy: str) -> Split:
    if data.groups is not None:  # the first of as many folds as make up the share, since groups differ in size
        members = len(np.unique(data.groups))
        return _folds(task, data, max(2, min(members, round(1 / share))), seed, remedy)[0]
    labels, members = _labels(task, data, 2), len(data)
    held = int(np.ceil(share * members))
    _require(held < members, f"holding out {share:g} of {members} examples leaves none to learn from: {remedy}.")
    if labels is not None:
        _check_classes(task, data, labels, 2, remedy)
        classes = len(np.unique(labels))
        _require(
            min(held, members - held) >= classes,
            f"holding out {share:g} of {members} examples gives parts of {members - held} and {held}, too few for "
            f"{classes} classes in each: {remedy}.",
        )
    kind: Any = splitters.ShuffleSplit if labels is None else splitters.StratifiedShuffleSplit
    splitter = kind(1, test_size=held, random_state=seed)
    return _checked(splitter.split(np.zeros(members), labels), labels, remedy)[0]


def _units(groups: np.ndarray | None) -> str:
    return "examples" if groups is None else "groups"


def _check_classes(task: Task, data: Examples, labels: np.ndarray, least: int, remedy: str) -> None:
    codes, counts = np.unique(labels, return_counts=True)
    if counts.min() >= least:
        return
    name = _name(data, codes[counts.argmin()])
    if task.loss is None and len(codes) > 20:
        remedy = f"give loss='squared_error' if the targets are numbers, else {remedy}"
    raise RavineError(
        f"{least} parts need at least {least} examples of each class, but {name} has {counts.min()}: "
        f"{remedy}, or leave the class out."
    )


def _name(data: Examples, code: Any) -> str:
    classes = data.coding.classes
    return repr(classes[int(code)]) if classes is not None else str(int(code))


def _checked(splits: Any, labels: np.ndarray | None, remedy: str) -> list[Split]:
    found = []
    for rest, held in splits:
        _require(len(rest) > 0 and len(held) > 0, f"the groups can't be parted so that each fold has some: {remedy}.")
        if labels is not None and len(np.unique(labels[rest])) < len(np.unique(labels)):
            raise RavineError(f"a class lives in so few groups that a fold has none of it to learn from: {remedy}.")
        found.append((torch.from_numpy(np.sort(rest)), torch.from_numpy(np.sort(held))))
    return found
