"""A recipe: everything that decides how a task is trained, as data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cloudpickle

from .data.augment import AUGMENTATIONS
from .data.augmentation import Augmentation
from .data.find import run_file
from .data.objectives import OBJECTIVES, Objective
from .data.penalties import PENALTIES, Penalty
from .errors import RavineError
from .fields import Number, field, flag, inner, option, several, text
from .keep import KEEPS, snapshots, swa
from .layers import LAYERS
from .layers.layer import Layer
from .minimize import DESCENTS, Descent
from .part import Part, leaves, meanings
from .ranges import RANGES, Range, is_range
from .rules import METHODS, RULES, Muon, Rule
from .schedules import LENGTHS, SCHEDULES, is_schedule
from .text import read


class early_stopping(Part):  # noqa: N801 - typed as a function
    """Stops when an inner split's proper score has not improved for some epochs, and takes the best weights back.

    The split is cut from the training data, so that nothing which later judges the run is seen.
    """

    patience: int = field(5, "epochs without improvement after which training stops", at_least=1, whole=True)
    smallest_change: float = field(0.0, "improvement of the proper score that counts as one", at_least=0)
    held_out: float = field(0.1, "share of the training data held out to watch", within="(0, 1)")


class gradient_norm(Part):  # noqa: N801 - typed as a function
    """Stops when the norm of an epoch's last gradient falls below a bound; meant for `batch_size="all"`."""

    below: float = field(1e-6, "norm under which training stops, in units of loss per parameter", at_least=0)


class plateau(Part):  # noqa: N801 - typed as a function
    """Multiplies lr by a factor when the loss has not improved for some epochs.

    It watches the inner split of `early_stopping` where there is one, else the training loss.
    """

    factor: float = field(0.1, "what lr is multiplied by", within="(0, 1)")
    patience: int = field(3, "epochs without improvement after which lr falls", at_least=1, whole=True)
    smallest_change: float = field(0.0, "improvement of the loss that counts as one", at_least=0)


class Recipe(Part):
    """Everything that decides how a task is trained.

    Its fields may hold ranges, which a study searches; a run needs every one of them settled.

    >>> from ravine.rules import Adam
    >>> Recipe(Adam(lr=0.01), epochs=20)
    Recipe(Adam(lr=0.01), epochs=20)
    """

    rule: Rule | Descent = inner("what one step does to the parameters", holds=(Rule, Descent))
    batch_size: Number = inner("examples per step, or 'all' for the whole set", default=64)
    epochs: int = field(15, "passes over the training data", at_least=1, whole=True)
    order: str = option(
        "shuffled", ("shuffled", "stored", "replacement"), "the order in which examples come, anew in every epoch"
    )
    stop: early_stopping | gradient_norm | None = inner(
        "what ends training before its epochs are over", None, holds=(early_stopping, gradient_norm)
    )
    on_plateau: plateau | None = inner("how lr falls when the loss has stalled", None, holds=(plateau,))
    augmentation: tuple[Augmentation, ...] = several(
        "what changes a batch before the network sees it, in this order", holds=(Augmentation,)
    )
    loss: Objective | None = inner("what is made small instead of the task's own loss", None, holds=(Objective,))
    penalties: tuple[Penalty, ...] = several("what is added to the loss for the size of the weights", holds=(Penalty,))
    layers: tuple[Layer, ...] = several("what is added to the network, in this order", holds=(Layer,))
    keep: swa | snapshots | None = inner("what is kept of the run to predict with", None, holds=(swa, snapshots))
    autocast: bool = flag(False, "whether the forward pass runs in bfloat16 where that is safe")

    def __post_init__(self) -> None:
        for name in (name for name, known in meanings(self).items() if known.several):
            object.__setattr__(self, name, _several(getattr(self, name)))
        Part.__post_init__(self)
        for path, schedule in leaves(self, is_schedule).items():
            if path[0] != "rule":
                typed = f"Recipe({path[0]}={text(getattr(self, path[0]))})"
                raise RavineError(f"{typed}: {path[-1]} must stand still, so it cannot hold {schedule!r}.")
        sizes = self.batch_size.extremes() if hasattr(self.batch_size, "extremes") else (self.batch_size,)
        for size in sizes:
            whole = isinstance(size, int) and not isinstance(size, bool) and size >= 1
            if not whole and size != "all":
                raise RavineError(
                    f"Recipe(batch_size={self.batch_size!r}): batch_size must be a whole number, at least 1, or 'all', "
                    f"got {size!r}."
                )
        self._check_rule()
        self._check_keep()

    def _check_rule(self) -> None:
        if isinstance(self.rule, Descent) and self.rule.needs == "residuals":
            raise RavineError(
                f"Recipe({self.rule!r}): it needs the residuals of a sum of squares, and a task's loss is one number: "
                "take another method, such as LBFGS(), or ravine.minimize."
            )

    def _check_keep(self) -> None:
        if self.keep is None:
            return
        if self.stop is not None or self.on_plateau is not None:
            name = "stop" if self.stop is not None else "on_plateau"
            raise RavineError(
                f"Recipe(keep={self.keep!r}, {name}={getattr(self, name)!r}): what is kept is settled by the length of "
                f"training and its lr, which {name} would change; leave one of the two out."
            )
        if self.rule.predicting_slot() is not None:
            raise RavineError(
                f"Recipe({self.rule!r}, keep={self.keep!r}): both say which weights predict; leave one out."
            )
        if isinstance(self.keep, snapshots) and isinstance(self.keep.cycles, int) and self.keep.cycles > self.epochs:
            raise RavineError(
                f"Recipe(keep={self.keep!r}, epochs={self.epochs}): a cycle takes at least one epoch; "
                f"use at most {self.epochs} cycles."
            )


def _several(given: Any) -> Any:
    """Takes one part as several, a list as a tuple, and a part's text as the part."""
    one_by_one = given if isinstance(given, (tuple, list)) else (given,)
    if isinstance(given, Range):
        return given
    return tuple(read(each, NAMES) if isinstance(each, str) else each for each in one_by_one)


PARTS = {part.__name__: part for part in (Recipe, early_stopping, gradient_norm, plateau)}
SEARCHING = {name: kind for name, kind in DESCENTS.items() if kind.needs != "residuals"}
"""Methods that need the loss as a function, each of whose steps searches; residuals a recipe has none."""
NAMES: dict[str, Any] = {
    **DESCENTS, **{kind.__name__: kind for kind in DESCENTS.values()},
    **RULES, "muon": Muon, **METHODS, **SCHEDULES, **LENGTHS, **RANGES, **PARTS, **KEEPS, **AUGMENTATIONS,
    **OBJECTIVES, **PENALTIES, **LAYERS,
}  # fmt: skip
"""Every name that the text of a recipe may call."""


def recipe_of(rule: Rule | Descent, batch_size: Any = 64) -> Recipe:
    """Gives the recipe that a rule stands for, which is default in all else.

    Args:
        rule: The rule; or a method that needs the loss as a function, which gets all of the data at once, always in
            the same order.
        batch_size: What rules get.

    Returns:
        The recipe.

    >>> from ravine.minimize import LBFGS
    >>> recipe_of(LBFGS())
    Recipe(LBFGS(), batch_size='all', order='stored')
    """
    if isinstance(rule, Descent):
        return Recipe(rule, batch_size="all", order="stored")
    return Recipe(rule, batch_size=batch_size)


def read_recipe(given: str | Rule | Descent | Recipe) -> Recipe:
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
    recipe = recipe_of(recipe) if isinstance(recipe, (Rule, Descent)) else recipe
    if not isinstance(recipe, Recipe):
        raise RavineError(f"--recipe {text(given)}: write a rule such as Adam(lr=0.001), or Recipe(Adam(), epochs=20).")
    for range_ in leaves(recipe, is_range).values():
        raise RavineError(
            f"--recipe {text(given)} holds the range {range_!r}: a recipe has one number there; "
            "what is to be searched goes to --methods."
        )
    return recipe


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
