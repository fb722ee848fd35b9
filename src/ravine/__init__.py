"""Ravine finds out, fairly and fast, which way of training a PyTorch model generalizes best, and trains it that way.

    study = ravine.compare("digits", methods=["sgd", "adam"])
    run = ravine.train("digits", "Adam(lr=cosine(0.003))", out="my-run")
    table = ravine.predict("my-run", "new.csv").table()

Names are loaded when they are first asked for, so that `import ravine` costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import ensemble
    from .data.metrics import metric
    from .data.task import Task
    from .diagnose.generalization import cross_validate
    from .diagnose.tuning import tune
    from .errors import RavineError
    from .minimize import check_gradient, minimize
    from .optim import Optimizer
    from .recipe import Recipe
    from .rules import Rule
    from .study.compare import compare
    from .study.study import Study
    from .training.predict import predict
    from .training.train import Run, train
    from .watch.scene import watch

__all__ = [
    "Optimizer",
    "RavineError",
    "Recipe",
    "Rule",
    "Run",
    "Study",
    "Task",
    "check_gradient",
    "compare",
    "cross_validate",
    "ensemble",
    "metric",
    "minimize",
    "predict",
    "train",
    "tune",
    "watch",
]

_HOMES = {
    "Optimizer": "optim",
    "RavineError": "errors",
    "Recipe": "recipe",
    "Rule": "rules",
    "Run": "training.train",
    "Study": "study.study",
    "Task": "data.task",
    "check_gradient": "minimize.check",
    "compare": "study.compare",
    "cross_validate": "diagnose.generalization",
    "metric": "data.metrics",
    "predict": "training.predict",
    "train": "training.train",
    "tune": "diagnose.tuning",
}

_PACKAGES = ("ensemble", "minimize", "watch")
"""Public names that are packages; `ravine.minimize` and `ravine.watch` are called like functions, too."""


def __getattr__(name: str) -> Any:
    """Loads a public name from its home."""
    if name in _PACKAGES:
        return importlib.import_module(f"ravine.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'ravine' has no attribute {name!r}")
    return getattr(importlib.import_module(f"ravine.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
