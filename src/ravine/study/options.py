"""What a study was asked: everything that decides its numbers, and nothing that does not."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from ..engines.choice import check_engine
from ..errors import RavineError

DEFAULT_METHODS = ("sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw")


@dataclass(frozen=True)
class Options:
    """The options of a study, as they are compared when it is taken up again.

    The number of workers is not among them: it changes no number.
    """

    task: str
    methods: tuple[str, ...] = DEFAULT_METHODS
    recipe: str | None = None
    settings: int = 8
    search: str = "sobol"
    folds: int = 3
    holdout: float | None = None
    seeds: int = 5
    epochs: int | None = None
    metric: str | None = None
    matters: float = 0.0
    budget: float | None = None
    halving: bool = True
    seed: int = 0
    device: str | None = None
    engine: str = "auto"

    def __post_init__(self) -> None:
        check_engine(self.engine)
        _whole("settings", self.settings, 1, 4096)
        if self.settings & (self.settings - 1):
            raise RavineError(
                f"--settings {self.settings}: must be a power of two (1, 2, 4, 8, ...), for Sobol's points."
            )
        _whole("folds", self.folds, 2, 500)
        _whole("seeds", self.seeds, 1, 10_000)
        _whole("seed", self.seed, 0, 10**6)
        if self.epochs is not None:
            _whole("epochs", self.epochs, 1, 10**6)
        _one_of("search", self.search, ("sobol", "grid"))
        if self.holdout is not None and not 0 < self.holdout < 1:
            raise RavineError(f"--holdout {self.holdout!r}: must be a share of the training data, in (0, 1).")
        if not self.matters >= 0:
            raise RavineError(f"--matters {self.matters!r}: must be at least 0: the smallest difference that matters.")
        if self.budget is not None and not 0 < self.budget < float("inf"):
            raise RavineError(f"--budget {self.budget!r}: must be a number of seconds above 0.")
        if self.budget is not None and self.epochs is not None:
            raise RavineError(
                f"--budget {self.budget:g}s is turned into epochs, and --epochs {self.epochs} sets them: "
                "give one of the two."
            )
        if not self.methods and self.recipe is None:
            raise RavineError("--methods is empty: name at least one, such as 'adam'.")

    def stored(self) -> dict[str, Any]:
        """Gives the options as JSON holds them.

        Returns:
            Their values by name.
        """
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def read(cls, stored: dict[str, Any]) -> "Options":
        """Takes the options back from JSON.

        Args:
            stored: What `stored` gave.

        Returns:
            The options.
        """
        known = {f.name for f in fields(cls)}
        kept = {name: value for name, value in stored.items() if name in known}
        values: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in kept.items()}
        return cls(**values)


def _whole(name: str, value: Any, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise RavineError(f"--{name} {value!r}: must be a whole number from {low} to {high}.")


def _one_of(name: str, value: str, among: tuple[str, ...]) -> None:
    if value not in among:
        raise RavineError(f"--{name} {value!r}: must be {' or '.join(among)}.")


def differences(before: Options, now: Options) -> list[str]:
    """Says how the options of a study differ from those it was begun with.

    Args:
        before: As the study was begun.
        now: As it is asked now.

    Returns:
        One phrase per option that differs.

    >>> differences(Options("digits"), Options("digits", seeds=9))
    ['seeds was 5, now 9']
    """
    return [
        f"{f.name} was {getattr(before, f.name)!r}, now {getattr(now, f.name)!r}"
        for f in fields(Options)
        if getattr(before, f.name) != getattr(now, f.name)
    ]
