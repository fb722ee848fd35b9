"""What a study must not lose sight of: its data, its model, and the code of both, as they were when it began."""

import ast
import hashlib
import inspect
import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from ..data.folds import split_test
from ..data.model import build_model, check_model
from ..data.pretrained import digest_of
from ..errors import RavineError
from ..part import Part, meanings
from ..rules import Rule
from ..training.machine import device_named
from ..training.stage import SPLIT_SEED, Stage
from .contenders import Contender
from .job import first_seed
from .options import Options
from .store import Store

WHAT = {"train_fingerprint": "data", "test_fingerprint": "data", "model": "model", "code": "task file or rule"}
"""What each fingerprint is of."""


def fingerprints(data: Stage, contenders: Sequence[Contender], options: Options) -> dict[str, str]:
    """Takes the fingerprints of a study, and sees on the way that its network fits its data.

    Args:
        data: All training data and the test set.
        contenders: Who takes part.
        options: What is asked.

    Returns:
        One text for each thing that must stay as it is.
    """
    train, test = split_test(data.task, SPLIT_SEED)
    return {
        "train_fingerprint": train.fingerprint(),
        "test_fingerprint": test.fingerprint(),
        "model": _digest(_model(data, options)),
        "code": _digest("\n".join([_task_code(data.task.source), *map(_rule_code, own_rules(contenders))])),
    }


def check_unchanged(now: dict[str, str], options: Options, store: Store) -> None:
    """Refuses to go on with a study whose data or code are not those that it was begun with.

    Args:
        now: The fingerprints as they are.
        options: What is asked.
        store: Where the study is kept.

    Raises:
        RavineError: Something has changed.
    """
    for name, what in WHAT.items():
        if store.fact(name) not in (None, now[name]):
            raise RavineError(
                f"the {what} of {options.task!r} changed since the study in {str(store.folder)!r} was begun: "
                "choose another --out."
            )


def own_rules(contenders: Sequence[Contender]) -> list[type[Part]]:
    """Finds the rules that are the user's own.

    Args:
        contenders: Who takes part.

    Returns:
        Their classes, each once.
    """
    found = dict.fromkeys(kind for contender in contenders for kind in kinds(contender.recipe.rule))
    return [kind for kind in found if not kind.__module__.startswith("ravine.")]


def kinds(rule: Part) -> Iterator[type[Part]]:
    """Goes through a rule and those that stand in it.

    Args:
        rule: The rule.

    Yields:
        Their classes, from the outside in.
    """
    yield type(rule)
    for name in meanings(rule):
        inside = getattr(rule, name)
        if isinstance(inside, Rule):
            yield from kinds(inside)


def _model(data: Stage, options: Options) -> str:
    device = device_named(options.device)
    model = build_model(data.task, first_seed(options.seed)).to(device)
    batch = data.train.to(device).batch(torch.arange(min(8, len(data.train))))
    check_model(data.task, model, batch)
    shapes = [list(p.shape) for p in model.parameters()]
    begun = digest_of(data.task.model)
    return f"{re.sub('0x[0-9a-fA-F]+', '', repr(model))} {shapes}{begun}"  # an address differs from process to process


def _task_code(source: str | None) -> str:
    file = Path((source or "").rpartition(":")[0])
    return _without_comments(file.read_text()) if file.suffix == ".py" and file.is_file() else ""


def _rule_code(rule: type[Part]) -> str:
    try:
        return _without_comments(textwrap.dedent(inspect.getsource(rule)))
    except (OSError, TypeError):  # typed where Python keeps no text
        return rule.__name__


def _without_comments(code: str) -> str:
    return ast.dump(ast.parse(code))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
