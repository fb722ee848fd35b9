"""What `ravine methods` prints: every rule, schedule and part of a recipe with its fields, ranges and equations."""

import inspect

from rich.console import Console
from rich.table import Table
from rich.tree import Tree

from ..data.augment import AUGMENTATIONS
from ..data.objectives import OBJECTIVES
from ..data.penalties import PENALTIES
from ..engines.latex import equations
from ..errors import RavineError, nearest
from ..fields import text
from ..keep import KEEPS
from ..layers import LAYERS
from ..part import Part, meanings
from ..recipe import NAMES, SEARCHING, early_stopping, gradient_norm, plateau, read_method
from ..rules import METHODS, RULES, AdamW, Muon, Rule, Split, Wrapper
from ..schedules import SCHEDULES

PARTS_OF_A_RECIPE: dict[str, dict[str, type[Part]]] = {
    "On the batch: Recipe(rule, augmentation=(...))": dict(AUGMENTATIONS),
    "On the loss: Recipe(rule, loss=...)": dict(OBJECTIVES),
    "On the loss, for the weights: Recipe(rule, penalties=(...))": dict(PENALTIES),
    "On the layers: Recipe(rule, layers=(...))": dict(LAYERS),
    "When to stop: Recipe(rule, stop=..., on_plateau=...)": {
        part.__name__: part for part in (early_stopping, gradient_norm, plateau)
    },
    "What to keep: Recipe(rule, keep=...)": dict(KEEPS),
}


def run_methods(name: str | None, *, tree: bool) -> None:
    """Shows one method, those that a word finds, the tree of descent, or all.

    Args:
        name: A rule, a schedule, a part of a recipe, or what others call one or a field of one; `file.py:Rule` for
            one's own.
        tree: Whether to show which method grew out of which.

    Raises:
        RavineError: Nothing is called so.
    """
    console = Console(highlight=False)
    if tree:
        console.print(family_tree())
    elif name is None:
        _print_all(console)
    else:
        _print_found(console, name)


def _print_all(console: Console) -> None:
    console.print(_table("Rules", {name: rule for name, rule in RULES.items() if not issubclass(rule, Wrapper)}))
    console.print(_table("Wrappers: rules around a rule", {n: r for n, r in RULES.items() if issubclass(r, Wrapper)}))
    console.print(_table("Methods that search: all data at once, in a rule's place", dict(SEARCHING)))
    console.print(_table("Schedules: in the place of any number", SCHEDULES))
    for title, parts in PARTS_OF_A_RECIPE.items():
        console.print(_table(title, parts))
    console.print("One in full: ravine methods adam. In sequence: warmup(0.05).then(cosine(0.003)); product: a * b.")


def _table(title: str, parts: dict[str, type]) -> Table:
    table = Table("name", "what it does", title=title, title_justify="left", box=None, pad_edge=False)
    for name, part in parts.items():
        table.add_row(name, _first_sentence(part))
    return table


def _first_sentence(part: type) -> str:
    return (inspect.getdoc(part) or "").split("\n")[0].replace("`", "")


def _print_found(console: Console, name: str) -> None:
    if ".py:" in name:
        part = read_method(name)
        _print_one(console, name, part if isinstance(part, type) else type(part))
        return
    parts = {
        **RULES,
        **SEARCHING,
        **SCHEDULES,
        **{name: part for parts in PARTS_OF_A_RECIPE.values() for name, part in parts.items()},
    }
    exact = [known for known in parts if known.lower() == name.lower()]
    found = exact or [known for known, part in parts.items() if _is_called(part, name)]
    if not found:
        raise RavineError(
            f"there is no method {name!r}: 'ravine methods' lists all.{nearest(name, [*parts, *METHODS])}"
        )
    if len(found) > 1:
        console.print(_table(f"What has to do with {name!r}", {known: parts[known] for known in found}))
        return
    _print_one(console, found[0], parts[found[0]])


def _is_called(part: type[Part], word: str) -> bool:
    word = word.lower().replace("_", " ")
    own = meanings(part).items()
    known = [part.__name__, *(name for field, m in own for name in (field, *m.also, *(m.among or ())))]
    return (
        word in (str(name).lower().replace("_", " ") for name in known) or word in (inspect.getdoc(part) or "").lower()
    )


def _print_one(console: Console, name: str, part: type[Part]) -> None:
    console.print(f"{name}: {_first_sentence(part)}", markup=False, style="bold")
    module = inspect.getdoc(inspect.getmodule(part)) or ""
    for paragraph in (p for p in module.split("\n\n")[1:] if issubclass(part, Rule) and ">>>" not in p):
        if not paragraph.startswith("In "):  # lines of NumPy follow
            console.print(" ".join(paragraph.split()), markup=False)
    table = Table("field", "default", "bounds", "searched in", "meaning", box=None, pad_edge=False)
    for field, known in meanings(part).items():
        default = getattr(part, field, None)
        bounds = " or ".join(map(text, known.among)) if known.among else str(known.interval or "")
        search = "" if known.search is None else text(known.search) + (" by default" if known.searched else "")
        table.add_row(field, "" if default is None else text(default), bounds, search, known.text)
    console.print(table)
    if issubclass(part, Rule):
        _print_equations(console, part)


def _print_equations(console: Console, rule: type[Rule]) -> None:
    for made in _examples(rule):
        console.print(str(made), markup=False)
        for line in equations(made):
            console.print(f"  {line}", markup=False)


def _examples(kind: type[Rule]) -> list[Rule]:
    """Makes a rule at its defaults; one that must be given something, once with each field that it may be given."""
    wrapped = (Muon(), AdamW()) if kind is Split else (METHODS["sgd"](),) if issubclass(kind, Wrapper) else ()
    try:
        return [kind(*wrapped)]
    except RavineError:
        optional = {name: known.search for name, known in meanings(kind).items() if known.optional and known.search}
        return [kind(*wrapped, **{name: search.at(0.5)}) for name, search in optional.items()]


def family_tree() -> Tree:
    """Draws which method grew out of which; one with two parents hangs under the later of them.

    Returns:
        The tree, from the methods that grew out of none.
    """
    order = list(RULES)
    above = {name: max(rule.parents, key=_place(order), default="") for name, rule in RULES.items()}
    root = Tree("gradient descent")
    branches = {"": root}
    for name in order:
        others = [parent for parent in RULES[name].parents if parent != above[name]]
        label = f"{name} (and {', '.join(others)})" if others else name
        branches[name] = branches.get(above[name], root).add(f"{label}: {_first_sentence(NAMES[name])}")
    return root


def _place(order: list[str]):
    return lambda name: order.index(name) if name in order else -1
