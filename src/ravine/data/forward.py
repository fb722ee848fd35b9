"""How a batch reaches a model: as positional arguments, as keyword arguments, or as one dict."""

import inspect
from collections.abc import MutableMapping
from typing import Any

from torch import nn

from ..errors import RavineError
from .memory import Batch

Named = MutableMapping[nn.Module, bool]
"""Whether each model takes a dict's members by keyword; decided once, since signatures are slow to read."""


def split(batch: Batch, target: str | None) -> tuple[Any, Any]:
    """Parts a batch into inputs and target.

    Args:
        batch: A tuple, whose last of two or more members is the target, or a dict.
        target: The target's key in a dict.

    Returns:
        A tuple or dict of inputs, and the target, or None where there is none.

    >>> split(("x", "y"), None), split({"x": 1, "y": 2}, "y")
    ((('x',), 'y'), ({'x': 1}, 2))
    """
    if isinstance(batch, dict):
        return {name: value for name, value in batch.items() if name != target}, batch.get(target)  # pyright: ignore[reportArgumentType]
    return (batch[:-1], batch[-1]) if len(batch) > 1 else (batch, None)


def forward(model: nn.Module, inputs: Any, named: Named) -> Any:
    """Calls a model on the inputs of a batch.

    Args:
        model: The network.
        inputs: A tuple of positional arguments, or a dict.
        named: What was decided for each model so far.

    Returns:
        What the model gives.
    """
    if not isinstance(inputs, dict):
        return model(*inputs)
    by_name = named.get(model)
    if by_name is None:
        by_name = named[model] = takes_by_name(model, list(inputs))
    if by_name:
        return model(**inputs)
    return model(next(iter(inputs.values())) if _takes_a_tensor(model, inputs) else inputs)


def _takes_a_tensor(model: nn.Module, inputs: dict[str, Any]) -> bool:
    """Tells PyTorch's own layers, such as `Sequential`, none of which takes a dict."""
    return len(inputs) == 1 and type(model).__module__.startswith("torch.nn.")


def takes_by_name(model: nn.Module, names: list[str]) -> bool:
    """Tells whether the members of a dict are keyword arguments of a model's `forward`.

    Args:
        model: The network.
        names: The keys of the inputs.

    Returns:
        True where `forward` names them all, False where it names none and so takes the dict.

    Raises:
        RavineError: It names some only, or needs more than there are.
    """
    parameters = inspect.signature(model.forward).parameters.values()
    known = [one.name for one in parameters if one.kind in {one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY}]
    needed = [one.name for one in parameters if one.name in known and one.default is one.empty]
    rest = [name for name in names if name not in known]
    takes_rest = any(one.kind is one.VAR_KEYWORD for one in parameters)
    if (not rest or takes_rest) and set(needed) <= set(names):
        return True
    if len(rest) == len(names) and len(needed) <= 1:
        return False
    raise RavineError(
        f"{type(model).__name__}.forward takes {', '.join(known)}, but a batch holds {', '.join(names)}: "
        "name them all, or take one dict."
    )
