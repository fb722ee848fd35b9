"""Tasks that are ready: real data that ship with scikit-learn, and a network that suits each."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from .tables import table_task
from .task import Task, found_by


def digits_cnn(width: int = 16, drop: float = 0.2) -> nn.Module:
    """Builds a small convolutional network for gray images of 8 x 8 pixels and ten classes."""
    network = nn.Sequential(
        nn.Conv2d(1, width, kernel_size=3, padding=1),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, kernel_size=3, padding=1),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(drop),
        nn.Linear(2 * width * 2 * 2, 10),
    )
    # Laid out channel by channel at every pixel, a step on a CPU takes three quarters of the time.
    return network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - PyTorch declares it less


def digits() -> Task:
    """Handwritten digits: 1797 images of 8 x 8 pixels, ten classes; a small convolutional network.

    Alpaydin & Kaynak 1998, "Optical Recognition of Handwritten Digits". https://doi.org/10.24432/C50P49

    Returns:
        The task.
    """
    bunch = _load("digits")
    inputs = torch.from_numpy(bunch.images / 16).float().unsqueeze(1)  # 16 is the brightest that a pixel can be
    # Turned far enough a 6 is a 9, and mirrored digits are none; small moves, light and noise leave them what they are.
    safe = {
        "crop": 2, "shift": 0.2, "rotate": 20, "scale": 0.2, "brightness": None, "contrast": None, "erase": None,
        "gaussian_noise": None, "salt_and_pepper": None, "mixup": None, "cutmix": None,
    }  # fmt: skip
    task = Task(digits_cnn, (inputs, bunch.target), loss="cross_entropy", name="digits", safe_augmentation=safe)
    return found_by(task, "digits")


def wine() -> Task:
    """Wines of three growers, by 13 chemical measurements; 178 rows.

    Aeberhard & Forina 1991, "Wine". https://doi.org/10.24432/C5PC7J

    Returns:
        The task.
    """
    return table_task(_load("wine"), name="wine", source="wine")


def breast_cancer() -> Task:
    """Malignant and benign tumors, by 30 measurements of cell nuclei; 569 rows.

    Wolberg, Mangasarian, Street & Street 1993, "Breast Cancer Wisconsin (Diagnostic)".
    https://doi.org/10.24432/C5DW2B

    Returns:
        The task.
    """
    return table_task(_load("breast_cancer"), name="breast_cancer", source="breast_cancer")


def diabetes() -> Task:
    """The progression of diabetes in a year, a number, by ten measurements; 442 rows.

    Efron, Hastie, Johnstone & Tibshirani 2004, "Least Angle Regression".
    https://doi.org/10.1214/009053604000000067

    Returns:
        The task; it is learned in units of 80 around 160, and predicted in its own.
    """
    return table_task(_load("diabetes"), kind="numbers", name="diabetes", source="diabetes")


def _load(name: str) -> Any:
    from sklearn import datasets  # here, since listing the names must not cost its import

    return getattr(datasets, f"load_{name}")()


READY_MADE: dict[str, Callable[[], Task]] = {
    "digits": digits,
    "wine": wine,
    "breast_cancer": breast_cancer,
    "diabetes": diabetes,
}
"""The tasks by name; the first is what `ravine compare` takes where none is named."""
