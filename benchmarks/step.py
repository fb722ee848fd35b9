"""One step of every rule that PyTorch has, beside PyTorch's loop, foreach and fused; and what a first step costs.

Goals: at most 1.10 times the fastest of PyTorch's in each cell, geometric mean over all cells at most 0.4; on the
large network at least 0.9 of the bytes per second that a triad (a = b + 3 c) moves over arrays of that size; norm
clipping, step and averaged weights together at most 0.35 of PyTorch's three calls; the first step of a new model
at most 20 ms above a steady one where the kernel has run, 1 s in a new process with a warm cache, 5 s with none.
"""

import gc
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from evidence import conditions, record, side_by_side
from shapes import NETWORKS, Shape
from torch import nn

from ravine import optim
from ravine.rules import Adam, Average, Clip

RULES: dict[str, tuple[str, dict[str, Any], int]] = {
    "SGD": ("SGD", {}, 3),
    "momentum": ("SGD", {"momentum": 0.9}, 5),
    "Nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}, 5),
    "Adagrad": ("Adagrad", {}, 5),
    "Adadelta": ("Adadelta", {}, 7),
    "RMSprop": ("RMSprop", {}, 5),
    "Adam": ("Adam", {}, 7),
    "AdamW": ("AdamW", {}, 7),
    "NAdam": ("NAdam", {}, 7),
    "RAdam": ("RAdam", {}, 7),
    "Adamax": ("Adamax", {}, 7),
}
"""Class and arguments, and how many numbers a step reads and writes per parameter: p, g and the slots."""

ROUNDS = {"MLP": 301, "ResNet-18": 31, "GPT-2 small": 9}


def parameters(shapes: Sequence[Shape], gradients: list[torch.Tensor] | None = None) -> list[nn.Parameter]:
    """Parameters with gradients, which contestants may share: nobody changes them."""
    params = [nn.Parameter(torch.randn(shape) * 0.02) for shape in shapes]
    for k, p in enumerate(params):
        p.grad = torch.randn_like(p) if gradients is None else gradients[k]
    return params


def contestants(name: str, shapes: Sequence[Shape]) -> dict[str, Callable[[], Any]]:
    """Ravine's step, and each of PyTorch's, on weights of their own."""
    kind, arguments, _ = RULES[name]
    ours = parameters(shapes)
    gradients = [p.grad for p in ours]
    steps: dict[str, Callable[[], Any]] = {"Ravine": getattr(optim, kind)(ours, lr=1e-3, **arguments).step}
    forms = {"loop": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}
    for form, how in forms.items():
        if form == "fused" and kind not in {"SGD", "Adagrad", "Adam", "AdamW"}:
            continue
        steps[form] = getattr(torch.optim, kind)(parameters(shapes, gradients), lr=1e-3, **arguments, **how).step
    return steps


def together(shapes: Sequence[Shape]) -> dict[str, Callable[[], Any]]:
    """Clipping by the norm over all, Adam, and an exponential mean of the weights."""
    ours = parameters(shapes)
    gradients = [p.grad for p in ours]
    rule = Average(Clip(Adam(lr=1e-3), norm=1.0), decay=0.999)
    theirs = parameters(shapes, [g.clone() for g in gradients])
    fused, means = torch.optim.Adam(theirs, lr=1e-3, fused=True), [p.detach().clone() for p in theirs]

    def three_calls() -> None:
        nn.utils.clip_grad_norm_(theirs, 1.0)
        fused.step()
        with torch.no_grad():
            torch._foreach_lerp_(means, [p.detach() for p in theirs], 0.001)

    return {"Ravine": optim.Optimizer(ours, rule).step, "PyTorch": three_calls}


def medians(seconds: Mapping[str, list[float]]) -> dict[str, float]:
    """The median of each contestant."""
    return {name: statistics.median(each) for name, each in seconds.items()}


def triad(elements: int) -> float:
    """The bytes per second of a = b + 3 c over arrays of that size, by PyTorch's own threads."""
    a, b, c = (torch.ones(elements) for _ in range(3))
    seconds = side_by_side({"triad": lambda: torch.add(b, c, alpha=3.0, out=a)}, rounds=9)["triad"]
    return 12 * elements / statistics.median(seconds)


def compare_steps() -> list[str]:
    """The table of all cells."""
    lines = [f"{'':12}{'rule':10}{'Ravine':>10}{'loop':>10}{'foreach':>10}{'fused':>10}{'ratio':>8}   microseconds"]
    ratios: list[float] = []
    for network, shapes in NETWORKS.items():
        elements, shares = sum(map(math.prod, shapes)), []
        for name, (_, _, moved) in RULES.items():
            seconds = medians(side_by_side(contestants(name, shapes), ROUNDS[network]))
            ratio = seconds["Ravine"] / min(t for form, t in seconds.items() if form != "Ravine")
            ratios.append(ratio)
            cells = "".join(
                f"{seconds[form] * 1e6:10.0f}" if form in seconds else f"{'':10}"
                for form in ("Ravine", "loop", "foreach", "fused")
            )
            lines.append(f"{network:12}{name:10}{cells}{ratio:8.2f}")
            print(lines[-1], flush=True)
            gc.collect()
            if network == "GPT-2 small":
                speed = triad(elements)
                shares.append((name, 4 * moved * elements / seconds["Ravine"] / speed, speed))
        for name, share, speed in shares:
            lines.append(f"{network}, {name}: {share:.2f} of a triad's {speed / 1e9:.0f} GB/s")
    lines.append(f"largest ratio {max(ratios):.2f}, geometric mean {statistics.geometric_mean(ratios):.3f}")
    return lines


def compare_together() -> list[str]:
    """Clip, step and average."""
    lines, ratios = [], []
    for network, shapes in NETWORKS.items():
        seconds = medians(side_by_side(together(shapes), ROUNDS[network]))
        ratios.append(seconds["Ravine"] / seconds["PyTorch"])
        lines.append(
            f"clip + Adam + average, {network}: Ravine {seconds['Ravine'] * 1e6:.0f}, "
            f"PyTorch {seconds['PyTorch'] * 1e6:.0f} microseconds, ratio {ratios[-1]:.2f}"
        )
        gc.collect()
    return [*lines, f"geometric mean {statistics.geometric_mean(ratios):.3f}"]


FIRST_STEPS = """
import statistics, sys, time, torch
from ravine.optim import Optimizer
from ravine.rules import Adam
def model(width):
    params = [torch.randn(width, 64, requires_grad=True) for _ in range(20)]
    for p in params: p.grad = torch.randn_like(p)
    return Optimizer(params, Adam())
def timed(step):
    began = time.perf_counter(); step(); return time.perf_counter() - began
one = model(64)
first = timed(one.step)
steady = statistics.median(timed(one.step) for _ in range(50))
two = model(80)
second = timed(two.step) - statistics.median(timed(two.step) for _ in range(50))
print(first - steady, second)
"""


def first_steps() -> list[str]:
    """What the first step takes above a steady one: compiled cold, from the cache, and by another model."""
    with tempfile.TemporaryDirectory() as cache:
        runs = []
        for _ in range(6):
            done = subprocess.run(
                [sys.executable, "-c", FIRST_STEPS],
                env={**os.environ, "RAVINE_CACHE": cache},
                capture_output=True,
                text=True,
                check=True,
            )
            runs.append(list(map(float, done.stdout.split())))
    (cold, _), *warm = runs
    return [
        f"first step of Adam above a steady one: {cold:.2f} s with no cache (one run, the import of Numba included)",
        f"  in a new process with a warm cache: {statistics.median(first for first, _ in warm):.2f} s (median of 5)",
        f"  of another model in the same process: {statistics.median(s for _, s in warm) * 1e3:.1f} ms (median of 5)",
    ]


if __name__ == "__main__":
    sizes = ", ".join(f"{n} ({len(s)} tensors, {sum(map(math.prod, s)):,})" for n, s in NETWORKS.items())
    rounds = ", ".join(f"{n} {r}" for n, r in ROUNDS.items())
    head = [*conditions("numba"), sizes, f"medians, in turn; rounds: {rounds}", ""]
    record("step", [*head, *compare_steps(), "", *compare_together(), "", *first_steps()])
