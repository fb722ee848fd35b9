"""From what a person names as methods to the contenders of a study."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..data.task import Task
from ..errors import RavineError
from ..fields import text
from ..minimize import Descent
from ..part import leaves
from ..ranges import is_range
from ..recipe import Recipe, read_method, read_recipe, recipe_of
from ..rules import Rule
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
    methods: Sequence[Method], recipes: Sequence[str | Rule | Recipe], task: Task, count: int, epochs: int | None
) -> list[Contender]:
    """Makes the contenders of a study.

    Args:
        methods: Names of rules, which are searched where their fields say; rules as text or object, which are
            searched where they hold ranges; `file.py:Rule`.
        recipes: The user's present recipes, which take part as they are.
        task: The task, whose model's arguments may hold ranges.
        count: How many training examples there are.
        epochs: The length of training; None for that of the user's recipe, else of those among the methods that
            have one, else the default.

    Returns:
        The contenders, each under a name of its own.

    Raises:
        RavineError: A method cannot be read, or is named twice, or recipes differ in length.
    """
    own = [(f"{YOURS} {k + 1}" if k else YOURS, read_recipe(given)) for k, given in enumerate(recipes)]
    batch = default_batch_size(count)
    searched = {name: value for name, value in task.model_arguments.items() if is_range(value)}
    made = [_contender(given, batch, searched) for given in methods] + [Contender(name, recipe) for name, recipe in own]
    length = epochs or (own[0][1].epochs if own else _length(made))
    found = [replace(contender, recipe=replace(contender.recipe, epochs=length)) for contender in made]
    for k, contender in enumerate(found):
        if contender.name in {other.name for other in found[:k]}:
            raise RavineError(f"--methods: {contender.name!r} is named twice; once is enough.")
    return found


def _length(contenders: Sequence[Contender]) -> int:
    """Finds the length of training that recipes agree on; those that say nothing have the default one."""
    lengths = sorted({contender.recipe.epochs for contender in contenders} - {Recipe.epochs})
    if len(lengths) > 1:
        several = " and ".join(map(str, lengths))
        raise RavineError(f"--methods: recipes of {several} epochs cost differently: give --epochs for all of them.")
    return lengths[0] if lengths else Recipe.epochs


def _contender(given: Method, batch: int, searched: Mapping[str, Any]) -> Contender:
    name, method = named(given)
    value = read_method(method) if isinstance(method, str) else method
    value, own = value if isinstance(value, tuple) and len(value) == 2 else (value, {})
    recipe = _template(method, value, batch)
    return Contender(_name(method) if name is None else name, recipe, {**searched, **own})


def named(given: Method) -> tuple[str | None, Method]:
    """Parts a method from the name that it takes part under.

    Args:
        given: A method, as text perhaps `name = method`.

    Returns:
        The name, None where it has none of its own, and the method.

    >>> named("mild = Adam(lr=0.001)"), named("Adam(lr=0.001)")
    (('mild', 'Adam(lr=0.001)'), (None, 'Adam(lr=0.001)'))
    """
    name, sign, method = given.partition("=") if isinstance(given, str) else ("", "", "")
    if not sign or "(" in name or ":" in name:
        return None, given
    return " ".join(name.split()), method.strip()


def _name(given: Method) -> str:
    if isinstance(given, str):
        return given.strip()
    return given.__name__.lower() if isinstance(given, type) else repr(given)


def _template(given: Method, value: Any, batch_size: int) -> Recipe:
    """Makes the recipe of a method: under cosine unless its lr follows a schedule of its own."""
    if isinstance(value, type) and issubclass(value, (Rule, Descent)):
        value = with_default_ranges(value)
    if isinstance(value, (Rule, Descent)):
        return _checked(recipe_of(under_cosine(value), batch_size))
    if isinstance(value, Recipe):
        return _checked(value)
    raise RavineError(
        f"--methods {text(given)} is no method: name a rule such as adam, or write Adam(lr=log(1e-4, 1e-1))."
    )


def _checked(recipe: Recipe) -> Recipe:
    for range_ in leaves(recipe, is_range).values():
        if any(isinstance(value, Rule) for value in range_.extremes()):
            raise RavineError(f"--methods {recipe!r} searches among rules: name them as methods of their own.")
    return recipe
