"""Who takes part: each contender is a recipe whose ranges say where it is searched."""

import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar

import numpy as np
from scipy.stats import qmc

from ..errors import RavineError
from ..minimize import Descent
from ..optim import field_names
from ..part import Part, leaves, look_up, meanings, substitute
from ..ranges import Range, is_range, near_one
from ..recipe import Recipe
from ..rules import Muon, Rule, Split, learning_rates
from ..schedules import Schedule, cosine

Path = tuple[Any, ...]
Method = TypeVar("Method", bound=Rule | Descent)
TAKEN = frozenset({
    "method", "stage", "setting", "recipe", "fold", "seed", "epochs", "outcome", "sentence", "rung", "kept", "loser",
    "score", "proper", "train_score", "train_proper", "averaged_score", "averaged_proper", "evaluations", "steps",
    "seconds",
})  # fmt: skip
"""Names of columns in a study's table, which no searched field may have."""


@dataclass(frozen=True)
class Contender:
    """A way of training that takes part in a study.

    `recipe` and `arguments` (of the model factory) may hold ranges; `defaults` is the same with every range at its
    textbook value, or None where nothing is searched.
    """

    name: str
    recipe: Recipe
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def whole(self) -> tuple[Recipe, Mapping[str, Any]]:
        """The recipe and the model's arguments, as one thing to search in."""
        return self.recipe, self.arguments

    @property
    def searched(self) -> dict[str, tuple[Path, Range]]:
        """Where it is searched: the place and the range of every searched field, by its name."""
        names = {path: name for name, path in field_names(self.recipe.rule).items()}
        found: dict[str, tuple[Path, Range]] = {}
        for path, range_ in leaves(self.whole, is_range).items():
            name = _name_of(path, names) or _name_in_part(self.whole, path)
            if name in found or name in TAKEN:
                name = ".".join(map(str, ("model", *path[1:]) if path[0] else path[1:]))
            found[name] = (path, range_)
        return found

    def at(self, values: Mapping[str, Any]) -> "Contender":
        """Settles the searched fields.

        Args:
            values: A value for each, by name.

        Returns:
            A contender without ranges.
        """
        places = {path: values[name] for name, (path, _) in self.searched.items()}
        recipe, arguments = substitute(self.whole, places)
        return Contender(self.name, recipe, arguments)


def _name_of(path: Path, rule_fields: Mapping[Path, str]) -> str | None:
    """Names a searched place: a rule's field keeps its name also where the range stands in a schedule inside it."""
    for end in range(len(path), 1, -1):
        if path[:2] == (0, "rule") and path[2:end] in rule_fields:
            return rule_fields[path[2:end]]
    return None


def _name_in_part(whole: Any, path: Path) -> str:
    """Names a field of a part of the recipe with the part in front, as those of wrappers are: `mixup_alpha`."""
    _, first, *inside = path
    holder = look_up(whole, path[:-1])
    return f"{type(holder).__name__}_{path[-1]}" if inside and isinstance(holder, Part) else str(first)


def with_default_ranges(kind: type[Method]) -> Method:
    """Makes a rule that is searched where its fields say it should be by default.

    Args:
        kind: The rule's class.

    Returns:
        The rule with ranges in those fields.

    Raises:
        RavineError: It has fields without a default.

    >>> from ravine.rules import SGD
    >>> with_default_ranges(SGD).lr == meanings(SGD)["lr"].search
    True
    """
    if kind is Muon:
        raise RavineError(
            "--methods Muon: it moves matrices alone; write Split(Muon(), AdamW()), or "
            f"Split(Muon(lr={meanings(Muon)['lr'].search!r}), AdamW()) to search its lr."
        )
    missing = [f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]
    if missing:
        rules = {"rule": "Muon()" if kind is Split else "Adam()", "others": "AdamW()"}
        example = (
            ", ".join(rules[name] for name in missing)
            if set(missing) <= set(rules)
            else ", ".join(f"{name}=..." for name in missing)
        )
        raise RavineError(
            f"--methods {kind.__name__}: {' and '.join(missing)} must be given: write {kind.__name__}({example})."
        )
    return kind(**{name: known.search for name, known in meanings(kind).items() if known.searched})


def under_cosine(rule: Method) -> Method:
    """Lets the learning rate of a rule fall along half a cosine, unless it follows a schedule already.

    Args:
        rule: The rule.

    Returns:
        The rule with `cosine(lr)` in the place of `lr`; of each of its two where it is a `Split`.
    """
    rates = learning_rates(rule)
    return substitute(rule, {path: cosine(lr) for path, lr in rates.items() if not isinstance(lr, Schedule)})


def at_defaults(contender: Contender, factory: Callable[..., Any]) -> Contender | None:
    """Gives a contender at its textbook defaults.

    Args:
        contender: The contender.
        factory: The model's factory, whose signature holds the defaults of its arguments.

    Returns:
        The same with every range replaced by its field's default; None where nothing is searched or a
        searched field has no default.
    """
    values = {name: _default_of(contender, path, factory) for name, (path, _) in contender.searched.items()}
    if not values or any(value is None for value in values.values()):
        return None
    return contender.at(values)


def _default_of(contender: Contender, path: Path, factory: Callable[..., Any]) -> Any:
    """Looks up the default of the field at a place, or of the field whose schedule holds the place."""
    if path[0] == 1:
        known = inspect.signature(factory).parameters.get(path[1])
        return None if known is None or known.default is inspect.Parameter.empty else known.default
    default = None
    for k, name in enumerate(path[1:], start=1):
        holder = look_up(contender.whole, path[:k])
        own = getattr(type(holder), name, None) if isinstance(name, str) else None
        # A schedule's own default, such as the end of a cosine; where it has none, that of the field that holds it.
        of_its_own = isinstance(holder, Part) and not isinstance(holder, Schedule)
        default = own if of_its_own or own is not None else default
    return default


def settings(contender: Contender, count: int, search: str, seed: int) -> list[dict[str, Any]]:
    """Chooses the settings that a contender is tried at.

    Args:
        contender: The contender.
        count: How many, a power of two.
        search: "sobol" or "grid".
        seed: Scrambles Sobol's points; contenders with as many searched fields meet the same points.

    Returns:
        The value of every searched field by name; one empty setting where nothing is searched.
    """
    searched = contender.searched
    if not searched:
        return [{}]
    points = _grid(len(searched), count) if search == "grid" else _sobol(len(searched), count, seed)
    return [
        {name: _readable(range_, float(u)) for (name, (_, range_)), u in zip(searched.items(), point, strict=True)}
        for point in points
    ]


def _readable(range_: Range, u: float) -> Any:
    """Gives the value at a place of a range, to the four digits that a person would copy."""
    value, ends = range_.at(u), range_.extremes()
    if not isinstance(value, float):
        return value
    # What counts in a memory near one is its distance to one.
    short = round(1 - float(f"{1 - value:.4g}"), 15) if isinstance(range_, near_one) else float(f"{value:.4g}")
    return min(max(short, ends[0]), ends[-1])


def _sobol(dimensions: int, count: int, seed: int) -> np.ndarray:
    return qmc.Sobol(dimensions, scramble=True, rng=np.random.default_rng(seed)).random(count)


def _grid(dimensions: int, count: int) -> Sequence[tuple[float, ...]]:
    """Spreads a power of two over the dimensions; the first, the step size, gets what does not divide evenly."""
    doublings = count.bit_length() - 1
    levels = [2 ** (doublings // dimensions + (k < doublings % dimensions)) for k in range(dimensions)]
    axes = [np.linspace(0, 1, level) if level > 1 else np.array([0.5]) for level in levels]
    return list(itertools.product(*axes))
