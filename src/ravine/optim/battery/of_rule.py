"""What is asked of the rule itself: dtypes, going on from a saved state, its fields, the gradient, its text."""

import dataclasses
import io
import math
from collections.abc import Iterator

import torch
from torch import Tensor

from ...errors import RavineError
from ...fields import Meaning, text
from ...part import meanings
from ...rules import Rule
from ...text import read
from .recorded import STEPS
from .subject import Finding, Subject, in_words, whole

DTYPES = (torch.float32, torch.float64, torch.bfloat16, torch.float16)
SAVED = 37
"""The step at which the state is saved, loaded and gone on from."""


def dtypes(subject: Subject) -> Finding:
    """Takes steps in every dtype.

    Args:
        subject: The rule.

    Returns:
        Whether parameters and slots keep theirs.
    """
    for engine in subject.engines:
        for dtype in DTYPES:
            walk = subject.walk(engine, dtype)
            before = {name: column[0].dtype for name, column in walk.to(1).columns().items() if column}
            after = {name: column[0].dtype for name, column in walk.to(3).columns().items() if column}
            wrong = [name for name in after if after[name] != before[name] or (name == "p" and after[name] != dtype)]
            if wrong:
                return Finding(
                    "failed",
                    f"{wrong[0]} is {_name(after[wrong[0]])} after steps by {engine} in {_name(dtype)}: let update "
                    "make no tensor of its own, or of p's dtype.",
                )
    kept = ", ".join(map(_name, DTYPES))
    return Finding("held", f"{kept} kept by {in_words(['p', *subject.rule.slots()])}")


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def resume(subject: Subject) -> Finding:
    """Saves the state, loads it into another optimizer, and goes on in both.

    Args:
        subject: The rule.

    Returns:
        Whether both end in the same bits.
    """
    for engine in subject.engines:
        walk, kept = subject.walk(engine).to(SAVED), io.BytesIO()
        torch.save(walk.optimizer.state_dict(), kept)
        kept.seek(0)
        again = subject.walk(engine).resumed(torch.load(kept, weights_only=True), walk.params)
        ours, theirs = again.to(STEPS).columns(), walk.to(STEPS).columns()
        for name in theirs:
            differing = sum(map(_differing, ours[name], theirs[name]))
            if differing:
                return Finding(
                    "failed",
                    f"{differing} elements of {name} end otherwise by {engine} after going on from step {SAVED}: what "
                    "update remembers belongs in slots, and random numbers come from normal(...).",
                )
    return Finding("held", f"from step {SAVED} to {STEPS} the same bits by {subject.by}")


def _differing(a: Tensor, b: Tensor) -> int:
    return int(((a != b) & ~(a.isnan() & b.isnan())).sum())


def fields(subject: Subject) -> Finding:
    """Gives every field what it must refuse.

    Args:
        subject: The rule.

    Returns:
        How many values were refused.
    """
    refused: list[str] = []
    for rule in whole(subject.rule):
        known = meanings(rule)
        for each in dataclasses.fields(rule):
            if each.name not in known:
                return Finding(
                    "failed",
                    f"{each.name} is not declared: write {each.name}: Number = "
                    f'field({text(getattr(rule, each.name))}, "what it means", at_least=0), so that it is checked, '
                    "searched, and stands in parameter groups.",
                )
        for name, wrong in ((name, wrong) for name, meaning in known.items() for wrong in _wrong(meaning)):
            fault = _fault(rule, name, wrong)
            if fault is not None:
                return Finding("failed", fault)
            refused.append(name)
    names = ", ".join(dict.fromkeys(refused))
    return Finding("held", f"{len(refused)} wrong values refused by name: {names}" if names else "there are none")


def _wrong(known: Meaning) -> Iterator[float | str]:
    if known.interval is not None:
        ends = ((known.interval.low, known.interval.low_open, -1), (known.interval.high, known.interval.high_open, 1))
        for end, is_open, beyond in ends:
            if math.isfinite(end):
                yield end + beyond
                if is_open:
                    yield end
        yield math.nan
    if known.interval is not None or known.among is not None or known.holds:
        yield "no such value"


def _fault(rule: Rule, name: str, wrong: float | str) -> str | None:
    """Gives a sentence where a wrong value is taken, or refused otherwise than by its name."""
    typed = f"{type(rule).__name__}({name}={text(wrong)})"
    advice = "begin __post_init__ with Rule.__post_init__(self)"
    try:
        dataclasses.replace(rule, **{name: wrong})
    except RavineError as refusal:
        return None if name in str(refusal) else f"{typed} is refused without its name: {advice}. It says: {refusal}"
    except Exception as error:  # noqa: BLE001 - the rule is somebody else's
        return f"{typed} raises {type(error).__name__}: {advice}, which refuses it by name."
    return f"{typed} is taken: {advice}, which refuses it by name."


def gradient(subject: Subject) -> Finding:
    """Looks whether a step changed a gradient.

    Args:
        subject: The rule, with its whole walks.

    Returns:
        The step at which one did, if any.
    """
    for engine, walk in subject.walks.items():
        if walk.changed is not None:
            number, t = walk.changed
            return Finding(
                "failed",
                f"step {t} by {engine} changed the gradient of parameter {number} in place: write g = g + ..., and "
                "call nothing that ends in _ on it.",
            )
    return Finding("held", f"untouched in {STEPS} steps by {subject.by}")


def written(subject: Subject) -> Finding:
    """Reads the rule's text back.

    Args:
        subject: The rule.

    Returns:
        Whether that gives the same rule.
    """
    said = repr(subject.rule)
    advice = "let the fields hold numbers, words and other parts, and leave __repr__ as it is."
    try:
        again = read(said, subject.names)
    except RavineError as refusal:
        return Finding("failed", f"{said} cannot be read back: {refusal} So {advice}")
    if again != subject.rule:
        return Finding("failed", f"{said} reads back as {again!r}: {advice}")
    return Finding("held", f"{said} reads back")
