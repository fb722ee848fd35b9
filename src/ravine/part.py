"""Parts: frozen dataclasses whose fields are checked when they are made, and whose repr is their text.

Rules, schedules, ranges and recipes are parts. A part checks its fields when it is made, so that a
mistake is told where it was typed; and `repr(part)` is what a person would type to get it back.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from .fields import Meaning, check, same, text


@dataclass(frozen=True, repr=False)
class Part:
    """A frozen dataclass that checks its fields and prints itself as it would be typed.

    A class that derives from it is made a frozen dataclass by that alone.
    """

    if TYPE_CHECKING:
        # A checker cannot see defaults that are given by position, as in field(1e-3, ...): it would miss arguments.
        def __init__(self, *by_position: Any, **by_name: Any) -> None: ...

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, repr=False)(cls)

    def __post_init__(self) -> None:
        for name, known in meanings(self).items():
            check(self, name, known, getattr(self, name))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(_arguments(self))})"


def meanings(part: Part | type[Part]) -> dict[str, Meaning]:
    """Gives what is known of each field of a part, by the field's name, in the order of definition.

    Args:
        part: A part or its class.

    Returns:
        The meaning of every field that was declared with one.
    """
    return {f.name: f.metadata["meaning"] for f in dataclasses.fields(part) if "meaning" in f.metadata}


def _arguments(part: Part) -> Iterator[str]:
    """Yields the arguments that differ from their defaults; those without a default come by position."""
    for f in sorted(dataclasses.fields(part), key=lambda f: f.kw_only is True):  # which come last
        value = getattr(part, f.name)
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            yield text(value)
        elif f.default is dataclasses.MISSING or not same(value, f.default):
            yield f"{f.name}={text(value)}"


def leaves(thing: Any, is_leaf: Callable[[Any], bool], path: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], Any]:
    """Finds what stands in the fields of a part, however deep, by where it stands.

    Args:
        thing: A part, a tuple or mapping of parts, or a plain value.
        is_leaf: Tells whether a value is one that is looked for; it is then not looked into.
        path: Where `thing` itself stands.

    Returns:
        Each leaf by its path: field names, positions in tuples, keys of mappings.
    """
    if is_leaf(thing):
        return {path: thing}
    found: dict[tuple[Any, ...], Any] = {}
    for key, value in _children(thing):
        found |= leaves(value, is_leaf, (*path, key))
    return found


def _children(thing: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(thing, Part):
        for f in dataclasses.fields(thing):
            yield f.name, getattr(thing, f.name)
    elif isinstance(thing, tuple):
        yield from enumerate(thing)
    elif isinstance(thing, Mapping):
        yield from thing.items()


def look_up(thing: Any, path: tuple[Any, ...]) -> Any:
    """Finds what stands at a place.

    Args:
        thing: A part, a tuple or mapping of parts.
        path: The place, as `leaves` tells it.

    Returns:
        The value there.
    """
    for key in path:
        thing = getattr(thing, key) if isinstance(thing, Part) else thing[key]
    return thing


def substitute(thing: Any, values: Mapping[tuple[Any, ...], Any]) -> Any:
    """Puts other values where `leaves` found some; everything else stays as it is.

    The new parts are not checked again: the values come from ranges and schedules that were checked, or
    are columns and symbols that no bound applies to.

    Args:
        thing: A part, a tuple or mapping of parts.
        values: The new values by path.

    Returns:
        A new thing of the same kind.

    >>> from ravine.rules import Adam
    >>> substitute(Adam(), {("lr",): 0.5})
    Adam(lr=0.5)
    """
    if not values:
        return thing
    if () in values:
        return values[()]
    below: dict[Any, dict[tuple[Any, ...], Any]] = {}
    for path, value in values.items():
        below.setdefault(path[0], {})[path[1:]] = value
    if isinstance(thing, Part):
        changed = {key: substitute(getattr(thing, key), deeper) for key, deeper in below.items()}
        new = object.__new__(type(thing))
        for name in _names(type(thing)):  # fields alone: what was worked out from the old ones stays behind
            new.__dict__[name] = changed[name] if name in changed else getattr(thing, name)
        return new
    new = dict(enumerate(thing)) if isinstance(thing, tuple) else dict(thing)
    new |= {key: substitute(new[key], deeper) for key, deeper in below.items()}
    return tuple(new.values()) if isinstance(thing, tuple) else new


@cache
def _names(part: type[Part]) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(part))
