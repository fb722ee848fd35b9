"""Minimizing functions: a descent, which knows the way, times a search, which knows how far.

    result = ravine.minimize(fun, x0, "bfgs")
    result = ravine.minimize(fun, x0, LBFGS(history=50), StrongWolfe(curvature=0.5))

The package can be called: it is `minimize` itself. `begin` and `advance` make one step at a time, on any `Objective`.
"""

import sys
from types import ModuleType
from typing import Any

from .autograd import FunctionObjective, ResidualObjective
from .backtracking import Backtracking, Fixed
from .bfgs import BFGS
from .check import GradientCheck, check_gradient
from .descent import Descent, Escape, Model, Proposal
from .gradient_descent import GradientDescent
from .hager_zhang import HagerZhang
from .lbfgs import LBFGS
from .least_squares import GaussNewton, LevenbergMarquardt
from .minimizing import minimize
from .naming import DESCENTS, SEARCHES, read_descent, read_search
from .newton import Newton
from .newton_cg import NewtonCG
from .nonlinear_cg import NonlinearCG
from .objective import Counts, Objective
from .result import Result
from .search import Line, LineSearch, Sample, Search
from .sr1 import SR1
from .state import Point, State
from .stepping import advance, begin, check_pair
from .strong_wolfe import StrongWolfe
from .trust_region import TrustRegion

__all__ = [
    "BFGS",
    "DESCENTS",
    "LBFGS",
    "SEARCHES",
    "SR1",
    "Backtracking",
    "Counts",
    "Descent",
    "Escape",
    "Fixed",
    "FunctionObjective",
    "GaussNewton",
    "GradientCheck",
    "GradientDescent",
    "HagerZhang",
    "LevenbergMarquardt",
    "Line",
    "LineSearch",
    "Model",
    "Newton",
    "NewtonCG",
    "NonlinearCG",
    "Objective",
    "Point",
    "Proposal",
    "ResidualObjective",
    "Result",
    "Sample",
    "Search",
    "State",
    "StrongWolfe",
    "TrustRegion",
    "advance",
    "begin",
    "check_gradient",
    "check_pair",
    "minimize",
    "read_descent",
    "read_search",
]


class _Callable(ModuleType):
    """A package that is its main function as well: importing it puts it where `ravine.minimize` is looked up."""

    def __call__(self, *given: Any, **named: Any) -> Result:
        return minimize(*given, **named)


sys.modules[__name__].__class__ = _Callable
