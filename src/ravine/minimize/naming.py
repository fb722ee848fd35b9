"""The names of methods and searches, and what is read from them."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from ..errors import RavineError, nearest
from ..part import Part
from ..text import read
from .backtracking import Backtracking, Fixed
from .bfgs import BFGS
from .descent import Descent
from .gradient_descent import GradientDescent
from .hager_zhang import HagerZhang
from .lbfgs import LBFGS
from .least_squares import GaussNewton, LevenbergMarquardt
from .newton import Newton
from .newton_cg import NewtonCG
from .nonlinear_cg import NonlinearCG
from .search import Search
from .sr1 import SR1
from .strong_wolfe import StrongWolfe
from .trust_region import TrustRegion

Kind = TypeVar("Kind", bound=Part)

DESCENTS: dict[str, type[Descent]] = {
    "newton": Newton,
    "newton_cg": NewtonCG,
    "bfgs": BFGS,
    "sr1": SR1,
    "lbfgs": LBFGS,
    "nonlinear_cg": NonlinearCG,
    "gauss_newton": GaussNewton,
    "levenberg_marquardt": LevenbergMarquardt,
    "gradient_descent": GradientDescent,
}
"""Every descent by the name that it is asked for with; the class's own name does, too."""

SEARCHES: dict[str, type[Search]] = {
    "backtracking": Backtracking,
    "strong_wolfe": StrongWolfe,
    "hager_zhang": HagerZhang,
    "trust_region": TrustRegion,
    "fixed": Fixed,
}
"""Every search by the name that it is asked for with; the class's own name does, too."""


def read_descent(given: str | Descent) -> Descent:
    """Reads which way to go.

    Args:
        given: A descent, its name, or its text.

    Returns:
        The descent.

    >>> read_descent("l-bfgs"), read_descent("LBFGS(history=50)")
    (LBFGS(), LBFGS(history=50))
    """
    return _read(given, DESCENTS, Descent, "method")


def read_search(given: str | Search) -> Search:
    """Reads how far to go.

    Args:
        given: A search, its name, or its text.

    Returns:
        The search.

    >>> read_search("strong_wolfe"), read_search("StrongWolfe(curvature=0.1)")
    (StrongWolfe(), StrongWolfe(curvature=0.1))
    """
    return _read(given, SEARCHES, Search, "search")


def _read(given: Any, known: Mapping[str, type[Kind]], kind: type[Kind], what: str) -> Kind:
    if isinstance(given, kind):
        return given
    names = " or ".join([", ".join(list(known)[:-1]), list(known)[-1]])
    if not isinstance(given, str):
        written = f" Write {given.__name__}(...) for one of them." if isinstance(given, type) else ""
        raise RavineError(f"{what} must be {names}, or such a part, got {given!r}.{written}")
    if "(" in given:
        return read(given, {part.__name__: part for part in known.values()})
    plain = {_plain(name): part for name, part in known.items()}
    if _plain(given) not in plain:
        raise RavineError(f"There is no {what} {given!r}.{nearest(given, known)} There are {names}.")
    return plain[_plain(given)]()


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
