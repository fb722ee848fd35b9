"""The layers of a network that a part of a recipe names, by patterns of names or kinds of layer."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from torch import nn

from ..data.name_patterns import check_patterns
from ..errors import RavineError, nearest
from .flow import Flow, follow, never_called

LISTS = (nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)
"""What holds layers and is never called."""


def check_pattern(part: Any) -> None:
    """Refuses what names no layers.

    Args:
        part: The part, whose field `after` it is.

    Raises:
        RavineError: The field is neither None nor a text nor several.
    """
    if part.after is not None:
        check_patterns(part, "after", such_as="'fc*' or 'ReLU'", of="layer names")


def named(part: Any, model: nn.Module, *kinds: type[nn.Module]) -> list[str]:
    """Finds the layers that the field `after` of a part names.

    Args:
        part: The part, for the field and for the error's sentence.
        model: The network.
        *kinds: Which kinds of layer may be named.

    Returns:
        Their names, in the network's order; of a layer with several names the first. Layers that a pattern matches
        beside others, and that are never called, are left out.

    Raises:
        RavineError: A pattern matches none, or none that is called.
    """
    everything = {name: layer for name, layer in model.named_modules(remove_duplicate=False) if name}
    layers = {name: layer for name, layer in everything.items() if isinstance(layer, kinds)}
    first = {layer: name for name, layer in reversed(layers.items())}
    silent = _never_called(model, first.values())
    found: set[str] = set()
    for pattern in (part.after,) if isinstance(part.after, str) else part.after:
        matched = {first[layer] for name, layer in layers.items() if _matches(pattern, name, layer)}
        if not matched:
            raise RavineError(_nothing(part, pattern, model, layers))
        if matched <= silent.keys():
            raise RavineError(f"{part!r}: nothing can stand behind {silent[min(matched)]}.")
        found |= matched - silent.keys()
    return [name for name in layers if name in found]


def _matches(pattern: str, name: str, layer: nn.Module) -> bool:
    return fnmatchcase(name, pattern) or fnmatchcase(type(layer).__name__, pattern)


def _nothing(part: Any, pattern: str, model: nn.Module, layers: dict[str, nn.Module]) -> str:
    kinds = {type(layer).__name__ for layer in layers.values()}
    has = f"It has {shown(layers)}." if layers else "It has none that fit."
    return (
        f"{part!r}: no layer of {type(model).__name__} that it could stand behind is called {pattern!r} or is of that "
        f"kind.{nearest(pattern, [*layers, *kinds])} {has}"
    )


def _never_called(model: nn.Module, names: Iterable[str]) -> dict[str, str]:
    """Finds the layers that nothing can stand behind since they are not called, each in a few words."""
    try:
        flow = follow(model)
    except RavineError:
        flow = None  # where its forward cannot be followed, names are all that there is
    silent: dict[str, str] = {}
    for name in names:
        layer = model.get_submodule(name)
        if isinstance(layer, LISTS):
            kind = type(layer).__name__
            silent[name] = f"{name!r}, a {kind}, which is never called: name what it holds, as in after='{name}.*'"
        elif isinstance(layer, nn.Sequential) and type(layer).forward is not nn.Sequential.forward:
            inside = f"{name}.{next(iter(dict(layer.named_children())), '0')}"
            silent[name] = (
                f"{name!r}, a Sequential with a forward of its own: name what it holds, as in after={inside!r}"
            )
        elif flow is not None and never_called(flow, name):
            silent[name] = f"{name!r}, which the forward of {type(model).__name__} never calls"
    return silent


def outermost(names: Iterable[str]) -> list[str]:
    """Leaves out what stands inside of another one.

    Args:
        names: Names of layers.

    Returns:
        Those that are in no other.

    >>> outermost(["body", "body.0", "body2.0"])
    ['body', 'body2.0']
    """
    known = list(names)
    return [name for name in known if not any(name.startswith(f"{other}.") for other in known)]


def followed(part: Any, model: nn.Module) -> Flow:
    """Follows a network's forward, or asks for names.

    Args:
        part: The part, for the error's sentence.
        model: The network.

    Returns:
        What `follow` gives.

    Raises:
        RavineError: It cannot be followed.
    """
    try:
        return follow(model)
    except RavineError as error:
        names = shown(name for name, layer in model.named_modules() if name and not [*layer.children()])
        raise RavineError(
            f"{part!r}: where it goes cannot be told, since the forward of {type(model).__name__} depends on the data "
            f"({error}): name the layers that it stands behind, as in after='{names.partition(',')[0]}'. "
            f"It has {names}."
        ) from error


def shown(names: Iterable[str], most: int = 8) -> str:
    """Lists names for an error's sentence.

    Args:
        names: The names.
        most: How many are written out.

    Returns:
        The first ones, and how many more there are.

    >>> shown("abcd", most=2)
    'a, b and 2 more'
    """
    known = list(names)
    rest = len(known) - most
    return ", ".join(known) if rest <= 0 else f"{', '.join(known[:most])} and {rest} more"
