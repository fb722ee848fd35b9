"""Small training sets of digits, drawn anew each time, for what is meant to help on data not yet seen.

The 1797 images are parted once and for all: 600 for choosing settings, 1197 for judging them. A draw takes its
training images from one of these pools at random; the others of the pool are what the run is scored on.
"""

from dataclasses import dataclass
from typing import Any

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

from ravine.data.ready_made import digits_cnn
from ravine.data.task import Task

CHOOSING = 600
CLASSES = 10


@dataclass(frozen=True)
class Setting:
    """A network and the training sets that it learns from."""

    network: str
    """"MLP" or "CNN"."""
    images: int = 200
    flipped: float = 0.0
    """The share of labels that are wrong, in what is trained on and in what settings are chosen by, never in tests."""

    def __str__(self) -> str:
        noise = f", {self.flipped:.0%} of labels flipped".replace("%", " %") if self.flipped else ""
        return f"{self.network}, {self.images} digits{noise}"


def wide_mlp() -> nn.Module:
    """Two hidden layers of 256 units: 85 thousand weights, far more than a few hundred images need."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, CLASSES)
    )


def plain_cnn() -> nn.Module:
    """The small CNN of the digits without its dropout, at half its width."""
    return digits_cnn(width=8, drop=0.0)


NETWORKS = {"MLP": wide_mlp, "CNN": plain_cnn}


def pools() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """The images and labels for choosing, and those for judging, with the shares of classes kept."""
    bunch: Any = load_digits()
    first, second = train_test_split(
        range(len(bunch.target)), train_size=CHOOSING, stratify=bunch.target, random_state=0
    )
    images = torch.from_numpy(bunch.images / 16).float().unsqueeze(1)
    labels = torch.from_numpy(bunch.target).long()
    return (images[first], labels[first]), (images[second], labels[second])


def drawn(setting: Setting, draw: int, *, choosing: bool) -> Task:
    """Draws training images from a pool, and gives the task of learning from them and predicting the others."""
    x, y = pools()[0 if choosing else 1]
    luck = torch.Generator().manual_seed(draw)
    order = torch.randperm(len(x), generator=luck)
    train, test = order[: setting.images], order[setting.images :]
    wrong = flipped(y, setting.flipped, luck)
    judged = wrong if choosing else y
    return Task(NETWORKS[setting.network], (x[train], wrong[train]), test=(x[test], judged[test]), loss="cross_entropy")


def flipped(labels: Tensor, share: float, luck: torch.Generator) -> Tensor:
    """Makes a share of labels wrong, each any of the other classes."""
    chosen = torch.rand(len(labels), generator=luck) < share
    shift = torch.randint(1, CLASSES, (len(labels),), generator=luck)
    return torch.where(chosen, (labels + shift) % CLASSES, labels)
