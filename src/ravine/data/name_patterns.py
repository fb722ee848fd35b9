"""Patterns by which a part of a recipe names parameters of a network: of their names, or of layers that hold them."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from torch import nn

from ..errors import RavineError, nearest
from ..fields import text
from .coding import listed


def check_patterns(part: Any, name: str, such_as: str = "'fc*' or 'Conv2d'", of: str = "names") -> None:
    """Refuses a field that holds no patterns.

    Args:
        part: The part.
        name: The field's name.
        such_as: Patterns that would suit it, for the error's sentence.
        of: What they are patterns of.

    Raises:
        RavineError: It is neither a text nor a tuple of texts.
    """
    given = getattr(part, name)
    several = given if isinstance(given, tuple) and given else (given,)
    if not all(isinstance(each, str) and each for each in several):
        raise RavineError(
            f"{type(part).__name__}({name}={text(given)}): {name} must be a pattern of {of} or a kind of layer, such "
            f"as {such_as}, or a tuple of them."
        )


def matching(part: Any, model: nn.Module, patterns: str | Sequence[str]) -> list[str]:
    """Finds the parameters that patterns name: by their names, or by name or kind of a layer that they stand in.

    Args:
        part: The part, for the error's sentence.
        model: The network.
        patterns: Such as `"fc*"`, `"*.bias"`, `"Conv2d"`, or several of them.

    Returns:
        The parameters' names in the network's order; of one that stands in several places, the first.

    Raises:
        RavineError: A pattern names nothing, or no parameters.

    >>> network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Sequential(nn.Linear(9, 2, bias=False)))
    >>> matching("l2(0.1)", network, "Conv2d"), matching("l2(0.1)", network, ("2", "*.bias"))
    (['0.weight', '0.bias'], ['0.bias', '2.0.weight'])
    """
    layers = {name: type(layer).__name__ for name, layer in model.named_modules(remove_duplicate=False) if name}
    everywhere = dict(model.named_parameters(remove_duplicate=False))
    found: set[int] = set()
    for pattern in (patterns,) if isinstance(patterns, str) else patterns:
        named = [name for name, kind in layers.items() if fnmatchcase(name, pattern) or fnmatchcase(kind, pattern)]
        named += [name for name in everywhere if fnmatchcase(name, pattern)]
        chosen = {id(p) for name, p in everywhere.items() if any(f"{name}.".startswith(f"{each}.") for each in named)}
        if not chosen:
            raise RavineError(_nothing(part, pattern, model, named, [*everywhere, *layers, *layers.values()]))
        found |= chosen
    return [name for name, p in model.named_parameters() if id(p) in found]


def _nothing(part: Any, pattern: str, model: nn.Module, named: list[str], known: list[str]) -> str:
    kind, names = type(model).__name__, [name for name, _ in model.named_parameters()]
    if named:
        return f"{part!r}: what {kind} calls {pattern!r} has no parameters. It has {listed(names)}."
    return (
        f"{part!r}: nothing in {kind} is called {pattern!r} or is of that kind.{nearest(pattern, known)} "
        f"It has {listed(names)}."
    )
