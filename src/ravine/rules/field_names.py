"""The names of a rule's numeric fields, as parameter groups, tables and reports have them."""

from typing import Any

from ..part import Part, look_up, meanings
from .split import Split
from .wrapper import Wrapper


def field_names(rule: Part) -> dict[str, tuple[Any, ...]]:
    """Names every numeric field of a rule, those of wrappers with the wrapper's name in front.

    Those of the second rule of a `Split` have `others_` in front.

    Args:
        rule: The rule, or any part that stands for one.

    Returns:
        Where each field stands, by its name.

    >>> from ravine.rules import SGD, Clip
    >>> field_names(Clip(SGD(), norm=1.0))
    {'lr': ('rule', 'lr'), 'clip_norm': ('norm',)}
    """
    wraps = isinstance(rule, Wrapper)
    names = {name: ("rule", *path) for name, path in field_names(rule.rule).items()} if wraps else {}
    if isinstance(rule, Split):
        names |= {f"others_{name}": ("others", *path) for name, path in field_names(rule.others).items()}
    prefix = f"{type(rule).__name__.lower()}_" if wraps else ""
    for field, known in meanings(rule).items():
        if known.interval is not None and getattr(rule, field) is not None:
            name = prefix + field
            while name in names:  # a wrapper inside another of its kind
                name = prefix + name
            names[name] = (field,)
    return names


def learning_rates(rule: Part) -> dict[tuple[Any, ...], Any]:
    """Finds the step sizes of a rule: one, or of a `Split` two.

    Args:
        rule: The rule.

    Returns:
        What stands in each field that is called lr, by its place.

    >>> from ravine.rules import SGD, Clip
    >>> learning_rates(Clip(SGD(lr=0.1), norm=1.0))
    {('rule', 'lr'): 0.1}
    """
    return {path: look_up(rule, path) for path in field_names(rule).values() if path[-1] == "lr"}
