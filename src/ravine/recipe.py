"""A recipe: everything that decides how a task is trained, as data."""

from typing import Any

from .errors import RavineError
from .part import Number, Part, field, flag, inner, option
from .rules import Adam, Rule


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

    >>> Recipe(Adam(lr=0.01), epochs=20)
    Recipe(Adam(lr=0.01), epochs=20)
    """

    rule: Rule = inner("what one step does to the parameters")
    batch_size: Number = inner("examples per step, or 'all' for the whole set", default=64)
    epochs: int = field(15, "passes over the training data", at_least=1, whole=True)
    order: str = option(
        "shuffled", ("shuffled", "stored", "replacement"), "the order in which examples come, anew in every epoch"
    )
    stop: early_stopping | gradient_norm | None = inner("what ends training before its epochs are over", default=None)
    on_plateau: plateau | None = inner("how lr falls when the loss has stalled", default=None)
    autocast: bool = flag(False, "whether the forward pass runs in bfloat16 where that is safe")

    def __post_init__(self) -> None:
        Part.__post_init__(self)
        _check_kind(self, "rule", Rule, "a rule such as Adam(lr=0.001)")
        _check_kind(self, "stop", (early_stopping, gradient_norm, type(None)), "early_stopping() or gradient_norm()")
        _check_kind(self, "on_plateau", (plateau, type(None)), "plateau()")
        sizes = self.batch_size.extremes() if hasattr(self.batch_size, "extremes") else (self.batch_size,)
        for size in sizes:
            whole = isinstance(size, int) and not isinstance(size, bool) and size >= 1
            if not whole and size != "all":
                raise RavineError(
                    f"Recipe(batch_size={self.batch_size!r}): batch_size must be a whole number, at least 1, or 'all', "
                    f"got {size!r}."
                )


def _check_kind(recipe: Recipe, name: str, kind: Any, expected: str) -> None:
    value = getattr(recipe, name)
    if not isinstance(value, kind):
        raise RavineError(f"Recipe({name}={value!r}): {name} must be {expected}, got {value!r}.")


RECIPE_PARTS = {part.__name__: part for part in (Recipe, early_stopping, gradient_norm, plateau)}
"""The names that a recipe's text may call, beside rules, schedules and ranges."""
