"""What is asked of each engine: its distance to float64, compiling once, and where NaN goes."""

import importlib
from collections.abc import Iterator

import torch

from ...engines.choice import check_engine
from ...errors import RavineError
from ...rules import SGD
from ..optimizer import Optimizer
from .recorded import STEPS, Walk, distance
from .subject import Finding, Subject, in_words

FARTHEST = 2.0
"""How many times as far from float64 as the plain engine any other may end."""
ONE_ROUNDING = torch.finfo(torch.float32).eps / 4
"""How far one rounding to float32 takes numbers on average: to be nearer than that is luck."""
SPOILED, SEEN = 2, 5
"""The step whose gradients hold a NaN, and the step at which its trace is looked for."""


def plain(subject: Subject) -> Finding:
    """Takes the whole walk by the plain engine, in float64 and in float32.

    Args:
        subject: The rule.

    Returns:
        How far apart the two end.
    """
    there = subject.reference.columns()
    elements = sum(p.numel() for p in there["p"])
    lost = sum(int((~p.isfinite()).sum()) for p in there["p"])
    if lost:
        return Finding(
            "failed",
            f"{lost} of {elements} elements are NaN or infinite after {STEPS} steps of finite gradients: keep divisors "
            "away from 0, as in x / (sqrt(v) + self.eps) or divide(a, b).",
        )
    start = subject.walk("plain", torch.float64).columns()["p"]
    if all(map(torch.equal, start, there["p"])):
        return Finding("failed", f"nothing moved in {STEPS} steps: update must return the new p first, then the slots.")
    subject.engines["plain"] = "cpu"
    subject.walks["plain"] = subject.walk("plain").to(STEPS)
    far = distance(subject.walks["plain"].columns()["p"], there["p"])
    if subject.refusal is not None:
        return Finding("warning", f"matrices alone were looked at, {far:.1e} from float64: {subject.refusal}")
    return Finding("held", f"{far:.1e} from float64 after {STEPS} steps")


def compiled(subject: Subject, engine: str, asked: bool) -> Finding:
    """Takes the whole walk by a compiled engine.

    Args:
        subject: The rule, whose walk by the plain engine is there.
        engine: Which engine.
        asked: Whether somebody asked for this one, so that not to run is a fault.

    Returns:
        How far from float64 it ends, beside the plain engine.
    """
    device = "cuda" if engine == "triton" and torch.cuda.is_available() else "cpu"
    try:
        check_engine(engine)
        _ = Optimizer([torch.ones(1, device=device)], SGD(), engine=engine).engines
    except RavineError as missing:
        why = str(missing).removeprefix(f"engine={engine!r}: ")
        no_gpu = "no GPU here; TRITON_INTERPRET=1 looks at it all the same"
        return Finding("failed" if asked else "not run", no_gpu if "compiles for cuda" in why else why)
    walk = Walk(subject.rule, engine, device=device, matrices=subject.refusal is not None)
    try:
        _ = walk.optimizer.engines
    except RavineError as refusal:
        why = str(refusal).removeprefix(f"engine={engine!r}: ")
        return Finding("failed" if asked else "warning", f"{why} Until then the plain engine serves.")
    subject.engines[engine] = device
    subject.walks[engine] = walk.to(STEPS)
    return _compared(subject, engine)


def _compared(subject: Subject, engine: str) -> Finding:
    reference = subject.reference.columns()
    ours, plain = subject.walks[engine].columns(), subject.walks["plain"].columns()
    far = {name: distance(ours[name], reference[name]) for name in reference}
    allowed = {name: max(distance(plain[name], reference[name]), ONE_ROUNDING) for name in reference}
    ratios = {name: _ratio(far[name], allowed[name]) for name in reference}
    worst = max(ratios, key=lambda name: ratios[name])
    if ratios[worst] <= FARTHEST:
        return Finding("held", f"{far['p']:.1e} from float64, {ratios['p']:.1f} times as far as plain")
    return Finding(
        "failed",
        f"{worst} ends {far[worst]:.1e} from float64, {ratios[worst]:.1f} times as far as by plain, and {FARTHEST:g} "
        "times is the most: write otherwise what subtracts nearly equal numbers or jumps, or ask for "
        'engine="plain".',
    )


def _ratio(far: float, allowed: float) -> float:
    return far / allowed if far == far else float("inf")


def recompilation(subject: Subject) -> Finding:
    """Counts what is compiled after a first step: at a second one, at another lr, for another model.

    Args:
        subject: The rule.

    Returns:
        The count.
    """
    counted = [engine for engine in subject.engines if engine != "plain"]
    if not counted:
        return Finding("not run", "nothing is compiled: the plain engine alone steps it")
    for engine in counted:
        walk = subject.walk(engine).to(1)
        before = _compilations(engine)
        walk.to(2)
        _move_fields(walk.optimizer)
        walk.to(3)
        subject.walk(engine, wide=2).to(1)
        again = _compilations(engine) - before
        if again:
            return Finding(
                "failed",
                f"{again} more kernels were compiled after the first step: update does another arithmetic each time "
                "it is read; what changes belongs in fields, slots or t.",
            )
    return Finding("held", f"none by {' or '.join(counted)}: next step, other fields, another model")


def _move_fields(optimizer: Optimizer) -> None:
    for name in optimizer.fields.paths:
        value = optimizer.param_groups[0][name]
        if name not in optimizer.shown and isinstance(value, float):
            optimizer.param_groups[0][name] = 0.9 * value


def _compilations(engine: str) -> int:
    kernel = importlib.import_module(f"ravine.engines.{engine}.kernel")  # loaded where its engine ran
    return kernel._compiled.cache_info().misses


def not_a_number(subject: Subject) -> Finding:
    """Follows a NaN in the gradients of one step.

    Args:
        subject: The rule.

    Returns:
        How many elements became NaN, and whether they are the same by every engine.
    """
    found = {engine: dict(_nan(subject.walk(engine).to(SEEN, SPOILED))) for engine in subject.engines}
    whole = sum(int(mask.sum()) for column in found["plain"].values() for mask in column)
    for engine, masks in found.items():
        for name, each in masks.items():
            if not all(map(torch.equal, each, found["plain"][name])):
                other, ours = (sum(int(mask.sum()) for mask in m) for m in (found["plain"][name], each))
                return Finding(
                    "failed",
                    f"NaN in a gradient makes {ours} elements of {name} NaN by {engine}, and {other} by plain: "
                    'report it with this file, and ask for engine="plain" until then.',
                )
    where = in_words(found["plain"])
    same = "the same " if len(found) > 1 else ""
    return Finding("held", f"{same}{whole} elements of {where} by {subject.by}")


def _nan(walk: Walk) -> Iterator[tuple[str, list[torch.Tensor]]]:
    for name, column in walk.columns().items():
        yield name, [x.isnan().cpu() for x in column]
