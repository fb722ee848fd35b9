"""Every surface and every problem by its name."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from ..errors import RavineError, nearest
from .any_dimension import Ackley, Rastrigin, StyblinskiTang
from .few_coordinates import (
    Biggs,
    Box,
    BrownBadlyScaled,
    BrownDennis,
    Gaussian,
    HelicalValley,
    PowellBadlyScaled,
    Wood,
)
from .many_coordinates import ExtendedPowellSingular, ExtendedRosenbrock, Penalty1, Penalty2, Trigonometric, Watson
from .many_minima import Branin, DoubleWell, GoldsteinPrice, Himmelblau
from .problem import Problem
from .rare_inputs import RareInputs
from .saddles import MonkeySaddle, StrictSaddle
from .surface import Surface
from .valleys import Beale, OpeningValley, Ravine, Rosenbrock

Found = TypeVar("Found", Surface, Problem)

SURFACES: Mapping[str, Surface] = MappingProxyType(
    {
        known.name: known
        for known in (
            Ravine(), Rosenbrock(), Beale(), OpeningValley(), StrictSaddle(), MonkeySaddle(), Himmelblau(),
            DoubleWell(), GoldsteinPrice(), Branin(), Rastrigin(), StyblinskiTang(), Ackley(), RareInputs(),
        )
    }
)  # fmt: skip
"""Every surface that comes with Ravine, with its fields at their defaults, by its name."""

STATED: tuple[Problem, ...] = (
    PowellBadlyScaled(), BrownBadlyScaled(), HelicalValley(), Gaussian(), Box(), Wood(), BrownDennis(), Biggs(),
    Watson(n=6), Watson(n=9), ExtendedRosenbrock(n=10), ExtendedPowellSingular(n=4), ExtendedPowellSingular(n=12),
    Penalty1(n=4), Penalty1(n=10), Penalty2(n=4), Penalty2(n=10), Trigonometric(n=10),
)  # fmt: skip
"""The problems of More, Garbow & Hillstrom in the sizes whose minima are stated: what minimizers are compared on."""

PROBLEMS: Mapping[str, Problem] = MappingProxyType({known.name: type(known)() for known in STATED})
"""Every problem that comes with Ravine, with its fields at their defaults, by its name."""


def surface(name: str, **fields: Any) -> Surface:
    """Finds a surface by its name.

    Args:
        name: The name, as in `SURFACES`; capitals, spaces and hyphens make no difference.
        fields: Its fields, such as `kappa` of the ravine.

    Returns:
        The surface.

    >>> surface("ravine", kappa=10.0)
    Ravine(kappa=10.0)
    """
    return _found("surface", SURFACES, name, fields)


def problem(name: str, **fields: Any) -> Problem:
    """Finds a problem by its name.

    Args:
        name: The name, as in `PROBLEMS`; capitals, spaces and hyphens make no difference.
        fields: Its fields, such as `n`.

    Returns:
        The problem.

    >>> problem("watson", n=9)
    Watson(n=9)
    """
    return _found("problem", PROBLEMS, name, fields)


def _found(kind: str, among: Mapping[str, Found], name: str, fields: Mapping[str, Any]) -> Found:
    if not isinstance(name, str):
        raise RavineError(f"{kind}({name!r}): give a name. There are {', '.join(among)}.")
    one = among.get(name.strip().lower().replace(" ", "_").replace("-", "_"))
    if one is None:
        raise RavineError(f"no {kind} is called '{name}'.{nearest(name, among)} There are {', '.join(among)}.")
    known = [f.name for f in dataclasses.fields(one)]
    for unknown in fields.keys() - set(known):
        has = nearest(unknown, known) or f" It has {', '.join(known) or 'none'}."
        raise RavineError(f"{one.name} has no field '{unknown}'.{has}")
    return dataclasses.replace(one, **fields)
