"""Every part of a recipe added alone, and left out alone: what each of them does, with and without the others."""

from typing import Any

from ..errors import RavineError
from ..part import look_up, meanings, substitute
from ..recipe import Recipe
from ..rules import Split, Wrapper

Place = tuple[Any, ...]


def one_by_one(full: Recipe) -> dict[str, Recipe]:
    """Takes a recipe apart.

    Args:
        full: The recipe, with all its parts.

    Returns:
        By name the recipe without any part, with all of them, with each alone, and with all but each; where there
        is one part, with it and without.

    Raises:
        RavineError: It has no part that could be left out.

    >>> from ravine.recipe import early_stopping
    >>> from ravine.rules import SGD, Clip
    >>> recipe = Recipe(Clip(SGD(), norm=1.0), stop=early_stopping())
    >>> list(one_by_one(recipe))
    ['without any', 'with all', 'Clip alone', 'early_stopping alone', 'all but Clip', 'all but early_stopping']
    """
    parts = _parts(full)
    if not parts:
        raise RavineError(
            f"--one-by-one: {full!r} has no part to add or to leave out; write some, such as "
            "augmentation=(crop(),), layers=(dropout(0.2),) or penalties=(l2(1e-4),)."
        )
    names = list(parts)
    found = {"without any": _without(full, parts, names), "with all": full}
    if len(names) == 1:
        return {f"without {names[0]}": found["without any"], f"with {names[0]}": full}
    others = {name: [other for other in names if other != name] for name in names}
    alone = {f"{name} alone": _without(full, parts, others[name]) for name in names}
    return found | alone | {f"all but {name}": _without(full, parts, [name]) for name in names}


def _parts(recipe: Recipe) -> dict[str, Place]:
    """Names what can be left out, by its place: wrappers of the rule, members of tuples, and single parts."""
    places: list[tuple[str, Place]] = []
    rule, place = recipe.rule, ("rule",)
    while isinstance(rule, Wrapper) and not isinstance(rule, Split):
        places.append((type(rule).__name__, place))
        rule, place = rule.rule, (*place, "rule")
    for name, known in meanings(recipe).items():
        value = getattr(recipe, name)
        if known.several:
            places += [(type(part).__name__, (name, k)) for k, part in enumerate(value)]
        elif known.optional and value is not None:
            places.append((type(value).__name__, (name,)))
    found: dict[str, Place] = {}
    for name, place in places:
        count = sum(other == name or other.startswith(f"{name} ") for other in found)
        found[f"{name} {count + 1}" if count else name] = place
    return found


def _without(recipe: Recipe, parts: dict[str, Place], names: list[str]) -> Recipe:
    """Leaves parts out: a wrapper gives way to what it wraps, the inner ones first."""
    gone = [parts[name] for name in names]
    for place in sorted((place for place in gone if place[0] == "rule"), key=len, reverse=True):
        recipe = substitute(recipe, {place: look_up(recipe, place).rule})
    kept: dict[Place, Any] = {}
    for field, known in meanings(recipe).items():
        if known.several:
            left = [k for k in range(len(getattr(recipe, field))) if (field, k) not in gone]
            kept[(field,)] = tuple(getattr(recipe, field)[k] for k in left)
        elif (field,) in gone and known.optional:
            kept[(field,)] = None
    return substitute(recipe, kept)
