"""Small studies for tests: a task file whose network can be slow or die, and an executor that needs no processes."""

import os
import subprocess
import sys
from concurrent.futures import Executor, Future
from pathlib import Path

import pandas as pd
import torch
from torch import nn

from ravine.data.task import Task
from ravine.study.compare import compare
from ravine.study.study import Study

TASK = '''
import os
import time

import torch
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler
from torch import nn

import ravine


class Net(nn.Module):
    """SLOW says how many seconds a step takes; DIE is how and under which seed it dies."""

    def __init__(self, width=4):
        super().__init__()
        self.how, _, seed = os.environ.get("DIE", "").partition(":")
        self.dies = seed == str(torch.initial_seed())
        self.layers = nn.Sequential(nn.Linear(13, width), nn.ReLU(), nn.Dropout(0.1), nn.Linear(width, 3))

    def forward(self, x):
        if self.training:
            time.sleep(float(os.environ.get("SLOW", 0)))
        if self.training and self.dies:
            if self.how == "raise":
                raise ValueError("no [more]\\nwine")
            if self.how == "exit":
                os._exit(3)
            os.kill(os.getpid(), int(self.how))
        return self.layers(x)


x, y = load_wine(return_X_y=True)
task = ravine.Task(Net, (x, y), preprocess=StandardScaler(), name="small")
'''
"""The wines, on a network that does as it is told."""

TWO = {"methods": ("sgd", "adam"), "settings": 2, "folds": 2, "seeds": 2, "epochs": 3}
"""Options of a study that takes a second."""
WORDS = ["--methods", "sgd,adam", "--settings", "2", "--folds", "2", "--seeds", "2", "--epochs", "3"]
"""The same as words of a command."""


class Inline(Executor):
    """Runs what it is given at once, in this process."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - as every executor does
            future.set_exception(error)
        return future


def blobs(classes: int = 2) -> Task:
    """Points around centers, on a linear network: a task that a run learns in milliseconds."""
    generator = torch.Generator().manual_seed(0)
    targets = torch.arange(60) % classes
    inputs = torch.randn(60, 3, generator=generator) + targets[:, None]
    return Task(nn.Linear, (inputs, targets), model_arguments={"in_features": 3, "out_features": classes}, name="blobs")


def study(folder: Path, task: Task | str = "wine", **options) -> Study:
    """Compares in this process."""
    return compare(task, out=folder, executor=Inline, workers=1, **(TWO | options))


def task_file(folder: Path) -> Path:
    """Writes the task file."""
    path = folder / "small.py"
    path.write_text(TASK)
    return path


def command(*words: object, **variables: str) -> subprocess.Popen:
    """Types a command, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "ravine", *map(str, words)],
        env=os.environ | variables, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def numbers(study: Study) -> pd.DataFrame:
    """Every number of a study that its options decide."""
    return study.table().drop(columns="seconds")


def check_same(one: Study, other: Study) -> None:
    """Sees that two studies have the same numbers to the last bit."""
    pd.testing.assert_frame_equal(numbers(one), numbers(other), check_exact=True)
    pd.testing.assert_frame_equal(one.curves(), other.curves(), check_exact=True)
    for stage in ("tuned", "default"):
        for method, arrays in one.test_scores(stage).items():
            for mine, theirs in zip(arrays, other.test_scores(stage)[method], strict=True):
                assert mine.tobytes() == theirs.tobytes()
