"""From what a person names as methods to the contenders of a study."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cloudpickle

from ..data.find import run_file
from ..data.task import Task
from ..errors import RavineError
from ..part import leaves, text
from ..ranges import is_range
from ..recipe import NAMES, Recipe
from ..rules import Rule
from ..text import read
from .contenders import Contender, under_cosine, with_default_ranges

YOURS = "yours"
"""The name under which the user's present recipe takes part."""
Method = str | Rule | type[Rule] | Recipe


def default_batch_size(count: int) -> int:
    """Gives the batch size of a study where nobody has said one.

    Args:
        count: How many training examples there are.

    Returns:
        64, or the power of two, at least 8, that leaves a small set a dozen steps in an epoch.

    >>> default_batch_size(1437), default_batch_size(142)
    (64, 8)
    """
    return 2 ** min(6, max(3, (count // 12).bit_length() - 1))


def contenders_of(
    methods: Sequence[Method], recipes: Sequence[str | Recipe], task: Task, count: int, epochs: int | None
) -> list[Contender]:
    """Makes the contenders of a study.

    Args:
        methods: Names of rules, which are searched where their fields say; rules as text or object, which are
            searched where they hold ranges; `file.py:Rule`.
        recipes: The user's present recipes, which take part as they are.
        task: The task, whose model's arguments may hold ranges.
        count: How many training examples there are.
        epochs: The length of training; None for that of the first recipe, else the default.

    Returns:
        The contenders, each under a name of its own.

    Raises:
        RavineError: A method cannot be read, or is named twice.
    """
    own = [(f"{YOURS} {k + 1}" if k else YOURS, read_recipe(given)) for k, given in enumerate(recipes)]
    length = epochs or (own[0][1].epochs if own else Recipe.epochs)
    batch = default_batch_size(count)
    searched = {name: value for name, value in task.model_arguments.items() if is_range(value)}
    found = [
        *(Contender(_name(given), replace(_template(given, batch), epochs=length), searched) for given in methods),
        *(Contender(name, replace(recipe, epochs=length)) for name, recipe in own),
    ]
    for k, contender in enumerate(found):
        if contender.name in {other.name for other in found[:k]}:
            raise RavineError(f"--methods: {contender.name!r} is named twice; once is enough.")
    return found


def read_recipe(given: str | Rule | Recipe) -> Recipe:
    """Reads a recipe in which everything is settled; a rule stands for the recipe that is default in all else.

    Args:
        given: A recipe or a rule, or the text of one.

    Returns:
        The recipe.

    Raises:
        RavineError: The text is neither, or holds a range.

    >>> read_recipe("Adam(lr=cosine(0.003))")
    Recipe(Adam(lr=cosine(0.003)))
    """
    recipe = read_method(given) if isinstance(given, str) else given
    recipe = Recipe(recipe) if isinstance(recipe, Rule) else recipe
    if not isinstance(recipe, Recipe):
        raise RavineError(f"--recipe {text(given)}: write a rule such as Adam(lr=0.001), or Recipe(Adam(), epochs=20).")
    for range_ in leaves(recipe, is_range).values():
        raise RavineError(
            f"--recipe {text(given)} holds the range {range_!r}: a recipe has one number there; "
            "what is to be searched goes to --methods."
        )
    return recipe


def _name(given: Method) -> str:
    if isinstance(given, str):
        return given.strip()
    return given.__name__.lower() if isinstance(given, type) else repr(given)


def _template(given: Method, batch_size: int) -> Recipe:
    """Makes the recipe of a method: under cosine unless its lr follows a schedule of its own."""
    value = read_method(given) if isinstance(given, str) else given
    if isinstance(value, type) and issubclass(value, Rule):
        value = with_default_ranges(value)
    if isinstance(value, Rule):
        return Recipe(under_cosine(value), batch_size=batch_size)
    if isinstance(value, Recipe):
        return value
    raise RavineError(f"--methods {text(given)} is no method: name a rule such as adam, or write Adam(lr=log(1e-4, 1e-1)).")


def read_method(typed: str) -> Any:
    """Reads a method as it is typed.

    Args:
        typed: A name, a text, or `file.py:` and either.

    Returns:
        A rule's class, a rule or a recipe.

    >>> read_method("adam").__name__
    'Adam'
    """
    file, colon, rest = typed.partition(".py:")
    if not colon:
        return read(typed, NAMES)
    return read(rest, {**NAMES, **rules_of(f"{file}.py")})


def rules_of(path: str) -> Mapping[str, type[Rule]]:
    """Loads the rules that a file defines.

    Args:
        path: The file.

    Returns:
        Their classes by name.

    Raises:
        RavineError: The file is not there, raises, or defines no rule.
    """
    file = Path(path).expanduser().resolve()
    if not file.is_file():
        raise RavineError(f"there is no file {path!r} to take a rule from.")
    module = run_file(file)
    cloudpickle.register_pickle_by_value(module)  # workers have not run the file, so its rules travel whole
    found = {name: v for name, v in vars(module).items() if isinstance(v, type) and issubclass(v, Rule)}
    own = {name: rule for name, rule in found.items() if rule.__module__ == module.__name__}
    if not own:
        raise RavineError(f"{path!r} defines no rule: write a class that derives from ravine.Rule.")
    return own

