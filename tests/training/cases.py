"""What the tests of training share: tiny tasks of every kind, and the state of a run to the last bit."""

import random
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import Dataset

from ravine.data.task import Task
from ravine.recipe import Recipe
from ravine.training.loop import Training, begin, epochs
from ravine.training.run import Ended, Keeper, run, start
from ravine.training.stage import whole_stage

CPU = torch.device("cpu")
LUCK = np.random.default_rng(0)
X = LUCK.normal(size=(50, 4)).astype(np.float32)
LABELS = (X[:, 0] + 0.3 * LUCK.normal(size=50) > 0).astype(int) + (X[:, 1] > 0.5)
NUMBERS = np.sin(X[:, 0]) + X[:, 1] * X[:, 2]


def network() -> nn.Module:
    """All that a resumed run could get wrong: dropout draws, batch normalization remembers."""
    first = nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.3)
    return nn.Sequential(*first, nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))


def unnormalized() -> nn.Module:
    """Where rounding stays small in a closed loop: ahead of batch normalization, Adam divides noise by noise."""
    return nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Tanh(), nn.Linear(8, 3))


def one_number() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 1))


class Named(nn.Module):
    """Takes the members of a dict by their names."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 1)

    def forward(self, left, right):
        return self.layer(torch.cat([left, right], dim=1)).squeeze(1)


class Scalar(nn.Module):
    """One weight, which it gives for every example: what training does to it can be worked out by hand."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.w.expand(len(x))


class Rows(Dataset):
    """A map-style data set; with luck, it shifts what it reads by draws from all generators that it can find."""

    def __init__(self, lucky=False):
        self.lucky = lucky

    def __len__(self):
        return 30

    def __getitem__(self, row):
        shift = 0.0
        if self.lucky:
            shift = 0.1 * (torch.rand(1).item() + np.random.rand() + random.random())  # noqa: NPY002 - what users do
        return X[row] + np.float32(shift), int(LABELS[row])


def labels(model=network, **options) -> Task:
    return Task(model, **{"train": (X, LABELS), "test": (X[:20], LABELS[:20]), **options})


def numbers(model=one_number, **options) -> Task:
    return Task(model, **{"train": (X, NUMBERS), "test": (X[:20], NUMBERS[:20]), **options})


def dicts() -> Task:
    return Task(Named, {"left": X[:, :1], "right": X[:, 1:], "target": NUMBERS})


def dense() -> Task:
    pictures = torch.randn(20, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    classes = (pictures.squeeze(1) > 0).long()
    return Task(lambda: nn.Conv2d(1, 2, 3, padding=1), (pictures, classes), test=(pictures[:4], classes[:4]))


def dataset(lucky=False) -> Task:
    return Task(network, Rows(lucky), test=Rows())


def loss_alone(model, batch):
    inputs, targets = batch
    return functional.cross_entropy(model(inputs), targets, label_smoothing=0.2)


def loss_and_outputs(model, batch):
    inputs, targets = batch
    outputs = 2 * model(inputs)
    return functional.cross_entropy(outputs, targets), outputs, targets


def sinking(model, batch):
    """A loss whose slope is 1 everywhere: under SGD the weight sinks by lr at every step."""
    return model.w.sum() + 0 * batch[0].sum()


def scalar(step=sinking, target=0.5) -> Task:
    """A task whose proper score, (w - target)^2, is known whatever examples are held out."""
    targets = np.full(50, target, dtype=np.float32)
    return Task(Scalar, (X, targets), test=(X[:5], targets[:5]), step=step, metric="squared_error")


def training_of(task: Task, recipe: Recipe, seed: int = 0) -> Training:
    return begin(task, recipe, task.training_data, seed=seed, device=CPU, arguments={})


def trained(task: Task, recipe: Recipe, seed: int = 0) -> tuple[Training, list[float]]:
    """A training at its end, and its losses."""
    training = training_of(task, recipe, seed)
    return training, list(epochs(training, recipe.epochs))


def ran(task: Task, recipe: Recipe, seed: int = 0) -> tuple[Ended, Keeper]:
    """A run at its end, as it was on all training data."""
    training, keeper = start(whole_stage(task, CPU), recipe, seed=seed, device=CPU, arguments={})
    return run(training, recipe.epochs, keeper), keeper


def weights(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@contextmanager
def limited_file_size(size: int) -> Iterator[None]:
    """A disk that is full after some bytes, as far as this process can tell."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
