"""Who a study is asked to compare: methods by name, what `vary` makes of a recipe, or the lines of a file."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..data.folds import split_test
from ..data.task import Task
from ..errors import RavineError
from ..fields import text
from ..minimize import Descent
from ..recipe import Recipe, read_method, recipe_of
from ..rules import METHODS, Rule
from ..text import read_list
from ..training.stage import SPLIT_SEED
from .contenders import under_cosine, with_default_ranges
from .entries import Method, default_batch_size, named
from .one_by_one import one_by_one
from .options import DEFAULT_METHODS
from .vary import vary

Given = str | Rule | Recipe | None


def asked(
    task: Task,
    methods: Method | Sequence[Method] | None,
    recipe: Given,
    *,
    axis: str | None = None,
    apart: bool = False,
    file: str | Path | None = None,
    epochs: int | None = None,
) -> tuple[tuple[Method, ...], Given]:
    """Settles who takes part.

    Args:
        task: The task.
        methods: The methods that were named; None for the default ones.
        recipe: The user's present recipe: one that takes part, or the base of what is varied or taken apart.
        axis: What is varied about the recipe.
        apart: Whether the recipe's parts are added and left out one by one.
        file: A file of recipes, one a line, as `name = recipe`.
        epochs: The length of training, where it is not the recipe's.

    Returns:
        The methods, and the recipe that takes part as it is.

    Raises:
        RavineError: Two of these were asked at once, or one cannot be read.
    """
    ways = {
        "--methods": methods is not None,
        "--vary": axis is not None,
        "--one-by-one": apart,
        "--recipes": bool(file),
    }
    chosen = [way for way, is_asked in ways.items() if is_asked]
    if len(chosen) > 1:
        raise RavineError(f"{' and '.join(chosen)} each say who takes part: give one of them.")
    if file is not None:
        return recipes_in(file), recipe
    if axis is None and not apart:
        return _listed(DEFAULT_METHODS if methods is None else methods), recipe
    if apart and recipe is None:
        raise RavineError("--one-by-one takes a recipe apart: give it, as in --recipe 'Recipe(Adam(), ...)'.")
    base = _base(recipe, task)
    base = base if epochs is None else replace(base, epochs=epochs)
    found: Mapping[str, Any] = one_by_one(base) if axis is None else vary(axis, base, task)
    file, colon, _ = recipe.partition(".py:") if isinstance(recipe, str) else ("", "", "")
    source = f"{file}{colon}" if colon else ""  # a rule of one's own is read where it was found
    return tuple(f"{name} = {source}{text(value)}" for name, value in found.items()), None


def _base(recipe: Given, task: Task) -> Recipe:
    """Gives the recipe that is varied; Adam under cosine, its step size searched, where there is none."""
    value = read_method(recipe) if isinstance(recipe, str) else recipe
    if value is None:
        value = with_default_ranges(METHODS["adam"])
    if isinstance(value, (Rule, Descent)):
        train, _ = split_test(task, SPLIT_SEED)
        return recipe_of(under_cosine(value), default_batch_size(len(train)))
    if not isinstance(value, Recipe):
        raise RavineError(
            f"--recipe {text(recipe)}: write a rule such as Adam(lr=0.001), or Recipe(Adam(), epochs=20)."
        )
    return value


def _listed(methods: Method | Sequence[Method]) -> tuple[Method, ...]:
    if isinstance(methods, str):
        return read_list(methods)
    return tuple(methods) if isinstance(methods, Sequence) else (methods,)


def recipes_in(path: str | Path) -> tuple[str, ...]:
    """Reads a file of recipes, one a line: `name = recipe`; empty lines and those that begin with # are left out.

    Args:
        path: The file.

    Returns:
        Each line as it is.

    Raises:
        RavineError: The file cannot be read, has no recipe, or a line has no name.
    """
    try:
        lines = [line.strip() for line in Path(path).expanduser().read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise RavineError(f"--recipes {str(path)!r} cannot be read: {reason}.") from error
    found = tuple(line for line in lines if line and not line.startswith("#"))
    for line in found:
        if not named(line)[0]:
            raise RavineError(f"--recipes {str(path)!r}: {line!r} has no name; write name = {line}.")
    if len(found) < 2:
        raise RavineError(f"--recipes {str(path)!r} has {len(found)} recipes, and two are the least to compare.")
    return found
