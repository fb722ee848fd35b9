"""The winning recipe as text: Ravine code, plain PyTorch that walks the same path, a command line."""

import ast
import inspect
import re
import shlex
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from ..data import ready_made
from ..data.find import LOADED
from ..fields import same, text
from ..minimize import Descent
from ..optim import field_names
from ..part import look_up, meanings
from ..recipe import Recipe
from ..rules import METHODS, Muon, Rule, Wrapper, arithmetic
from ..schedules import Schedule
from .course import Course, Entry
from .fingerprints import kinds
from .job import refitted
from .record import Record
from .scene import Scene, stage

SELF_CONTAINED = {"digits": ready_made.digits_cnn}
"""Tasks whose data and network the plain script writes out; others it takes from where the task has them."""
WRITTEN = ("rule", "batch_size", "epochs", "order")
"""The fields of a recipe that the plain script has."""


def train_this_way(best: Entry, state: Course, records: Mapping[str, Record], scene: Scene) -> dict[str, str]:
    """Writes the winning recipe in three forms.

    Args:
        best: The contender that won.
        state: The course of the study, at its end.
        records: All runs.
        scene: The study's setting.

    Returns:
        "ravine", "pytorch" and "command".
    """
    chosen = state.races[best.name].chosen
    assert chosen is not None
    recipe, arguments = refitted(best.field.settled[chosen].recipe), dict(best.field.settled[chosen].arguments)
    refits = sorted(
        (r for r in records.values() if (r.record["method"], r.record["stage"]) == (best.name, "tuned")),
        key=lambda r: r.record["seed"],
    )
    data = stage(scene, -1)
    epochs, scores = refits[0].record["until"], [r.record["score"] for r in refits]
    numbers = {
        "task": data.task.source,
        "recipe": _readable(recipe, refits[0].record["recipe"]),
        "written": refits[0].record["recipe"],
        "arguments": arguments,
        "metric": data.metrics[0].name,
        "scores": scores,
        "score": float(np.mean(scores)),
        "seeds": [r.record["seed"] for r in refits],
        "epochs": epochs,
        "total_epochs": recipe.epochs,
        "options": {
            "until": epochs if epochs != recipe.epochs else None,
            "metric": scene.metric,
            "device": scene.device,
            "engine": None if scene.engine == "auto" else scene.engine,
        },
    }
    return {
        "ravine": _render("ravine.py.jinja", numbers),
        "pytorch": _plain(recipe, numbers, scene),
        "command": _command(numbers),
    }


def _readable(recipe: Recipe, written: str) -> str | None:
    """Gives the text that `ravine.train` reads as a recipe; None where it holds a rule that no text finds."""
    own = [kind for kind in kinds(recipe.rule) if not kind.__module__.startswith("ravine.")]
    if not own:
        return written
    if not all(kind.__module__.startswith(LOADED) for kind in own):
        return None
    return f"{inspect.getsourcefile(own[0])}:{written}"


def _render(template: str, values: Mapping[str, Any]) -> str:
    environment = Environment(  # it writes Python; the page that shows it escapes it
        loader=PackageLoader("ravine", "study"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["text"] = text
    return environment.get_template(template).render(values).rstrip() + "\n"


def _command(numbers: Mapping[str, Any]) -> str:
    if numbers["task"] is None or numbers["recipe"] is None:
        return "# There is no command line: the task or its rule was given as an object, and no text finds it.\n"
    seed, *others = numbers["seeds"]
    words = ["ravine", "train", numbers["task"], "--recipe", numbers["recipe"], "--seed", str(seed)]
    words += [word for name, value in numbers["arguments"].items() for word in ("--set", f"{name}={text(value)}")]
    given = {name: value for name, value in numbers["options"].items() if value is not None}
    words += [word for name, value in given.items() for word in (f"--{name}", str(value))]
    mean = f"; the mean over seeds {seed} to {others[-1]} is {numbers['score']:.6g}" if others else ""
    return f"# {numbers['metric']} {numbers['scores'][0]:.6g} on the test set{mean}.\n{shlex.join(words)}\n"


def _plain(recipe: Recipe, numbers: Mapping[str, Any], scene: Scene) -> str:
    """Writes a script of plain PyTorch, or says why there is none."""
    reason = _why_not_plain(recipe, scene)
    if reason:
        return f"# There is no plain PyTorch script of this recipe: {reason}.\n# Use the Ravine code.\n"
    rule, lr = recipe.rule, getattr(recipe.rule, "lr", None)
    assert isinstance(rule, Rule)  # of a method that searches the reason above was told
    classes = [_class(kind, "update") for kind in _family(type(rule))]
    classes += [_class(type(lr), "_at", "__call__")] if isinstance(lr, Schedule) else []
    network = SELF_CONTAINED.get(numbers["task"]) if numbers["metric"] == "accuracy" else None
    return _render(
        "pytorch.py.jinja",
        {
            **numbers,
            "functions": _arithmetic("\n".join(classes)),
            "classes": classes,
            "rule": f"{type(rule).__name__}({_arguments(rule, lr)})",
            "schedule": f"{type(lr).__name__}({_arguments(lr)})" if isinstance(lr, Schedule) else None,
            "slots": {name: rule.slots().get(name) for name in rule.state},
            "counts": "t" in inspect.signature(type(rule).update).parameters,  # pyright: ignore[reportAttributeAccessIssue]
            "network": None if network is None else inspect.getsource(network).rstrip(),
            "build": None if network is None else f"{network.__name__}(**{text(numbers['arguments'])})",
            "batch_size": recipe.batch_size,
            "order": recipe.order,
            "exact": scene.engine == "plain",
            "override": scene.metric,
        },
    )


def _why_not_plain(recipe: Recipe, scene: Scene) -> str | None:
    rule = recipe.rule
    scheduled = [value for path in field_names(rule).values() if isinstance(value := look_up(rule, path), Schedule)]
    lr = getattr(rule, "lr", None)
    if isinstance(rule, (Wrapper, Muon)) or rule.looks_ahead() or rule.predicting_slot():
        return _why_not_written(rule)
    more = [f.name for f in fields(recipe) if f.name not in WRITTEN and not same(getattr(recipe, f.name), f.default)]
    if more:
        return f"what is written out has no {' and no '.join(more)}"
    if any(schedule is not lr or not _is_one_formula(schedule) for schedule in scheduled):
        return "its schedules are more than one formula for lr"
    if scene.task.endswith(".cloudpickle") or (scene.device or "cpu") != "cpu":
        return "the task was made in a session that no script can repeat, or trained on a GPU"
    return None if type(rule).__module__.startswith("ravine.") else "its rule is your own: plain code is in its file"


def _why_not_written(rule: Rule | Descent) -> str:
    """Says why a rule is more than one `update`, and which rules can be written out."""
    if rule.gradients_per_step() == 2:
        reason = "a step takes two gradients, the second one elsewhere"
    elif isinstance(rule, Descent):
        reason = "a step searches, by as many gradients as it needs"
    elif rule.looks_ahead():
        reason = "a step moves all parameters for its gradient"
    elif rule.predicting_slot():
        reason = "it predicts with other weights than it moves"
    elif isinstance(rule, Muon):
        reason = "its matrix products are more than its update"
    else:
        reason = "it is a rule around others"
    written = ", ".join(kind.__name__ for kind in METHODS.values())
    return f"{rule!r} cannot be written out, since {reason}; what can be is any of {written} by itself"


def _is_one_formula(schedule: Schedule) -> bool:
    """Tells whether a schedule needs nothing but its own numbers and `math`."""
    numbers = all(isinstance(getattr(schedule, name), (int, float)) for name in meanings(schedule))
    calls = [node.func for node in ast.walk(_tree(type(schedule)._at)) if isinstance(node, ast.Call)]
    known = all(ast.unparse(function).startswith(("math.", "float")) for function in calls)
    return numbers and known


def _arguments(part: Any, schedule: Any = None) -> str:
    values = {name: getattr(part, name) for name in meanings(part)}
    first = "schedule(0, TOTAL)"
    return ", ".join(
        f"{name}={first if isinstance(value, Schedule) and value is schedule else text(value)}"
        for name, value in values.items()
    )


def _family(kind: type) -> list[type]:
    """Gives a rule's class, behind the rules whose `update` its own calls."""
    calls = re.findall(r"\b(\w+)\.update\(", inspect.getsource(kind.update))
    return [*(getattr(inspect.getmodule(kind), name) for name in calls), kind]


def _class(kind: type, method: str, called: str | None = None) -> str:
    """Writes a class with one method, word for word as the library has it."""
    function = _bare(getattr(kind, method), called or method)
    return f"class {kind.__name__}(SimpleNamespace):\n" + textwrap.indent(function, "    ")


def _bare(function: Callable[..., Any], called: str) -> str:
    """Writes a function without annotations and docstring."""
    tree = _tree(function)
    tree.name, tree.returns, tree.decorator_list = called, None, []
    for argument in tree.args.args:
        argument.annotation = None
    if ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:]
    return ast.unparse(tree)


def _tree(function: Callable[..., Any]) -> ast.FunctionDef:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return tree


def _arithmetic(code: str) -> str:
    """Writes the functions of the rules' arithmetic that some code calls, and those that they call."""
    wanted, seen = _called(code), set[str]()
    while wanted != seen:
        seen = set(wanted)
        for name in seen:
            wanted |= _called(inspect.getsource(getattr(arithmetic, name)))
    functions = [_bare(f, name) for name, f in vars(arithmetic).items() if name in wanted]
    constants = [f"SMALLEST = {arithmetic.SMALLEST!r}"] if any("SMALLEST" in f for f in functions) else []
    return "\n\n\n".join(constants + functions)


def _called(code: str) -> set[str]:
    names = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    return {name for name in names if inspect.isfunction(getattr(arithmetic, name, None))}
