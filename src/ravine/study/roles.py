"""What differs between the contenders of a study, what is tuned for each of them, and what is the same for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..fields import same, text
from ..part import meanings, substitute
from .contenders import Contender

NOTHING = "-"
"""What stands for a part that a contender does not have."""


@dataclass(frozen=True)
class Roles:
    """The parts that what is compared is made of, by the role that they play in the comparison.

    `scientific` are the parts that differ, with what each contender has there, by contender; `nuisance` are the
    numbers that are tuned for each contender, with their ranges; `fixed` are parts that all have alike.
    Godbole, Dahl, Gilmer, Shallue & Nado 2023, "Deep Learning Tuning Playbook", has these words.
    """

    scientific: dict[str, dict[str, str]]
    nuisance: dict[str, dict[str, str]]
    fixed: dict[str, str]


def roles(contenders: Sequence[Contender]) -> Roles:
    """Sorts the parts of recipes by their role.

    Args:
        contenders: The contenders, at least one.

    Returns:
        Each part in its role; defaults that nobody changed are left out of what is fixed.

    >>> from ravine.ranges import log
    >>> from ravine.recipe import Recipe
    >>> from ravine.rules import SGD
    >>> lr = log(0.01, 1.0)
    >>> found = roles([Contender("small", Recipe(SGD(lr=lr), 16)), Contender("large", Recipe(SGD(lr=lr), 64))])
    >>> found.scientific, found.nuisance["small"], found.fixed
    ({'batch_size': {'small': '16', 'large': '64'}}, {'lr': 'log(0.01, 1.0)'}, {'rule': 'SGD(lr=...)', 'epochs': '15'})
    """
    said = {contender.name: _said(contender) for contender in contenders}
    names = list(dict.fromkeys(name for parts in said.values() for name in parts))
    alike = {name: {parts.get(name, NOTHING) for parts in said.values()} for name in names}
    scientific = {
        name: {who: parts.get(name, NOTHING) for who, parts in said.items()} for name in names if len(alike[name]) > 1
    }
    nuisance = {each.name: {name: text(range_) for name, (_, range_) in each.searched.items()} for each in contenders}
    return Roles(scientific, nuisance, {name: min(alike[name]) for name in names if len(alike[name]) == 1})


def _said(contender: Contender) -> dict[str, str]:
    """Tells what a contender has in each of its parts, with dots for numbers that are tuned."""
    tuned = {path: _Dots() for path, _ in contender.searched.values()}
    recipe, arguments = substitute(contender.whole, tuned)
    parts = {
        name: text(getattr(recipe, name))
        for name in meanings(recipe)
        if name in ("rule", "batch_size", "epochs") or not same(getattr(recipe, name), _default(recipe, name))
    }
    return parts | {f"model's {name}": text(value) for name, value in arguments.items()}


def _default(recipe: Any, name: str) -> Any:
    return getattr(type(recipe), name, None)


class _Dots:
    """Stands for a number that is tuned."""

    def __repr__(self) -> str:
        return "..."
