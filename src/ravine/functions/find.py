"""Every surface by its name."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..errors import RavineError, nearest
from .any_dimension import Ackley, Rastrigin, StyblinskiTang
from .many_minima import Branin, DoubleWell, GoldsteinPrice, Himmelblau
from .saddles import MonkeySaddle, StrictSaddle
from .surface import Surface
from .valleys import Beale, OpeningValley, Ravine, Rosenbrock

SURFACES: Mapping[str, Surface] = MappingProxyType(
    {
        known.name: known
        for known in (
            Ravine(), Rosenbrock(), Beale(), OpeningValley(), StrictSaddle(), MonkeySaddle(), Himmelblau(),
            DoubleWell(), GoldsteinPrice(), Branin(), Rastrigin(), StyblinskiTang(), Ackley(),
        )
    }
)  # fmt: skip
"""Every surface that comes with Ravine, with its fields at their defaults, by its name."""


def surface(name: str, **fields: Any) -> Surface:
    """Finds a surface by its name.

    Args:
        name: The name, as in `SURFACES`; capitals, spaces and hyphens make no difference.
        fields: Its fields, such as `kappa` of the ravine.

    Returns:
        The surface.

    Raises:
        RavineError: There is none of that name, or it has no such field.

    >>> surface("ravine", kappa=10.0)
    Ravine(kappa=10.0)
    """
    found = SURFACES.get(name.strip().lower().replace(" ", "_").replace("-", "_"))
    if found is None:
        raise RavineError(f"no surface is called '{name}'.{nearest(name, SURFACES)} There are {', '.join(SURFACES)}.")
    known = [f.name for f in dataclasses.fields(found)]
    for unknown in fields.keys() - set(known):
        has = nearest(unknown, known) or f" It has {', '.join(known) or 'none'}."
        raise RavineError(f"{found.name} has no field '{unknown}'.{has}")
    return dataclasses.replace(found, **fields)
