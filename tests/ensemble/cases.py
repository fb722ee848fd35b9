"""What the tests of ensembles share: small tasks, and recipes that take no time."""

import hashlib

import torch
from sklearn.preprocessing import StandardScaler
from torch import nn

from ravine.data.task import Task
from ravine.ensemble import Ensemble

from ..training.cases import LABELS, NUMBERS, Rows, X, dataset, dense, dicts, labels, numbers

__all__ = ["LABELS", "NUMBERS", "Rows", "X", "binary", "dataset", "dense", "dicts", "labels", "numbers"]

QUICK = "Recipe(Adam(lr=0.02), batch_size=10, epochs=2)"


def linear(width: int = 3) -> nn.Module:
    return nn.Linear(4, width)


def words(**options) -> Task:
    """Three labels as words, and inputs that are standardized by what is learned from."""
    named = {0: "few", 1: "some", 2: "many"}
    targets = [named[label] for label in LABELS]
    train, test = (5 * X + 3, targets), (5 * X[:20] + 3, targets[:20])
    return Task(linear, train, test=test, preprocess=StandardScaler(), **options)


def binary() -> Task:
    second = (LABELS > 0).astype(int)
    return Task(lambda: nn.Linear(4, 1), (X, second), test=(X[:20], second[:20]), loss="binary_cross_entropy")


def bits(ensemble: Ensemble) -> str:
    """All that an ensemble has learned, to the last bit."""
    digest = hashlib.sha256(
        repr((ensemble.weights, ensemble.combine, torch.as_tensor(ensemble.start).tolist())).encode()
    )
    for member in ensemble.members:
        for name, value in member.state.items():
            digest.update(name.encode() + value.numpy().tobytes())
    return digest.hexdigest()
