"""A task file to start from: batches that are dicts, a loss of one's own, and a number to predict.

    ravine compare examples/dict_regression.py

The data are real: the progression of diabetes in a year, from two kinds of measurements of 442 patients.
"""

import torch
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler
from torch import nn

from ravine.data.task import Task

BODY = ["age", "sex", "bmi", "bp"]
BLOOD = ["s1", "s2", "s3", "s4", "s5", "s6"]


class TwoBranches(nn.Module):
    """Looks at body and blood apart, then at both together."""

    def __init__(self, width: int = 16, drop: float = 0.1):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(len(BODY), width), nn.ReLU())
        self.blood = nn.Sequential(nn.Linear(len(BLOOD), width), nn.ReLU())
        self.both = nn.Sequential(nn.Dropout(drop), nn.Linear(2 * width, width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, body: torch.Tensor, blood: torch.Tensor) -> torch.Tensor:
        """Names the keys of a batch, so it gets them by keyword; a `forward(self, batch)` would get the dict."""
        return self.both(torch.cat([self.body(body), self.blood(blood)], dim=1)).squeeze(1)


def log_cosh(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The mean of log cosh(error): quadratic for small errors, linear for large ones."""
    errors = outputs - targets
    return (errors.abs() + nn.functional.softplus(-2 * errors.abs()) - torch.log(torch.tensor(2.0))).mean()


frame, progression = load_diabetes(as_frame=True, return_X_y=True, scaled=False)

task = Task(
    model=TwoBranches,
    train={
        "body": frame[BODY].to_numpy(),
        "blood": frame[BLOOD].to_numpy(),
        "progression": (progression.to_numpy() - 150) / 75,  # round units, so that errors are about one
    },
    target="progression",
    loss=log_cosh,
    metric="r2",
    preprocess={"body": StandardScaler(), "blood": StandardScaler()},  # fitted inside each fold
)
