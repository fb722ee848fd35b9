"""Watching methods move: their courses on surfaces, each at its own tuned lr, on the same budget of evaluations.

    scene = ravine.watch("rosenbrock", "sgd,momentum,adam,lbfgs,newton")

The package can be called: it is `watch` itself. `ravine.report.write_scene` draws a scene into a file.
"""

import sys
from types import ModuleType
from typing import Any

from .course import Course
from .following import follow
from .ground import Ground, read_ground
from .method import DEFAULT, Method, read_method, read_methods
from .scene import MOST_STEPS, Scene, watch
from .tuning import Tuned, draw_starts, tune

__all__ = [
    "DEFAULT",
    "MOST_STEPS",
    "Course",
    "Ground",
    "Method",
    "Scene",
    "Tuned",
    "draw_starts",
    "follow",
    "read_ground",
    "read_method",
    "read_methods",
    "tune",
    "watch",
]


class _Callable(ModuleType):
    """A package that is its main function as well: importing it puts it where `ravine.watch` is looked up."""

    def __call__(self, *given: Any, **named: Any) -> Scene:
        return watch(*given, **named)


sys.modules[__name__].__class__ = _Callable
